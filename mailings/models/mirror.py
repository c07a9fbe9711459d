"""The mirror: what the provider said of a job, written to its row. Nothing else writes these columns.

One job at a time: `observe`, `mark_gone`, `take_job`. Many of a list at once: `mirror_many`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailings.models.mailing import Mailing, MailingQuerySet, search_text
from mailings.models.prepared import Prepared, changing, given
from mailings.models.readings import not_after
from mailings.models.records import Attempt, Event, Observation, record
from mailings.models.references import is_of_another
from mailings.models.states import Alarm, EventKind, Origin, State
from mailings.smsc.api.jobs import Job

# Columns of a mailing that only the provider's answers fill.
MIRROR_FIELDS = (
    "remote_id",
    "remote_status",
    "remote_word",
    "remote",
    "fingerprint",
    "verified_at",
    "reading_id",
    "remote_send_at",
    "gone",
    "gone_at",
)
WISH_FIELDS = ("wish", "wish_at", "wish_by", "wish_next_at", "wish_tries", "wish_agreed_at")
# What the columns hold: PostgreSQL refuses a row with more, SQLite stores what cannot be read back.
MOST_MONEY, MOST_COUNT = 10**10, 2**31 - 1
LONGEST_NAME = 255


def mirrored(job: Job, at: datetime) -> dict[str, Any]:
    """A row's columns by an answer about `job`, read at `at`. Figures that the answer lacks are left out."""
    values: dict[str, Any] = {
        "remote_id": job.remote_id,
        "remote_status": job.status or "",
        "remote_word": (job.status_word or "")[:100],
        "remote": job.payload,
        "fingerprint": job.fingerprint,
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
    """The count, or None if a row cannot hold it (it is still in the payload)."""
    return number if number is not None and number <= MOST_COUNT else None


def observe(mailing: Mailing, job: Job, *, at: datetime, source: str) -> bool:
    """Write an answer about a mailing's job to its row. True: the job has changed.

    An answer that is older than what the row shows is dropped, so that a slow read cannot undo a newer one.
    `source`: the call that gave the answer, get or get_all. Not for a job that `is_conflict`.
    """
    values = mirrored(job, at)
    values["search_text"] = search_text(mailing.name, mailing.code, job.remote_id)
    if not Mailing.objects.filter(not_after(at), pk=mailing.pk).update(**values):
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
    """Whether the job with a mailing's remote id bears another mailing's reference, so is not its job."""
    return code is not None and is_of_another(job.name, code)


def take_job(
    rows: MailingQuerySet, mailing: Mailing, remote_id: str, olds: Collection[State], **fields: Any
) -> bool:
    """Make a job the mailing's own: from any of the states `olds` to accepted; False when it was in none.

    `rows`: further conditions, by a token for instance. If a pull has made a row of the job, that row is
    merged into the mailing's. Call inside a transaction.
    """
    if not rows.filter(pk=mailing.pk, state__in=olds).exists():
        return False
    absorb_twin(mailing, remote_id)
    values = {"remote_id": remote_id, "waiting_for": "", "look_matches": [], **fields}
    return rows.move(mailing.pk, olds, State.ACCEPTED, **values)


def take_free_job(mailing: Mailing, token: str, remote_id: str, cost: Decimal | None) -> bool:
    """`take_job` in one statement, for the usual case: the row is being sent under this token, no row has the
    job yet, and there is no wish.

    False: this is not that case, and nothing was changed.
    """
    return _TAKE_FREE_JOB.change(**_taken(mailing, token, remote_id, cost)) == 1


def accept_free_job(attempt: Attempt, token: str, remote_id: str, cost: Decimal | None, raw: str) -> bool:
    """`take_free_job` of an attempt's mailing, with the end of the attempt and the event of it.

    One statement, for PostgreSQL only: it is a transaction by itself, for which five questions would go to
    the server and back. `raw`: the provider's answer.
    """
    told = {"remote_id": remote_id, "cost": str(cost) if cost is not None else None}
    values = _taken(attempt.mailing, token, remote_id, cost)
    return bool(_ACCEPT_FREE_JOB.rows(attempt=attempt.pk, raw=raw, data=told, **values))


def _taken(mailing: Mailing, token: str, remote_id: str, cost: Decimal | None) -> dict[str, Any]:
    text = search_text(mailing.name, mailing.code, remote_id)
    whose = {"pk": mailing.pk, "account": mailing.account_id, "token": token}
    return whose | {"remote_id": remote_id, "cost": cost, "search_text": text, "at": timezone.now()}


def _take_free_job() -> tuple[str, Sequence[Any]]:
    owners = Mailing.objects.filter(**given(Mailing, "remote_id", account_id="account"))
    free = Mailing.objects.filter(~Exists(owners), remote_id=None, wish="", state__unindexed=State.SENDING)
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


def _accept_free_job() -> tuple[str, Sequence[Any]]:
    taking, params = _take_free_job()
    at, data = given(Event, "at", "data").values()
    raw, end, attempt = given(Attempt, "raw", end="at", id="attempt").values()
    sql = f"""
        WITH taken AS ({taking} RETURNING id),
        ended AS (
            UPDATE mailings_attempt SET outcome = %s, "end" = %s, code = NULL, text = '', raw = %s
            WHERE id = %s AND outcome = '' AND EXISTS (SELECT id FROM taken)
        ),
        told AS (INSERT INTO mailings_event (mailing_id, kind, at, data) SELECT id, %s, %s, %s FROM taken)
        SELECT id FROM taken
    """  # noqa: S608 (our own statement)
    ended = [str(Attempt.Outcome.ACCEPTED), end, raw, attempt]
    return sql, [*params, *ended, str(EventKind.ACCEPTED), at, data]


_TAKE_FREE_JOB, _ACCEPT_FREE_JOB = Prepared(_take_free_job), Prepared(_accept_free_job)


def mark_gone(mailing: Mailing, *, at: datetime) -> bool:
    """Note in the row that the provider no longer has the job. False when that was noted before."""
    changed = Mailing.objects.filter(pk=mailing.pk, gone=False).update(gone=True, gone_at=at, verified_at=at)
    mailing.gone, mailing.gone_at, mailing.verified_at = True, at, at
    return bool(changed)


def absorb_twin(mailing: Mailing, remote_id: str) -> None:
    """Merge the row that a pull made of our job if it met it before we knew its id, and saw no reference.

    That row (origin `provider`) is deleted; `mailing` gets what was seen of the job, its records and its
    wish. Call inside a transaction, before `mailing` gets the id.
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
    seen |= {"remote_id": mailing.remote_id, "reading_id": None}  # verified_at has the reading's moment
    twin.delete()
    Mailing.objects.filter(pk=mailing.pk).update(**seen, **wished)


def forgotten_job(mailing: Mailing) -> dict[str, Any]:
    """The mirror's columns, emptied: the job was not this row's. The next pull makes a row of the job."""
    return {
        "remote_id": None,
        "search_text": search_text(mailing.name, mailing.code, None),
        "remote_status": "",
        "remote_word": "",
        "remote": None,
        "fingerprint": "",
        "verified_at": None,
        "reading": None,
        "remote_send_at": None,
        "gone": False,
        "gone_at": None,
        "cost": None,
        "parts": None,
    }


def note_jobs(mailing: Mailing, jobs: Iterable[Job], *, at: datetime, source: str) -> None:
    """Keep what a list says of jobs that bear a mailing's code and are not its own (`Mailing.other_jobs`).

    A job that has a row made elsewhere (`row_of_job`) is also mirrored to that row.
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
    """What `row_of_job` needs of a job, as JSON."""
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
    """The ids of all jobs that are, or may be, this mailing's: its own first, then by number."""
    own = [mailing.remote_id] if mailing.remote_id else []
    others = {*mailing.look_matches, *mailing.alarm_jobs, *mailing.other_jobs} - set(own)
    return [*own, *sorted(others, key=lambda job: (len(job), job))]


def row_of_job(mailing: Mailing, remote_id: str) -> Mailing:
    """The row of one of a mailing's jobs: `mailing` itself, the job's stored row, or a new, unsaved one.

    The last two are rows made elsewhere: with a mirror, a wish and a page of their own, and without a code.
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
    """Raise an alarm, which the first page shows until a person has dealt with it. Recorded if it is new."""
    known = Mailing.objects.values_list("alarm_jobs", flat=True).get(pk=mailing.pk)
    jobs = sorted({*known, *remote_ids})
    if (
        Mailing.objects.filter(pk=mailing.pk)
        .exclude(alarm=alarm, alarm_jobs=jobs)
        .update(alarm=alarm, alarm_jobs=jobs)
    ):
        record(EventKind.ALARM, mailing, alarm=alarm, remote_ids=jobs)
