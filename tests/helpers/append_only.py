"""Switches off the triggers that forbid changing events, observations and attempts. For tests only.

The end of a test empties every table, and tests of a restored backup remove rows; Mailroom itself does
neither. Triggers are switched off within one transaction. On SQLite they are dropped, and created again from
their SQL in sqlite_master.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'append_only_%'"


def _sides(using: Any) -> tuple[list[str], list[str]]:
    """The statements that switch the triggers off, and those that switch them on again."""
    if using.vendor == "sqlite":
        with using.cursor() as cursor:
            found = cursor.execute(SQLITE).fetchall()
        return [f"DROP TRIGGER {name}" for name, _sql in found], [sql for _name, sql in found]
    role = "SET LOCAL session_replication_role ="  # as a replica, PostgreSQL fires no ordinary triggers
    return [f"{role} replica"], [f"{role} DEFAULT"]


@contextmanager
def rows_may_go() -> Iterator[None]:
    """In this context, rows of append-only tables can be changed and removed."""
    off, on = _sides(connection)
    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in off:
                cursor.execute(statement)
        yield
        with connection.cursor() as cursor:
            for statement in on:
                cursor.execute(statement)


def let_tests_empty_tables() -> None:
    """Patch Django's flush, which ends every transactional test, to switch the triggers off."""
    operations: Any = type(connection.ops)
    flush = operations.execute_sql_flush

    def past_the_triggers(self: Any, sql_list: Any) -> None:
        off, on = _sides(self.connection)
        flush(self, [*off, *sql_list, *on])

    operations.execute_sql_flush = past_the_triggers
