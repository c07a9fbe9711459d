"""A person's decisions on an unknown outcome."""

import pytest

from mailings import outbox
from mailings.models import Alarm, Mailing, State, Wish
from tests.helpers.factories import bare


@pytest.fixture
def unknown(account) -> Mailing:
    return bare(account, state=State.UNKNOWN)


def test_a_job_is_adopted(unknown):
    mailing = outbox.adopt(unknown.pk, " 4100 ")
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, "4100")


def test_adopting_one_of_two_matches_raises_an_alarm_about_the_other(unknown):
    Mailing.objects.filter(pk=unknown.pk).update(look_matches=["1", "2"])
    mailing = outbox.adopt(unknown.pk, "1")
    assert (mailing.alarm, mailing.alarm_jobs) == (Alarm.TWO_JOBS, ["1", "2"])
    outbox.dismiss_alarm(unknown.pk)
    mailing.refresh_from_db()
    assert mailing.alarm == ""


def test_the_row_that_a_pull_made_of_the_job_is_taken_in(unknown, account):
    foreign = bare(
        account, code=None, origin="provider", state=State.ACCEPTED, remote_id="5", remote_status="waiting"
    )
    mailing = outbox.adopt(unknown.pk, "5")
    assert (mailing.state, mailing.remote_id, mailing.remote_status) == (State.ACCEPTED, "5", "waiting")
    assert not Mailing.objects.filter(pk=foreign.pk).exists()


def test_another_mailings_job_cannot_be_adopted(unknown, account):
    bare(account, state=State.ACCEPTED, remote_id="5")
    with pytest.raises(outbox.Impossible, match="belongs to another"):
        outbox.adopt(unknown.pk, "5")


@pytest.mark.parametrize("number", ["", "abc", "1,2", "-1", "١٢", "0", "9" * 21])
def test_a_job_number_is_digits(unknown, number):
    with pytest.raises(outbox.Impossible, match="digits"):
        outbox.adopt(unknown.pk, number)


def test_sending_again_starts_the_looking_afresh(unknown):
    Mailing.objects.filter(pk=unknown.pk).update(looks=2, look_note="x")
    mailing = outbox.send_again(unknown.pk)
    assert (mailing.state, mailing.looks, mailing.look_note) == (State.QUEUED, 0, "")


def test_a_mailing_that_is_to_be_cancelled_is_not_sent_again(unknown):
    outbox.wish(unknown.pk, Wish.CANCEL)
    with pytest.raises(outbox.Impossible):
        outbox.send_again(unknown.pk)


def test_a_given_up_mailing_can_still_be_found(unknown):
    assert outbox.give_up(unknown.pk).state == State.ABANDONED
    assert outbox.adopt(unknown.pk, "9").state == State.ACCEPTED


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.CANCELLED]
)
def test_decisions_are_for_unknown_outcomes_only(account, state):
    mailing = bare(account, state=state, remote_id="1")
    for decide in (outbox.send_again, outbox.give_up, lambda pk: outbox.adopt(pk, "2")):
        with pytest.raises(outbox.Impossible):
            decide(mailing.pk)
