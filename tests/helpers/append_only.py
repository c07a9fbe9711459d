"""Past the triggers that keep events, observations and attempts, for tests alone.

A test's end empties every table, and a restored backup takes rows away; neither is something that Mailroom
does. So the triggers are put out of force round it, in one transaction: on SQLite they are dropped and made
anew from what the database says of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'append_only_%'"


def _sides(using: Any) -> tuple[list[str], list[str]]:
    """The statements that take the triggers away and those that bring them back."""
    if using.vendor == "sqlite":
        with using.cursor() as cursor:
            found = cursor.execute(SQLITE).fetchall()
        return [f"DROP TRIGGER {name}" for name, _sql in found], [sql for _name, sql in found]
    role = "SET LOCAL session_replication_role ="  # PostgreSQL's own word for "no triggers"
    return [f"{role} replica"], [f"{role} DEFAULT"]


@contextmanager
def rows_may_go() -> Iterator[None]:
    """Within it, rows of these tables can be changed and removed."""
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
    """Teach Django's flush, which ends every test with transactions of its own, to go past the triggers."""
    operations: Any = type(connection.ops)
    flush = operations.execute_sql_flush

    def past_the_triggers(self: Any, sql_list: Any) -> None:
        off, on = _sides(self.connection)
        flush(self, [*off, *sql_list, *on])

    operations.execute_sql_flush = past_the_triggers
