"""What is away is said, and no page waits for it."""

import json
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import health
from mailings.views import health as health_view
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_away(settings: Any) -> None:
    settings.REDIS_URL = NOWHERE


@pytest.fixture
def worker_there(redis_url: str) -> None:
    health._written["at"] = float("-inf")
    health.leave_heartbeat()


def test_healthy(client: Client, worker_there: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.content) == {"database": "ok", "redis": "ok", "disk": "ok", "worker": "ok"}


def test_a_silent_worker_is_told_of(client: Client, redis_url: str) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.content)["worker"] == "silent"


def test_redis_away_is_unhealthy(client: Client, redis_away: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert json.loads(answer.content) == {
        "database": "ok",
        "redis": "failed",
        "disk": "ok",
        "worker": "silent",
    }


def test_a_full_disk_is_unhealthy(
    client: Client, worker_there: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_FREE", 1 << 62)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert json.loads(answer.content)["disk"] == "full"


def test_a_broken_database_is_unhealthy(
    client: Client, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def cursor(self) -> Any:
            raise DatabaseError("secret words")

    monkeypatch.setattr(health_view, "connection", Broken())
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert b"secret" not in answer.content


def test_pages_work_and_say_that_redis_is_away(page: Client, redis_away: None) -> None:
    for path in ("/", "/mailings/", f"/mailings/{row().pk}/"):
        assert b"The queue (Redis) cannot be reached" in page.get(path).content


def test_pages_do_not_wait_for_a_frozen_redis(page: Client, settings: Any) -> None:
    """A server that takes connections and says nothing, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        settings.REDIS_URL = f"redis://127.0.0.1:{frozen.getsockname()[1]}/0"
        begun = time.monotonic()
        assert b"The queue (Redis) cannot be reached" in page.get("/mailings/").content
        assert time.monotonic() - begun < 1.5


def test_pages_say_that_no_worker_has_reported(page: Client, redis_url: str) -> None:
    assert b"No worker has reported lately" in page.get("/").content


def test_pages_say_nothing_when_all_is_there(page: Client, worker_there: None) -> None:
    assert b"alert-warning" not in page.get("/").content


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"breaker": "login", "breaker_at": timezone.now()}, b"refused the login"),
        ({"breaker": "block", "breaker_until": timezone.now()}, b"has blocked account"),
        ({"breaker": "block"}, b"has blocked account"),
        ({"last_error_at": timezone.now()}, b"is not answering"),
        (
            {"last_error_at": timezone.now(), "last_ok_at": timezone.now() - timedelta(hours=1)},
            b"is not answering",
        ),
        ({"list_read_at": timezone.now() - timedelta(hours=1)}, b"the clock process (beat) does not run"),
        (
            {
                "list_read_at": timezone.now() - timedelta(hours=1),
                "list_failed_at": timezone.now(),
                "last_ok_at": timezone.now(),
                "last_error_at": timezone.now() - timedelta(seconds=1),
            },
            b"The list of SMS Centre cannot be read",
        ),
    ],
)
def test_pages_say_what_stops_an_account(
    page: Client, worker_there: None, fields: dict[str, Any], expected: bytes
) -> None:
    account(**fields)
    assert expected in page.get("/").content


def test_one_failed_call_is_no_alarm(page: Client, worker_there: None) -> None:
    now = timezone.now()
    account(last_error_at=now, last_ok_at=now - timedelta(seconds=10))
    assert b"alert-warning" not in page.get("/mailings/").content


def test_refresh_asks_a_worker(page: Client, worker_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "mailings.views.today.current_app.send_task", lambda name, **kwargs: asked.append(name)
    )
    answer = page.post(reverse("refresh"), {"next": "/mailings/"})
    assert answer["Location"] == "/mailings/"
    assert asked == ["mailings.tasks.pull_recent"]


def test_refresh_without_redis_says_so(page: Client, redis_away: None) -> None:
    answer = page.post(reverse("refresh"), {"next": "https://evil.example/"}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert b"nothing can be refreshed now" in answer.content


def test_refresh_survives_a_broker_that_dies_meanwhile(
    page: Client, worker_there: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(name: str, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("mailings.views.today.current_app.send_task", dead)
    assert b"nothing can be refreshed now" in page.post(reverse("refresh"), follow=True).content


def test_a_probe_is_asked_for_by_staff(page: Client, chief_page: Client, worker_there: None) -> None:
    stopped = account(breaker="login", breaker_at=timezone.now())
    assert page.post(reverse("probe", args=[stopped.pk])).status_code == 403
    assert b"will be tried once" in chief_page.post(reverse("probe", args=[stopped.pk]), follow=True).content
    stopped.refresh_from_db()
    assert stopped.probe_asked_at is not None


def test_the_sign_of_life_of_a_worker_survives_a_dead_redis(redis_away: None) -> None:
    health._written["at"] = float("-inf")
    health.leave_heartbeat()
    assert not health.read_pulse().redis
