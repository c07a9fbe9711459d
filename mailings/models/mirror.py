"""The mirror: what the provider said of a job, written to its row. Nothing else writes these columns.

One job at a time: `observe`, `mark_gone`, `take_job`. Many of a list at once: `still_so`, `write_changed`,
`write_new`; each is one statement or a few, and raises what the database raises.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Exists, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing, MailingQuerySet, search_text
from mailings.models.prepared import Prepared, changing, given
from mailings.models.records import Attempt, Event, Observation, record
from mailings.models.references import is_of_another
from mailings.models.states import Alarm, EventKind, Origin, State
from mailings.smsc.api.answers import Job

# Columns of a mailing that only the provider's answers fill.
MIRROR_FIELDS = (
    "remote_id",
    "remote_status",
    "remote_word",
    "remote",
    "fingerprint",
    "verified_at",
    "remote_send_at",
    "gone",
    "gone_at",
)
WISH_FIELDS = ("wish", "wish_at", "wish_by", "wish_next_at", "wish_tries", "wish_agreed_at")
# What the columns hold (a database keeps more than it gives back, or refuses the whole row).
MOST_MONEY, MOST_COUNT = 10**10, 2**31 - 1
LONGEST_NAME = 255

_CHANGED = ("remote_status", "remote_word", "remote", "fingerprint", "verified_at", "gone", "gone_at")
# Where an answer is silent, what is known stays.
_KEPT = ("cost", "parts", "recipients_count", "name", "search_text", "remote_send_at")
_ORDER = (*_CHANGED, *_KEPT, "id", "verified_at")
# Only forwards in time, as `observe` does it for one row.
_UPDATE = (
    "UPDATE mailings_mailing SET "  # noqa: S608 (names of columns only)
    + ", ".join([f"{name} = %s" for name in _CHANGED] + [f"{name} = COALESCE(%s, {name})" for name in _KEPT])
    + " WHERE id = %s AND (verified_at IS NULL OR verified_at <= %s)"
)


@dataclass(frozen=True)
class Known:
    """What is read of a row to tell whether a job has changed."""

    pk: int
    fingerprint: str
    gone: bool
    origin: str
    code: str | None
    name: str
    state: str


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
    if job.send_at is not None:
        values["remote_send_at"] = job.send_at
    if (parts := count_of(job.parts)) is not None:
        values["parts"] = parts
    return values


def count_of(number: int | None) -> int | None:
    """A count as a row can hold it; one beyond that is left to the payload."""
    return number if number is not None and number <= MOST_COUNT else None


def observe(mailing: Mailing, job: Job, *, at: datetime, source: str) -> bool:
    """Write an answer about a mailing's job to its row; True when it said something new.

    Only forwards in time: an answer older than what the row shows is dropped, so that a slow read cannot
    undo a newer one. `source` is the call that gave it: get or get_all. An answer that is_conflict is not
    about this mailing and must not come here.
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


def is_conflict(code: str | None, job: Job) -> bool:
    """Whether a job that goes by a mailing's number bears another mailing's reference: it is another job."""
    return code is not None and is_of_another(job.name, code)


def take_job(
    rows: MailingQuerySet, mailing: Mailing, remote_id: str, olds: Collection[State], **fields: Any
) -> bool:
    """Make a job the mailing's own: from any of the states `olds` to accepted; False when it was in none.

    `rows` narrows the condition, by a token for instance. What a pull made of the job becomes part of the
    row. Call inside a transaction.
    """
    if not rows.filter(pk=mailing.pk, state__in=olds).exists():
        return False
    absorb_twin(mailing, remote_id)
    values = {"remote_id": remote_id, "waiting_for": "", "look_matches": [], **fields}
    return rows.move(mailing.pk, olds, State.ACCEPTED, **values)


def take_free_job(mailing: Mailing, token: str, remote_id: str, cost: Decimal | None) -> bool:
    """`take_job` in one statement, for the ordinary case of a row that is being sent under this token: no row
    has the job yet, and nobody has a wish.

    False: it is not so, and nothing was changed.
    """
    text = search_text(mailing.name, mailing.code, remote_id)
    values = {"remote_id": remote_id, "cost": cost, "search_text": text, "at": timezone.now()}
    account = mailing.account_id
    return _TAKE_FREE_JOB.change(pk=mailing.pk, account=account, token=token, **values) == 1


def _take_free_job() -> tuple[str, Sequence[Any]]:
    owners = Mailing.objects.filter(**given(Mailing, "remote_id", account_id="account"))
    free = Mailing.objects.filter(~Exists(owners), remote_id=None, wish="", state=State.SENDING)
    cost = given(Mailing, "cost")["cost"]
    return changing(
        free.filter(**given(Mailing, "token", id="pk")),
        state=State.ACCEPTED,
        held_reason="",
        waiting_for="",
        look_matches=[],
        not_before=None,
        candidate="",
        cost=Coalesce(cost, "cost"),
        **given(Mailing, "remote_id", "search_text", state_at="at"),
    )


_TAKE_FREE_JOB = Prepared(_take_free_job)


def still_so(pks: Iterable[int], at: datetime) -> None:
    """A list asked for at `at` showed these rows' jobs as they were known."""
    older = Q(verified_at=None) | Q(verified_at__lt=at)
    Mailing.objects.filter(older, pk__in=pks).update(verified_at=at)


def write_changed(items: Sequence[tuple[Known, Job]], at: datetime) -> int:
    """Write what a list asked for at `at` says of rows whose jobs have changed; how many there were."""
    fields = {name: getattr(Mailing, name).field for name in _ORDER}
    rows, seen = [], []
    for row, job in items:
        values = {**mirrored(job, at), **_known_of(row, job), "id": row.pk}
        rows.append([fields[name].get_db_prep_save(values.get(name), connection) for name in _ORDER])
        if row.fingerprint != values["fingerprint"]:
            seen.append(_observation(row.pk, job, values))
    with connection.cursor() as cursor:
        cursor.executemany(_UPDATE, rows)
    Observation.objects.bulk_create(seen)
    return len(items)


def write_new(account: Account, jobs: Sequence[Job], at: datetime, latest: datetime) -> int:
    """Rows for jobs made elsewhere. Two pulls may meet a job at once: one row is made.

    `latest`: the last moment of the days that the list was asked for, not after `at`.
    """
    values = {job.remote_id: mirrored(job, at) for job in jobs}
    Mailing.objects.bulk_create(
        [_made_elsewhere(account, job, values[job.remote_id], latest) for job in jobs], ignore_conflicts=True
    )
    fresh = Mailing.objects.filter(account=account, remote_id__in=list(values), observations=None)
    made = dict(fresh.values_list("remote_id", "pk"))
    found = [(made[job.remote_id], job) for job in jobs if job.remote_id in made]
    Observation.objects.bulk_create([_observation(pk, job, values[job.remote_id]) for pk, job in found])
    Event.objects.bulk_create(
        [
            Event(mailing_id=pk, kind=EventKind.FOUND, at=at, data={"remote_id": job.remote_id})
            for pk, job in found
        ]
    )
    return len(found)


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


def _made_elsewhere(account: Account, job: Job, values: dict[str, Any], latest: datetime) -> Mailing:
    """A row for a job made elsewhere, whatever its status: nobody here has cancelled it.

    When it was made is not told. It belongs to the day on which it went out, or to the last day that was
    asked for: a first look at two months is no day's spending.
    """
    name = (job.name or "")[:LONGEST_NAME]
    made = min(values.get("remote_send_at") or latest, latest)
    return Mailing(
        account=account,
        origin=Origin.PROVIDER,
        name=name,
        search_text=search_text(name, None, job.remote_id),
        recipients_count=count_of(job.recipients),
        state=State.ACCEPTED,
        state_at=values["verified_at"],
        created_at=made,
        **values,
    )


def _observation(pk: int, job: Job, values: dict[str, Any]) -> Observation:
    return Observation(
        mailing_id=pk,
        at=values["verified_at"],
        source="get_all",
        status_word=values["remote_word"],
        payload=job.payload,
    )


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


def forgotten_job(mailing: Mailing) -> dict[str, Any]:
    """The columns of a row whose job was taken to be its own by mistake; a pull makes the job a row."""
    return {
        "remote_id": None,
        "search_text": search_text(mailing.name, mailing.code, None),
        "remote_status": "",
        "remote_word": "",
        "remote": None,
        "fingerprint": "",
        "verified_at": None,
        "remote_send_at": None,
        "gone": False,
        "gone_at": None,
        "cost": None,
        "parts": None,
    }


def note_jobs(mailing: Mailing, jobs: Iterable[Job], *, at: datetime, source: str) -> None:
    """Keep what a list says of jobs that bear a mailing's code and are not its own, until one is chosen.

    A job that has a row of its own already (`row_of_job`) is mirrored to that row.
    """
    others = {job.remote_id: job for job in jobs if job.remote_id != mailing.remote_id}
    rows = Mailing.objects.filter(
        account_id=mailing.account_id, remote_id__in=list(others), origin=Origin.PROVIDER
    )
    for row in rows:
        observe(row, others[str(row.remote_id)], at=at, source=source)
    kept = Mailing.objects.values_list("other_jobs", flat=True).get(pk=mailing.pk)
    noted = {remote_id: _facts(job, at) for remote_id, job in others.items()}
    if noted:
        Mailing.objects.filter(pk=mailing.pk).update(other_jobs=kept | noted)


def _facts(job: Job, at: datetime) -> dict[str, Any]:
    """What `row_of_job` makes a row of."""
    values = mirrored(job, at)
    names = ("remote_status", "remote_word", "parts")
    facts = {name: values[name] for name in names if name in values}
    if "cost" in values:
        facts["cost"] = str(values["cost"])
    return facts | {
        "name": (job.name or "")[:255],
        "recipients_count": count_of(job.recipients),
        "verified_at": at.isoformat(),
        "hour": (job.send_at_text or "")[:40],
    }


def jobs_of(mailing: Mailing) -> list[str]:
    """The ids of every job that is this mailing's, as far as is known: its own first."""
    own = [mailing.remote_id] if mailing.remote_id else []
    others = {*mailing.look_matches, *mailing.alarm_jobs, *mailing.other_jobs} - set(own)
    return [*own, *sorted(others, key=lambda job: (len(job), job))]


def row_of_job(mailing: Mailing, remote_id: str) -> Mailing:
    """One of a mailing's jobs as a row: its own, the one that another job has, or one that is not stored yet.

    Stored, it is a row made elsewhere: it has a mirror, a wish and a page of its own, and no code.
    """
    if remote_id == mailing.remote_id:
        return mailing
    row = Mailing.objects.filter(account_id=mailing.account_id, remote_id=remote_id).first()
    if row is not None:
        return row
    facts = {**mailing.other_jobs.get(remote_id, {})}
    facts.pop("hour", None)
    seen = facts.pop("verified_at", None)
    cost = facts.pop("cost", None)
    name = facts.pop("name", "") or mailing.name
    now = timezone.now()
    return Mailing(
        account=mailing.account,
        origin=Origin.PROVIDER,
        name=name,
        search_text=search_text(name, None, remote_id),
        channel=mailing.channel,
        state=State.ACCEPTED,
        state_at=now,
        created_at=now,
        remote_id=remote_id,
        verified_at=datetime.fromisoformat(seen) if seen else None,
        cost=Decimal(cost) if cost else None,
        **facts,
    )


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
