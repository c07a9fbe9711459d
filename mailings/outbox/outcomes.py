"""The outcome of a creating call: each outcome finishes the attempt and moves the row on.

Both are one commit, because a worker may be killed between two. That commit is retried while the database is
away (`until_written`), because the provider's answer cannot be asked for again.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mailings.models import (
    Alarm,
    Attempt,
    EventKind,
    HeldReason,
    Mailing,
    Origin,
    State,
    Waiting,
    WishResult,
    record,
)
from mailings.models.mirror import accept_free_job, raise_alarm, take_free_job, take_job
from mailings.models.patience import until_done, until_written
from mailings.models.states import FILE_MISSING, SURPRISES
from mailings.outbox import notify
from mailings.outbox.claims import Claim
from mailings.outbox.columns import requeued, wish_ended
from mailings.outbox.drafts import withdraw
from mailings.smsc.api.answers import Created
from mailings.smsc.api.errors import (
    Blocked,
    FileMissing,
    LoginRefused,
    NotSent,
    SmscError,
    TooSoon,
    UnreadableAnswer,
    WrongDate,
    WrongParameters,
)

RETRY_SECONDS, LONGEST_RETRY_SECONDS = 15, 300
OUTCOME = Attempt.Outcome


def accept(claim: Claim, created: Created) -> None:
    """The provider gave an id. It counts however late it comes, and whatever state the row is in by then."""
    until_done(lambda: _accept(claim, created), _what(claim))


def conclude(claim: Claim, error: SmscError) -> None:
    """Write a failed call down: what each error of smsc/api/errors.py means for the row."""
    until_written(lambda: _conclude(claim, error), _what(claim))


def _what(claim: Claim) -> str:
    return f"The outcome of attempt {claim.attempt.pk}"


def _conclude(claim: Claim, error: SmscError) -> None:
    match error:
        case FileMissing():
            _refuse_missing_file(claim, error)
        case NotSent():
            _requeue_unsent(claim, error)
        case LoginRefused() | Blocked():
            _hold(claim, error)
        case WrongParameters() | WrongDate():
            _refuse(claim, error)
        case TooSoon() if claim.first_try:
            _requeue_too_soon(claim, error)
        case _:
            _mark_unknown(claim, error)


def _accept(claim: Claim, created: Created) -> None:
    if connection.vendor == "postgresql" and accept_free_job(
        claim.attempt, claim.token, created.remote_id, created.cost, created.raw
    ):
        return
    with transaction.atomic():
        _accept_in_steps(claim, created)


def _accept_in_steps(claim: Claim, created: Created) -> None:
    if _accept_at_once(claim, created):
        return
    if _belongs_to_another(claim.mailing, created.remote_id):
        _mark_unknown(claim, UnreadableAnswer("id_taken", raw=created.raw))
        return
    _finish(claim, OUTCOME.ACCEPTED, raw=created.raw)
    row = Mailing.objects.select_for_update().get(pk=claim.mailing.pk)
    if row.remote_id is None:
        _take_id(row, created)
    else:
        _compare(row, created)
    if Mailing.objects.filter(pk=row.pk, state=State.ACCEPTED).exclude(wish="").exists():
        notify.send("fulfil", row.pk)


def _accept_at_once(claim: Claim, created: Created) -> bool:
    """The usual case: the row is still in this claim, and no other row has the job. Whether it was so."""
    if not take_free_job(claim.mailing, claim.token, created.remote_id, created.cost):
        return False
    _finish(claim, OUTCOME.ACCEPTED, raw=created.raw)
    cost = str(created.cost) if created.cost is not None else None
    record(EventKind.ACCEPTED, claim.mailing, remote_id=created.remote_id, cost=cost)
    return True


def _take_id(row: Mailing, created: Created) -> None:
    """The mailing is at the provider, so it must not be sent again, whatever state its row is in by now.

    If a newer claim exists and its call has not begun, that claim is now stale. If the call has begun, its
    own answer ends up in `_compare`.
    """
    old = State(row.state)
    fields: dict[str, Any] = {"not_before": None, "candidate": ""}
    if created.cost is not None:
        fields["cost"] = created.cost
    if old == State.WITHDRAWN:
        fields["wish_result"] = ""
    take_job(Mailing.objects.all(), row, created.remote_id, [old], **fields)
    cost = str(created.cost) if created.cost is not None else None
    record(EventKind.ACCEPTED, row, remote_id=created.remote_id, cost=cost)
    if old in SURPRISES:
        raise_alarm(row, SURPRISES[old], [created.remote_id])


def _belongs_to_another(mailing: Mailing, remote_id: str) -> bool:
    """Whether another mailing made here has this job. A row that a pull made for the job does not count."""
    owners = Mailing.objects.filter(account_id=mailing.account_id, remote_id=remote_id, origin=Origin.LOCAL)
    return owners.exclude(pk=mailing.pk).exists()


def _compare(row: Mailing, created: Created) -> None:
    """The row has a job already: fine if it is this one; otherwise there are two, which is an alarm."""
    if row.remote_id == created.remote_id:
        if created.cost is not None and row.cost is None:
            Mailing.objects.filter(pk=row.pk).update(cost=created.cost)
        return
    record(EventKind.LATE_ANSWER, row, outcome=OUTCOME.ACCEPTED, remote_id=created.remote_id)
    raise_alarm(row, Alarm.TWO_JOBS, [str(row.remote_id), created.remote_id])


def _requeue_unsent(claim: Claim, error: NotSent) -> None:
    """No byte reached the socket, so nothing can have been sent: back into the queue."""
    _finish(claim, OUTCOME.NOT_SENT, text=error.reason)
    again = requeued(_later(claim.mailing.pk))
    if _move(claim, State.QUEUED, waiting_for=Waiting.PROVIDER, **again):
        record(EventKind.REQUEUED, claim.mailing, reason=error.reason)
        _drop_if_unwanted(claim.mailing.pk)


def _refuse_missing_file(claim: Claim, error: NotSent) -> None:
    """An attached file is missing or was changed on our disk: a retry cannot help, a person has to act."""
    _finish(claim, OUTCOME.NOT_SENT, text=error.reason)
    if _move(claim, State.REFUSED, refusal_code=None, refusal_text=FILE_MISSING):
        record(EventKind.REFUSED, claim.mailing, code=None, text=FILE_MISSING)
        _settle_moot_wish(claim.mailing.pk)


def _later(mailing_id: int) -> datetime:
    """When to retry after a call that did not leave us: the pause grows each time, up to five minutes."""
    in_vain = Attempt.objects.filter(mailing_id=mailing_id, outcome=OUTCOME.NOT_SENT).count()
    return timezone.now() + timedelta(seconds=min(RETRY_SECONDS * max(in_vain, 1), LONGEST_RETRY_SECONDS))


def _hold(claim: Claim, error: SmscError) -> None:
    """Error 2 or 4: nothing was created. The mailing is held until the account's breaker closes."""
    _finish(claim, OUTCOME.HELD, error)
    reason = HeldReason.LOGIN if isinstance(error, LoginRefused) else HeldReason.BLOCK
    if _move(claim, State.HELD, held_reason=reason):
        record(EventKind.HELD, claim.mailing, reason=reason, code=error.code, text=error.text)
        _drop_if_unwanted(claim.mailing.pk)


def _refuse(claim: Claim, error: SmscError) -> None:
    """Errors 1 and 5: final. A person has to change the mailing and send it again.

    This answer counts also when the row became unknown meanwhile because its lease had run out.
    """
    _finish(claim, OUTCOME.REFUSED, error)
    told = error.text[:500]
    if _move(claim, State.REFUSED, also=State.UNKNOWN, refusal_code=error.code, refusal_text=told):
        record(EventKind.REFUSED, claim.mailing, code=error.code, text=error.text)
        _settle_moot_wish(claim.mailing.pk)


def _requeue_too_soon(claim: Claim, error: TooSoon) -> None:
    """Error 9 on the first try: queued again, for after the gap, under a new letter.

    Before that the provider's list must be read (`second_try`): a proxy may have repeated our request, and
    then error 9 answers the copy, while the first one was accepted.
    """
    _finish(claim, OUTCOME.REFUSED, error)
    again = requeued(timezone.now() + timedelta(seconds=settings.SAME_REQUEST_SECONDS))
    if _move(claim, State.QUEUED, waiting_for=Waiting.GAP, **again):
        record(EventKind.REQUEUED, claim.mailing, reason="too_soon", code=error.code)
        _drop_if_unwanted(claim.mailing.pk)


def _mark_unknown(claim: Claim, error: SmscError) -> None:
    """Any other error: the provider may or may not have it. Only a person can send it again."""
    was_open = _finish(claim, OUTCOME.UNKNOWN, error)
    reason = error.reason or type(error).__name__
    told = reason if error.code is None else f"error {error.code}"
    if _move(claim, State.UNKNOWN, waiting_for="", unknown_reason=told[:60]):
        record(EventKind.UNKNOWN, claim.mailing, reason=reason, code=error.code, text=error.text)
    elif was_open:
        suspect_second_job(claim.mailing.pk)


def suspect_second_job(mailing_id: int) -> None:
    """Raise an alarm if the row has a job from another attempt: this one may have created a second."""
    row = Mailing.objects.get(pk=mailing_id)
    if row.remote_id is not None and not row.alarm:
        raise_alarm(row, Alarm.MAYBE_TWO, [row.remote_id])


def _move(claim: Claim, new: State, *, also: State | None = None, **fields: Any) -> bool:
    """Move the row on if it is still in this claim; otherwise record a late answer. Whether it moved.

    `also`: a state besides `sending` from which it may move.
    """
    olds = [State.SENDING, also] if also else [State.SENDING]
    moved = Mailing.objects.filter(token=claim.token).move(claim.mailing.pk, olds, new, **fields)
    if not moved:
        record(EventKind.LATE_ANSWER, claim.mailing, outcome=new)
    return moved


def _finish(
    claim: Claim, outcome: str, error: SmscError | None = None, *, text: str = "", raw: str = ""
) -> bool:
    """Finish the attempt; False when it was finished before."""
    details: dict[str, Any] = {"text": text, "raw": raw}
    if error is not None:
        details = {"code": error.code, "text": error.text or error.reason, "raw": error.raw}
    return Attempt.objects.finish(claim.attempt.pk, outcome, timezone.now(), **details)


def _drop_if_unwanted(mailing_id: int) -> None:
    """Withdraw a mailing that is back from its call, if a person asked meanwhile to cancel or delete it."""
    wished = Mailing.objects.select_related("wish_by").exclude(wish="").filter(pk=mailing_id).first()
    if wished is not None:
        withdraw(mailing_id, wished.wish_by)


def _settle_moot_wish(mailing_id: int) -> None:
    """End the wish about a mailing that the provider refused: there is nothing to cancel or delete."""
    wished = Mailing.objects.filter(pk=mailing_id).exclude(wish="")
    wished.update(**wish_ended(WishResult.CONFIRMED))
