"""Writes to the database as fast as it can: `python -m tests.faults.writer SECONDS SEED`; prints JSON.

Several of these run on one SQLite beside workers. They write by the product's own transactions.
"""

import json
import random
import sys
import time
from collections import Counter

import django

django.setup()

from django.db import DatabaseError

from mailings import outbox
from mailings.models import Account, EventKind, Mailing, record
from tests.faults.people import some_spec

PHONE = "79990000001"


def main() -> None:
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    rng, done = random.Random(seed), Counter[str]()
    account, _ = Account.objects.get_or_create(name="nowhere")
    end = time.monotonic() + seconds
    slowest = 0.0
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            write(rng, account)
            done["written"] += 1
        except DatabaseError as error:
            done[str(error)[:80]] += 1
        slowest = max(slowest, time.monotonic() - began)
    sys.stdout.write(json.dumps({"done": done, "slowest": slowest}) + "\n")


def write(rng: random.Random, account: Account) -> None:
    """Store a mailing, change it and withdraw it, in about six transactions."""
    draft = outbox.save_draft({"name": "Writing", "mes": "x"}, account=account)
    row = outbox.make(some_spec(rng, PHONE), account=account, submit=False, draft=draft)
    record(EventKind.EDITED, row)
    outbox.withdraw(row.pk)
    Mailing.objects.filter(account=account).count()


if __name__ == "__main__":
    main()
