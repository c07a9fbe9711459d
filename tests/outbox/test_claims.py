"""Claims: who gets one, how long it may send, and what late answers of older claims do."""

import dataclasses
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from mailings import accounts, outbox
from mailings.accounts import restore_guard
from mailings.models import Account, Alarm, Attempt, Breaker, EventKind, Mailing, State, Wish
from mailings.outbox import deliver, outcomes
from mailings.outbox.claims import Claim, StaleClaim
from mailings.smsc.api.answers import Created
from mailings.smsc.api.errors import NotSent, SmscError, WrongParameters
from tests.helpers.factories import delivered, queued

FOUND = Created(remote_id="4100", cost=None, raw="{}")


def test_a_mailing_that_is_to_be_cancelled_is_not_claimed(account):
    """Given a wish recorded between a worker's reading of the row and its claim."""
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(wish=Wish.CANCEL)
    assert deliver.take(mailing) is None
    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED


def test_a_clock_that_was_set_back_gives_a_claim_no_more_time(account):
    """Given a worker whose deadline has passed by the monotonic clock only."""
    claim = deliver.take(queued(account))
    assert claim is not None
    claim.confirm()
    late = dataclasses.replace(claim, deadline=time.monotonic() - 1)
    with pytest.raises(StaleClaim):
        late.confirm()


def test_an_answer_that_was_written_before_the_database_went_away_is_told_once(account, monkeypatch):
    """Given a commit whose confirmation was lost, so that the answer is written once more."""
    claim = deliver.take(queued(account))
    assert claim is not None
    really_accept, lost = outcomes._accept, [OperationalError("gone")]

    def accept(*args: Any) -> None:
        really_accept(*args)
        if lost:
            raise lost.pop()

    monkeypatch.setattr(outcomes, "_accept", accept)
    monkeypatch.setattr("mailings.models.patience.PAUSES", (0.0,))

    outcomes.accept(claim, FOUND)

    mailing = Mailing.objects.get(pk=claim.mailing.pk)
    assert (mailing.state, mailing.remote_id, mailing.alarm) == (State.ACCEPTED, FOUND.remote_id, "")
    assert mailing.events.filter(kind=EventKind.ACCEPTED).count() == 1
    assert [attempt.outcome for attempt in mailing.attempts.all()] == [Attempt.Outcome.ACCEPTED]


def test_a_job_that_another_mailing_has_does_not_end_the_attempt_as_accepted(account):
    first = delivered(account)
    claim = deliver.take(queued(account))
    assert claim is not None

    outcomes.accept(claim, dataclasses.replace(FOUND, remote_id=str(first.remote_id)))

    mailing = Mailing.objects.get(pk=claim.mailing.pk)
    assert (mailing.state, mailing.remote_id) == (State.UNKNOWN, None)
    assert [attempt.outcome for attempt in mailing.attempts.all()] == [Attempt.Outcome.UNKNOWN]
    assert not mailing.events.filter(kind=EventKind.ACCEPTED).exists()


@pytest.fixture
def claims(account) -> tuple[Claim, Claim]:
    """An old claim without an answer so far, and a newer one, made after a person sent the mailing again."""
    old = deliver.take(queued(account))
    assert old is not None
    Mailing.objects.filter(pk=old.mailing.pk).update(state=State.UNKNOWN)
    new = deliver.take(outbox.send_again(old.mailing.pk))
    assert new is not None
    return old, new


def test_a_late_id_of_an_older_claim_stops_the_one_under_way(claims):
    """Given a newer claim that has not sent a byte yet."""
    old, new = claims
    # when
    outcomes.accept(old, FOUND)
    # then the newer one sends nothing, and there is no alarm
    with pytest.raises(StaleClaim):
        new.confirm()
    outcomes.conclude(new, NotSent("objection"))
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.remote_id, mailing.alarm) == (State.ACCEPTED, "4100", "")


def test_two_ids_of_two_claims_are_an_alarm(claims):
    """Given a newer claim whose request was under way when the older one's id arrived."""
    old, new = claims
    outcomes.accept(old, FOUND)
    outcomes.accept(new, Created(remote_id="4200", cost=None, raw="{}"))
    mailing = Mailing.objects.get()
    assert (mailing.remote_id, mailing.alarm) == ("4100", Alarm.TWO_JOBS)
    assert mailing.alarm_jobs == ["4100", "4200"]


def test_a_late_id_and_then_no_answer_to_the_newer_claim_may_be_two_jobs(claims):
    old, new = claims
    outcomes.accept(old, FOUND)
    outcomes.conclude(new, SmscError(reason="reset"))
    mailing = Mailing.objects.get()
    assert (mailing.remote_id, mailing.alarm) == ("4100", Alarm.MAYBE_TWO)


def test_a_late_id_and_then_a_killed_worker_may_be_two_jobs(claims):
    old, _ = claims
    outcomes.accept(old, FOUND)
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        outbox.sweep()
    mailing = Mailing.objects.get()
    assert (mailing.remote_id, mailing.alarm) == ("4100", Alarm.MAYBE_TWO)


@pytest.mark.parametrize("state", [State.QUEUED, State.HELD, State.REFUSED, State.DRAFT])
def test_a_late_id_is_taken_in_every_state_that_may_still_send(account, sandbox, state):
    # given an old claim, and newer ones since, so that the row has another token
    claim = deliver.take(queued(account))
    assert claim is not None
    Mailing.objects.filter(pk=claim.mailing.pk).update(state=state, token="another", held_reason="")
    # when
    outcomes.accept(claim, FOUND)
    outbox.deliver_mailing(claim.mailing.pk)
    # then
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, "4100")
    assert sandbox.jobs == []


def test_a_late_id_of_a_mailing_taken_back_is_an_alarm_and_no_longer_taken_back(claims):
    old, new = claims
    outcomes.conclude(new, NotSent("connect"))
    outbox.wish(old.mailing.pk, Wish.CANCEL)
    outcomes.accept(old, FOUND)
    mailing = Mailing.objects.get()
    assert (mailing.state, mailing.wish_result) == (State.ACCEPTED, "")
    assert mailing.alarm == Alarm.TURNED_UP_WITHDRAWN


def test_a_cancel_recorded_before_the_first_byte_stops_the_call(account, sandbox, monkeypatch):
    # given a person who cancels while the connection is being made
    mailing = queued(account)
    really_send = deliver.send

    def cancelled_meanwhile(claim, client):
        outbox.wish(mailing.pk, Wish.CANCEL)
        return really_send(claim, client)

    monkeypatch.setattr(deliver, "send", cancelled_meanwhile)
    # when
    outbox.deliver_mailing(mailing.pk)
    # then
    mailing.refresh_from_db()
    assert (mailing.state, sandbox.jobs) == (State.WITHDRAWN, [])


@pytest.mark.parametrize("change", [{"token": "another"}, {"wish": Wish.CANCEL}, {"state": State.UNKNOWN}])
def test_confirm_checks_the_row_after_the_wait_for_redis(account, monkeypatch, change):
    """Given a slow Redis, and a row that changes meanwhile."""
    claim = deliver.take(queued(account))
    assert claim is not None

    def slow(*args):
        Mailing.objects.filter(pk=claim.mailing.pk).update(**change)

    monkeypatch.setattr(restore_guard, "remember", slow)
    with pytest.raises(StaleClaim):
        claim.confirm()


def test_confirm_checks_the_deadline_last(account, monkeypatch):
    claim = deliver.take(queued(account))
    assert claim is not None
    with time_machine.travel(timezone.now(), tick=True) as clock:
        monkeypatch.setattr(restore_guard, "remember", lambda *args: clock.shift(timedelta(seconds=61)))
        with pytest.raises(StaleClaim):
            claim.confirm()


@pytest.mark.parametrize("error", [WrongParameters(code=1), SmscError(reason="reset")])
def test_a_late_failure_of_an_older_claim_does_not_end_the_one_under_way(claims, error):
    old, _ = claims
    outcomes.conclude(old, error)
    assert Mailing.objects.get().state == State.SENDING


def test_a_refusal_that_comes_late_still_counts_for_its_claim(account):
    claim = deliver.take(queued(account))
    assert claim is not None
    Mailing.objects.filter(pk=claim.mailing.pk).update(state=State.UNKNOWN)
    outcomes.conclude(claim, WrongParameters(code=1))
    assert Mailing.objects.get().state == State.REFUSED


def test_a_claim_resets_the_looks_for_earlier_attempts(account):
    """Given a mailing that two looks did not show, and that a person sent off again."""
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(looks=2, look_at=timezone.now(), look_note="failed")

    deliver.take(mailing)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.looks, mailing.look_at, mailing.look_note) == (State.SENDING, 0, None, "")


@pytest.mark.parametrize(
    "change",
    [
        {"breaker": Breaker.LOGIN},
        {"secret": b"another"},
        {"base_url": "http://127.0.0.1:1/"},
        {"kind": Account.Kind.LIVE},
        {"proven_at": None},
    ],
)
def test_an_account_that_changed_since_it_was_read_is_not_claimed_for(account, change):
    """Given a worker with a permit, and an account that another worker or a person has changed meanwhile."""
    mailing = Mailing.objects.select_related("account").get(pk=delivered_and_queued(account).pk)
    Account.objects.filter(pk=account.pk).update(**change)

    with pytest.raises(accounts.CannotCall):
        deliver.take(mailing)

    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED


def delivered_and_queued(account: Account) -> Mailing:
    delivered(account)  # so that calls of the account are known to succeed
    return queued(account)
