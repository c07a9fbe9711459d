"""A search by an index of three letters each: FTS5 on SQLite, pg_trgm on PostgreSQL.

A text in the middle of another cannot be found by an ordinary index, so that a search for a rare word read the
whole table. On SQLite a later migration that rebuilds mailings_mailing drops the triggers with the old table:
make them anew in that migration (tests/selectors/test_search.py tries them on the migrated database).
"""

from typing import Any

from django.db import migrations

# The index keeps no text of its own: it reads the table's, and is told what stood there before.
TAKE_OUT = "INSERT INTO mailings_search (mailings_search, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text)"
PUT_IN = "INSERT INTO mailings_search (rowid, search_text) VALUES (NEW.id, NEW.search_text)"
TRIGGERS = {
    "mailings_search_new": ("INSERT", f"{PUT_IN};"),
    "mailings_search_gone": ("DELETE", f"{TAKE_OUT};"),
    "mailings_search_changed": ("UPDATE OF search_text", f"{TAKE_OUT}; {PUT_IN};"),
}


def make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        schema_editor.execute(
            "CREATE INDEX mailings_search ON mailings_mailing USING gin (search_text gin_trgm_ops)"
        )
        return
    schema_editor.execute(
        "CREATE VIRTUAL TABLE mailings_search USING fts5(search_text, content='mailings_mailing',"
        " content_rowid='id', tokenize='trigram', columnsize=0)"
    )
    schema_editor.execute("INSERT INTO mailings_search (mailings_search) VALUES ('rebuild')")
    for name, (what, deed) in TRIGGERS.items():
        schema_editor.execute(f"CREATE TRIGGER {name} AFTER {what} ON mailings_mailing BEGIN {deed} END")


def undo(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX mailings_search")
        return
    for name in TRIGGERS:
        schema_editor.execute(f"DROP TRIGGER {name}")
    schema_editor.execute("DROP TABLE mailings_search")


class Migration(migrations.Migration):
    dependencies = [("mailings", "0021_saved_lists")]

    operations = [migrations.RunPython(make, undo)]
