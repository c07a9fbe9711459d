"""Celery as it was measured to be safe (docs/decisions/)."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.celery import app
from mailings import startup


def test_messages_are_json_without_results_and_taken_one_by_one() -> None:
    conf = app.conf

    assert (conf.task_serializer, conf.accept_content) == ("json", ["json"])
    assert conf.task_ignore_result is True
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_acks_late is False
    assert conf.broker_transport_options["socket_timeout"] == 5
    assert conf.broker_transport_options["visibility_timeout"] == 3600
    assert conf.get("CELERY_DB_REUSE_MAX") == 20


def test_every_task_of_the_schedule_exists() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_a_process_ends_in_one_sentence_when_its_account_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise ImproperlyConfigured("A live account needs SECRET_KEY in the environment.")

    monkeypatch.setattr("mailings.accounts.at_process_start", refuse)

    with pytest.raises(SystemExit, match="A live account needs SECRET_KEY"):
        startup.start()
