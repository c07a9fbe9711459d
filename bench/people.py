"""One person among 10,000,000 stored recipients, found by any spelling, on both databases: the whole page.

`people.find` looks in every mailing. The goal: 50 ms for a page with all the person's mailings.
"""

import json
import os
import random
import statistics
import sys
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.many import numbers, on_databases
from mailings.models import Account, Mailing, Recipient, State
from mailings.selectors import people

MAILINGS, EACH = int(os.environ.get("BENCH_MAILINGS", "1000")), 10_000
# So many different people there are: everybody is in one of a hundred mailings.
PEOPLE = 1_000_000
ASKED, GOAL_MS = 200, 50.0
ROWS = """
INSERT INTO mailings_recipient (mailing_id, position, address, front, stopped, result)
{numbers} SELECT %s, n, '+79' || (100000000 + (n * 97 + %s) %% {people}), '', %s, 'delivered' FROM numbers
"""


def seed() -> Client:
    """The mailings, their recipients, and a person who looks somebody up."""
    account, now = Account.objects.create(name="bench", kind="sandbox", currency="RUR"), timezone.now()
    Mailing.objects.bulk_create(
        Mailing(
            account=account, code=f"{number:05}", remote_id=str(number + 1), name=f"Sale {number}",
            channel="sms", state=State.ACCEPTED, state_at=now, created_at=now, recipients_count=EACH,
            spec={"options": {"mes": "Hello"}},
        )
        for number in range(MAILINGS)
    )  # fmt: skip
    [by_address] = [index for index in Recipient._meta.indexes if index.name == "recipient_address"]
    with connection.schema_editor() as editor:
        editor.remove_index(Recipient, by_address)
    statement = ROWS.format(numbers=numbers(EACH), people=PEOPLE)
    with connection.cursor() as cursor:
        for number, pk in enumerate(Mailing.objects.order_by("pk").values_list("pk", flat=True)):
            cursor.execute(statement, [pk, 31_337 * number, False])
    with connection.schema_editor() as editor:
        editor.add_index(Recipient, by_address)
    user = get_user_model().objects.create_user("bench")
    user.groups.add(Group.objects.get(name="Operators"))
    client = Client()
    client.force_login(user)
    return client


def main() -> None:
    """Fills an empty database, and prints the figures as one object."""
    begin = time.perf_counter()
    client, rng = seed(), random.Random(3)
    seeded = round(time.perf_counter() - begin, 1)
    took, met = [], 0
    for _person in range(ASKED):
        digits = f"9{100_000_000 + rng.randrange(PEOPLE)}"
        spelt = rng.choice((f"+7{digits}", f"8{digits}", f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:]}"))
        begin = time.perf_counter()
        answer = client.post("/people/", {"number": spelt})
        took.append((time.perf_counter() - begin) * 1000)
        places = people.find(spelt, "RU").places
        met += len(places)
        if answer.status_code != 200 or answer.content.count(b"Sale ") < len(places):
            raise AssertionError("not all of a person's mailings are on the page")
    figures = {
        "recipients": Recipient.objects.count(), "seeded_seconds": seeded, "mailings_each": met / ASKED,
        "median_ms": round(statistics.median(took), 1),
        "p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures) + "\n")


def run() -> dict[str, Any]:
    """Each database in a process of its own."""
    return on_databases("bench.people", "sqlite", "postgresql")


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = []
    for kind, one in result.items():
        lines.append(
            f"people, {kind}: {one['recipients']:,} recipients (made in {one['seeded_seconds']} s), "
            f"{one['mailings_each']:.1f} mailings each: median {one['median_ms']} ms, "
            f"p95 {one['p95_ms']} ms (goal {GOAL_MS})"
        )
    return "\n".join(lines)
