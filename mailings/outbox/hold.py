"""Sending off from the review page, and the hold: a few seconds in which it can become a draft again.

During the hold `not_before` lies ahead, so no worker can claim the row. Taking it back and claiming it are
each one conditional UPDATE from `queued`, so only one of them can succeed.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import Confirmation, EventKind, Mailing, State, record
from mailings.outbox.drafts import submit_draft
from mailings.outbox.errors import Impossible
from mailings.outbox.may import may_send_off
from mailings.outbox.seen import Outdated
from mailings.recipients import imports


def send_off(
    mailing_id: int,
    by: Any = None,
    *,
    spec_digest: str,
    hold_seconds: float = 0.0,
    confirmed: Sequence[Confirmation] = (),
) -> Mailing:
    """Queue a reviewed draft, and record what the person has confirmed on the review page.

    `spec_digest`: of the draft as it was reviewed. Raises Outdated when the draft's is another by now,
    Impossible when it is no draft any more.
    """
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().select_related("account").get(pk=mailing_id)
        if not may_send_off(mailing):
            raise Impossible(_("This mailing is no longer a draft that was reviewed, so nothing was sent."))
        if mailing.spec_digest != spec_digest:
            raise Outdated(_("It was changed since you looked at it, so nothing was sent. Look at it anew."))
        for what in confirmed:
            record(EventKind.CONFIRMED, mailing, by=by, what=what.value)
        submit_draft(mailing, by, hold_seconds)
    return mailing


def hold(mailing_id: int, by: Any = None) -> Mailing:
    """Turn a mailing that was just sent off back into a draft. Raises Impossible after the hold."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Mailing.objects.filter(not_before__gt=now, waiting_for="", wish="")
        nothing = {"submitted_at": None, "submitted_by": None, "due_at": None, "not_before": None}
        if not waiting.move(mailing_id, State.QUEUED, State.DRAFT, **nothing):
            raise Impossible(_too_late(Mailing.objects.get(pk=mailing_id)))
        if typed := imports.taken_back(Mailing.objects.get(pk=mailing_id)):
            Mailing.objects.filter(pk=mailing_id).update(draft=typed)
        record(EventKind.HELD_BACK, mailing_id, by=by)
    return Mailing.objects.get(pk=mailing_id)


def _too_late(mailing: Mailing) -> str:
    if mailing.state == State.DRAFT:
        return _("It is a draft again already.")
    if mailing.state == State.QUEUED:
        return _("The seconds to hold it are over. It is still here: take it back, if it must not go.")
    return _("Too late to hold it: it was handed over already. Cancel it, if it must not go out.")
