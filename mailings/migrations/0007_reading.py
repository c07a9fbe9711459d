"""What is remembered of an account's answers, and the alarms of jobs that are not what they were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailings", "0006_append_only")]

    operations = [
        migrations.AddField("account", "most_rows", models.PositiveIntegerField(default=0, editable=False)),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("created", "made"),
                    ("edited", "changed"),
                    ("submitted", "sent off"),
                    ("claimed", "being handed over"),
                    ("accepted", "accepted by SMS Centre"),
                    ("refused", "refused by SMS Centre"),
                    ("requeued", "nothing had left us; back in the queue"),
                    ("held", "held"),
                    ("released", "released"),
                    ("unknown", "outcome unknown"),
                    ("late_answer", "a late answer arrived"),
                    ("looked", "looked for it"),
                    ("settled", "found at SMS Centre"),
                    ("adopted", "taken to be the job"),
                    ("sent_again", "sent again"),
                    ("given_up", "given up"),
                    ("withdrawn", "taken back"),
                    ("wished", "asked for"),
                    ("wish_step", "asked SMS Centre"),
                    ("wish_ended", "wish settled"),
                    ("back", "waits or goes out again at SMS Centre"),
                    ("gone", "no longer at SMS Centre"),
                    ("found", "found at SMS Centre; made elsewhere"),
                    ("alarm", "alarm"),
                    ("breaker_opened", "calls stopped"),
                    ("breaker_closed", "calls may go out again"),
                    ("doubted", "older mailings are looked for before they are sent"),
                    ("probe_asked", "a probe was asked for"),
                    ("credentials_changed", "the credentials were changed"),
                ],
                max_length=40,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="mailing",
            name="alarm",
            field=models.CharField(
                blank=True,
                choices=[
                    ("two_jobs", "two jobs bear this mailing's reference"),
                    ("turned_up", "the job turned up after the mailing was given up"),
                    ("back", "the job waits or goes out again after it was cancelled or deleted"),
                    ("other_job", "the job now bears another mailing's reference"),
                ],
                default="",
                max_length=20,
            ),
        ),
    ]
