"""The sweep goes on with rows whose message was lost or whose worker died."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Attempt, Mailing, State, Wish
from mailings.outbox import deliver
from mailings.outbox.sweep import expire_leases
from tests.helpers.factories import bare, delivered, queued


@pytest.fixture
def nudges(monkeypatch, django_capture_on_commit_callbacks):
    """Runs a sweep; the messages that it would send, as (task, id)."""
    told = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args, **_: told.append((name, *args)))

    def sweep():
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            outbox.sweep()
        return told

    return sweep


def test_a_queued_row_whose_message_was_lost_is_nudged_once_a_minute(account, nudges):
    mailing = queued(account)
    assert nudges() == [("mailings.tasks.deliver", mailing.pk)]
    assert nudges() == []
    Mailing.objects.update(nudged_at=timezone.now() - timedelta(seconds=61))
    assert nudges() == [("mailings.tasks.deliver", mailing.pk)]


def test_a_row_that_waits_for_its_time_is_left_alone(account, nudges):
    mailing = queued(account)
    Mailing.objects.filter(pk=mailing.pk).update(not_before=timezone.now() + timedelta(seconds=5))
    assert nudges() == []


def test_an_expired_lease_makes_it_unknown_never_queued(account, nudges):
    claim = deliver.take(queued(account))
    assert nudges() == []
    Mailing.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert nudges() == []
    claim.mailing.refresh_from_db()
    assert claim.mailing.state == State.UNKNOWN
    assert claim.mailing.attempts.get().outcome == Attempt.Outcome.UNKNOWN


def test_a_sweep_does_not_end_the_lease_of_a_newer_claim(account, monkeypatch):
    """Given a sweep that was frozen after it had found an expired claim, and a newer claim since, which has
    expired too: this sweep must end the first one only."""
    claim = deliver.take(queued(account))
    past = timezone.now() - timedelta(seconds=1)
    Mailing.objects.update(lease_until=past)
    known = [(claim.mailing.pk, claim.token)]
    Mailing.objects.update(token="the newer claim's")
    monkeypatch.setitem(expire_leases.__globals__, "_expired", lambda now: known)
    assert expire_leases() == 0
    assert Mailing.objects.get().state == State.SENDING
    monkeypatch.undo()
    assert expire_leases() == 1


def test_held_mailings_go_on_once_the_breaker_is_closed(account, nudges):
    held = bare(account, state=State.HELD, held_reason="login")
    waits = bare(account, state=State.HELD, held_reason="overdue")
    Account.objects.update(breaker="login")
    assert nudges() == []
    Account.objects.update(breaker="")
    assert nudges() == [("mailings.tasks.deliver", held.pk)]
    waits.refresh_from_db()
    assert waits.state == State.HELD


def test_a_wish_is_nudged_when_its_next_step_is_due(account, nudges):
    mailing = delivered(account, time="+60")
    outbox.wish(mailing.pk, Wish.CANCEL)
    assert nudges() == [("mailings.tasks.fulfil", mailing.pk)]
    Mailing.objects.update(wish_next_at=timezone.now() + timedelta(seconds=30))
    assert nudges() == []


def test_a_cancel_that_a_dead_worker_left_open_is_closed_as_unknown(account, nudges):
    mailing = delivered(account)
    begun = timezone.now() - timedelta(hours=1)
    attempt = Attempt.objects.create(mailing=mailing, kind="cancel", begin=begun)
    nudges()
    attempt.refresh_from_db()
    assert attempt.outcome == Attempt.Outcome.UNKNOWN


def test_the_attempts_that_are_open_are_found_among_all_that_ever_were(account, nudges):
    """A sweep comes every few seconds: it read every attempt there was."""
    with CaptureQueriesContext(connection) as asked:
        expire_leases()
    (query,) = [query["sql"] for query in asked if "ORDER BY" in query["sql"]]

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query}")
            assert "open_attempts" in str(cursor.fetchall())


def test_a_dead_broker_does_not_stop_the_sweep(account, monkeypatch, django_capture_on_commit_callbacks):
    mailing = queued(account)

    def dead(*args, **kwargs):
        raise ConnectionError("Redis is away")

    monkeypatch.setattr("celery.current_app.send_task", dead)
    with django_capture_on_commit_callbacks(execute=True):
        assert outbox.sweep()["delivered"] == 1
    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED


def test_a_clock_that_was_set_back_leaves_nothing_stuck(account, nudges):
    """Given timestamps that were written while the clock was two hours ahead."""
    ahead = timezone.now() + timedelta(hours=2)
    waiting = queued(account)
    Mailing.objects.filter(pk=waiting.pk).update(not_before=ahead, nudged_at=ahead)
    claim = deliver.take(queued(account))
    Mailing.objects.filter(pk=claim.mailing.pk).update(lease_until=ahead)
    assert nudges() == [("mailings.tasks.deliver", waiting.pk)]
    assert deliver.take(waiting) is not None
    claim.mailing.refresh_from_db()
    assert claim.mailing.state == State.UNKNOWN
