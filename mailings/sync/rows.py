"""Jobs to rows, many at a time: fingerprints are read first, and only what differs is written.

Here the jobs of a list are sorted: those that are as they were, those that changed, those met for the first
time, those that bear the code of a row that has no job yet, and those that go by the number of a row of ours
and bear another's reference. Unchanged jobs cost one read and one UPDATE per thousand.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import DatabaseError, transaction

from mailings.models import Account, Mailing, Origin
from mailings.models.mailing import CODE_LENGTH
from mailings.models.mirror import Known, fingerprint, is_conflict, still_so, write_changed, write_new
from mailings.models.references import reference_of, traces
from mailings.smsc.api.answers import Job
from mailings.sync.tally import Bearer, Conflict, Tally

CHUNK = 1000
T = TypeVar("T")


@dataclass
class Sorted:
    """The jobs of one chunk that have a row by their id, or get one."""

    unchanged: list[int] = field(default_factory=list)
    changed: list[tuple[Known, Job]] = field(default_factory=list)
    new: list[Job] = field(default_factory=list)


def mirror(account: Account, jobs: Sequence[Job], at: datetime, tally: Tally, latest: datetime) -> None:
    """Bring the rows up to what a list asked for at `at` says. Jobs that this pull has met are passed over.

    A job that bears one of our codes and has no row by its id goes to `tally.bearers`; it is never given a
    second row. `latest`: the last moment of the days that were asked for, not after `at`.
    """
    fresh = {job.remote_id: job for job in jobs if job.remote_id not in tally.ids}
    for chunk in _chunks(list(fresh.values())):
        found = _sort(account, chunk, at, tally)
        still_so(found.unchanged, at)
        tally.unchanged += len(found.unchanged)
        tally.changed += _each_if_not_all(partial(write_changed, at=at), found.changed, tally)
        write = partial(write_new, account, at=at, latest=latest)
        tally.new += _each_if_not_all(write, found.new, tally)
    tally.ids |= fresh.keys()


def _sort(account: Account, jobs: Sequence[Job], at: datetime, tally: Tally) -> Sorted:
    known = _known(account, jobs)
    codes = _our_codes(account, [job for job in jobs if _may_be_ours(job, known.get(job.remote_id))])
    found = Sorted()
    for job in jobs:
        row, reference = known.get(job.remote_id), reference_of(job.name)
        if reference and reference[:CODE_LENGTH] in codes and _may_be_ours(job, row):
            tally.bearers.setdefault(reference[:CODE_LENGTH], []).append(Bearer(job, reference, at))
            continue
        if row is not None and row.origin == Origin.LOCAL and is_conflict(row.code, job):
            tally.conflicts.append(Conflict(row.pk, job))
            continue
        _look_for_references(job, row, tally)
        if row is None:
            found.new.append(job)
        elif row.fingerprint == fingerprint(job.payload) and not row.gone:
            found.unchanged.append(row.pk)
        else:
            found.changed.append((row, job))
    return found


def _look_for_references(job: Job, row: Known | None, tally: Tally) -> None:
    """What a job says of how our references look in this list: ours bear them, others hold none of them."""
    if row is not None and row.origin == Origin.LOCAL and row.code is not None:
        if _bears(job, row.code):
            tally.controls += 1
            return
        tally.lacking.add(row.pk)
    elif not (job.name or "").strip():
        tally.nameless += 1
    for code in traces(job, tally.wanted):
        tally.traces.setdefault(code, set()).add(job.remote_id)


def _bears(job: Job, code: str) -> bool:
    return (reference_of(job.name) or "").startswith(code) or bool(traces(job, {code}))


def _may_be_ours(job: Job, row: Known | None) -> bool:
    """Whether a job may still have to be tied to a row by its name."""
    return reference_of(job.name) is not None and (row is None or row.origin == Origin.PROVIDER)


def _known(account: Account, jobs: Sequence[Job]) -> dict[str, Known]:
    names = ("remote_id", "pk", "fingerprint", "gone", "origin", "code", "name", "state")
    rows = Mailing.objects.filter(account=account, remote_id__in=[job.remote_id for job in jobs])
    return {row[0]: Known(*row[1:]) for row in rows.values_list(*names) if row[0] is not None}


def _our_codes(account: Account, jobs: Iterable[Job]) -> set[str | None]:
    codes = {reference[:CODE_LENGTH] for job in jobs if (reference := reference_of(job.name))}
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


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(items), CHUNK):
        yield items[begin : begin + CHUNK]
