"""Handing a mailing over: claim, one call, and what its outcome means for the row.

A create is tried once per claim. Whatever is not proof that nothing left us, and not the provider's plain
word, leaves the mailing `unknown`: it is looked for by its reference, and only a person sends it again.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import (
    Alarm,
    Attempt,
    Breaker,
    EventKind,
    HeldReason,
    Mailing,
    Origin,
    State,
    Waiting,
    WishResult,
    record,
)
from mailings.models.mailing import letters
from mailings.models.mirror import raise_alarm, take_job
from mailings.models.states import FILE_MISSING
from mailings.outbox import notify
from mailings.outbox.drafts import spec_of, withdraw
from mailings.smsc.api.answers import Created
from mailings.smsc.api.client import Client, Upload
from mailings.smsc.api.errors import (
    Blocked,
    FileMissing,
    LoginRefused,
    NotSent,
    SmscError,
    TooSoon,
    Unreadable,
    WrongDate,
    WrongParameters,
)

log = logging.getLogger(__name__)

OVERDUE_AFTER = timedelta(minutes=15)
# How long a worker waits for one of the account's calls to end before it leaves the row to the sweep.
WAIT_FOR_SLOT_SECONDS = 20.0
LOOK_AGAIN = timedelta(seconds=10)
RETRY_SECONDS, LONGEST_RETRY_SECONDS = 15, 300
OUTCOME = Attempt.Outcome


class StaleClaim(Exception):
    """The claim is no longer ours or its deadline has passed: nothing may be sent under it."""


@dataclass(frozen=True)
class Claim:
    """The right to send one mailing once. `deadline` is a moment of `time.monotonic()`."""

    mailing: Mailing
    attempt: Attempt
    token: str
    deadline: float
    deadline_at: datetime
    first_try: bool

    def confirm(self) -> None:
        """The last look before the first byte: a frozen worker that thaws must not send."""
        in_time = time.monotonic() < self.deadline and timezone.now() < self.deadline_at
        ours = Mailing.objects.filter(pk=self.mailing.pk, state=State.SENDING, token=self.token)
        if not (in_time and ours.exists()):
            raise StaleClaim
        restore_guard.remember(self.mailing.account, self.attempt)


def deliver_mailing(mailing_id: int) -> None:
    """Hand one queued mailing over, if it may go now. Harmless to call any number of times."""
    mailing = Mailing.objects.select_related("account").filter(pk=mailing_id, state=State.QUEUED).first()
    if mailing is None or _unwanted(mailing) or _overdue(mailing):
        return
    claim: Claim | None = None
    try:
        with accounts.slot(mailing.account, "add", wait=WAIT_FOR_SLOT_SECONDS) as client:
            claim = take(mailing)
            if claim is None:
                return
            created = send(claim, client)
    except accounts.CannotCall as why:
        postpone(mailing, why)
    except SmscError as error:
        conclude(_certain(claim), error)
    except Exception as error:
        if claim is not None:
            mark_unknown(claim, SmscError(reason=type(error).__name__))
        raise
    else:
        accept(claim, created)


def conclude(claim: Claim, error: SmscError) -> None:
    """What each failure means for the row: one transition each (the tree stands in smsc/errors.py)."""
    match error:
        case FileMissing():
            refuse_missing_file(claim, error)
        case NotSent():
            requeue_unsent(claim, error)
        case LoginRefused() | Blocked():
            hold_claimed(claim, error)
        case WrongParameters() | WrongDate():
            refuse_claimed(claim, error)
        case TooSoon():
            requeue_too_soon(claim, error)
        case _:
            mark_unknown(claim, error)


def take(mailing: Mailing) -> Claim | None:
    """Claim a queued mailing; None when another worker has it, or when it may not go any more, or not yet."""
    mailing.account.refresh_from_db()
    restore_guard.compare(mailing.account)
    if _overdue(mailing) or _waits_for_a_look(mailing):
        return None
    started, now, token = time.monotonic(), timezone.now(), uuid.uuid4().hex
    total = settings.PROVIDER_TOTAL_SECONDS
    deadline_at = now + timedelta(seconds=total)
    lease = now + timedelta(seconds=settings.LEASE_SECONDS)
    with transaction.atomic():
        if not Mailing.objects.claim(mailing.pk, token=token, now=now, deadline=deadline_at, lease=lease):
            return None
        tries = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE).exclude(
            outcome=OUTCOME.NOT_SENT
        )
        count = tries.count()
        attempt = Attempt.objects.create(
            mailing=mailing,
            kind=Attempt.Kind.CREATE,
            reference=f"{mailing.code}{letters(count)}",
            token=token,
            begin=now,
        )
        record(EventKind.CLAIMED, mailing, reference=attempt.reference)
    return Claim(mailing, attempt, token, started + total, deadline_at, first_try=count == 0)


def send(claim: Claim, client: Client) -> Created:
    spec = spec_of(claim.mailing)
    uploads = [
        Upload(
            field=spec.upload_field(index),
            name=kept.name,
            content_type=kept.content_type,
            path=kept.file.path,
            size=kept.size,
        )
        for index, kept in enumerate(claim.mailing.attachments.all())
    ]
    return client.add(
        spec.wire(claim.attempt.reference),
        uploads,
        deadline=claim.deadline,
        before_first_byte=claim.confirm,
    )


def accept(claim: Claim, created: Created) -> None:
    """The provider gave an id. It counts however late it comes, as long as it comes to this claim."""
    if _belongs_to_another(claim.mailing, created.remote_id):
        mark_unknown(claim, Unreadable("id_taken", raw=created.raw))
        return
    finish_attempt(claim, OUTCOME.ACCEPTED, raw=created.raw)
    with transaction.atomic():
        fields = {"cost": created.cost} if created.cost is not None else {}
        given_up = Mailing.objects.filter(pk=claim.mailing.pk, state=State.ABANDONED).exists()
        mine = Mailing.objects.filter(token=claim.token)
        from_states = [State.SENDING, State.UNKNOWN, State.ABANDONED]
        if take_job(mine, claim.mailing, created.remote_id, from_states, **fields):
            cost = str(created.cost) if created.cost is not None else None
            record(EventKind.ACCEPTED, claim.mailing, remote_id=created.remote_id, cost=cost)
            if given_up:
                raise_alarm(claim.mailing, Alarm.TURNED_UP, [created.remote_id])
        else:
            _compare(claim, created)
    _nudge_wish(claim.mailing.pk)


def _belongs_to_another(mailing: Mailing, remote_id: str) -> bool:
    """Whether the id is known as another mailing's job. Rows that a pull made of a job give it up."""
    owners = Mailing.objects.filter(account_id=mailing.account_id, remote_id=remote_id, origin=Origin.LOCAL)
    return owners.exclude(pk=mailing.pk).exists()


def _compare(claim: Claim, created: Created) -> None:
    """The row went on without this answer: fine when it has this very job, an alarm when it has not."""
    current = Mailing.objects.get(pk=claim.mailing.pk)
    if current.remote_id == created.remote_id:
        if created.cost is not None and current.cost is None:
            Mailing.objects.filter(pk=current.pk).update(cost=created.cost)
        return
    record(EventKind.LATE_ANSWER, current, outcome=OUTCOME.ACCEPTED, remote_id=created.remote_id)
    raise_alarm(current, Alarm.TWO_JOBS, [job for job in (current.remote_id, created.remote_id) if job])


def requeue_unsent(claim: Claim, error: NotSent) -> None:
    """Proof that no byte was handed over: the only case in which a mailing goes back by itself."""
    finish_attempt(claim, OUTCOME.NOT_SENT, text=error.reason)
    later = _later(claim.mailing.pk)
    with transaction.atomic():
        if move_claimed(claim, State.QUEUED, not_before=later, waiting_for=Waiting.PROVIDER, nudged_at=None):
            record(EventKind.REQUEUED, claim.mailing, reason=error.reason)
            _drop_if_unwanted(claim.mailing.pk)


def refuse_missing_file(claim: Claim, error: NotSent) -> None:
    """An attached file is gone or has changed on our disk: trying again will not mend it, a person has to."""
    finish_attempt(claim, OUTCOME.NOT_SENT, text=error.reason)
    if move_claimed(claim, State.REFUSED, refusal_code=None, refusal_text=FILE_MISSING):
        record(EventKind.REFUSED, claim.mailing, code=None, text=FILE_MISSING)
        _settle_moot_wish(claim.mailing.pk)


def _later(mailing_id: int) -> datetime:
    """When to try again after a call that did not leave us: later each time, five minutes at most."""
    in_vain = Attempt.objects.filter(mailing_id=mailing_id, outcome=OUTCOME.NOT_SENT).count()
    return timezone.now() + timedelta(seconds=min(RETRY_SECONDS * max(in_vain, 1), LONGEST_RETRY_SECONDS))


def hold_claimed(claim: Claim, error: SmscError) -> None:
    """Error 2 or 4: nothing was made, and no mailing of the account goes until the breaker closes."""
    finish_attempt(claim, OUTCOME.HELD, error)
    reason = HeldReason.LOGIN if isinstance(error, LoginRefused) else HeldReason.BLOCK
    with transaction.atomic():
        if move_claimed(claim, State.HELD, held_reason=reason):
            record(EventKind.HELD, claim.mailing, reason=reason, code=error.code, text=error.text)
            _drop_if_unwanted(claim.mailing.pk)


def refuse_claimed(claim: Claim, error: SmscError) -> None:
    """Errors 1 and 5: final; a person changes the mailing and sends it again."""
    finish_attempt(claim, OUTCOME.REFUSED, error)
    told = error.text[:500]
    with transaction.atomic():
        if move_claimed(claim, State.REFUSED, also=State.UNKNOWN, refusal_code=error.code, refusal_text=told):
            record(EventKind.REFUSED, claim.mailing, code=error.code, text=error.text)
            _settle_moot_wish(claim.mailing.pk)


def requeue_too_soon(claim: Claim, error: TooSoon) -> None:
    """Error 9. On the very first try nothing of ours can have arrived: again after the gap, new letter."""
    if not claim.first_try:
        mark_unknown(claim, error)
        return
    finish_attempt(claim, OUTCOME.REFUSED, error)
    again = timezone.now() + timedelta(seconds=settings.SAME_REQUEST_SECONDS)
    with transaction.atomic():
        if move_claimed(claim, State.QUEUED, not_before=again, waiting_for=Waiting.GAP, nudged_at=None):
            record(EventKind.REQUEUED, claim.mailing, reason="too_soon", code=error.code)
            _drop_if_unwanted(claim.mailing.pk)


def mark_unknown(claim: Claim, error: SmscError) -> None:
    """Anything else: the provider may or may not have it. Not sent again without a person."""
    finish_attempt(claim, OUTCOME.UNKNOWN, error)
    reason = error.reason or type(error).__name__
    with transaction.atomic():
        if move_claimed(claim, State.UNKNOWN, waiting_for=""):
            record(EventKind.UNKNOWN, claim.mailing, reason=reason, code=error.code, text=error.text)


def move_claimed(claim: Claim, new: State, *, also: State | None = None, **fields: Any) -> bool:
    """Move the claimed row on; when it went on without this answer, the timeline says that it came late.

    Call inside a transaction with what goes with it: a worker may be killed between any two commits.
    """
    olds = [State.SENDING, also] if also else [State.SENDING]
    moved = Mailing.objects.filter(token=claim.token).move(claim.mailing.pk, olds, new, **fields)
    if not moved:
        record(EventKind.LATE_ANSWER, claim.mailing, outcome=new)
    return moved


def finish_attempt(
    claim: Claim, outcome: str, error: SmscError | None = None, *, text: str = "", raw: str = ""
) -> None:
    """Write down how the attempt ended; patient with a locked database, for the answer must not be lost."""
    details: dict[str, Any] = {"text": text, "raw": raw}
    if error is not None:
        details = {"code": error.code, "text": error.text or error.reason, "raw": error.raw}
    for pause in (0.2, 1, 5, None):
        try:
            Attempt.objects.finish(claim.attempt.pk, outcome, timezone.now(), **details)
            return
        except OperationalError:
            if pause is None:
                raise
            log.warning("the outcome of attempt %s could not be written yet", claim.attempt.pk)
            time.sleep(pause)


def _certain(claim: Claim | None) -> Claim:
    """The provider answered, so there was a claim."""
    if claim is None:
        raise RuntimeError("the provider was called without a claim")
    return claim


def _unwanted(mailing: Mailing) -> bool:
    return bool(mailing.wish) and withdraw(mailing.pk, mailing.wish_by)


def _drop_if_unwanted(mailing_id: int) -> None:
    """A wish that met a mailing on its way back: it is taken back, not sent again."""
    wished = Mailing.objects.select_related("wish_by").exclude(wish="").filter(pk=mailing_id).first()
    if wished is not None:
        withdraw(mailing_id, wished.wish_by)


def _settle_moot_wish(mailing_id: int) -> None:
    """A wish about a mailing that the provider refused: there is nothing to cancel or delete."""
    Mailing.objects.filter(pk=mailing_id).exclude(wish="").update(
        wish="", wish_next_at=None, wish_result=WishResult.CONFIRMED, wish_result_at=timezone.now()
    )


def _nudge_wish(mailing_id: int) -> None:
    if Mailing.objects.filter(pk=mailing_id, state=State.ACCEPTED).exclude(wish="").exists():
        notify.send("fulfil", mailing_id)


def _overdue(mailing: Mailing) -> bool:
    """Hold a mailing that is long past its hour: a person says whether it may still go."""
    if not mailing.is_overdue(timezone.now(), OVERDUE_AFTER):
        return False
    hold_queued(mailing, HeldReason.OVERDUE)
    return True


def _waits_for_a_look(mailing: Mailing) -> bool:
    """A row that may have been sent before a backup was restored waits until the provider's list was read."""
    if not restore_guard.in_doubt(mailing.account, mailing):
        return False
    missing = restore_guard.looked_for(mailing.account, mailing)
    if missing == "":
        return False
    if missing is None:
        _wait(mailing, Waiting.LOOK, LOOK_AGAIN)
        notify.send("pull_doubtful", mailing.account_id)
    else:
        hold_queued(mailing, HeldReason.RESTORED, note=missing)
    return True


def hold_queued(mailing: Mailing, reason: HeldReason, **data: Any) -> None:
    """Hold a queued mailing, and say so in its timeline, in one step."""
    with transaction.atomic():
        if Mailing.objects.move(mailing.pk, State.QUEUED, State.HELD, held_reason=reason):
            record(EventKind.HELD, mailing, reason=reason, **data)


def postpone(mailing: Mailing, why: accounts.CannotCall) -> None:
    """No call can go out now: the row waits, and says for what."""
    mailing.account.refresh_from_db()
    if why.reason == Waiting.BREAKER and mailing.account.breaker != Breaker.CLOSED:
        reason = HeldReason.LOGIN if mailing.account.breaker == Breaker.LOGIN else HeldReason.BLOCK
        hold_queued(mailing, reason)
        return
    _wait(mailing, why.reason, timedelta(seconds=why.retry_after or 0))


def _wait(mailing: Mailing, reason: Waiting, pause: timedelta) -> None:
    waiting = Mailing.objects.filter(pk=mailing.pk, state=State.QUEUED)
    waiting.update(waiting_for=reason, nudged_at=None, not_before=timezone.now() + pause)
