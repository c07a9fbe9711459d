"""Many rows at once: inserted by COPY on PostgreSQL, by INSERTs of many rows each on SQLite.

A row of its own INSERT costs SQLite twice as much as one of many (docs/benchmarks.md).
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from django.db import connection

# The most parameters that every SQLite takes in one statement.
MOST_PARAMETERS = 999


def insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], **same: int) -> None:
    """Insert rows of values for `columns`, as the driver takes them. `same`: columns that are alike in all.

    Raises what Django raises for an INSERT; then none of the rows is written if it is called in a
    transaction.
    """
    if not rows:
        return
    if connection.vendor == "postgresql":
        _copy(table, columns, rows, same)
    else:
        _insert(table, columns, rows, same)


def _copy(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], same: dict[str, int]) -> None:
    alike, statement = tuple(same.values()), f"COPY {table} ({', '.join((*same, *columns))}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row((*alike, *row) if alike else row)


def _insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], same: dict[str, int]) -> None:
    statement = f"INSERT INTO {table} ({', '.join((*same, *columns))}) VALUES "  # noqa: S608 (our own names)
    row = f"({', '.join([*(f'{value:d}' for value in same.values()), *['%s'] * len(columns)])})"
    each = MOST_PARAMETERS // len(columns)
    whole = len(rows) - len(rows) % each
    with connection.cursor() as cursor:
        if whole:  # the long statement costs a few rows more than these themselves
            several = [tuple(chain.from_iterable(rows[at : at + each])) for at in range(0, whole, each)]
            cursor.executemany(statement + ", ".join([row] * each), several)
        cursor.executemany(statement + row, rows[whole:])


@contextmanager
def without_collection() -> Iterator[None]:
    """Without the collection of garbage, which goes through all rows again and again and finds no cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def without_waiting() -> None:
    """Let the commit of this transaction not wait for the disk, where PostgreSQL would.

    For what a crash may take away because it is read anew, and a later commit waits for all before it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
