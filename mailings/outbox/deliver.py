"""Handing a mailing over: claim the row, make one call, write the outcome.

Each claim makes one creating call at most. Unless the provider gave a clear answer, or it is proven that
nothing left us, the mailing becomes `unknown`: it is then looked for by its reference, and only a person can
send it again.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import Attempt, Breaker, EventKind, HeldReason, Mailing, State, Waiting, record
from mailings.models.patience import AWAY
from mailings.models.prepared import PreparedRow, given
from mailings.outbox import claims, notify, outcomes
from mailings.outbox.claims import Claim
from mailings.outbox.columns import requeued
from mailings.outbox.drafts import spec_of, withdraw
from mailings.outbox.second_try import TOO_SOON, must_be_read_for, was_too_soon_before
from mailings.recipients import stop_list
from mailings.smsc.api.answers import Created
from mailings.smsc.api.client import Client, Upload
from mailings.smsc.api.errors import NotSent, SmscError
from mailings.smsc.spec.spec import Spec

OVERDUE_AFTER = timedelta(minutes=15)
# How long a worker waits for a free permit of the account before it leaves the row to the sweep.
WAIT_FOR_SLOT_SECONDS = 20.0
# How soon a mailing that waits for a read of the list is tried again.
CHECK_AGAIN = timedelta(seconds=10)


def _queued() -> QuerySet[Mailing]:
    # Of any kind: as long as a mailing is queued there are none but creating calls.
    tries = Attempt.objects.filter(mailing=OuterRef("pk"))
    rows = Mailing.objects.filter(state__unindexed=State.QUEUED, **given(Mailing, id="pk"))
    return rows.select_related("account").annotate(tried=Exists(tries))


_QUEUED = PreparedRow(_queued)


def deliver_mailing(mailing_id: int) -> bool:
    """Hand one queued mailing over, if it may go now. May be called any number of times.

    Returns False only when no call of its account can go out now. What can happen:

    - Not queued, or claimed by another worker: nothing.
    - `not_before` is still ahead (its sender may yet take it back to a draft): nothing.
    - A person asked to cancel it: withdrawn.
    - Overdue, or from before the database came into doubt: held for a person.
    - No call can go out now, or the provider's list must be read first: it waits, and the row says for what.
    - The call was made: see `outcomes` for what each answer means.
    - The database went away before the first byte was sent: back into the queue.
    - A bug of ours after the claim: the mailing is unknown, and the exception is raised.
    """
    mailing = _QUEUED.one(pk=mailing_id)
    if mailing is None or _may_not_go(mailing, tried=mailing.tried):  # type: ignore[attr-defined]  # annotated
        return True
    if not mailing.has_come(timezone.now()):
        return True
    try:
        called = _call(mailing)
    except accounts.CannotCall as why:
        postpone(mailing, why)
        return False
    if called is not None:
        _write_down(*called)
    return True


def _write_down(claim: Claim, answer: Created | SmscError) -> None:
    if isinstance(answer, SmscError):
        outcomes.conclude(claim, answer)
    else:
        outcomes.accept(claim, answer)


class _NotClaimed(Exception):
    """The mailing could not be claimed: see `take`."""


def _call(mailing: Mailing) -> tuple[Claim, Created | SmscError] | None:
    """Claim and call under one permit: the claim and the answer. None when there was no call.

    The claim is made under the permit; but while all wait for the next one, it is made meanwhile.
    """
    claim: Claim | None = None
    client: Client | None = None

    def claimed() -> Claim:
        nonlocal claim
        claim = claim or take(mailing)
        if claim is None:
            raise _NotClaimed
        return claim

    try:
        with accounts.slot(mailing.account, "add", wait=WAIT_FOR_SLOT_SECONDS, claim=claimed) as client:
            return claimed(), send(claimed(), client)
    except _NotClaimed:
        return None
    except accounts.CannotCall:
        if claim is not None and not _has_sent(client):
            outcomes.conclude(claim, NotSent("permit"))
        raise
    except Exception as error:
        if claim is None:
            raise
        if isinstance(error, SmscError):
            return claim, error
        if isinstance(error, AWAY) and not _has_sent(client):
            return claim, NotSent("database")
        outcomes.conclude(claim, SmscError(reason=type(error).__name__))
        raise


def _has_sent(client: Client | None) -> bool:
    """Whether a byte may have left us. Without a client, which comes with the permit, none has."""
    return client is not None and client.sent


def take(mailing: Mailing) -> Claim | None:
    """Claim a queued mailing. None when it may not be sent, or not now:

    - another worker has it, it is not queued any more, or its time has not come: nothing changes;
    - it became overdue while waiting for the permit: held for a person;
    - every recipient is on the stop list: withdrawn;
    - the database was restored from an older state, which this row belongs to: held for a person.

    Raises CannotCall(REDIS) when the database cannot be compared with what Redis remembers.
    """
    try:
        return _claim_compared(mailing)
    except claims.NobodyLeft:
        _take_back(mailing)
        return None


def _claim_compared(mailing: Mailing) -> Claim | None:
    try:
        return _claim(mailing)
    except restore_guard.DifferentError:
        mailing.account.refresh_from_db()
        restore_guard.compare(mailing.account)
        return _claim(mailing)


def _claim(mailing: Mailing) -> Claim | None:
    held = restore_guard.remembered(mailing.account)
    if _overdue(mailing) or _doubtful(mailing):
        return None
    claim = claims.claim(mailing, held)
    if claim is None:
        accounts.raise_if_changed(mailing.account)
    return claim


def _take_back(mailing: Mailing) -> None:
    """Withdraw a mailing all of whose recipients are on the stop list."""
    with transaction.atomic():
        count = stop_list.leave_out(mailing)
        if withdraw(mailing.pk):
            record(EventKind.LEFT_OUT, mailing, count=count, all=True)


def send(claim: Claim, client: Client) -> Created:
    spec = spec_of(claim.mailing)
    return client.add(
        spec.wire(claim.attempt.reference),
        uploads_of(claim.mailing, spec) if claim.files else (),
        deadline=claim.deadline,
        before_first_byte=claim.confirm,
    )


def uploads_of(mailing: Mailing, spec: Spec) -> list[Upload]:
    """The attached files of a mailing, for the client's upload."""
    return [
        Upload(
            field=spec.upload_field(index),
            name=kept.name,
            content_type=kept.content_type,
            path=kept.file.path,
            size=kept.size,
        )
        for index, kept in enumerate(mailing.attachments.all())
    ]


def _may_not_go(mailing: Mailing, *, tried: bool) -> bool:
    """Whether it was withdrawn or held here, or has to wait. `tried`: a creating call was made before."""
    if mailing.wish and withdraw(mailing.pk, mailing.wish_by):
        return True
    if not tried or not must_be_read_for(mailing):
        return _overdue(mailing)
    if was_too_soon_before(mailing, timezone.now() - OVERDUE_AFTER):
        _give_to_a_person(mailing)
        return True
    _wait(mailing, Waiting.LOOK, CHECK_AGAIN)
    notify.send("pull_recent", mailing.account_id)
    return True


def _give_to_a_person(mailing: Mailing) -> None:
    """Make it unknown: error 9 may mean that the first try arrived, and no read of the list could tell."""
    with transaction.atomic():
        fields: dict[str, Any] = {"waiting_for": "", "unknown_reason": f"error {TOO_SOON}"}
        if Mailing.objects.move(mailing.pk, State.QUEUED, State.UNKNOWN, **fields):
            record(EventKind.UNKNOWN, mailing, reason="too_soon", code=TOO_SOON)


def _overdue(mailing: Mailing) -> bool:
    """Hold a mailing that is long past its hour, for a person to release; whether it was held."""
    if not mailing.is_overdue(timezone.now(), OVERDUE_AFTER):
        return False
    hold_queued(mailing, HeldReason.OVERDUE)
    return True


def _doubtful(mailing: Mailing) -> bool:
    """Hold a row of a restored database, which may have been sent already; whether it was held.

    It is looked for in the provider's list like an unknown one, and a person can release it.
    """
    if not restore_guard.in_doubt(mailing.account, mailing):
        return False
    reason = HeldReason.FORGOTTEN if mailing.account.doubt_reason == "forgotten" else HeldReason.RESTORED
    hold_queued(mailing, reason)
    notify.send("pull_recent", mailing.account_id)
    return True


def hold_queued(mailing: Mailing, reason: HeldReason) -> None:
    """Hold a queued mailing and record that in its timeline, in one commit. Earlier looks for it are void."""
    with transaction.atomic():
        fields: dict[str, Any] = {"held_reason": reason, "looks": 0, "look_at": None, "look_note": ""}
        if Mailing.objects.move(mailing.pk, State.QUEUED, State.HELD, **fields):
            record(EventKind.HELD, mailing, reason=reason)


def postpone(mailing: Mailing, why: accounts.CannotCall) -> None:
    """No call can go out now: hold the row if the breaker is open, else note what it waits for."""
    mailing.account.refresh_from_db()
    if why.reason == Waiting.BREAKER and mailing.account.breaker != Breaker.CLOSED:
        reason = HeldReason.LOGIN if mailing.account.breaker == Breaker.LOGIN else HeldReason.BLOCK
        hold_queued(mailing, reason)
        return
    _wait(mailing, why.reason, timedelta(seconds=why.retry_after or 0))


def _wait(mailing: Mailing, reason: Waiting, pause: timedelta) -> None:
    waiting = Mailing.objects.filter(pk=mailing.pk, state=State.QUEUED)
    waiting.update(waiting_for=reason, **requeued(timezone.now() + pause))
