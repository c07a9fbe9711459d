from django.db import migrations, models


class Migration(migrations.Migration):
    """When an account's list was last read, and which jobs, ours too, go out at the provider's hour."""

    dependencies = [("mailings", "0019_drafts")]

    operations = [
        *(
            migrations.AddField(
                model_name="account", name=name, field=models.DateTimeField(editable=False, null=True)
            )
            for name in ("list_read_at", "list_failed_at")
        ),
        migrations.RemoveIndex(model_name="mailing", name="remote_hours"),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                condition=models.Q(remote_send_at__isnull=False),
                fields=["remote_send_at"],
                name="remote_hours",
            ),
        ),
    ]
