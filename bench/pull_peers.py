"""What people write instead of a pull: `update_or_create` for each job, or `bulk_create(update_conflicts)`.

Given every advantage: one transaction, no events, no fingerprints, nothing settled. They write each job every
time, so that it is all the same to them what has changed. Fewer jobs are taken, and the time is scaled up.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from mailings.models import Account, Mailing, Origin, State

Jobs = list[dict[str, Any]]
# On rows of a job Mailroom's own unique index is a partial one, which ON CONFLICT of Django does not name.
INDEX = "CREATE UNIQUE INDEX bench_peers ON mailings_mailing (account_id, remote_id)"


def update_or_create(account: Account, body: bytes) -> None:
    """A SELECT and a write for each job."""
    now = timezone.now()
    with transaction.atomic():
        for job in orjson.loads(body):
            found = {"account": account, "remote_id": str(job["id"])}
            Mailing.objects.update_or_create(**found, defaults=_values(job, now))


def bulk_create(account: Account, body: bytes) -> None:
    """One upsert for every thousand jobs."""
    now = timezone.now()
    rows = [
        Mailing(account=account, remote_id=str(job["id"]), **_values(job, now)) for job in orjson.loads(body)
    ]
    fields = [*_values({"id": 1, "name": "", "status": "", "cost": "0", "sms_cnt": 1}, now)]
    unique = ["account", "remote_id"]
    Mailing.objects.bulk_create(
        rows, batch_size=1000, update_conflicts=True, unique_fields=unique, update_fields=fields
    )


def _values(job: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "origin": Origin.PROVIDER,
        "name": job["name"],
        "search_text": f"{job['name']} {job['id']}".lower(),
        "state": State.ACCEPTED,
        "state_at": now,
        "created_at": now,
        "remote_word": job["status"],
        "remote": job,
        "cost": Decimal(job["cost"]),
        "parts": job["sms_cnt"],
    }


# By how much fewer jobs each gets.
PEERS: dict[str, tuple[Callable[[Account, bytes], None], int]] = {
    "update_or_create": (update_or_create, 100),
    "bulk_create": (bulk_create, 10),
}


class Indexed:
    """The index that `bulk_create` needs, for as long as this lasts."""

    def __enter__(self) -> None:
        self._run(INDEX)

    def __exit__(self, *args: object) -> None:
        self._run("DROP INDEX bench_peers")

    def _run(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
