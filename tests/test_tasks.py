"""The tasks do what their names say, by id, and leave no trace in Celery."""

import pytest
from celery import current_app
from django.conf import settings

from mailings import delivery, forms, lookups, outbox, sync, tasks
from mailings.recipients import imports

BY_MAILING = {"deliver": "deliver_and_go_on", "fulfil": "fulfil", "verify": "verify"}
SLOW = ("price", "pull_catalogs")
BY_ACCOUNT = ("pull_recent", "pull_two_months", "refresh_account")


@pytest.mark.parametrize(
    "name", ["sweep", "clear_uploads", "pull_deliveries", "read_import", *SLOW, *BY_MAILING, *BY_ACCOUNT]
)
def test_a_task_is_known_by_its_name_and_keeps_no_result(name: str):
    task = current_app.tasks[f"mailings.tasks.{name}"]

    assert task.ignore_result
    assert not task.acks_late


def test_beat_asks_only_for_tasks_that_there_are():
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert asked <= set(current_app.tasks)


@pytest.mark.parametrize("name", sorted(BY_MAILING))
def test_a_nudge_is_for_one_mailing(name: str, monkeypatch):
    done: list[int] = []
    monkeypatch.setattr(outbox, BY_MAILING[name], done.append)

    getattr(tasks, name)(17)

    assert done == [17]


def test_a_long_file_is_read_from_a_queue_of_its_own(monkeypatch):
    done: list[int] = []
    monkeypatch.setattr(imports, "read_import", done.append)

    tasks.read_import(17)

    assert done == [17]


def test_the_sweep_is_one_round(monkeypatch):
    rounds: list[int] = []
    monkeypatch.setattr(outbox, "sweep", lambda: rounds.append(1))

    tasks.sweep()

    assert rounds == [1]


def test_old_uploads_are_cleared_away_by_the_clock(monkeypatch):
    cleared: list[int] = []
    monkeypatch.setattr(forms, "clear_away", lambda: cleared.append(1))

    tasks.clear_uploads()

    assert cleared == [1]


@pytest.mark.parametrize("name", BY_ACCOUNT)
def test_work_on_accounts_is_handed_on_with_its_id(name: str, monkeypatch):
    done: list[tuple[object, object]] = []
    monkeypatch.setattr(sync, "each_account", lambda work, account_id: done.append((work, account_id)))

    getattr(tasks, name)(5)

    assert done == [(getattr(sync, name), 5)]


def test_deliveries_are_asked_for_by_account(monkeypatch):
    done: list[tuple[object, object]] = []
    monkeypatch.setattr(sync, "each_account", lambda work, account_id: done.append((work, account_id)))

    tasks.pull_deliveries(5)

    assert done == [(delivery.pull_due, 5)]


def test_the_lists_of_an_account_and_prices_are_looked_up(monkeypatch):
    done: list[object] = []
    monkeypatch.setattr(lookups, "answer", done.append)
    monkeypatch.setattr(sync, "each_account", lambda work, account_id: done.append((work, account_id)))

    tasks.price(3)
    tasks.pull_catalogs(5)

    assert done == [3, (lookups.pull_catalogs, 5)]


@pytest.mark.parametrize(
    ("name", "queue"),
    [
        ("deliver", "celery"),
        ("fulfil", "celery"),
        ("price", "slow"),
        ("pull_catalogs", "slow"),
        ("pull_deliveries", "deliveries"),
        ("read_import", "imports"),
    ],
)
def test_what_may_take_long_has_a_queue_of_its_own_that_every_worker_reads(name: str, queue: str):
    routed = current_app.amqp.router.route({}, f"mailings.tasks.{name}")["queue"].name

    assert routed == queue
    assert queue in current_app.amqp.queues.consume_from
