"""Compares rows with what the providers have: the sandboxes' own records, not read through the proxies."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mailings.models import Attempt, Event, EventKind, Mailing, Origin, State, WishResult
from mailings.models.mailing import CODE_LENGTH

Job = dict[str, Any]
AT_PROVIDER = frozenset({State.ACCEPTED, State.CANCELLED, State.DELETED})
LOOKS = 2


@dataclass
class Verdict:
    """Lists of broken promises, each entry with the reason; and counts."""

    states: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    not_there: list[str] = field(default_factory=list)
    not_cancelled: list[str] = field(default_factory=list)
    without_evidence: list[str] = field(default_factory=list)
    wrongly_absent: list[str] = field(default_factory=list)
    before_a_person: int = 0
    cancelled: int = 0
    alarms: Counter[str] = field(default_factory=Counter)


def judge(ids: Iterable[int], jobs: dict[int, list[Job]]) -> Verdict:
    """Compare the mailings `ids` with the providers' jobs, given by account."""
    verdict = Verdict()
    by_code = {account: _by_code(found) for account, found in jobs.items()}
    by_id = {account: {str(job["id"]): job for job in found} for account, found in jobs.items()}
    wanted = list(ids)
    rows = Mailing.objects.in_bulk(wanted)
    for pk in wanted:
        row = rows.get(pk)
        if row is None:
            verdict.lost.append(f"{pk}: no row")
            continue
        own = by_code[row.account_id].get(row.code or "", [])
        _judge_row(verdict, row, own, by_id[row.account_id])
    verdict.lost += _strangers(by_code)
    return verdict


def _judge_row(verdict: Verdict, row: Mailing, own: list[Job], jobs: dict[str, Job]) -> None:
    state, name = State(row.state), f"{row.pk} {row.code} {row.state}"
    verdict.states[state] += 1
    if row.alarm:
        verdict.alarms[row.alarm] += 1
    if len(own) > 1:
        verdict.twice.append(f"{name}: {[job['name'][:6] for job in own]}")
    if state in AT_PROVIDER:
        _judge_accepted(verdict, row, name, jobs.get(str(row.remote_id)))
    elif state == State.WITHDRAWN:
        verdict.cancelled += 1
        if own:
            verdict.not_cancelled.append(f"{name}: job {own[0]['id']}")
    elif state in (State.UNKNOWN, State.HELD, State.REFUSED):
        verdict.before_a_person += 1
        if missing := missing_evidence(row):
            verdict.without_evidence.append(f"{name}: {missing}")
        if row.looks >= LOOKS and any(job["visible"] for job in own):
            verdict.wrongly_absent.append(f"{name}: job {own[0]['id']}")
    else:
        verdict.lost.append(f"{name}: waits for nobody")


def _judge_accepted(verdict: Verdict, row: Mailing, name: str, job: Job | None) -> None:
    said = f"{name} job {row.remote_id}"
    if job is None:
        verdict.not_there.append(f"{said}: never was there")
        return
    if row.state == State.ACCEPTED and not row.gone and job["deleted"]:
        verdict.not_there.append(f"{said}: deleted there")
    if row.gone and not job["deleted"]:
        verdict.not_there.append(f"{said}: shown as gone, but there")
    if row.state == State.CANCELLED:
        verdict.cancelled += 1
        if not (job["cancelled_at"] or job["deleted"]):
            verdict.not_cancelled.append(f"{said}: {job['status']}")
    if row.state == State.DELETED:
        verdict.cancelled += 1
        if not job["deleted"]:
            verdict.not_cancelled.append(f"{said}: not deleted, {job['status']}")
    if row.wish_result == WishResult.TOO_LATE and job["cancelled_at"]:
        verdict.not_cancelled.append(f"{said}: shown as too late, but cancelled")
    if row.wish:
        verdict.lost.append(f"{said}: its wish ({row.wish}) is open")


def missing_evidence(row: Mailing) -> str:
    """What is missing on record for a person who has to decide; "" if nothing is."""
    kinds = set(Event.objects.filter(mailing=row).values_list("kind", flat=True))
    creates = Attempt.objects.filter(mailing=row, kind=Attempt.Kind.CREATE)
    wanted = {State.UNKNOWN: EventKind.UNKNOWN, State.HELD: EventKind.HELD, State.REFUSED: EventKind.REFUSED}
    lacks = {
        "an attempt is open": creates.filter(outcome="").exists(),
        "no event says so": wanted[State(row.state)] not in kinds,
        "no attempt": row.state != State.HELD and not creates.exists(),
        "nobody looked": row.state == State.UNKNOWN
        and not (row.looks >= LOOKS or row.look_note or row.look_matches),
        "no reason": row.state == State.HELD and not row.held_reason,
        "no error number": row.state == State.REFUSED and not row.refusal_code,
    }
    return ", ".join(name for name, lacking in lacks.items() if lacking)


def _by_code(jobs: list[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        found[job["name"][:CODE_LENGTH]].append(job)
    return found


def _strangers(by_code: dict[int, dict[str, list[Job]]]) -> list[str]:
    """Jobs whose code belongs to no row."""
    known = set(Mailing.objects.filter(origin=Origin.LOCAL).values_list("code", flat=True))
    return [
        f"a job {code} without a row" for found in by_code.values() for code in found if code not in known
    ]


def settled(ids: list[int]) -> int:
    """How many of the mailings are neither draft, queued nor sending."""
    open_states = [State.DRAFT, State.QUEUED, State.SENDING]
    return Mailing.objects.filter(pk__in=ids).exclude(state__in=open_states).count()


def accepted(ids: list[int]) -> int:
    return Mailing.objects.filter(pk__in=ids, state=State.ACCEPTED).count()


def restless(ids: list[int]) -> list[int]:
    """Mailings to which something will still happen without a person."""
    rows = Mailing.objects.filter(pk__in=ids).values_list(
        "pk", "state", "looks", "look_matches", "wish", "remote_id"
    )
    return [
        pk
        for pk, state, looks, matches, wish, remote_id in rows
        if state in (State.QUEUED, State.SENDING)
        or (state == State.UNKNOWN and looks < LOOKS and not matches)
        or (wish and remote_id)
    ]
