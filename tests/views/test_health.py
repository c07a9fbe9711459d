"""What is away is said, and no page waits for it."""

import json
import socket
import time
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from mailings import health
from mailings.models import Account
from mailings.views import health as health_view
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_away(settings: Any) -> None:
    settings.REDIS_URL = NOWHERE


@pytest.fixture
def worker_there(redis_url: str) -> None:
    """And beat with it."""
    leave_signs()


def leave_signs(*silent: str) -> None:
    """What a worker and beat leave, but for those that are `silent`."""
    health.forget()
    for name, leave in {
        "work": health.leave_heartbeat,
        "worker": health.leave_sign_of_worker,
        "beat": health.leave_tick,
    }.items():
        if name not in silent:
            leave()


def test_healthy(client: Client, worker_there: None) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.content) == {
        "database": "ok",
        "redis": "ok",
        "disk": "ok",
        "worker": "ok",
        "beat": "ok",
        "clocks": "ok",
    }


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
        "beat": "silent",
        "clocks": "ok",
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


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (("work", "worker"), "No worker has reported lately"),
        (("work",), "A worker runs, but has finished nothing lately"),
        (("beat",), "The clock process (beat) has given no sign lately"),
        (("work", "beat"), "The clock process (beat) has given no sign lately"),
        (("work", "worker", "beat"), "Neither the clock process (beat) nor a worker"),
    ],
)
def test_pages_say_which_process_is_silent(
    page: Client, redis_url: str, silent: tuple[str, ...], expected: str
) -> None:
    leave_signs(*silent)
    said = health.warnings(Account.objects.all())
    assert [text for text in said if text.startswith(expected)] == said
    assert escape(expected).encode() in page.get("/").content


def test_a_sign_that_has_grown_old_is_none(page: Client, worker_there: None, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        connection.set(health.TICK_KEY, f"{time.time() - 90:.0f} 0.0")
    health.forget()
    assert b"The clock process (beat) has given no sign lately" in page.get("/").content


@pytest.mark.parametrize(
    ("key", "process"), [("RUNS_KEY", "a worker"), ("TICK_KEY", "the clock process (beat)")]
)
def test_pages_say_whose_clock_is_off(
    page: Client, worker_there: None, redis_url: str, key: str, process: str
) -> None:
    """Given a process whose ticks run out before they are taken."""
    with redis.Redis.from_url(redis_url) as connection:
        connection.set(getattr(health, key), f"{time.time():.0f} -20.0")
    health.forget()
    said = f"The clock of {process} differs by 20 s from that of Redis"
    assert [text.split(":")[0] for text in health.warnings(Account.objects.all())] == [said]
    assert said.encode() in page.get("/").content
    assert json.loads(page.get("/healthz").content)["clocks"] == "differ"


def test_a_process_measures_its_own_clock(redis_url: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        leave_signs()
        signs = health.read_signs()
    assert signs.ticked is not None
    assert 29 < signs.ticked.ahead < 31
    assert 29 < signs.ahead < 31
    assert signs.ticked.seconds < 2


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


@pytest.mark.parametrize(("failed", "said"), [(95, False), (5, True)])
def test_a_list_that_cannot_be_read_is_told_of_at_its_second_failure(
    page: Client, worker_there: None, failed: int, said: bool
) -> None:
    now = timezone.now()
    read, failed_at = now - timedelta(seconds=185), now - timedelta(seconds=failed)
    account(list_read_at=read, list_failed_at=failed_at, last_ok_at=now)
    assert (b"The list of SMS Centre cannot be read" in page.get("/").content) is said


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
    leave_signs()
    assert not health.read_signs().redis
