"""Wishes (cancel, delete): asked of the provider, and then checked by a second look at the job.

A wish is repeated until it is settled, for a day: asking twice to cancel costs nothing. The provider's OK
alone does not confirm it. Only a second look does: our `get` after asking, or a read of the list that shows
the result, whichever comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import (
    Alarm,
    Attempt,
    EventKind,
    Mailing,
    State,
    Waiting,
    Wish,
    WishAnswer,
    WishResult,
    login_of,
    record,
)
from mailings.models.mailing import MailingQuerySet, has_come
from mailings.models.mirror import is_conflict, jobs_of, mark_gone, observe, raise_alarm, row_of_job
from mailings.models.patience import until_written
from mailings.models.states import WISHES_ARE_FULFILLED
from mailings.outbox import notify
from mailings.outbox.columns import wish_ended
from mailings.outbox.drafts import withdraw
from mailings.outbox.errors import Impossible
from mailings.outbox.may import may_withdraw, why_not_cancel, why_not_delete
from mailings.smsc.api.answers import Done, Job, JobStatus
from mailings.smsc.api.client import Client
from mailings.smsc.api.errors import (
    Blocked,
    LoginRefused,
    NotSaved,
    NotSent,
    SmscError,
    TooSoon,
    WrongDate,
    WrongParameters,
)

LONGEST_PAUSE = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=1)
# How long a worker waits for a permit before it tries again later. Meanwhile the limiter keeps the next free
# permit for it.
WAIT_FOR_SLOT_SECONDS = 2.0
# Error 3 means that the provider could not do it. If the job still exists, we give up after so many of them.
ERROR_NO, REFUSALS_AT_MOST = 3, 4
# The pause after a step that could not call at all (no permit, no Redis). It is short: as nothing was asked,
# no gap between identical requests has to be kept.
NO_PERMIT_SECONDS = 5.0
OUTCOME = Attempt.Outcome


class Said(Enum):
    """The provider's answer to a cancel or delete."""

    OK = "ok"
    NO = "no"  # error 3: it could not be done
    NEVER = "never"  # errors 1 and 5: final, the same request must not be repeated
    UNCLEAR = "unclear"  # anything else: our request did not arrive, or the answer does not speak of the job


@dataclass(frozen=True)
class Ask:
    """The call for a wish: its name in the API, and the client's method."""

    call: str
    send: Callable[[Client, str], Done]


WHY_NOT = {Wish.CANCEL: why_not_cancel, Wish.DELETE: why_not_delete}
ASK = {Wish.CANCEL: Ask("cancel", Client.cancel), Wish.DELETE: Ask("del", Client.delete)}


@dataclass(frozen=True)
class Reply:
    """The result of one ask. `attempt` is still open: it is finished after the second look."""

    said: Said
    outcome: str
    attempt: Attempt | None = None
    code: int | None = None
    text: str = ""
    raw: str = ""


@dataclass(frozen=True)
class Meaning:
    """What an error means for a wish. With `wait_for` the step ends here, without a second look."""

    said: Said
    outcome: str
    wait_for: Waiting | None = None


MEANINGS: tuple[tuple[type[SmscError] | tuple[type[SmscError], ...], Meaning], ...] = (
    (NotSaved, Meaning(Said.NO, OUTCOME.REFUSED)),
    ((WrongParameters, WrongDate), Meaning(Said.NEVER, OUTCOME.REFUSED)),
    ((LoginRefused, Blocked), Meaning(Said.UNCLEAR, OUTCOME.HELD, Waiting.BREAKER)),
    (NotSent, Meaning(Said.UNCLEAR, OUTCOME.NOT_SENT, Waiting.PROVIDER)),
    (TooSoon, Meaning(Said.UNCLEAR, OUTCOME.REFUSED, Waiting.GAP)),
    (SmscError, Meaning(Said.UNCLEAR, OUTCOME.UNKNOWN)),
)


class Missing:
    """The second look found no such job: error 3 on `get`."""


Seen = Job | Missing | None  # None: the look itself failed


def wish(mailing_id: int, kind: Wish, by: Any = None) -> Mailing:
    """Record a person's wish. A mailing that has not been handed over is withdrawn at once.

    Raises Impossible when there is nothing to cancel or delete. Returns the row as it is afterwards.
    """
    kind = Wish(kind)
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        if may_withdraw(mailing) and withdraw(mailing_id, by):
            mailing.refresh_from_db()
            return mailing
        mailing.refresh_from_db()
        if mailing.wish != kind:
            if why := WHY_NOT[kind](mailing):
                raise Impossible(why)
            _record_wish(mailing, kind, by)
    mailing.refresh_from_db()
    return mailing


def cancel_job(mailing_id: int, remote_id: str, by: Any = None) -> Mailing:
    """Record the wish to cancel one of a mailing's jobs, `remote_id`. Returns the row that has the wish.

    For the mailing's own job that is the mailing. Any other job gets a row of its own, with its own wish,
    attempts and second look. Raises Impossible.
    """
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update(of=("self",)).select_related("account").get(pk=mailing_id)
        if remote_id not in jobs_of(mailing):
            raise Impossible(_("Job %(job)s is none of this mailing's jobs.") % {"job": remote_id})
        row = row_of_job(mailing, remote_id)
        if not row.pk:
            row.save()
        wished = wish(row.pk, Wish.CANCEL, by)
        if wished.pk != mailing.pk:
            record(EventKind.WISHED, mailing, by=by, wish=Wish.CANCEL, remote_id=remote_id)
    return wished


def fulfil(mailing_id: int) -> None:
    """One step towards a recorded wish: ask, look, settle or try again later. May be called at any time."""
    mailing = _take_wish(mailing_id)
    if mailing is None:
        return
    if listed := _shown_by_list(mailing):
        _settle(mailing, listed)
        return
    if _ran_out(mailing):
        result = WishResult.UNCONFIRMED if mailing.wish_agreed_at else WishResult.FAILED
        _settle(mailing, result, answer=WishAnswer.UNCLEAR)
        return
    try:
        _step(mailing)
    except accounts.CannotCall as why:
        soon = None if why.reason == Waiting.PROVIDER else NO_PERMIT_SECONDS
        _try_later(mailing, why.retry_after or soon)


def _shown_by_list(mailing: Mailing) -> WishResult | None:
    """The result that a read of the list since the wish has shown already; None if it shows none."""
    asked, seen = mailing.wish_at, mailing.verified_at
    if asked is None or seen is None or seen <= asked:
        return None
    if mailing.wish == Wish.DELETE:
        # `gone` rests on error 3 to `get`, or on an OK: our request must have been under way before that.
        ours = _of_this_wish(mailing).filter(begin__lt=seen).exclude(code=ERROR_NO)
        return WishResult.CONFIRMED if mailing.gone and ours.exists() else None
    if mailing.gone:
        return None
    if mailing.remote_status == JobStatus.CANCELLED:
        return WishResult.CONFIRMED
    late = mailing.remote_status == JobStatus.GONE_OUT and not mailing.repeats
    return WishResult.TOO_LATE if late else None


def _step(mailing: Mailing) -> None:
    reply = Reply(Said.OK, OUTCOME.ACCEPTED) if mailing.wish_agreed_at else _ask(mailing)
    seen: Seen = None
    try:
        seen = _ask_for_job(mailing)
    except accounts.CannotCall:
        if reply.said is not Said.NEVER:
            _close(reply, None)
            raise
    result = verdict(Wish(mailing.wish), reply.said, seen, mailing)
    until_written(lambda: _end_step(mailing, reply, seen, result), _what(mailing))


def _end_step(mailing: Mailing, reply: Reply, seen: Seen, result: WishResult | None) -> None:
    """Finish the attempt and update the row, in one commit."""
    _close(reply, result)
    if result is None:
        _try_later(mailing, None, agreed=reply.said is Said.OK and not _still_waits(seen))
    else:
        answer = WishAnswer.NOT_THERE if isinstance(seen, Missing) else WishAnswer.REFUSED
        _settle(mailing, result, seen, answer=answer)


def _what(mailing: Mailing) -> str:
    return f"A step towards the wish of mailing {mailing.pk}"


def verdict(kind: Wish, said: Said, seen: Seen, mailing: Mailing) -> WishResult | None:
    """What the provider's answer and the second look mean together; None: not settled yet."""
    shown = _shown(kind, said, seen, mailing)
    return shown or (WishResult.FAILED if said is Said.NEVER else None)


def _shown(kind: Wish, said: Said, seen: Seen, mailing: Mailing) -> WishResult | None:
    """What the second look proves; None: nothing yet, or the look failed."""
    if seen is None:
        return None
    if isinstance(seen, Missing):
        return _verdict_on_missing(kind, said, mailing)
    if kind == Wish.CANCEL and seen.status == JobStatus.CANCELLED:
        return WishResult.CONFIRMED
    if seen.status is None:
        return _verdict_without_a_word(said, mailing)
    if _is_late(kind, said, seen.status) and not mailing.repeats:
        return WishResult.TOO_LATE
    return WishResult.FAILED if said is Said.NO and _refused_enough(mailing) else None


def _is_late(kind: Wish, said: Said, status: JobStatus) -> bool:
    """Whether it is too late, because the messages have gone out. The caller excludes repeating mailings."""
    refused = said in (Said.NO, Said.NEVER)
    if status == JobStatus.GONE_OUT:
        return refused or kind == Wish.CANCEL
    return refused and status == JobStatus.GOING


def _verdict_without_a_word(said: Said, mailing: Mailing) -> WishResult | None:
    if said is Said.OK:
        return WishResult.UNCONFIRMED
    if said is Said.NO:
        return WishResult.TOO_LATE if _hour_has_passed(mailing) else WishResult.FAILED
    return None


def _verdict_on_missing(kind: Wish, said: Said, mailing: Mailing) -> WishResult | None:
    """The job does not exist (any more).

    That confirms a delete, unless every answer to it was error 3: then the job may never have existed.
    """
    if kind == Wish.DELETE and (
        said is not Said.NO or _of_this_wish(mailing).exclude(code=ERROR_NO).exists()
    ):
        return WishResult.CONFIRMED
    if said is Said.OK:
        return WishResult.UNCONFIRMED
    return WishResult.FAILED if said is Said.NO else None


def _of_this_wish(mailing: Mailing) -> QuerySet[Attempt]:
    """The finished attempts of this wish that the provider has answered, or may have received."""
    asked = Attempt.objects.filter(mailing=mailing, kind=mailing.wish, begin__gte=mailing.wish_at)
    return asked.exclude(outcome="").exclude(outcome__in=[OUTCOME.NOT_SENT, OUTCOME.HELD])


def _refused_enough(mailing: Mailing) -> bool:
    """Whether error 3 came REFUSALS_AT_MOST times, this one included: then a person has to decide."""
    return _of_this_wish(mailing).filter(code=ERROR_NO).count() >= REFUSALS_AT_MOST - 1


def _hour_has_passed(mailing: Mailing) -> bool:
    """Whether its hour is past: then error 3, on a job of unknown status, means that it went out."""
    return mailing.due_at is not None and mailing.due_at <= timezone.now()


def _still_waits(seen: Seen) -> bool:
    """Whether the job still waits to be sent: if the provider said OK, that was false, and we ask again."""
    return isinstance(seen, Job) and seen.status == JobStatus.WAITING


def _record_wish(mailing: Mailing, kind: Wish, by: Any) -> None:
    now = timezone.now()
    Mailing.objects.filter(pk=mailing.pk).update(
        wish=kind,
        wish_at=now,
        wish_by=login_of(by),
        wish_next_at=now,
        wish_tries=0,
        wish_agreed_at=None,
        wish_result="",
        wish_result_at=None,
        wish_answer="",
        wish_before="",
    )
    record(EventKind.WISHED, mailing, by=by, wish=kind)
    if mailing.remote_id:
        notify.send("fulfil", mailing.pk)


def _take_wish(mailing_id: int) -> Mailing | None:
    """Lease the wish's next step to this worker; None when it is not due, or another worker has it."""
    now = timezone.now()
    due = Mailing.objects.filter(
        has_come("wish_next_at", now),
        pk=mailing_id,
        state__in=WISHES_ARE_FULFILLED,
        remote_id__isnull=False,
    ).exclude(Q(wish="") | Q(alarm=Alarm.OTHER_JOB))
    lease = now + timedelta(seconds=settings.LEASE_SECONDS)
    if not due.update(wish_next_at=lease, wish_tries=F("wish_tries") + 1):
        return None
    return Mailing.objects.select_related("account", "wish_by").get(pk=mailing_id)


def _ran_out(mailing: Mailing) -> bool:
    """Whether a day has passed since this wish's first call. Waiting for the job's id does not count."""
    first = (
        Attempt.objects.filter(mailing=mailing, kind=mailing.wish, begin__gte=mailing.wish_at)
        .values_list("begin", flat=True)
        .first()
    )
    return first is not None and timezone.now() - first > GIVE_UP_AFTER


def _ask(mailing: Mailing) -> Reply:
    """Ask the provider to cancel or delete. The attempt stays open until the second look.

    Compares the database with Redis first: in a restored database the attempt would get a primary key that
    was used before. Raises CannotCall.
    """
    restore_guard.compare(mailing.account)
    ask = ASK[Wish(mailing.wish)]
    remote_id = str(mailing.remote_id)
    attempt: Attempt | None = None
    try:
        with accounts.slot(mailing.account, ask.call, remote_id, wait=WAIT_FOR_SLOT_SECONDS) as client:
            attempt = Attempt.objects.create(
                mailing=mailing, kind=mailing.wish, reference=mailing.code or "", begin=timezone.now()
            )
            done = ask.send(client, remote_id)
    except SmscError as error:
        return _note_refusal(mailing, attempt, error)
    until_written(lambda: _note_ok(mailing), _what(mailing))
    return Reply(Said.OK, OUTCOME.ACCEPTED, attempt, raw=done.raw)


def _note_ok(mailing: Mailing) -> None:
    # If another wish was recorded meanwhile, this OK is not its answer.
    _same_wish(mailing).update(wish_agreed_at=timezone.now())
    record(EventKind.WISH_STEP, mailing, wish=mailing.wish, outcome=OUTCOME.ACCEPTED)


def _note_refusal(mailing: Mailing, attempt: Attempt | None, error: SmscError) -> Reply:
    """Write down an error. Raises CannotCall when the step has to wait before it can be repeated."""
    meaning = next(meaning for kinds, meaning in MEANINGS if isinstance(error, kinds))
    told = error.text or error.reason
    reply = Reply(meaning.said, meaning.outcome, attempt, error.code, told, error.raw)
    step = {"wish": mailing.wish, "outcome": meaning.outcome, "code": error.code, "text": told}

    def write() -> None:
        record(EventKind.WISH_STEP, mailing, **step)
        if meaning.said is Said.UNCLEAR:
            _close(reply, None)

    until_written(write, _what(mailing))
    if meaning.said is Said.UNCLEAR:
        reply = replace(reply, attempt=None)
    if meaning.wait_for is not None:
        after = settings.SAME_REQUEST_SECONDS if meaning.wait_for == Waiting.GAP else None
        raise accounts.CannotCall(meaning.wait_for, after) from error
    return reply


def _close(reply: Reply, result: WishResult | None) -> None:
    """Finish the attempt, if it is still open. `result`: what the second look has shown."""
    if reply.attempt is None:
        return
    outcome = reply.outcome
    if result == WishResult.CONFIRMED:
        outcome = OUTCOME.CONFIRMED
    elif result == WishResult.TOO_LATE:
        outcome = OUTCOME.TOO_LATE
    Attempt.objects.finish(
        reply.attempt.pk, outcome, timezone.now(), code=reply.code, text=reply.text, raw=reply.raw
    )


def _ask_for_job(mailing: Mailing) -> Seen:
    """The second look: one `get`. None when it failed, or showed a job with another mailing's reference."""
    remote_id = str(mailing.remote_id)
    try:
        with accounts.slot(mailing.account, "get", remote_id) as client:
            asked_at = timezone.now()
            job = client.get(remote_id)
    except NotSaved:
        return Missing()
    except SmscError:
        return None
    if is_conflict(mailing.code, job):
        raise_alarm(mailing, Alarm.OTHER_JOB, [remote_id])
        return None
    observe(mailing, job, at=asked_at, source="get")
    return job


def _settle(
    mailing: Mailing, result: WishResult, seen: Seen = None, *, answer: WishAnswer | None = None
) -> None:
    """End the wish with a result. `answer`: why it failed, stored only with FAILED."""
    kind = Wish(mailing.wish)
    ended = wish_ended(result, answer if result == WishResult.FAILED else None)
    same = _same_wish(mailing)
    with transaction.atomic():
        if isinstance(seen, Missing):
            mark_gone(mailing, at=timezone.now())
        if result == WishResult.CONFIRMED and mailing.state != DONE[kind]:
            done = same.move(mailing.pk, State(mailing.state), DONE[kind], **ended)
        else:
            done = same.update(**ended) == 1
        if done:
            record(
                EventKind.WISH_ENDED,
                mailing,
                by=mailing.wish_by,
                wish=kind,
                result=result,
                words=mailing.remote_word,
                answer=ended["wish_answer"],
            )


DONE = {Wish.CANCEL: State.CANCELLED, Wish.DELETE: State.DELETED}


def _try_later(mailing: Mailing, after: float | None, *, agreed: bool | None = None) -> None:
    """Schedule the wish's next step.

    In `after` seconds if given; else after the gap between identical requests, doubled with every try up to
    15 minutes. `agreed=False`: there was no OK, or it proved false, so the next step asks again.
    """
    gap = timedelta(seconds=settings.SAME_REQUEST_SECONDS)
    pause = (
        timedelta(seconds=after) if after else min(gap * 2 ** min(mailing.wish_tries - 1, 10), LONGEST_PAUSE)
    )
    fields: dict[str, Any] = {"wish_next_at": timezone.now() + pause}
    if after:
        fields["wish_tries"] = F("wish_tries") - 1  # nothing was asked: it must not lengthen the pause
    if agreed is False:
        fields["wish_agreed_at"] = None
    _same_wish(mailing).update(**fields)


def _same_wish(mailing: Mailing) -> MailingQuerySet:
    """The mailing's row, if it still has the wish that this step is about."""
    return Mailing.objects.filter(pk=mailing.pk, wish=mailing.wish, wish_at=mailing.wish_at)
