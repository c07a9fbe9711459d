"""Wishes: cancelled or deleted only after a second look has shown it, else too late, unconfirmed, failed."""

import time
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Attempt, Mailing, State, Waiting, Wish, WishAnswer, WishResult
from mailings.outbox import cancel
from mailings.smsc.api.client import Client
from tests.helpers.factories import bare, delivered, queued

IN_AN_HOUR = "+60"


def fulfil_now(mailing: Mailing) -> None:
    """Take the next step after the gap between identical calls, which conftest.py makes short."""
    time.sleep(settings.SAME_REQUEST_SECONDS * 1.5)
    Mailing.objects.filter(pk=mailing.pk).exclude(wish="").update(wish_next_at=timezone.now())
    outbox.fulfil(mailing.pk)
    mailing.refresh_from_db()


def last_attempt(mailing: Mailing) -> Attempt:
    return mailing.attempts.exclude(kind="create").latest("id")


def test_cancelled_is_said_after_a_second_look(account, sandbox):
    # given
    mailing = delivered(account, time=IN_AN_HOUR)
    # when
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    # then
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.CANCELLED, "", WishResult.CONFIRMED)
    assert [call["kind"] for call in sandbox.calls][-2:] == ["cancel", "get"]
    assert mailing.remote_status == "cancelled"
    assert last_attempt(mailing).outcome == Attempt.Outcome.CONFIRMED
    assert "OK" in last_attempt(mailing).raw


def test_a_provider_that_says_ok_and_does_nothing_is_not_believed(account, sandbox):
    # given
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("false_ok", calls="cancel", count=2)
    outbox.wish(mailing.pk, Wish.CANCEL)
    # when
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish) == (State.ACCEPTED, Wish.CANCEL)
    fulfil_now(mailing)
    fulfil_now(mailing)
    # then it was asked again until a look showed it
    assert mailing.state == State.CANCELLED
    assert [call["kind"] for call in sandbox.calls].count("cancel") == 3


def test_too_late_is_said(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.advance(3 * 3600)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.ACCEPTED, "", WishResult.TOO_LATE)
    assert last_attempt(mailing).outcome == Attempt.Outcome.TOO_LATE
    assert last_attempt(mailing).code == 3


@pytest.mark.parametrize("dialect", ["strange", "bare"])
def test_an_ok_whose_second_look_shows_no_known_status_leaves_the_cancel_unconfirmed(
    account, sandbox, dialect
):
    # given a dialect with unknown status words, or without a status
    sandbox.dialect = dialect
    mailing = delivered(account, time=IN_AN_HOUR)
    # when the provider says OK
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    # then the mailing is not shown as cancelled
    assert (mailing.state, mailing.wish, mailing.wish_result) == (
        State.ACCEPTED,
        "",
        WishResult.UNCONFIRMED,
    )
    assert last_attempt(mailing).outcome == Attempt.Outcome.ACCEPTED


@pytest.mark.parametrize("dialect", ["short", "bare"])
def test_error_3_whose_second_look_shows_no_known_status_ends_as_failed(account, sandbox, dialect):
    sandbox.dialect = dialect
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.change_job(int(mailing.remote_id), status="aufgehoben")
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.ACCEPTED, "", WishResult.FAILED)
    assert mailing.wish_answer == WishAnswer.REFUSED
    assert mailing.events.get(kind="wish_ended").data["answer"] == WishAnswer.REFUSED


def test_a_delete_is_confirmed_when_the_provider_knows_it_no_more(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.DELETE)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish_result, mailing.gone) == (State.DELETED, WishResult.CONFIRMED, True)


@pytest.mark.parametrize("fault", ["cut_before_saving", "server_error", "html"])
def test_an_unreadable_answer_to_a_cancel_is_repeated_after_the_gap(account, sandbox, fault):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault(fault, calls="cancel", saved=False)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert mailing.wish == Wish.CANCEL
    assert mailing.wish_next_at > timezone.now()
    fulfil_now(mailing)
    assert mailing.state == State.CANCELLED


def test_error_nine_on_a_cancel_is_repeated(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("wrong_error", calls="cancel", error=9, saved=False)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    fulfil_now(mailing)
    assert mailing.state == State.CANCELLED


def test_a_failed_look_is_taken_again_without_asking_again(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("server_error", calls="get")
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert mailing.wish == Wish.CANCEL
    fulfil_now(mailing)
    assert mailing.state == State.CANCELLED
    assert [call["kind"] for call in sandbox.calls].count("cancel") == 1


def test_a_wish_is_given_up_after_a_day_and_says_so(account, sandbox):
    mailing = delivered(account, time="+2880")
    sandbox.fault("server_error", calls="cancel", saved=False, count=None)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=True):
        fulfil_now(mailing)
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.ACCEPTED, "", WishResult.FAILED)
    assert mailing.wish_answer == WishAnswer.UNCLEAR


def test_a_mailing_that_has_not_left_us_is_taken_back_at_once(account, sandbox):
    mailing = outbox.wish(queued(account).pk, Wish.CANCEL)
    assert (mailing.state, mailing.wish_result) == (State.WITHDRAWN, WishResult.CONFIRMED)
    outbox.deliver_mailing(mailing.pk)
    assert sandbox.calls == []


def test_a_wish_on_an_unknown_mailing_fires_once_its_id_is_found(account, sandbox):
    mailing = queued(account, time=IN_AN_HOUR)
    sandbox.fault("cut_after_saving", calls="add")
    outbox.deliver_mailing(mailing.pk)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish) == (State.UNKNOWN, Wish.CANCEL)
    outbox.adopt(mailing.pk, str(sandbox.jobs[0]["id"]))
    outbox.verify(mailing.pk)
    fulfil_now(mailing)
    assert mailing.state == State.CANCELLED


@pytest.mark.parametrize(
    "state", [State.CANCELLED, State.DELETED, State.WITHDRAWN, State.REFUSED, State.ABANDONED]
)
def test_an_impossible_wish_is_refused_in_words(account, state):
    mailing = bare(account, state=state, remote_id="1")
    with pytest.raises(outbox.Impossible, match="can no longer be done"):
        outbox.wish(mailing.pk, Wish.CANCEL)
    mailing.refresh_from_db()
    assert mailing.wish == ""


def test_a_cancelled_mailing_can_still_be_deleted(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    outbox.wish(mailing.pk, Wish.DELETE)
    fulfil_now(mailing)
    assert mailing.state == State.DELETED


def test_asking_twice_is_asking_once(account):
    mailing = delivered(account, time=IN_AN_HOUR)
    first = outbox.wish(mailing.pk, Wish.CANCEL)
    second = outbox.wish(mailing.pk, Wish.CANCEL)
    assert first.wish_at == second.wish_at


def test_two_workers_make_one_step(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    sandbox.fault("server_error", calls="cancel", saved=False)
    outbox.fulfil(mailing.pk)
    outbox.fulfil(mailing.pk)
    assert [call["kind"] for call in sandbox.calls].count("cancel") == 1


def test_the_end_of_an_older_wish_does_not_end_the_one_asked_for_since(account, sandbox, monkeypatch):
    # given a worker whose second look is slow, and a new wish recorded meanwhile
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    really_look = cancel._ask_for_job

    def slow_look(row):
        Mailing.objects.filter(pk=row.pk).update(wish_at=timezone.now())
        return really_look(row)

    monkeypatch.setattr(cancel, "_ask_for_job", slow_look)
    # when
    outbox.fulfil(mailing.pk)
    # then the new wish still has to take its own step
    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish) == (State.ACCEPTED, Wish.CANCEL)
    monkeypatch.setattr(cancel, "_ask_for_job", really_look)
    fulfil_now(mailing)
    assert mailing.state == State.CANCELLED


def test_a_step_without_a_permit_is_repeated_soon(account, sandbox, settings, monkeypatch):
    # given a step that finds no free permit, several times
    monkeypatch.setattr(cancel, "WAIT_FOR_SLOT_SECONDS", 0.0)
    settings.SAME_REQUEST_SECONDS = 60.0
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    settings.CALLS_AT_ONCE = 1
    # when
    with accounts.slot(account, "balance"):
        for _ in range(8):
            Mailing.objects.filter(pk=mailing.pk).update(wish_next_at=timezone.now())
            outbox.fulfil(mailing.pk)
    # then no call was made, so the pause does not grow
    mailing.refresh_from_db()
    assert not mailing.attempts.filter(kind=Attempt.Kind.CANCEL).exists()
    assert mailing.wish_tries == 0
    assert mailing.wish_next_at - timezone.now() < timedelta(seconds=10)


def test_a_second_look_without_a_permit_is_repeated_soon(account, sandbox, monkeypatch):
    # given a cancel that the provider accepts, and no permit for the second look
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)

    slot = accounts.slot

    def no_permit_to_look(row, call, *args, **more):
        if call == "get":
            raise accounts.CannotCall(Waiting.GATE)
        return slot(row, call, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "slot", no_permit_to_look)
        for _ in range(15):
            Mailing.objects.filter(pk=mailing.pk).update(wish_next_at=timezone.now())
            outbox.fulfil(mailing.pk)
    # when
    mailing.refresh_from_db()
    assert mailing.wish_next_at - timezone.now() < timedelta(seconds=10)
    fulfil_now(mailing)
    # then only the look was repeated
    assert mailing.state == State.CANCELLED
    assert [call["kind"] for call in sandbox.calls].count("cancel") == 1


def test_a_delete_asked_for_while_a_cancel_is_in_the_air_is_asked_of_the_provider(
    account, sandbox, monkeypatch
):
    """The late OK to the cancel does not count for the delete."""
    # given a cancel whose OK arrives after a person has asked for a delete
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    really_cancel = Client.cancel

    def slow_cancel(client, *args, **options):
        done = really_cancel(client, *args, **options)
        outbox.wish(mailing.pk, Wish.DELETE)
        return done

    monkeypatch.setitem(cancel.ASK, Wish.CANCEL, cancel.Ask("cancel", slow_cancel))
    # when
    fulfil_now(mailing)
    assert (mailing.wish, mailing.wish_agreed_at) == (Wish.DELETE, None)
    fulfil_now(mailing)
    # then
    assert mailing.state == State.DELETED
    assert [call["kind"] for call in sandbox.calls].count("del") == 1


@pytest.mark.parametrize("number", [1, 5])
@pytest.mark.parametrize("kind", [Wish.CANCEL, Wish.DELETE])
def test_a_final_refusal_ends_the_wish_and_is_not_repeated(account, sandbox, number, kind):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("wrong_error", calls=["cancel", "del"], error=number, saved=False, count=None)
    outbox.wish(mailing.pk, kind)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.ACCEPTED, "", WishResult.FAILED)
    assert last_attempt(mailing).outcome == Attempt.Outcome.REFUSED
    assert (last_attempt(mailing).code, mailing.wish_answer) == (number, WishAnswer.REFUSED)


def test_a_recurring_mailing_is_not_too_late_after_its_first_round(account, sandbox):
    """Given a job whose status is "gone out", and a cancel that does not arrive."""
    mailing = delivered(account, time=IN_AN_HOUR, rpt="2")
    assert mailing.repeats
    sandbox.change_job(int(mailing.remote_id), status="gone")
    sandbox.fault("cut_before_saving", calls="cancel")
    outbox.wish(mailing.pk, Wish.CANCEL)
    # when
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish) == (State.ACCEPTED, Wish.CANCEL)
    sandbox.change_job(int(mailing.remote_id), status="waiting")
    fulfil_now(mailing)
    # then
    assert mailing.state == State.CANCELLED


def test_repeated_error_3_on_a_job_that_still_exists_ends_as_failed(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("wrong_error", calls="cancel", error=3, saved=False, count=None)
    outbox.wish(mailing.pk, Wish.CANCEL)
    for _ in range(3):
        fulfil_now(mailing)
        assert mailing.wish == Wish.CANCEL
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish, mailing.wish_result) == (State.ACCEPTED, "", WishResult.FAILED)


def test_error_3_to_a_delete_and_then_to_the_look_is_not_deleted(account, sandbox):
    """Given a job that the provider does not list yet."""
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("wrong_error", calls=["del", "get"], error=3, saved=False, count=2)
    outbox.wish(mailing.pk, Wish.DELETE)
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish_result, mailing.gone) == (State.ACCEPTED, WishResult.FAILED, True)
    assert mailing.wish_answer == WishAnswer.NOT_THERE


def test_a_delete_that_was_done_without_an_answer_is_confirmed_by_error_3(account, sandbox):
    """Given error 3 to the second try, because the first one was carried out."""
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.fault("cut_after_saving", calls="del")
    sandbox.fault("server_error", calls="get")
    outbox.wish(mailing.pk, Wish.DELETE)
    fulfil_now(mailing)
    assert mailing.wish == Wish.DELETE
    fulfil_now(mailing)
    assert (mailing.state, mailing.wish_result) == (State.DELETED, WishResult.CONFIRMED)


def test_a_second_look_is_dated_by_when_it_was_asked(account, sandbox, monkeypatch):
    """Given an answer that takes half a minute: a list read meanwhile is newer than it."""
    mailing = delivered(account, time=IN_AN_HOUR)
    outbox.wish(mailing.pk, Wish.CANCEL)
    really_get = Client.get
    with time_machine.travel(timezone.now(), tick=True) as clock:

        def slow_get(client, *args):
            job = really_get(client, *args)
            clock.shift(timedelta(seconds=30))
            return job

        monkeypatch.setattr(Client, "get", slow_get)
        before = timezone.now()
        fulfil_now(mailing)
    assert mailing.verified_at - before < timedelta(seconds=10)


def test_a_final_refusal_of_what_has_gone_out_is_too_late(account, sandbox):
    mailing = delivered(account, time=IN_AN_HOUR)
    sandbox.advance(3 * 3600)
    sandbox.fault("wrong_error", calls="cancel", error=1, saved=False)
    outbox.wish(mailing.pk, Wish.CANCEL)
    fulfil_now(mailing)
    assert mailing.wish_result == WishResult.TOO_LATE
