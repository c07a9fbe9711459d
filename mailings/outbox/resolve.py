"""A person's decisions on a mailing whose outcome is unknown."""

import re
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import Alarm, EventKind, Mailing, Origin, State, record
from mailings.models.mirror import raise_alarm, take_job
from mailings.outbox import notify
from mailings.outbox.errors import Impossible
from mailings.outbox.may import UNDECIDED, why_not_send_again

# As the provider's answers show them; more digits are a slip of the hand.
JOB_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


def adopt(mailing_id: int, remote_id: str, by: Any = None) -> Mailing:
    """A person says which of the provider's jobs is this mailing."""
    remote_id = remote_id.strip()
    if not JOB_NUMBER.fullmatch(remote_id):
        raise Impossible(_("A job's number consists of digits only, as SMS Centre shows it."))
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        _refuse_taken(mailing, remote_id)
        others = [job for job in mailing.look_matches if job != remote_id]
        if not take_job(Mailing.objects.all(), mailing, remote_id, UNDECIDED):
            raise _decided(mailing)
        record(EventKind.ADOPTED, mailing, by=by, remote_id=remote_id)
        if others:
            raise_alarm(mailing, Alarm.TWO_JOBS, [remote_id, *others])
        if mailing.wish:
            notify.send("fulfil", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def send_again(mailing_id: int, by: Any = None) -> Mailing:
    """A person says that the first try did not arrive, and takes the risk of a second one."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        if why := why_not_send_again(mailing):
            raise Impossible(why)
        _decide(
            mailing,
            (State.UNKNOWN,),
            State.QUEUED,
            released_at=timezone.now(),
            not_before=None,
            nudged_at=None,
            looks=0,
            look_at=None,
            look_note="",
            look_matches=[],
        )
        record(EventKind.SENT_AGAIN, mailing, by=by)
        notify.send("deliver", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def give_up(mailing_id: int, by: Any = None) -> Mailing:
    """A person gives up: SMS Centre may have it. If it turns up after all, that is an alarm."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        _decide(mailing, (State.UNKNOWN,), State.ABANDONED)
        record(EventKind.GIVEN_UP, mailing, by=by)
    return Mailing.objects.get(pk=mailing_id)


def dismiss_alarm(mailing_id: int, by: Any = None) -> None:
    """A person has dealt with an alarm; the timeline keeps it."""
    with transaction.atomic():
        if Mailing.objects.filter(pk=mailing_id).exclude(alarm="").update(alarm=""):
            record(EventKind.ALARM, mailing_id, by=by, alarm="")


def _decide(mailing: Mailing, olds: tuple[State, ...], new: State, **fields: Any) -> None:
    if not Mailing.objects.move(mailing.pk, olds, new, **fields):
        raise _decided(mailing)


def _decided(mailing: Mailing) -> Impossible:
    state = mailing.get_state_display()
    return Impossible(
        _("This mailing is %(state)s, not unknown any more, so nothing was changed.") % {"state": state}
    )


def _refuse_taken(mailing: Mailing, remote_id: str) -> None:
    """A job belongs to one mailing; only a row that a pull made of it may give it up."""
    owner = Mailing.objects.filter(account_id=mailing.account_id, remote_id=remote_id).first()
    if owner is not None and owner.pk != mailing.pk and owner.origin != Origin.PROVIDER:
        raise Impossible(
            _("Job %(job)s belongs to another mailing (%(code)s).") % {"job": remote_id, "code": owner.code}
        )
