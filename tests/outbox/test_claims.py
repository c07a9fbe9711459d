"""Who may claim a mailing, and until when a claim may send."""

import dataclasses
import time

import pytest

from mailings import outbox
from mailings.models import Alarm, Mailing, State, Wish
from mailings.outbox import deliver
from mailings.smsc.api.answers import Created
from mailings.smsc.api.errors import SmscError, WrongParameters
from tests.helpers.factories import queued


def test_a_mailing_that_is_to_be_cancelled_is_not_claimed(account):
    """Given a wish that comes between a worker's look at the row and its claim."""
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(wish=Wish.CANCEL)
    assert deliver.take(mailing) is None
    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED


def test_a_clock_that_was_set_back_gives_a_claim_no_more_time(account):
    """Given a worker that froze past its deadline, by the clock that nobody sets."""
    claim = deliver.take(queued(account))
    assert claim is not None
    claim.confirm()
    late = dataclasses.replace(claim, deadline=time.monotonic() - 1)
    with pytest.raises(deliver.StaleClaim):
        late.confirm()


@pytest.fixture
def claims(account) -> tuple[deliver.Claim, deliver.Claim]:
    """An old claim, whose answer has not come, and the one made after a person sent the mailing again."""
    old = deliver.take(queued(account))
    assert old is not None
    Mailing.objects.filter(pk=old.mailing.pk).update(state=State.UNKNOWN)
    new = deliver.take(outbox.send_again(old.mailing.pk))
    assert new is not None
    return old, new


def test_a_late_id_of_an_older_claim_does_not_end_the_one_under_way(claims):
    old, new = claims
    # when
    deliver.accept(old, Created(remote_id="4100", cost=None, raw="{}"))
    # then
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.remote_id, mailing.alarm) == (State.SENDING, None, Alarm.TWO_JOBS)
    # and when
    deliver.accept(new, Created(remote_id="4200", cost=None, raw="{}"))
    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, "4200")
    assert "4100" in mailing.alarm_jobs


@pytest.mark.parametrize("error", [WrongParameters(code=1), SmscError(reason="reset")])
def test_a_late_failure_of_an_older_claim_does_not_end_the_one_under_way(claims, error):
    old, _ = claims
    deliver.conclude(old, error)
    assert Mailing.objects.get().state == State.SENDING


def test_a_refusal_that_comes_late_still_counts_for_its_claim(account):
    claim = deliver.take(queued(account))
    assert claim is not None
    Mailing.objects.filter(pk=claim.mailing.pk).update(state=State.UNKNOWN)
    deliver.conclude(claim, WrongParameters(code=1))
    assert Mailing.objects.get().state == State.REFUSED
