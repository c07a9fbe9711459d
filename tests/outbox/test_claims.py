"""Who may claim a mailing, and until when a claim may send."""

import dataclasses
import time

import pytest

from mailings.models import Mailing, State, Wish
from mailings.outbox import handover
from tests.factories import queued


def test_a_mailing_that_is_to_be_cancelled_is_not_claimed(account):
    """Given a wish that comes between a worker's look at the row and its claim."""
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(wish=Wish.CANCEL)
    assert handover.take(mailing) is None
    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED


def test_a_clock_that_was_set_back_gives_a_claim_no_more_time(account):
    """Given a worker that froze past its deadline, by the clock that nobody sets."""
    claim = handover.take(queued(account))
    assert claim is not None
    claim.check()
    late = dataclasses.replace(claim, deadline=time.monotonic() - 1)
    with pytest.raises(handover.StaleClaim):
        late.check()
