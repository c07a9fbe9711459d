"""A person's decisions on a mailing whose outcome is unknown. Which job it is: adoption.py."""

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
    """A person says that the first try did not arrive, and takes the risk of a second one."""
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
    """A person gives up: SMS Centre may have it. If it turns up after all, that is an alarm."""
    with transaction.atomic():
        mailing = _locked(mailing_id, seen)
        if why := why_not_decide(mailing, frozenset({State.UNKNOWN})):
            raise Impossible(why)
        Mailing.objects.move(mailing_id, State.UNKNOWN, State.ABANDONED, candidate="")
        record(EventKind.GIVEN_UP, mailing, by=by)
    return Mailing.objects.get(pk=mailing_id)


def dismiss_alarm(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> None:
    """A person has dealt with an alarm; the timeline keeps it."""
    with transaction.atomic():
        mailing = _locked(mailing_id, seen)
        if mailing.alarm:
            Mailing.objects.filter(pk=mailing_id).update(alarm="")
            record(EventKind.ALARM, mailing_id, by=by, alarm="")


def _locked(mailing_id: int, seen: Seen) -> Mailing:
    """The row, which is as it was seen; else Outdated."""
    mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
    seen.must_be_so(mailing)
    return mailing
