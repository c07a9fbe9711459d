"""The index of states holds what is added up, so that totals and what was spent read no rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailings", "0036_delivery_groups")]

    operations = [
        migrations.RemoveIndex(model_name="mailing", name="history_by_state"),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                fields=[
                    *("state", "-created_at", "-id", "account", "channel", "origin", "remote_status"),
                    *("remote_send_at", "recipients_count", "cost"),
                ],
                name="history_by_state",
            ),
        ),
    ]
