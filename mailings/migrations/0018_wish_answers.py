from django.db import migrations, models

ANSWERS = [
    ("refused", "SMS Centre refused it, so nothing was changed by it"),
    ("not_there", "SMS Centre did not find the job"),
    ("unclear", "no clear answer came for a day, so it is not known whether it was done"),
]


class Migration(migrations.Migration):
    """What a sentence has to know: why a wish failed, and why an outcome is unknown."""

    dependencies = [("mailings", "0016_deliveries")]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="wish_answer",
            field=models.CharField(blank=True, choices=ANSWERS, default="", max_length=10),
        ),
        migrations.AddField(
            model_name="mailing",
            name="unknown_reason",
            field=models.CharField(blank=True, default="", editable=False, max_length=60),
        ),
    ]
