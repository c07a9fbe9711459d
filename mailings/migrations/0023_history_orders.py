"""Orders of the history beside the moment of making, each with an index of its own (selectors/orders.py)."""

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    dependencies = [("mailings", "0022_search")]

    operations = [
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                Coalesce("remote_send_at", "due_at", "created_at").desc(),
                models.F("id").desc(),
                name="history_by_hour",
            ),
        ),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                models.Func(
                    models.F("recipients_count"),
                    template="COALESCE(%(expressions)s, -1)",
                    output_field=models.IntegerField(),
                ).desc(),
                models.F("id").desc(),
                name="history_by_people",
            ),
        ),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                models.Func(
                    models.F("cost"),
                    template="COALESCE(%(expressions)s, -1)",
                    output_field=models.FloatField(),
                ).desc(),
                models.F("id").desc(),
                name="history_by_price",
            ),
        ),
    ]
