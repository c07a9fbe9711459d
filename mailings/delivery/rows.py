"""Reading and writing many rows at once, in the way that is fastest on each database."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection

from mailings.models import Account, Message, bulk
from mailings.models.among import as_each, as_one, each_of, one_of

AT_ONCE = 5_000
MESSAGE = (
    *("account_id", "mailing_id", "position", "round", "int_id", "sent", "last", "status", "err"),
    *("cost", "parts", "alone", "compared", "named", "final"),
)
COST = MESSAGE.index("cost")
_VALUES = attrgetter(*MESSAGE)
RESULT = ("result", "status", "err", "result_at", "cost", "parts")
TYPES = ("text", "int", "int", "bigint", "numeric", "int", "bigint", "int")


@dataclass(slots=True)
class Meant:
    """A message and one recipient that it may have been for: a `Message` that is not saved yet.

    It has the same columns; objects of the model take much longer to make.
    """

    account_id: int
    mailing_id: int
    position: int
    round: int
    int_id: int
    sent: int
    last: int
    status: int | None
    err: int | None
    cost: Decimal | None
    parts: int | None
    alone: bool
    compared: bool
    named: str
    final: bool


def certain(account: Account, int_ids: Collection[int]) -> set[tuple[Any, ...]]:
    """`int_id`, status, last and err of those of these messages whose recipient is certain."""
    where = "account_id = %s AND alone"
    statement = each_of("mailings_message", "int_id, status, last, err", "int_id", "bigint", where)
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_each(int_ids), account.pk])
        return set(cursor.fetchall())


def known(account: Account, int_ids: Collection[int]) -> list[Message]:
    """The stored rows of these messages."""
    columns = ", ".join(("id", *MESSAGE))
    statement = each_of("mailings_message", columns, "int_id", "bigint", "account_id = %s")
    return list(Message.objects.raw(statement, [as_each(int_ids), account.pk]))


def people(mailings: Collection[int], addresses: Collection[str]) -> list[tuple[int, int, str, str | None]]:
    """Mailing, position, address and own text of those mailings' recipients who get it at these addresses."""
    columns = "mailing_id, position, address, text"
    where = f"{one_of('mailing_id')} AND NOT stopped"
    statement = each_of("mailings_recipient", columns, "address", "text", where)
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_each(sorted(addresses)), as_one(mailings)])
        return list(cursor.fetchall())


def insert(messages: Sequence[Message | Meant]) -> None:
    """Insert new messages. `cost` goes as text, which both databases convert into an amount."""
    rows = [(*values[:COST], _amount(values[COST]), *values[COST + 1 :]) for values in map(_VALUES, messages)]
    bulk.insert("mailings_message", MESSAGE, rows)


def update(messages: Sequence[Message], names: Sequence[str]) -> None:
    """Write the columns `names` of messages that are stored already."""
    Message.objects.bulk_update(messages, names, batch_size=500)


def write_results(rows: Iterable[tuple[Any, ...]]) -> None:
    """Write recipients' results, within a transaction.

    A row has the values of RESULT, the mailing's id and the position.
    """
    remaining = iter(rows)
    while chunk := [(*row[:4], _amount(row[4]), *row[5:]) for row in islice(remaining, AT_ONCE)]:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # Else it may read all recipients, even if their number is in no proportion.
                cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
                cursor.execute(_UPDATE_MANY, [json.dumps(chunk)])
            else:
                cursor.executemany(_UPDATE_ONE, chunk)


_UPDATE_ONE = (
    f"UPDATE mailings_recipient SET {', '.join(f'{name} = %s' for name in RESULT)} "  # noqa: S608 (our own names)
    "WHERE mailing_id = %s AND position = %s"
)
_NEW = ", ".join(
    f"(value ->> {at})::{kind} AS {name}"
    for at, (name, kind) in enumerate(zip((*RESULT, "mailing", "place"), TYPES, strict=True))
)
_UPDATE_MANY = (
    f"UPDATE mailings_recipient r SET {', '.join(f'{name} = new.{name}' for name in RESULT)} "  # noqa: S608 (our own names)
    f"FROM (SELECT {_NEW} FROM jsonb_array_elements(%s::jsonb) OFFSET 0) AS new "
    "WHERE r.mailing_id = new.mailing AND r.position = new.place"
)


def _amount(value: Any) -> str | None:
    return None if value is None else str(value)
