"""Another hour for a mailing that waits at the provider: cancel it, check that, then send a copy.

The provider has no call that changes a job. What a person wants stands in a row (HourChange), so that a
killed worker delays it but cannot do it twice: one commit ends the change and makes the copy. The copy is
made only when a second look has shown that the first mailing will not go out; in every other case nothing is
sent.
"""

import logging
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import EventKind, HourChange, Mailing, State, Wish, WishResult, login_of, record
from mailings.outbox import cancel
from mailings.outbox.drafts import copies_of_files, make, spec_of
from mailings.outbox.errors import Impossible
from mailings.outbox.may import why_not_change_hour
from mailings.outbox.seen import UNBOUND, Seen
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.spec import Spec

log = logging.getLogger(__name__)
RESULT = HourChange.Result
AT_MOST = 500
_UNHAPPY = {
    WishResult.TOO_LATE: RESULT.TOO_LATE,
    WishResult.UNCONFIRMED: RESULT.UNCONFIRMED,
    WishResult.FAILED: RESULT.FAILED,
}


def change_hour(mailing_id: int, moment: datetime, by: Any = None, seen: Seen = UNBOUND) -> HourChange:
    """Record the change of hour together with the wish to cancel. Raises Impossible, Outdated."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        seen.must_be_so(mailing)
        if why := why_not_change_hour(mailing):
            raise Impossible(why)
        _at_the_hour(mailing, times.at(moment))
        mailing = cancel.wish(mailing_id, Wish.CANCEL, by)
        change = HourChange.objects.create(
            mailing=mailing,
            time=times.at(moment),
            due_at=moment,
            asked_at=timezone.now(),
            asked_by=login_of(by),
            wish_at=cast("datetime", mailing.wish_at),
        )
        record(EventKind.HOUR_ASKED, mailing, by=by, due=moment.isoformat())
    return change


def fulfil(mailing_id: int) -> None:
    """One step towards a recorded wish, then the end of a change of hour that waited for it."""
    cancel.fulfil(mailing_id)
    for change in _open().filter(mailing_id=mailing_id):
        conclude(change.pk)


def conclude_all() -> int:
    """End every change of hour whose cancel has ended, also after a worker that died in between."""
    ended = _open().exclude(mailing__wish=Wish.CANCEL).order_by("asked_at")
    return sum(map(_concluded, ended.values_list("pk", flat=True)[:AT_MOST]))


def _concluded(pk: int) -> bool:
    """`conclude`, but an error is logged: it must not keep the other changes from their end."""
    try:
        return conclude(pk)
    except Exception:
        log.exception("The change of hour %s could not be ended.", pk)
        return False


def conclude(pk: int) -> bool:
    """End a change of hour: with a copy at the new hour, or with the reason why there is none.

    False when its cancel is still under way, it has ended already, or Redis cannot be asked.
    """
    before = _open().select_related("mailing__account").filter(pk=pk).first()
    if before is None:
        return False
    try:
        restore_guard.compare(before.mailing.account)
    except accounts.CannotCall:
        return False
    with transaction.atomic():
        found = _open().select_for_update(of=("self",)).filter(pk=pk)
        change = found.select_related("mailing__account", "asked_by").first()
        result = _result(change) if change else None
        if change is None or result is None:
            return False
        if result == RESULT.MOVED:
            result = _move(change)
        _end(change, result)
    return True


def _open() -> Any:
    return HourChange.objects.filter(result="")


def _result(change: HourChange) -> HourChange.Result | None:
    """What the cancel's end means for the change; None while the cancel is under way."""
    mailing = change.mailing
    if mailing.wish_at != change.wish_at:
        return RESULT.DROPPED
    if mailing.wish == Wish.CANCEL:
        return None
    if mailing.wish_result in _UNHAPPY:
        return _UNHAPPY[WishResult(mailing.wish_result)]
    stands = mailing.state == State.CANCELLED and mailing.wish_result == WishResult.CONFIRMED
    if not stands or mailing.alarm:
        return RESULT.DROPPED
    doubt = mailing.account.doubt_from
    if doubt is not None and change.asked_at < doubt:
        return RESULT.DOUBT
    return RESULT.MOVED


def _move(change: HourChange) -> HourChange.Result:
    """Make the copy, under a key of its own: the key's unique constraint forbids a second one."""
    try:
        spec = _at_the_hour(change.mailing, change.time)
    except Impossible:
        return RESULT.PAST
    try:
        change.copy = make(
            spec,
            account=change.mailing.account,
            by=change.asked_by,
            key=f"hour-change-{change.pk}",
            uploads=copies_of_files(change.mailing),
            submit=True,
        )
    except (OSError, Impossible):
        return RESULT.NO_COPY
    return RESULT.MOVED


def _at_the_hour(mailing: Mailing, time: str) -> Spec:
    """The mailing's spec with another `time`. Raises Impossible with the reason when that is not valid."""
    if times.is_past(times.parse(time), None, timezone.now()):
        raise Impossible(_("This hour is past, and SMS Centre would send at once. Choose a later one."))
    try:
        return spec_of(mailing).at(time)
    except Refusal as refusal:
        raise Impossible(refusal.at("time").message(_)) from None


def _end(change: HourChange, result: HourChange.Result) -> None:
    change.result, change.ended_at = result, timezone.now()
    change.save(update_fields=["result", "ended_at", "copy"])
    told = {"result": result, "due": change.due_at.isoformat()}
    record(EventKind.HOUR_ENDED, change.mailing, by=change.asked_by, **told, copy=change.copy_id)
