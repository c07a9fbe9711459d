"""The mirror: what the provider said of a job, written to its row. Nothing else writes these columns."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from mailings.models.mailing import Mailing, search_text
from mailings.models.records import Attempt, Event, Observation, record
from mailings.models.states import Alarm, EventKind, Origin
from mailings.smsc.api.answers import Job

# Columns of a mailing that only the provider's answers fill.
MIRROR_FIELDS = (
    "remote_id",
    "remote_status",
    "remote_word",
    "remote",
    "fingerprint",
    "verified_at",
    "gone",
    "gone_at",
)
WISH_FIELDS = ("wish", "wish_at", "wish_by", "wish_next_at", "wish_tries", "wish_agreed_at")
# What the columns hold (a database keeps more than it gives back, or refuses the whole row).
MOST_MONEY, MOST_COUNT = 10**10, 2**31 - 1


def fingerprint(payload: Any) -> str:
    """A short digest of a job's raw payload: equal digests, nothing changed."""
    text = json.dumps(payload, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def mirrored(job: Job, at: datetime) -> dict[str, Any]:
    """The columns that an answer about `job`, read at `at`, gives a row. Absent figures stay as they were."""
    values: dict[str, Any] = {
        "remote_id": job.remote_id,
        "remote_status": job.status or "",
        "remote_word": (job.status_word or "")[:100],
        "remote": job.payload,
        "fingerprint": fingerprint(job.payload),
        "verified_at": at,
        "gone": False,
        "gone_at": None,
    }
    if job.cost is not None and abs(job.cost) < MOST_MONEY:
        values["cost"] = job.cost
    if (parts := count_of(job.parts)) is not None:
        values["parts"] = parts
    return values


def count_of(number: int | None) -> int | None:
    """A count as a row can hold it; one beyond that is left to the payload."""
    return number if number is not None and number <= MOST_COUNT else None


def observe(mailing: Mailing, job: Job, *, at: datetime, source: str) -> bool:
    """Write an answer about a mailing's job to its row; True when it said something new.

    Only forwards in time: an answer older than what the row shows is dropped, so that a slow read cannot
    undo a newer one. `source` is the call that gave it: get or get_all.
    """
    values = mirrored(job, at)
    newer = Q(verified_at=None) | Q(verified_at__lte=at)
    values["search_text"] = search_text(mailing.name, mailing.code, job.remote_id)
    if not Mailing.objects.filter(newer, pk=mailing.pk).update(**values):
        return False
    changed: bool = mailing.fingerprint != values["fingerprint"]
    if changed:
        Observation.objects.create(
            mailing=mailing, at=at, source=source, status_word=values["remote_word"], payload=job.payload
        )
    for name, value in values.items():
        setattr(mailing, name, value)
    return changed


def mark_gone(mailing: Mailing, *, at: datetime) -> bool:
    """The provider no longer knows the job: the row stays, and says so. False when it said so before."""
    changed = Mailing.objects.filter(pk=mailing.pk, gone=False).update(gone=True, gone_at=at, verified_at=at)
    mailing.gone, mailing.gone_at, mailing.verified_at = True, at, at
    return bool(changed)


def absorb_twin(mailing: Mailing, remote_id: str) -> None:
    """Make one row of two: a pull may have met our job before we knew its id, and without its name.

    The row that the pull made (origin `provider`) gives what was seen of the job, and its wish, to `mailing`
    and goes. Call inside a transaction, before `mailing` gets the id.
    """
    twin = (
        Mailing.objects.select_for_update()
        .filter(account_id=mailing.account_id, remote_id=remote_id, origin=Origin.PROVIDER)
        .first()
    )
    if twin is None:
        return
    for related in (Observation, Event, Attempt):
        QuerySet.update(related.objects.filter(mailing=twin), mailing=mailing)
    wished = {name: getattr(twin, name) for name in WISH_FIELDS} if twin.wish else {}
    seen = {name: getattr(twin, name) for name in MIRROR_FIELDS}
    twin.delete()
    Mailing.objects.filter(pk=mailing.pk).update(**{**seen, "remote_id": mailing.remote_id}, **wished)


def forgotten_job() -> dict[str, Any]:
    """The columns of a row whose job was taken to be its own by mistake; a pull makes the job a row."""
    return {
        "remote_id": None,
        "remote_status": "",
        "remote_word": "",
        "remote": None,
        "fingerprint": "",
        "verified_at": None,
        "gone": False,
        "gone_at": None,
        "cost": None,
        "parts": None,
    }


def raise_alarm(mailing: Mailing, alarm: Alarm, remote_ids: list[str]) -> None:
    """What must never pass in silence: shown on the first page until a person has dealt with it."""
    known = Mailing.objects.values_list("alarm_jobs", flat=True).get(pk=mailing.pk)
    jobs = sorted({*known, *remote_ids})
    if (
        Mailing.objects.filter(pk=mailing.pk)
        .exclude(alarm=alarm, alarm_jobs=jobs)
        .update(alarm=alarm, alarm_jobs=jobs)
    ):
        record(EventKind.ALARM, mailing, alarm=alarm, remote_ids=jobs)
