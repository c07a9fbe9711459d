"""After a restored backup, or with a Redis that lost its memory, nothing is sent a second time."""

import threading
import time

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from mailings import outbox, sync
from mailings.accounts import limiter, restore_guard
from mailings.models import Account, Attempt, Event, EventKind, Mailing, State, Wish
from mailings.outbox import deliver
from mailings.sync import spans
from tests.helpers.append_only import rows_may_go
from tests.helpers.factories import bare, delivered, queued


@pytest.fixture(autouse=True)
def _open_gate(settings):
    """Keep the limiter's own pause after a flush short; test_limiter.py tests it."""
    settings.PROVIDER_TOTAL_SECONDS = 0.5


@pytest.fixture
def nudges(monkeypatch):
    told = []
    monkeypatch.setattr("mailings.outbox.notify.send", lambda task, pk, after=0.0: told.append(task))
    return told


def restore(account: Account, **account_fields) -> None:
    """Put the database back to before the last attempts, as restoring a backup does."""
    with rows_may_go():
        for model in (Event, Attempt):
            model._base_manager.all()._raw_delete("default")
    Mailing.objects.update(
        state=State.QUEUED, remote_id=None, verified_at=None, not_before=None, token="", deadline_at=None
    )
    if account_fields:
        Account.objects.filter(pk=account.pk).update(**account_fields)


def let_go(mailing: Mailing) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(not_before=None)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()


def test_a_mailing_that_was_sent_after_the_backup_is_tied_to_its_job_not_sent_again(account, sandbox, nudges):
    # given a mailing that is at the provider, and a restored database in which it is queued
    mailing = delivered(account, time="+600")
    sent = mailing.remote_id
    restore(account)
    # when a worker tries to deliver it
    let_go(mailing)
    assert (mailing.state, mailing.held_reason) == (State.HELD, "restored")
    assert "pull_recent" in nudges
    sync.pull_recent(account)
    # then
    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, sent)
    assert len(sandbox.jobs) == 1


def other_account_calls(account: Account, key: int) -> None:
    other = Account.objects.create(name="other", kind="sandbox", base_url=account.base_url)
    row = bare(other, state=State.SENDING)
    Attempt.objects.create(pk=key, mailing=row, kind="create", token="0" * 32, begin=timezone.now())


def own_cancel_is_made(account: Account, key: int) -> None:
    found = bare(account, state=State.ACCEPTED, remote_id="999")
    Attempt.objects.create(pk=key, mailing=found, kind="cancel", begin=timezone.now())


@pytest.mark.parametrize("traffic", [other_account_calls, own_cancel_is_made])
def test_a_lost_commit_is_noticed_whatever_was_tried_since(account, sandbox, nudges, traffic):
    # given a failover to a lagging replica: the last attempt is lost, and its primary key used again
    _, lost = delivered(account, time="+600"), delivered(account, time="+600")
    key = Attempt.objects.latest("pk").pk
    take_back([lost])
    traffic(account, key)
    # when
    let_go(lost)
    # then
    assert (lost.state, lost.held_reason) == (State.HELD, "restored")
    assert len(sandbox.jobs) == 2


def take_back(mailings: list[Mailing]) -> None:
    with rows_may_go():
        for model in (Event, Attempt):
            model._base_manager.filter(mailing__in=mailings)._raw_delete("default")
    for mailing in mailings:
        Mailing.objects.filter(pk=mailing.pk).update(
            state=State.QUEUED, remote_id=None, verified_at=None, not_before=None, token="", deadline_at=None
        )


def test_a_lost_commit_below_a_kept_one_is_noticed(account, sandbox, nudges):
    """Given two simultaneous calls: the attempt with the lower key was committed later, and is lost."""
    first, _ = delivered(account, time="+600"), delivered(account, time="+600")
    take_back([first])
    let_go(first)
    assert (first.state, first.held_reason) == (State.HELD, "restored")


def test_a_cancel_notices_it_too(account, sandbox, nudges):
    # given a job that is known, and a lost attempt
    known, lost = delivered(account, time="+600"), delivered(account, time="+600")
    take_back([lost])
    # when
    outbox.wish(known.pk, Wish.CANCEL)
    outbox.fulfil(known.pk)
    # then the cancel is made, and the doubt was noticed before its attempt got a primary key
    account.refresh_from_db()
    known.refresh_from_db()
    assert known.state == State.CANCELLED
    assert account.doubt_reason == "older"
    let_go(lost)
    assert lost.state == State.HELD


def held_in_doubt(account: Account) -> Mailing:
    """A mailing held in doubt, although it was never sent."""
    delivered(account)
    waiting = queued(account)
    restore(account)
    let_go(waiting)
    assert waiting.state == State.HELD
    return waiting


def test_absence_never_sends_by_itself_but_a_person_does(account, sandbox, nudges, settings):
    # given two complete reads, long enough after the doubt and after each other
    settings.SETTLE_AFTER_SECONDS = 0
    waiting = held_in_doubt(account)
    time.sleep(0.6)
    for _ in range(2):
        assert sync.pull_recent(account, wait=1).complete
        time.sleep(0.1)
    # when
    outbox.sweep()
    let_go(waiting)
    # then
    assert (waiting.state, waiting.looks) == (State.HELD, 2)
    outbox.release(waiting.pk)
    let_go(waiting)
    assert waiting.state == State.ACCEPTED


def test_reads_before_the_settle_distance_do_not_count(account, sandbox, nudges):
    waiting = held_in_doubt(account)
    assert sync.pull_recent(account).complete
    waiting.refresh_from_db()
    assert waiting.looks == 0


def test_a_read_of_other_days_does_not_count(account, sandbox, nudges, settings):
    # given a mailing whose job would be listed the day after tomorrow, and a complete read of today
    settings.SETTLE_AFTER_SECONDS = 0
    delivered(account)
    waiting = queued(account, time="+2880")
    restore(account)
    let_go(waiting)
    time.sleep(0.6)
    today = spans.today()
    assert sync.pull(account, today, today).complete
    waiting.refresh_from_db()
    assert (waiting.state, waiting.looks) == (State.HELD, 0)


def test_a_read_that_is_not_whole_says_why_it_does_not_count(account, sandbox, nudges):
    waiting = held_in_doubt(account)
    sandbox.fault("server_error", calls="get_all", count=None)
    sync.pull_recent(account)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.looks, waiting.look_note) == (State.HELD, 0, "failed")


def test_an_emptied_redis_is_a_doubt_but_is_not_called_a_restored_backup(account, sandbox, nudges):
    mailing = delivered(account, time="+600")
    restore(account, last_call_at=None)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    let_go(mailing)
    assert (mailing.state, mailing.held_reason) == (State.HELD, "forgotten")


def test_a_mailing_made_after_the_doubt_began_is_not_held(account, sandbox, nudges):
    delivered(account)
    restore(account)
    let_go(Mailing.objects.get())
    fresh = queued(account)
    let_go(fresh)
    assert fresh.state == State.ACCEPTED


def test_the_first_call_ever_is_in_no_doubt(account, sandbox, nudges):
    mailing = queued(account)
    let_go(mailing)
    assert mailing.state == State.ACCEPTED


def test_a_memory_lost_after_the_claim_sends_nothing(account, sandbox, nudges, monkeypatch):
    delivered(account)
    mailing = queued(account)
    really_send = deliver.send

    def flushed_send(claim, client):
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        return really_send(claim, client)

    monkeypatch.setattr(deliver, "send", flushed_send)
    let_go(mailing)
    assert mailing.state == State.QUEUED
    assert len(sandbox.jobs) == 1


def test_a_backup_from_before_a_flush_is_noticed_although_no_call_was_made_since(account, sandbox, nudges):
    # given a secret that Redis has replaced since, although the attempts are the same
    delivered(account)
    Account.objects.filter(pk=account.pk).update(memory="0" * 16)
    waiting = queued(account)
    # when
    let_go(waiting)
    # then
    assert (waiting.state, waiting.held_reason) == (State.HELD, "restored")


def test_of_two_workers_that_notice_a_restore_one_begins_the_new_memory(account, sandbox):
    delivered(account)
    Account.objects.filter(pk=account.pk).update(memory="0" * 16)
    one, other = Account.objects.get(pk=account.pk), Account.objects.get(pk=account.pk)
    restore_guard.compare(one)
    restore_guard.compare(other)
    assert other.memory == one.memory
    assert Event.objects.filter(kind=EventKind.DOUBTED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_the_very_first_call_neither_calls_the_memory_forgotten(account, monkeypatch):
    """Given one that has written its secret to the database, but not to Redis yet, when the other looks."""
    ask, others = limiter.ask, list[threading.Thread]()

    def compare() -> None:
        restore_guard.compare(Account.objects.get(pk=account.pk))
        connection.close()

    def ask_slowly(script, *given):
        if script == restore_guard._BEGIN and not others:
            others.append(threading.Thread(target=compare))
            others[0].start()
            others[0].join(0.5)
        return ask(script, *given)

    monkeypatch.setattr(limiter, "ask", ask_slowly)
    restore_guard.compare(account)
    others[0].join()

    known = Account.objects.get(pk=account.pk)
    assert (known.doubt_from, known.doubt_reason, known.memory) == (None, "", account.memory)
    assert restore_guard.remembered(known) == []


def test_a_mark_that_a_broken_connection_left_twice_stops_no_claim(account, sandbox):
    """Given a mark that was written twice, because Redis's first answer was lost."""
    first = delivered(account)
    account.refresh_from_db()
    attempt = Attempt.objects.get(mailing=first)
    for _again in range(2):
        restore_guard.remember(account, attempt)

    assert restore_guard.remembered(account).count(attempt.token) == 1
    assert delivered(account).state == State.ACCEPTED
