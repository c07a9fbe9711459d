"""Jobs to rows, many at a time: fingerprints are read first, and only what differs is written.

Unchanged jobs cost one read and one UPDATE per thousand; only their `verified_at` moves on.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from mailings.models import Account, Event, EventKind, Mailing, Observation, Origin, State
from mailings.models.mailing import CODE_LENGTH, search_text
from mailings.models.mirror import count_of, fingerprint, mirrored
from mailings.smsc.api.answers import Job, JobStatus
from mailings.sync.tally import Bearer, Tally

CHUNK = 1000
SOURCE = "get_all"
LONGEST_NAME = 255
# The code of a row and the letters of a create attempt, in front of a job's name (models.mailing.new_code).
REFERENCE = re.compile(r"([0-9A-HJKMNP-TV-Z]{5})[a-z]{1,2}\b")

T = TypeVar("T")


@dataclass(frozen=True)
class Known:
    """What is read of a row to tell whether a job has changed."""

    pk: int
    fingerprint: str
    gone: bool
    origin: str
    code: str | None
    name: str


def mirror(account: Account, jobs: Sequence[Job], at: datetime, tally: Tally) -> None:
    """Bring the rows up to what a list asked for at `at` says. Jobs that this pull has met are passed over.

    A job that bears one of our codes and has no row by its id goes to `tally.bearers`; it is never given a
    second row.
    """
    fresh = {job.remote_id: job for job in jobs if job.remote_id not in tally.ids}
    for chunk in _chunks(list(fresh.values())):
        _mirror_chunk(account, chunk, at, tally)
    tally.ids |= fresh.keys()


def reference_of(job: Job) -> str | None:
    """The reference at the front of a job's name, when it looks like one of ours."""
    match = REFERENCE.match(job.name or "")
    return match[0] if match else None


def _mirror_chunk(account: Account, jobs: Sequence[Job], at: datetime, tally: Tally) -> None:
    known = _known(account, jobs)
    ours = _our_codes(account, [job for job in jobs if _may_be_ours(job, known.get(job.remote_id))])
    unchanged, changed, new = [], [], []
    for job in jobs:
        row = known.get(job.remote_id)
        reference = reference_of(job)
        if reference and reference[:CODE_LENGTH] in ours and _may_be_ours(job, row):
            bearer = Bearer(job, reference, at)
            tally.bearers.setdefault(reference[:CODE_LENGTH], []).append(bearer)
            continue
        if job.name is None and (row is None or row.origin == Origin.PROVIDER):
            tally.nameless += 1
        if row is None:
            new.append(job)
            continue
        if row.fingerprint == fingerprint(job.payload) and not row.gone:
            unchanged.append(row.pk)
        else:
            changed.append((row, job, mirrored(job, at)))
    older = Q(verified_at=None) | Q(verified_at__lt=at)
    Mailing.objects.filter(older, pk__in=unchanged).update(verified_at=at)
    tally.unchanged += len(unchanged)
    tally.changed += _each_if_not_all(_write_changed, changed, tally)
    tally.new += _each_if_not_all(lambda some: _write_new(account, some, at), new, tally)


def _may_be_ours(job: Job, row: Known | None) -> bool:
    """Whether a job may still have to be tied to a row by its name."""
    return reference_of(job) is not None and (row is None or row.origin == Origin.PROVIDER)


def _known(account: Account, jobs: Sequence[Job]) -> dict[str, Known]:
    names = ("remote_id", "pk", "fingerprint", "gone", "origin", "code", "name")
    rows = Mailing.objects.filter(account=account, remote_id__in=[job.remote_id for job in jobs])
    return {row[0]: Known(*row[1:]) for row in rows.values_list(*names) if row[0] is not None}


def _our_codes(account: Account, jobs: Iterable[Job]) -> set[str | None]:
    codes = {reference[:CODE_LENGTH] for job in jobs if (reference := reference_of(job))}
    if not codes:
        return set()
    return set(Mailing.objects.filter(account=account, code__in=codes).values_list("code", flat=True))


def _each_if_not_all(write: Callable[[Sequence[T]], int], items: Sequence[T], tally: Tally) -> int:
    """Write all at once or, when one of them cannot be written, one by one, leaving out what cannot be."""
    if not items:
        return 0
    try:
        with transaction.atomic():
            return write(items)
    except (DatabaseError, ValueError, ArithmeticError):
        if len(items) == 1:
            tally.odd += 1
            return 0
    return sum(_each_if_not_all(write, [item], tally) for item in items)


_CHANGED = ("remote_status", "remote_word", "remote", "fingerprint", "verified_at", "gone", "gone_at")
# Where an answer is silent, what is known stays.
_KEPT = ("cost", "parts", "recipients_count", "name", "search_text", "remote_send_at")


_ORDER = (*_CHANGED, *_KEPT, "id", "verified_at")
# Only forwards in time, as models.mirror.observe does it for one row.
_UPDATE = (
    "UPDATE mailings_mailing SET "  # noqa: S608 (names of columns only)
    + ", ".join([f"{name} = %s" for name in _CHANGED] + [f"{name} = COALESCE(%s, {name})" for name in _KEPT])
    + " WHERE id = %s AND (verified_at IS NULL OR verified_at <= %s)"
)


def _write_changed(items: Sequence[tuple[Known, Job, dict[str, Any]]]) -> int:
    fields = {name: getattr(Mailing, name).field for name in _ORDER}
    rows = []
    for row, job, mirror_values in items:
        values = {**mirror_values, **_known_of(row, job), "id": row.pk}
        rows.append([fields[name].get_db_prep_save(values.get(name), connection) for name in _ORDER])
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE, rows)
    Observation.objects.bulk_create(
        [
            _observation(row.pk, job, values)
            for row, job, values in items
            if row.fingerprint != values["fingerprint"]
        ]
    )
    return len(items)


def _known_of(row: Known, job: Job) -> dict[str, Any]:
    """What only the provider can tell of a mailing made elsewhere; of ours we know it ourselves."""
    if row.origin != Origin.PROVIDER:
        return {}
    name = (job.name or row.name)[:LONGEST_NAME]
    return {
        "name": name,
        "recipients_count": count_of(job.recipients),
        "search_text": search_text(name, row.code, job.remote_id),
    }


def _write_new(account: Account, jobs: Sequence[Job], at: datetime) -> int:
    """Rows for jobs made elsewhere. Two pulls may meet a job at once: one row is made."""
    values = {job.remote_id: mirrored(job, at) for job in jobs}
    Mailing.objects.bulk_create(
        [_new(account, job, values[job.remote_id], at) for job in jobs], ignore_conflicts=True
    )
    made = dict(
        Mailing.objects.filter(account=account, remote_id__in=list(values), observations=None).values_list(
            "remote_id", "pk"
        )
    )
    found = [(made[job.remote_id], job) for job in jobs if job.remote_id in made]
    Observation.objects.bulk_create([_observation(pk, job, values[job.remote_id]) for pk, job in found])
    Event.objects.bulk_create(
        [
            Event(mailing_id=pk, kind=EventKind.FOUND, at=at, data={"remote_id": job.remote_id})
            for pk, job in found
        ]
    )
    return len(found)


def _new(account: Account, job: Job, values: dict[str, Any], at: datetime) -> Mailing:
    """A row for a job made elsewhere. When it was made is not told: it counts from when it was first seen."""
    name = (job.name or "")[:LONGEST_NAME]
    return Mailing(
        account=account,
        origin=Origin.PROVIDER,
        name=name,
        search_text=search_text(name, None, job.remote_id),
        recipients_count=count_of(job.recipients),
        state=State.CANCELLED if job.status == JobStatus.CANCELLED else State.ACCEPTED,
        state_at=at,
        created_at=at,
        **values,
    )


def _observation(pk: int, job: Job, values: dict[str, Any]) -> Observation:
    return Observation(
        mailing_id=pk,
        at=values["verified_at"],
        source=SOURCE,
        status_word=values["remote_word"],
        payload=job.payload,
    )


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(items), CHUNK):
        yield items[begin : begin + CHUNK]
