"""How the numbers of a large mailing end, so that people find one by its last digits without reading all.

Written once by a worker, when the mailing was handed over and its people stay what they are: an index kept
with each row would have doubled what storing a million of them costs.
"""

from typing import Any

from django.db import connection

from mailings.models import Account, Delivery, Ending
from mailings.models.deliveries import ENDING

# Fewer people are looked through quickly enough.
FROM_PEOPLE = 20_000
PLACES_AT_ONCE = 200_000
_LAST = {"sqlite": "SUBSTR(address, -{n})", "postgresql": "RIGHT(address, {n})"}


def keep(account: Account) -> None:
    """Write those of each large mailing that still lacks them. What was cut short begins anew."""
    lacking = Delivery.objects.filter(account=account, final=False, endings=False)
    for delivery in lacking.filter(recipients__gte=FROM_PEOPLE):
        _write(delivery)


def _write(delivery: Delivery) -> None:
    """In the order of their index, some places a transaction: other writers wait for none of it for long."""
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
