"""The provider's hour of a job; and search texts made anew, for older ones lack job numbers and plain letters."""

from typing import Any

from django.db import migrations, models

from mailings.models.mailing import search_text
from mailings.smsc.api.aliases import Reading

AT_ONCE = 2000


def search_anew(apps: Any, schema_editor: Any) -> None:
    mailings = apps.get_model("mailings", "Mailing").objects
    changed = []
    rows = mailings.only("pk", "name", "code", "remote_id", "search_text").order_by("pk")
    for row in rows.iterator(chunk_size=AT_ONCE):
        text = search_text(row.name, row.code, row.remote_id)
        if text == row.search_text:
            continue
        row.search_text = text
        changed.append(row)
        if len(changed) == AT_ONCE:
            mailings.bulk_update(changed, ["search_text"], batch_size=200)
            changed = []
    mailings.bulk_update(changed, ["search_text"], batch_size=200)


def hours_of_what_was_made_elsewhere(apps: Any, schema_editor: Any) -> None:
    """A pull writes only what changes, so an hour that was read before would never come to its row."""
    mailings = apps.get_model("mailings", "Mailing").objects
    rows = mailings.filter(origin="provider", remote__isnull=False).only("pk", "remote").order_by("pk")
    for row in rows.iterator(chunk_size=AT_ONCE):
        if isinstance(row.remote, dict) and (hour := Reading(row.remote).send_at):
            mailings.filter(pk=row.pk).update(remote_send_at=hour)


class Migration(migrations.Migration):
    dependencies = [("mailings", "0003_second_jobs_and_aside")]

    operations = [
        migrations.AddField("mailing", "remote_send_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "mailing",
            models.Index(
                condition=models.Q(origin="provider", remote_send_at__isnull=False),
                fields=["remote_send_at"],
                name="remote_hours",
            ),
        ),
        migrations.RunPython(search_anew, migrations.RunPython.noop),
        migrations.RunPython(hours_of_what_was_made_elsewhere, migrations.RunPython.noop),
    ]
