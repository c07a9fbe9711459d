"""A person's decisions: send an unknown mailing again, give it up, dismiss an alarm. See also adoption.py."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from mailings.models import EventKind, Mailing, State, record
from mailings.outbox import notify
from mailings.outbox.columns import requeued
from mailings.outbox.errors import Impossible
from mailings.outbox.may import why_not_decide, why_not_send_again
from mailings.outbox.seen import UNBOUND, Seen

LOOK_ANEW: dict[str, Any] = {"looks": 0, "look_at": None, "look_note": "", "look_matches": []}


def send_again(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """Queue an unknown mailing again, at the risk that it had arrived. Raises Impossible, Outdated."""
    with transaction.atomic():
        mailing = _locked(mailing_id, seen)
        if why := why_not_send_again(mailing):
            raise Impossible(why)
        fields = {"released_at": timezone.now(), "candidate": "", **LOOK_ANEW, **requeued()}
        Mailing.objects.move(mailing_id, State.UNKNOWN, State.QUEUED, **fields)
        record(EventKind.SENT_AGAIN, mailing, by=by)
        notify.send("deliver", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def give_up(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """Stop looking for an unknown mailing. If its job turns up later, that raises an alarm.

    Raises Impossible, Outdated.
    """
    with transaction.atomic():
        mailing = _locked(mailing_id, seen)
        if why := why_not_decide(mailing, frozenset({State.UNKNOWN})):
            raise Impossible(why)
        Mailing.objects.move(mailing_id, State.UNKNOWN, State.ABANDONED, candidate="")
        record(EventKind.GIVEN_UP, mailing, by=by)
    return Mailing.objects.get(pk=mailing_id)


def dismiss_alarm(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> None:
    """Clear an alarm that a person has dealt with; the timeline keeps it. Raises Outdated."""
    with transaction.atomic():
        mailing = _locked(mailing_id, seen)
        if mailing.alarm:
            Mailing.objects.filter(pk=mailing_id).update(alarm="")
            record(EventKind.ALARM, mailing_id, by=by, alarm="")


def _locked(mailing_id: int, seen: Seen) -> Mailing:
    """The row, locked. Raises Outdated when it is not as the person saw it."""
    mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
    seen.must_be_so(mailing)
    return mailing
