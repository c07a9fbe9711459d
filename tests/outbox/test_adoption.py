"""Adoption: a job named by a person is checked, adopted or refused, and an adoption can be undone."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from mailings import accounts, outbox, sync
from mailings.models import Alarm, EventKind, Mailing, State, Waiting, Wish
from mailings.models.states import NotItsJob
from tests.helpers.factories import bare, delivered


@pytest.fixture
def unknown(account) -> Mailing:
    return bare(account, state=State.UNKNOWN)


def adopted(mailing: Mailing, number: int | str, **more) -> Mailing:
    """Adopt, and let a worker check the candidate after the gap between identical calls (conftest.py)."""
    outbox.adopt(mailing.pk, str(number), **more)
    time.sleep(0.08)
    outbox.verify(mailing.pk)
    mailing.refresh_from_db()
    return mailing


def reasons(mailing: Mailing) -> list[str]:
    return [event.data["reason"] for event in mailing.events.filter(kind=EventKind.REJECTED)]


def test_a_job_is_looked_at_before_it_is_adopted(unknown, sandbox):
    number = sandbox.make_job("Spring sale")
    # when
    mailing = outbox.adopt(unknown.pk, f" {number} ")
    assert (mailing.state, mailing.remote_id, mailing.candidate) == (State.UNKNOWN, None, str(number))
    assert sandbox.calls == []
    outbox.verify(unknown.pk)
    # then
    unknown.refresh_from_db()
    assert (unknown.state, unknown.remote_id, unknown.candidate) == (State.ACCEPTED, str(number), "")
    assert unknown.remote_status == "going"


def test_a_number_that_the_provider_does_not_know_is_refused(unknown):
    adopted(unknown, 999999)
    assert (unknown.state, unknown.remote_id, unknown.candidate) == (State.UNKNOWN, None, "")
    assert reasons(unknown) == [NotItsJob.UNKNOWN_NUMBER]


def test_a_job_that_bears_another_reference_is_refused(unknown, sandbox):
    adopted(unknown, sandbox.make_job("K7Q2Ma Spring sale"))
    assert unknown.state == State.UNKNOWN
    assert reasons(unknown) == [NotItsJob.OTHER_REFERENCE]


def test_a_job_of_another_mailing_that_a_pull_has_met_is_refused_at_once(unknown, sandbox, account):
    number = sandbox.make_job("K7Q2Ma Spring sale")
    sync.pull_recent(account)
    with pytest.raises(outbox.Impossible, match="another mailing's reference"):
        outbox.adopt(unknown.pk, str(number))


@pytest.mark.parametrize("fault", ["server_error", "html", "cut_before_saving"])
def test_without_an_answer_the_mailing_stays_unknown_and_the_candidate_is_checked_again(
    unknown, sandbox, fault
):
    number = sandbox.make_job("Spring sale")
    sandbox.fault(fault, calls="get")
    adopted(unknown, number)
    assert (unknown.state, unknown.candidate) == (State.UNKNOWN, str(number))
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=True):
        assert outbox.sweep()["candidates"] == 1
        time.sleep(0.08)
        outbox.verify(unknown.pk)
    unknown.refresh_from_db()
    assert unknown.state == State.ACCEPTED


def test_without_a_permit_the_candidate_is_kept(unknown, sandbox, monkeypatch):
    number = sandbox.make_job("Spring sale")

    def none(*args, **more):
        raise accounts.CannotCall(Waiting.REDIS)

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "slot", none)
        adopted(unknown, number)
    assert (unknown.state, unknown.candidate) == (State.UNKNOWN, str(number))


def test_a_candidate_is_dropped_after_a_day_without_an_answer(unknown, sandbox):
    sandbox.fault("server_error", calls="get", count=None)
    adopted(unknown, sandbox.make_job("Spring sale"))
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        outbox.verify(unknown.pk)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.candidate) == (State.UNKNOWN, "")
    assert reasons(unknown) == [NotItsJob.NO_ANSWER]


def test_another_decision_drops_the_candidate(unknown, sandbox):
    outbox.adopt(unknown.pk, str(sandbox.make_job("Spring sale")))
    outbox.send_again(unknown.pk)
    outbox.verify(unknown.pk)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.candidate, sandbox.calls) == (State.QUEUED, "", [])


def test_adopting_one_of_two_matches_raises_an_alarm_about_the_other(unknown):
    Mailing.objects.filter(pk=unknown.pk).update(look_matches=["1", "2"])
    mailing = outbox.adopt(unknown.pk, "1")
    assert (mailing.alarm, mailing.alarm_jobs) == (Alarm.TWO_JOBS, ["1", "2"])
    outbox.dismiss_alarm(unknown.pk)
    mailing.refresh_from_db()
    assert mailing.alarm == ""


def test_adopting_merges_the_row_that_a_pull_made_for_the_job(unknown, account):
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


def test_a_given_up_mailing_can_still_be_found(unknown, sandbox):
    assert outbox.give_up(unknown.pk).state == State.ABANDONED
    assert adopted(unknown, sandbox.make_job("Spring sale")).state == State.ACCEPTED


# --- earlier wishes, and undoing ---


def test_an_earlier_wish_is_not_carried_out_on_a_job_adopted_on_a_persons_word(unknown, sandbox):
    # given a person who asked to delete it, and another one who mistypes the job's number
    outbox.wish(unknown.pk, Wish.DELETE)
    number = sandbox.make_job("Somebody else's")
    # when
    adopted(unknown, number)
    outbox.fulfil(unknown.pk)
    # then no call was made about the job until the delete is asked for again
    assert (unknown.state, unknown.wish, unknown.wish_before) == (State.ACCEPTED, "", Wish.DELETE)
    assert {call["kind"] for call in sandbox.calls} == {"get"}
    time.sleep(0.08)
    outbox.wish(unknown.pk, Wish.DELETE)
    outbox.fulfil(unknown.pk)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.wish_before) == (State.DELETED, "")


def test_an_earlier_wish_is_carried_out_on_an_adopted_job_with_our_reference(unknown, sandbox):
    outbox.wish(unknown.pk, Wish.CANCEL)
    adopted(unknown, sandbox.make_job(f"{unknown.code}a Spring sale"))
    assert (unknown.state, unknown.wish) == (State.ACCEPTED, Wish.CANCEL)


def test_an_adoption_can_be_undone_and_the_wish_stands_again(unknown, sandbox, account):
    number = sandbox.make_job("Somebody else's")
    outbox.wish(unknown.pk, Wish.CANCEL)
    adopted(unknown, number)
    # when
    mailing = outbox.undo_adoption(unknown.pk)
    # then
    assert (mailing.state, mailing.remote_id, mailing.verified_at) == (State.UNKNOWN, None, None)
    assert (mailing.wish, mailing.wish_before) == (Wish.CANCEL, "")
    sync.pull_recent(account)
    assert Mailing.objects.get(remote_id=str(number)).origin == "provider"


def test_an_adoption_cannot_be_undone_once_something_was_asked_of_the_job(unknown, sandbox):
    adopted(unknown, sandbox.make_job("Somebody else's"))
    outbox.wish(unknown.pk, Wish.CANCEL)
    time.sleep(0.08)
    sandbox.fault("server_error", calls="cancel", count=None)
    outbox.fulfil(unknown.pk)
    with pytest.raises(outbox.Impossible, match="something was asked of it"):
        outbox.undo_adoption(unknown.pk)


def test_an_adoption_proven_by_the_reference_cannot_be_undone(unknown, sandbox):
    adopted(unknown, sandbox.make_job(f"{unknown.code}a Spring sale"))
    with pytest.raises(outbox.Impossible, match="bears its reference"):
        outbox.undo_adoption(unknown.pk)


def test_a_mailing_that_was_handed_over_normally_has_no_adoption_to_undo(account):
    with pytest.raises(outbox.Impossible):
        outbox.undo_adoption(delivered(account).pk)
