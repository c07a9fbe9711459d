"""Reading and writing many rows at once, in the way that is fastest on each database."""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection

from mailings.delivery.match import Meant
from mailings.models import Account, Message, bulk
from mailings.models.among import as_one, one_of

AT_ONCE = 5_000
MESSAGE = (
    *("account_id", "mailing_id", "position", "round", "int_id", "sent", "last", "status", "err"),
    *("cost", "parts", "alone", "named", "final"),
)
COST = MESSAGE.index("cost")
_VALUES = attrgetter(*MESSAGE)
RESULT = ("result", "status", "err", "result_at", "cost", "parts")
TYPES = ("text", "int", "int", "bigint", "numeric", "int", "bigint", "int")


def certain(account: Account, int_ids: Collection[int]) -> set[tuple[Any, ...]]:
    """`int_id`, status, last and err of those of these messages whose recipient is certain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT int_id, status, last, err FROM mailings_message "  # noqa: S608 (our own names)
            f"WHERE account_id = %s AND {one_of('int_id')} AND alone",
            [account.pk, as_one(int_ids)],
        )
        return set(cursor.fetchall())


def insert(messages: Sequence[Message | Meant]) -> None:
    """Insert new messages. `cost` goes as text, which both databases convert into an amount."""
    rows = [(*values[:COST], _amount(values[COST]), *values[COST + 1 :]) for values in map(_VALUES, messages)]
    bulk.insert("mailings_message", MESSAGE, rows)


def update(messages: Sequence[Message], names: Sequence[str]) -> None:
    """Write the columns `names` of messages that are stored already."""
    Message.objects.bulk_update(messages, names, batch_size=500)


def write_results(rows: Iterable[tuple[Any, ...]]) -> None:
    """Write recipients' results. A row has the values of RESULT, the mailing's id and the position."""
    remaining = iter(rows)
    while chunk := [(*row[:4], _amount(row[4]), *row[5:]) for row in islice(remaining, AT_ONCE)]:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_UPDATE_MANY, [list(column) for column in zip(*chunk, strict=True)])
            else:
                cursor.executemany(_UPDATE_ONE, chunk)


_UPDATE_ONE = (
    f"UPDATE mailings_recipient SET {', '.join(f'{name} = %s' for name in RESULT)} "  # noqa: S608 (our own names)
    "WHERE mailing_id = %s AND position = %s"
)
_UPDATE_MANY = (
    f"UPDATE mailings_recipient r SET {', '.join(f'{name} = new.{name}' for name in RESULT)} "  # noqa: S608 (our own names)
    f"FROM unnest({', '.join(f'%s::{kind}[]' for kind in TYPES)}) "
    f"AS new({', '.join(RESULT)}, mailing, place) "
    "WHERE r.mailing_id = new.mailing AND r.position = new.place"
)


def _amount(value: Any) -> str | None:
    return None if value is None else str(value)
