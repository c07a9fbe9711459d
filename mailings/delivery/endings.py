"""How the addresses of a large mailing end, so that a search by the last digits need not read all of them.

A worker writes the endings once, after the mailing was handed over: from then on its recipients stay the
same. An index that grows with every recipient would double the time that it takes to store a million of them.
"""

from typing import Any

from django.db import connection

from mailings.models import Account, Delivery, Ending
from mailings.models.deliveries import ENDING

# With fewer recipients a search that reads all of them is quick enough.
FROM_PEOPLE = 20_000
PLACES_AT_ONCE = 200_000
_LAST = {"sqlite": "SUBSTR(address, -{n})", "postgresql": "RIGHT(address, {n})"}


def keep(account: Account) -> None:
    """Write the endings of each large mailing that lacks them. After an interruption all are written anew."""
    lacking = Delivery.objects.filter(account=account, final=False, endings=False)
    for delivery in lacking.filter(recipients__gte=FROM_PEOPLE):
        _write(delivery)


def _write(delivery: Delivery) -> None:
    """One statement for each PLACES_AT_ONCE positions, so that other writers never wait for long.

    Each inserts its rows in the order of their index.
    """
    Ending.objects.filter(mailing=delivery.mailing_id).delete()
    last = _LAST[connection.vendor].format(n=ENDING)
    statement = (
        f"INSERT INTO mailings_ending (mailing_id, ending, position) SELECT mailing_id, {last}, position "  # noqa: S608 (our own names)
        "FROM mailings_recipient WHERE mailing_id = %s AND position >= %s AND position < %s ORDER BY 2, 3"
    )
    with connection.cursor() as cursor:
        for place in range(0, _end(cursor, delivery.mailing_id), PLACES_AT_ONCE):
            cursor.execute(statement, [delivery.mailing_id, place, place + PLACES_AT_ONCE])
    Delivery.objects.filter(pk=delivery.pk).update(endings=True)


def _end(cursor: Any, mailing: int) -> int:
    cursor.execute("SELECT MAX(position) + 1 FROM mailings_recipient WHERE mailing_id = %s", [mailing])
    return cursor.fetchone()[0] or 0
