"""Jobs to rows, many at a time: fingerprints are read first, and only what differs is written.

Here the jobs of a list are sorted: those that are as they were, those that changed, those met for the first
time, those that bear the code of a row that has no job yet, and those that go by the number of a row of ours
and bear another's reference. Unchanged jobs cost one read, and one row for all that are shown together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import TypeVar

from django.db import DatabaseError, transaction

from mailings.models import Account, Origin
from mailings.models.mailing import CODE_LENGTH
from mailings.models.mirror import is_conflict
from mailings.models.mirror_many import (
    FEW,
    Known,
    known,
    newest_observation,
    prints,
    with_code,
    write_changed,
    write_new,
    write_verified,
)
from mailings.models.references import may_bear_references, reference_of, traces
from mailings.smsc.api.jobs import Columns, Job
from mailings.sync.tally import Bearer, Conflict, Tally

CHUNK = 5000
# Fewer changes than this wait for those of the next chunk: each commit takes its time.
WRITTEN_TOGETHER = 1000
_PK_AND_READING = itemgetter(1, 3)  # of a `Print`
T = TypeVar("T")


@dataclass
class Sorted:
    """Jobs that have a row by their id, or get one: those of a chunk that are as they were, others to write.

    `unchanged`: the ids of rows, each with that of its reading (models.readings).
    """

    unchanged: dict[int, int | None] = field(default_factory=dict)
    changed: list[tuple[Known, Job]] = field(default_factory=list)
    new: list[Job] = field(default_factory=list)


def mirror(account: Account, listed: Columns, at: datetime, tally: Tally, latest: datetime) -> None:
    """Bring the rows up to what a list asked for at `at` says. Jobs that this pull has met are passed over.

    A job that bears one of our codes and has no row by its id goes to `tally.bearers`; it is never given a
    second row. `latest`: the last moment of the days that were asked for, not after `at`.
    """
    fresh = _fresh(listed, tally.ids)
    found = Sorted()
    shown: dict[int, int | None] = {}
    ours: set[int] = set()
    since = newest_observation()
    for begin in range(0, len(fresh), CHUNK):
        others = _without_unchanged(account, fresh.part(begin, begin + CHUNK), found, tally)
        _sort(account, others, found, at, tally)
        tally.unchanged += len(found.unchanged)
        shown |= _without_many_alone(account, found.unchanged, at, since)
        found.unchanged = {}
        if len(found.changed) + len(found.new) >= WRITTEN_TOGETHER:
            ours |= (written := _write(account, found, at, latest, tally)).keys()
            shown |= written
    ours |= (written := _write(account, found, at, latest, tally)).keys()
    shown |= written
    if shown:
        write_verified(account, shown, at, since=since, ours=ours)
    tally.ids.update(fresh.ids)


def _fresh(listed: Columns, met: set[str]) -> Columns:
    """The rows whose ids were not met yet; of those with the same id the last."""
    if len(set(listed.ids)) == len(listed) and met.isdisjoint(listed.ids):
        return listed
    places = {remote_id: place for place, remote_id in enumerate(listed.ids) if remote_id not in met}
    return listed.at(list(places.values()))


def _write(
    account: Account, found: Sorted, at: datetime, latest: datetime, tally: Tally
) -> dict[int, int | None]:
    """Write what has changed or is new, and forget it; the changed rows, each with its reading."""
    odd: list[tuple[Known, Job]] = []
    tally.changed += _each_if_not_all(partial(write_changed, at=at), found.changed, odd)
    unknown: list[Job] = []
    tally.new += _each_if_not_all(partial(write_new, account, at=at, latest=latest), found.new, unknown)
    tally.odd += len(odd) + len(unknown)
    unwritten = {row.pk for row, _ in odd}
    written = {row.pk: row.reading for row, _ in found.changed if row.pk not in unwritten}
    found.changed, found.new = [], []
    return written


def _without_many_alone(
    account: Account, rows: dict[int, int | None], at: datetime, since: int
) -> dict[int, int | None]:
    """The rows without those that are in no reading yet, if these are many: they come to be read together at
    once, for to write them with those of all chunks would keep other writers waiting (SQLite)."""
    alone = {pk: reading for pk, reading in rows.items() if reading is None}
    if len(alone) < FEW:
        return rows
    write_verified(account, alone, at, since=since)
    return {pk: reading for pk, reading in rows.items() if reading is not None}


def _without_unchanged(
    account: Account, listed: Columns, found: Sorted, tally: Tally
) -> list[tuple[Known | None, Job]]:
    """Take what is as it was, and bears no reference but its own, out of a chunk; the rest, with its rows.

    A hundred thousand jobs go through here in every pull: none of them becomes an object.
    """
    told = dict(zip(listed.ids, listed.fingerprints, strict=True))
    rows = prints(account, listed.ids)
    wanted = _may_hold(listed.payloads, tally.wanted)
    look = wanted or may_bear_references(listed.names)
    # A row of ours must bear its reference.
    same = [row for row in rows if told[row[0]] == row[2] and (look or row[4] is None)]
    if look:
        names = dict(zip(listed.ids, listed.names, strict=True))
        same = [row for row in same if _as_expected(names[row[0]], row[4], wanted)]
        tally.controls += sum(row[4] is not None for row in same)
    blank = {each for each, name in zip(listed.ids, listed.names, strict=True) if not (name or "").strip()}
    if blank:
        tally.nameless += sum(row[0] in blank for row in same if row[4] is None)
    found.unchanged = dict(map(_PK_AND_READING, same))
    done = {row[0] for row in same}
    left = {remote_id: place for place, remote_id in enumerate(listed.ids) if remote_id not in done}
    # What they lack is read for these alone: most rows are as they were.
    others = known(account, [row[0] for row in rows if row[0] in left]) if left else {}
    return [(others.get(remote_id), listed.job(place)) for remote_id, place in left.items()]


def _as_expected(name: str | None, code: str | None, wanted: bool) -> bool:
    """Whether a name bears the code of its row, or no reference if the row is not ours (`code` is None)."""
    reference = reference_of(name)
    if code is None:
        return reference is None and not wanted
    return reference is not None and reference[:CODE_LENGTH] == code


def _may_hold(payloads: Sequence[bytes], codes: frozenset[str]) -> bool:
    """Whether one of these codes may stand anywhere in these rows: one look instead of one at each text."""
    said = b"\n".join(payloads).upper() if codes else b""
    return any(code.encode() in said for code in codes)


def _sort(
    account: Account, jobs: Sequence[tuple[Known | None, Job]], found: Sorted, at: datetime, tally: Tally
) -> None:
    codes = _our_codes(account, [job for row, job in jobs if _may_be_ours(job, row)])
    for row, job in jobs:
        reference = reference_of(job.name)
        if reference and reference[:CODE_LENGTH] in codes and _may_be_ours(job, row):
            tally.bearers.setdefault(reference[:CODE_LENGTH], []).append(Bearer(job, reference, at))
            continue
        if row is not None and row.origin == Origin.LOCAL and is_conflict(row.code, job):
            tally.conflicts.append(Conflict(row.pk, job))
            continue
        _look_for_references(job, row, tally)
        if row is None:
            found.new.append(job)
        elif row.fingerprint == job.fingerprint and not row.gone:
            found.unchanged[row.pk] = row.reading
        else:
            found.changed.append((row, job))


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


def _our_codes(account: Account, jobs: Iterable[Job]) -> set[str]:
    codes = {reference[:CODE_LENGTH] for job in jobs if (reference := reference_of(job.name))}
    return with_code(account, codes) if codes else set()


def _each_if_not_all(write: Callable[[Sequence[T]], int], items: Sequence[T], odd: list[T]) -> int:
    """Write all at once or, when one of them cannot be written, by halves; what cannot be goes to `odd`."""
    if not items:
        return 0
    try:
        with transaction.atomic():
            return write(items)
    except (DatabaseError, ValueError, ArithmeticError):
        if len(items) == 1:
            odd.extend(items)
            return 0
    half = len(items) // 2
    return _each_if_not_all(write, items[:half], odd) + _each_if_not_all(write, items[half:], odd)
