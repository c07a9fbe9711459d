"""One message makes a worker hand over all that is due, and no mailing holds up another."""

import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from mailings.accounts import limiter
from mailings.accounts.line import line_of
from mailings.models import Account, Mailing, State, Waiting
from mailings.outbox import drain, notify
from mailings.outbox.deliver import deliver_mailing
from mailings.outbox.drain import Drain
from tests.helpers.factories import queued


@pytest.fixture
def told(monkeypatch) -> list[int]:
    """The ids in the messages that would be sent to Celery."""
    found: list[int] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args, **_: found.append(*args))
    monkeypatch.setattr("django.db.transaction.on_commit", lambda send, **_: send())
    return found


def states() -> list[str]:
    return list(Mailing.objects.order_by("pk").values_list("state", flat=True))


def test_one_message_hands_over_all_that_is_due_and_nothing_else(account, told):
    mailings = [queued(account) for _ in range(4)]
    Mailing.objects.filter(pk=mailings[2].pk).update(not_before=timezone.now() + timedelta(seconds=60))

    Drain().work(mailings[1].pk)

    assert states() == [State.ACCEPTED, State.ACCEPTED, State.QUEUED, State.ACCEPTED]


def test_one_deliver_message_is_sent_until_a_worker_begins(account, told):
    first, second, third = (queued(account).pk for _ in range(3))
    told.clear()
    notify.begun()

    notify.send("deliver", first)
    notify.send("deliver", second)
    notify.begun()
    notify.send("deliver", third)

    assert told == [first, third]
    notify.send("deliver", second, surely=True)
    notify.send("fulfil", second)
    notify.send("deliver", second, after=1.0)
    assert told == [first, third, second, second, second]


def test_every_deliver_message_is_sent_while_redis_is_away(account, told, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    notify.send("deliver", 1)
    notify.send("deliver", 2)
    assert told == [1, 2]


def test_another_thread_is_asked_for_while_more_waits(account, told):
    mailings = [queued(account) for _ in range(3)]
    told.clear()
    notify.begun()

    Drain().work(mailings[0].pk)

    assert told in ([mailings[1].pk], [mailings[2].pk])


def test_a_thread_at_work_does_not_ask_for_another_with_each_mailing(account, told, monkeypatch):
    """A message costs a third of handing a mailing over, and most found no thread that was needed."""
    monkeypatch.setattr(drain, "NUDGE_SECONDS", 60.0)
    mailings = [queued(account) for _ in range(5)]
    told.clear()

    def deliver(pk: int) -> bool:
        notify.begun()  # a worker took the message: the next one would be sent
        return deliver_mailing(pk)

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    Drain().work(mailings[0].pk)

    # One as it begins, and one while it works.
    assert states() == [State.ACCEPTED] * 5
    assert len(told) == 2


def test_only_a_few_more_threads_work_than_calls_may_go_at_once(account, told, settings, monkeypatch):
    settings.CALLS_AT_ONCE = 1
    monkeypatch.setattr(drain, "SPARE", 0)
    mailings = [queued(account) for _ in range(3)]
    told.clear()
    notify.begun()
    inner: list[int] = []
    work = Drain()

    def deliver(pk: int) -> bool:
        if not inner:
            inner.append(pk)
            work.work(mailings[2].pk)  # a further message while the only allowed thread is working
        return deliver_mailing(pk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drain, "deliver_mailing", deliver)
        work.work(mailings[0].pk)

    assert states() == [State.ACCEPTED] * 3
    assert told == []


@pytest.mark.parametrize(("threads", "enters"), [(3, True), (4, False)])
def test_where_other_workers_have_the_permits_few_threads_wait_here(
    account, told, settings, threads: int, enters: bool
):
    """Given a process with one call under way, and a further message."""
    settings.CALLS_AT_ONCE = 14
    work = Drain()
    work._threads = threads
    line = line_of(account.identity)
    line.begun()

    work.work(queued(account).pk)

    line.ended()
    assert states() == [State.ACCEPTED if enters else State.QUEUED]


def test_without_a_call_under_way_more_threads_try(account, told, settings):
    """Given threads that wait for a permit of an account whose calls hang elsewhere."""
    settings.CALLS_AT_ONCE = 14
    work = Drain()
    work._threads = 8

    work.work(queued(account).pk)

    assert states() == [State.ACCEPTED]


def test_not_every_worker_goes_for_the_first_that_are_due(account, told, monkeypatch):
    due = [queued(account).pk for _ in range(30)]

    taken = [Drain()._found() for _worker in range(5)]

    assert all(len(set(one)) == drain.TAKEN and set(one) <= set(due) for one in taken)
    assert len({tuple(one) for one in taken}) > 1


def test_a_mailing_that_fails_stops_no_other_and_is_not_retried_by_other_messages(account, told, monkeypatch):
    first, second = queued(account), queued(account)
    tried: list[int] = []

    def deliver(pk: int) -> bool:
        tried.append(pk)
        if pk == first.pk:
            raise ValueError("a defect")
        return deliver_mailing(pk)

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    work = Drain()
    work.work(first.pk)
    work.work(second.pk)

    assert tried == [first.pk, second.pk, second.pk]
    assert states() == [State.QUEUED, State.ACCEPTED]


def test_a_mailing_that_cannot_go_now_is_postponed_and_others_go(account, told, monkeypatch):
    first, second = queued(account), queued(account)
    monkeypatch.setattr(drain, "deliver_mailing", lambda pk: pk != first.pk and deliver_mailing(pk))

    Drain().work(first.pk)

    first.refresh_from_db()
    assert states() == [State.QUEUED, State.ACCEPTED]
    assert timezone.now() < first.not_before <= timezone.now() + drain.REST
    assert second.pk


def test_an_account_goes_on_while_calls_of_it_are_under_way_here(account, told, monkeypatch):
    first, second = queued(account), queued(account)

    def deliver(pk: int) -> bool:
        if pk == first.pk:
            Mailing.objects.filter(pk=pk).update(waiting_for=Waiting.GATE)
            return False
        return deliver_mailing(pk)

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    line_of(account.identity).begun()

    Drain().work(first.pk)

    line_of(account.identity).ended()
    assert states() == [State.QUEUED, State.ACCEPTED]
    assert second.pk


def test_an_account_without_a_permit_keeps_no_other_waiting(account, told, monkeypatch):
    other = Account.objects.create(name="other", kind=account.kind, base_url=account.base_url)
    blocked = [queued(account).pk for _ in range(3)]
    free = queued(other)
    tried: list[int] = []

    def deliver(pk: int) -> bool:
        tried.append(pk)
        if pk in blocked:
            Mailing.objects.filter(pk=pk).update(waiting_for=Waiting.GATE)
        return pk not in blocked

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    told.clear()
    Drain().work(blocked[0])

    assert tried[:2] == [blocked[0], free.pk]
    assert not set(blocked[1:]) & set(tried)
    assert blocked[0] in told


def test_a_mailing_that_failed_is_retried_after_a_while(account, told, monkeypatch):
    first, second = queued(account), queued(account)
    failures = [ValueError("a defect")]

    def deliver(pk: int) -> bool:
        if pk == first.pk and failures:
            raise failures.pop()
        return deliver_mailing(pk)

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    work = Drain()
    work.work(first.pk)
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + drain.FAILED_RESTS)
    work.work(second.pk)

    assert states() == [State.ACCEPTED] * 2


def test_a_database_that_goes_away_leaves_nothing_behind_in_hand(account, told, monkeypatch):
    """Given rows that were read ahead, and a database that goes away before they are handed over."""
    mailings = [queued(account) for _ in range(3)]
    away = [True]

    def deliver(pk: int) -> bool:
        if away:
            raise OperationalError("the server went away")
        return deliver_mailing(pk)

    monkeypatch.setattr(drain, "deliver_mailing", deliver)
    monkeypatch.setattr(drain, "drop_dead_connections", lambda: None)
    work = Drain()
    with pytest.raises(OperationalError):
        work.work(mailings[0].pk)
    away.clear()
    work.work(mailings[1].pk)

    assert states() == [State.ACCEPTED] * 3


def test_a_thread_is_given_back_after_some_seconds_and_another_goes_on(account, told, monkeypatch):
    monkeypatch.setattr(drain, "SECONDS", 0.0001)
    first, second = queued(account), queued(account)
    told.clear()

    work = Drain()
    work.work(first.pk)

    # One message for another thread at the beginning, and one when this thread ends.
    assert told == [second.pk] * 2
    work.work(second.pk)
    assert states() == [State.ACCEPTED] * 2
    assert limiter.calls_last_hour(account.identity) == 2
