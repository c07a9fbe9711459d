"""Events, observations and finished attempts cannot be changed or removed, not even by SQL.

Triggers, alike on SQLite and PostgreSQL. Two things stay allowed: to finish an open attempt, and to give a row
to another mailing (`mirror.absorb_twin` makes one mailing of two; nothing else of the row may change).

On SQLite a later migration that rebuilds one of these tables drops its triggers with the old table: make them
anew in that migration. tests/models/test_append_only.py tries every column on the migrated database.
"""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

# The columns that nobody may write once the row is there; of an attempt, those told when it ends stand apart.
FIXED = {
    "event": ("id", "account_id", "at", "who_id", "kind", "data"),
    "observation": ("id", "at", "source", "status_word", "payload"),
    "attempt": ("id", "kind", "reference", "token", "begin"),
}
TOLD_AT_THE_END = ("end", "outcome", "code", "text", "raw")
# REPLACE takes away the row before without any DELETE.
NO_REPLACE = (
    "CREATE TRIGGER append_only_model_new BEFORE INSERT ON mailings_model"
    " WHEN EXISTS (SELECT 1 FROM mailings_model WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'mailings_model is only added to'); END"
)
FUNCTION = "append_only_refuse"


def rules() -> Iterator[tuple[str, str, str, str]]:
    """Name, table, what is refused, and when (SQL; empty: always)."""
    for model, columns in FIXED.items():
        table = f"mailings_{model}"
        fixed = ", ".join(f'"{column}"' for column in columns)
        yield f"append_only_{model}_fixed", table, f"UPDATE OF {fixed}", ""
        yield f"append_only_{model}_kept", table, "DELETE", ""
    # A row of an account alone belongs to no mailing, and none is ever taken from its mailing.
    orphaned = "(OLD.mailing_id IS NULL) <> (NEW.mailing_id IS NULL)"
    yield "append_only_event_mailing", "mailings_event", "UPDATE OF mailing_id", orphaned
    told = ", ".join(f'"{column}"' for column in TOLD_AT_THE_END)
    yield "append_only_attempt_told", "mailings_attempt", f"UPDATE OF {told}", "OLD.outcome <> ''"


def make_on_sqlite(execute: Any) -> None:
    for name, table, refused, when in rules():
        execute(
            f"CREATE TRIGGER {name} BEFORE {refused} ON {table} {f'WHEN {when}' if when else ''}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        )
    for model in FIXED:
        execute(NO_REPLACE.replace("model", model))


def make_on_postgresql(execute: Any) -> None:
    execute(
        f"CREATE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is only added to',"
        " ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for name, table, refused, when in rules():
        execute(
            f"CREATE TRIGGER {name} BEFORE {refused} ON {table} FOR EACH ROW"
            f" {f'WHEN ({when})' if when else ''} EXECUTE FUNCTION {FUNCTION}()"
        )
    for model in FIXED:
        execute(
            f"CREATE TRIGGER append_only_{model}_whole BEFORE TRUNCATE ON mailings_{model}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {FUNCTION}()"
        )


def make(apps: Any, schema_editor: Any) -> None:
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    (make_on_sqlite if on_sqlite else make_on_postgresql)(schema_editor.execute)


def drop(apps: Any, schema_editor: Any) -> None:
    on_sqlite = schema_editor.connection.vendor == "sqlite"
    names = [(name, table) for name, table, _refused, _when in rules()]
    last = "new" if on_sqlite else "whole"
    names += [(f"append_only_{model}_{last}", f"mailings_{model}") for model in FIXED]
    for name, table in names:
        schema_editor.execute(f"DROP TRIGGER {name}" + ("" if on_sqlite else f" ON {table}"))
    if not on_sqlite:
        schema_editor.execute(f"DROP FUNCTION {FUNCTION}()")


class Migration(migrations.Migration):
    dependencies = [("mailings", "0005_rights")]

    operations = [migrations.RunPython(make, drop)]
