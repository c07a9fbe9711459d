"""The newest rows with the text that a search looks in, the newest ones of each account, each one's drafts.

On SQLite also the letters that stand in the index for searches, so that one or two of them can be looked up.
"""

from typing import Any

from django.db import migrations, models


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(
            "CREATE VIRTUAL TABLE mailings_search_letters USING fts5vocab(mailings_search, 'row')"
        )


def undo(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE mailings_search_letters")


class Migration(migrations.Migration):
    dependencies = [("mailings", "0025_fingerprints")]

    operations = [
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(fields=["account", "-created_at", "-id"], name="history_by_account"),
        ),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(fields=["-created_at", "-id", "search_text"], name="history_words"),
        ),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(fields=["created_by", "state", "-draft_at", "-id"], name="own_drafts"),
        ),
        migrations.RemoveIndex(model_name="mailing", name="history"),
        migrations.RemoveIndex(model_name="mailing", name="search"),
        migrations.RunPython(make, undo),
    ]
