"""What may be done to a mailing now: a predicate `may_…` for each verb of the outbox.

The verb itself, its button, the history, the bulk bar and the command line all ask here. A `row` is a
Mailing, or anything with the columns that the predicate reads. Where a refusal needs its own sentence,
`why_not_…` returns it, or "" when the verb is allowed.
"""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import Alarm, Attempt, Origin, State, Wish
from mailings.models.states import (
    HELD_FOR_A_PERSON,
    MAY_BE_AT_PROVIDER,
    NEEDS_A_PERSON,
    NOT_HANDED_OVER,
    UNDECIDED,
    UNHAPPY,
)
from mailings.smsc.api.answers import JobStatus


def may_edit(row: Any) -> bool:
    """Edit a draft."""
    return bool(row.state == State.DRAFT)


def may_send_off(row: Any) -> bool:
    """Send a draft off: it has a valid spec, so it can be reviewed."""
    return row.state == State.DRAFT and bool(row.spec)


def may_hold(row: Any, now: datetime | None = None) -> bool:
    """Turn it back into a draft right after it was sent off, while its hold lasts."""
    return (
        row.state == State.QUEUED
        and not row.waiting_for
        and row.not_before is not None
        and row.not_before > (now or timezone.now())
    )


def may_reopen(row: Any) -> bool:
    """Turn a refused mailing back into a draft, to be changed and sent again."""
    return bool(row.state == State.REFUSED)


def may_duplicate(row: Any) -> bool:
    """Copy it: possible when its text is known here."""
    return bool(row.spec or row.draft)


def may_send_next_month(row: Any) -> bool:
    """Make a draft of it for next month: it was sent off, has a single hour and does not repeat."""
    return may_duplicate(row) and row.state != State.DRAFT and row.due_at is not None and not row.repeats


def may_withdraw(row: Any) -> bool:
    """Take it back before anything was sent."""
    return row.state in NOT_HANDED_OVER


def why_not_withdraw(row: Any) -> str:
    """Why it cannot be taken back without the provider; "" if it can."""
    if may_withdraw(row):
        return ""
    if row.state in MAY_BE_AT_PROVIDER:
        return _("It has left us, or may have, so it can only be cancelled now.")
    return _is_past(row)


def may_release(row: Any) -> bool:
    """Let a held mailing go, on a person's word."""
    return row.state == State.HELD and row.held_reason in HELD_FOR_A_PERSON


def why_not_release(row: Any) -> str:
    """Why a person cannot let it go; "" if they can."""
    if may_release(row):
        return ""
    if row.state == State.HELD:
        return _(
            "This mailing waits for the account: an administrator has to look at it. "
            "It goes on by itself once SMS Centre answers again."
        )
    return _("This mailing is not held, so there is nothing to release.")


def may_cancel(row: Any) -> bool:
    """Cancel it at the provider, or take it back when it has not left us."""
    return not why_not_cancel(row)


def may_delete(row: Any) -> bool:
    """Delete it at the provider, or take it back when it has not left us."""
    return not why_not_delete(row)


def why_not_cancel(row: Any) -> str:
    """Why a person cannot ask to cancel it; "" if they can."""
    if may_withdraw(row):
        return ""
    if why := _why_not_at_provider(row, MAY_BE_AT_PROVIDER):
        return why
    if row.wish:
        return {
            Wish.DELETE: _("Deleting this mailing was asked for already; that cancels it too."),
            Wish.CANCEL: _("Cancelling this mailing was asked for already."),
        }[Wish(row.wish)]
    if row.remote_status == JobStatus.GONE_OUT and not row.repeats:
        return _("This mailing has gone out, so there is nothing left to cancel.")
    if row.remote_status == JobStatus.CANCELLED:
        return _("SMS Centre says that this mailing is cancelled, so there is nothing left to cancel.")
    return ""


def may_change_hour(row: Any) -> bool:
    """Change the hour of a mailing that the provider has already."""
    return not why_not_change_hour(row)


def why_not_change_hour(row: Any) -> str:
    """Why its hour cannot be changed at the provider; "" if it can."""
    if row.state != State.ACCEPTED:
        return _is_past(row)
    if row.origin != Origin.LOCAL or not row.spec:
        return _("This mailing was made elsewhere and its text is not known here, so no copy can be sent.")
    if row.repeats:
        return _(
            "It repeats, so it has no one hour. Cancel it, and make a copy that repeats at another hour."
        )
    if row.alarm:
        return _("There is an alarm on this mailing. Say first that it was dealt with.")
    if row.remote_status == JobStatus.GOING:
        return _("It is going out already, so its hour cannot be changed.")
    return why_not_cancel(row)


def why_not_delete(row: Any) -> str:
    """Why a person cannot ask to delete it; "" if they can."""
    if may_withdraw(row):
        return ""
    if why := _why_not_at_provider(row, MAY_BE_AT_PROVIDER | {State.CANCELLED}):
        return why
    return _("Deleting this mailing was asked for already.") if row.wish == Wish.DELETE else ""


def _why_not_at_provider(row: Any, states: frozenset[State]) -> str:
    if row.state not in states:
        return _is_past(row)
    if row.gone:
        return _("SMS Centre no longer has this mailing, so there is nothing to cancel or delete.")
    if row.alarm == Alarm.OTHER_JOB:
        return _(
            "SMS Centre shows another mailing's reference on this job, so it may be another mailing's. "
            "Look there which it is, say that the alarm was dealt with, and then cancel it."
        )
    return ""


def _is_past(row: Any) -> str:
    state = State(row.state).label
    return _("This mailing is %(state)s, so this can no longer be done.") % {"state": state}


def may_resolve(row: Any) -> bool:
    """Decide what became of it: name its job, give up, or send it again."""
    return not why_not_decide(row)


def why_not_decide(row: Any, states: frozenset[State] = UNDECIDED) -> str:
    """Why a person cannot decide what became of it (any more); "" if they can."""
    if row.state in states:
        return ""
    state = State(row.state).label
    return _("This mailing is %(state)s, not unknown any more, so nothing was changed.") % {"state": state}


def may_give_up(row: Any) -> bool:
    """Give up finding out what became of it."""
    return bool(row.state == State.UNKNOWN)


def may_send_again(row: Any) -> bool:
    """Send an unknown mailing once more."""
    return not why_not_send_again(row)


def why_not_send_again(row: Any) -> str:
    """Why a mailing cannot be sent once more, such as that it is known to have arrived; "" if it can."""
    if why := why_not_decide(row, frozenset({State.UNKNOWN})):
        return why
    if row.wish:
        return _("Cancelling or deleting this mailing was asked for, so it will not be sent again.")
    if row.look_matches:
        return _("It has arrived: SMS Centre has jobs with its reference. Say which of them is this mailing.")
    return ""


def may_undo_adoption(row: Any) -> bool:
    """Undo an adoption."""
    return not why_not_undo_adoption(row)


def why_not_undo_adoption(row: Any) -> str:
    """Why an adoption cannot be undone; "" if it rests on a person's word and no call was made since."""
    on_a_word = row.state == State.ACCEPTED and row.adopted_at is not None
    if on_a_word and not (row.wish and row.wish_tries) and not _was_asked_since(row.adopted_at, row):
        return ""
    return _("Its job bears its reference, or something was asked of it, so this cannot be undone.")


def _was_asked_since(moment: datetime, row: Any) -> bool:
    """Whether a call to cancel or delete the job was made since then."""
    asked = Attempt.objects.filter(mailing_id=row.pk, begin__gte=moment)
    return asked.exclude(kind=Attempt.Kind.CREATE).exists()


def may_dismiss_alarm(row: Any) -> bool:
    """Say that an alarm was dealt with."""
    return bool(row.alarm)


def may_put_aside(row: Any) -> bool:
    """Say that its problem needs no more action; an alarm has to be dismissed instead."""
    if row.alarm:
        return False
    if row.state in NEEDS_A_PERSON and _stands(row.state_at, row.put_aside_at):
        return True
    return row.wish_result in UNHAPPY and _stands(row.wish_result_at, row.put_aside_at)


def _stands(since: datetime | None, put_aside_at: datetime | None) -> bool:
    """Whether a problem that exists since `since` was not put aside yet."""
    return since is not None and (put_aside_at is None or put_aside_at < since)
