"""Putting aside: a person says that a mailing's problem needs no more action."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import EventKind, Mailing, login_of, record
from mailings.outbox.errors import Impossible
from mailings.outbox.may import may_put_aside
from mailings.outbox.seen import UNBOUND, Seen


def put_aside(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """Take a mailing off the list of those that need a person, until a new problem comes up."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        seen.must_be_so(mailing)
        if not may_put_aside(mailing):
            raise Impossible(_("This mailing does not wait for anybody, so there is nothing to put aside."))
        # Must not be earlier than the problem itself: state_at is the database's clock, which may be ahead.
        moments = (timezone.now(), mailing.state_at, mailing.wish_result_at)
        at = max(moment for moment in moments if moment is not None)
        Mailing.objects.filter(pk=mailing_id).update(put_aside_at=at, put_aside_by=login_of(by))
        record(EventKind.PUT_ASIDE, mailing, by=by)
    return Mailing.objects.get(pk=mailing_id)
