"""A restored backup, and a Redis that lost its memory: nothing that was sent before is sent again."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from mailings import outbox, sync
from mailings.models import Account, Attempt, Event, Mailing, Pull, State
from tests.helpers.append_only import rows_may_go
from tests.helpers.factories import delivered, queued


@pytest.fixture(autouse=True)
def _open_gate(settings):
    """The gate's own pause after a lost memory is tested in test_gate.py."""
    settings.PROVIDER_TOTAL_SECONDS = 0.5


@pytest.fixture
def nudges(monkeypatch):
    told = []
    monkeypatch.setattr("mailings.outbox.notify.send", lambda task, pk: told.append(task))
    return told


def restore(account: Account, **account_fields) -> None:
    """Take the database back to before the last attempts, as a backup does."""
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
    # given a mailing that is at the provider, and a database that believes it waits
    mailing = delivered(account, time="+600")
    sent = mailing.remote_id
    restore(account)
    # when it is driven on
    let_go(mailing)
    assert (mailing.state, mailing.waiting_for) == (State.QUEUED, "look")
    assert "pull_doubtful" in nudges
    account.refresh_from_db()
    sync.pull_doubtful(account)
    let_go(mailing)
    # then
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, sent)
    assert len(sandbox.jobs) == 1


def test_one_that_was_never_sent_goes_once_the_list_was_read(account, sandbox, nudges):
    delivered(account)
    waiting = queued(account)
    restore(account)
    let_go(waiting)
    account.refresh_from_db()
    sync.pull_doubtful(account)
    let_go(waiting)
    assert waiting.state == State.ACCEPTED
    assert len(sandbox.jobs) == 2


def test_a_read_that_is_not_whole_leaves_it_to_a_person(account, sandbox, nudges):
    delivered(account)
    waiting = queued(account)
    restore(account)
    let_go(waiting)
    account.refresh_from_db()
    today = timezone.now().date()
    Pull.objects.create(
        account=account,
        start=today - timedelta(days=5),
        end=today + timedelta(days=5),
        begun_at=timezone.now(),
        ended_at=timezone.now(),
        incomplete_reason="ten_rows",
    )
    let_go(waiting)
    assert (waiting.state, waiting.held_reason) == (State.HELD, "restored")
    outbox.release(waiting.pk)
    let_go(waiting)
    assert waiting.state == State.ACCEPTED


def test_a_failed_read_keeps_it_waiting(account, sandbox, nudges):
    delivered(account)
    waiting = queued(account)
    restore(account)
    let_go(waiting)
    account.refresh_from_db()
    sandbox.fault("server_error", calls="get_all", count=None)
    sync.pull_doubtful(account)
    let_go(waiting)
    assert (waiting.state, waiting.waiting_for) == (State.QUEUED, "look")


def test_a_restored_database_with_an_empty_redis_is_noticed_too(account, sandbox, nudges):
    mailing = delivered(account, time="+600")
    account.refresh_from_db()
    restore(account, last_call_at=None)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    let_go(mailing)
    assert (mailing.state, mailing.waiting_for) == (State.QUEUED, "look")


def test_a_mailing_made_after_the_memory_was_lost_waits_for_nothing(account, sandbox, nudges):
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
    from mailings.outbox import deliver

    really_send = deliver.send

    def flushed_send(claim, client):
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        return really_send(claim, client)

    monkeypatch.setattr(deliver, "send", flushed_send)
    let_go(mailing)
    assert mailing.state == State.QUEUED
    assert len(sandbox.jobs) == 1


def test_a_read_from_before_the_doubt_clears_nothing(account, sandbox, nudges):
    # given a whole read of the list, made before the backup that was restored
    delivered(account)
    waiting = queued(account)
    assert sync.pull_recent(account).complete
    restore(account)
    # when
    let_go(waiting)
    let_go(waiting)
    # then
    assert (waiting.state, waiting.waiting_for) == (State.QUEUED, "look")
    assert len(sandbox.jobs) == 1


def test_a_backup_from_before_a_flush_is_noticed_although_no_call_was_made_since(account, sandbox, nudges):
    # given a secret that Redis has replaced since, and the same attempts
    delivered(account)
    Account.objects.filter(pk=account.pk).update(memory="0" * 16)
    waiting = queued(account)
    # when
    let_go(waiting)
    # then
    assert (waiting.state, waiting.waiting_for) == (State.QUEUED, "look")


def test_a_read_of_other_days_clears_nothing(account, sandbox, nudges):
    # given a mailing whose job may be listed on the day after tomorrow, and a whole read of today
    delivered(account)
    waiting = queued(account, time="+2880")
    restore(account)
    let_go(waiting)
    account.refresh_from_db()
    today = timezone.now().date()
    assert sync.pull(account, today, today).reason in {"", "no_control"}
    # when
    let_go(waiting)
    # then
    assert (waiting.state, waiting.waiting_for) == (State.QUEUED, "look")
