"""A worker outlives what happens to Redis, and none of its threads keeps a dead database connection."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from celery import current_app
from django.db import OperationalError, connections

from config.environment import database
from mailings import health, startup, tasks
from mailings.models import patience
from scripts.servers import PostgreSQL, Redis

ROOT = Path(__file__).resolve().parents[2]


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    with Redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def worker(own_redis: Redis, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with a database and a Redis of its own, once it has done something."""
    environment = os.environ | {
        "REDIS_URL": own_redis.url(),
        "VAR_DIR": str(tmp_path / "var"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/mailroom.sqlite3",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel", "CRITICAL"]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    with redis.Redis.from_url(own_redis.url()) as client:
        until(lambda: client.get(health.KEY))
    yield running
    running.terminate()
    running.wait(20)


def test_a_worker_waits_for_a_redis_that_refuses_to_be_written_to(
    own_redis: Redis, worker: subprocess.Popen[bytes]
) -> None:
    """Given a failover, after which our Redis is a replica for some seconds."""
    with redis.Redis.from_url(own_redis.url()) as client:
        client.replicaof("127.0.0.1", "1")
        time.sleep(5)
        assert worker.poll() is None
        client.replicaof("NO", "ONE")
        client.delete(health.KEY)
        time.sleep(health.REMEMBER_SECONDS)
        with current_app.connection(own_redis.url()) as broker:
            current_app.send_task("mailings.tasks.sweep", connection=broker)
        until(lambda: client.get(health.KEY))
    assert worker.poll() is None


def test_a_worker_with_nothing_to_do_gives_a_sign_and_beat_gives_its_own(
    own_redis: Redis, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with redis.Redis.from_url(own_redis.url()) as client:
        until(lambda: client.get(health.RUNS_KEY))
        assert client.get(health.TICK_KEY) is None
        environment = os.environ | {"REDIS_URL": own_redis.url(), "VAR_DIR": str(tmp_path / "var")}
        environment |= {"DATABASE_URL": f"sqlite:///{tmp_path}/mailroom.sqlite3", "SWEEP_SECONDS": "1"}
        command = [sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "CRITICAL"]
        beat = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            until(lambda: client.get(health.TICK_KEY))
        finally:
            beat.terminate()
            beat.wait(20)


def test_a_connection_that_postgresql_dropped_fails_no_task(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> None:
    with PostgreSQL() as cluster, django_db_blocker.unblock():
        # given a thread whose connection is cut between two tasks
        url = cluster.url("postgres")
        settings = {**connections.databases["default"], "OPTIONS": {}, **database(url, ROOT, 180.0)}
        monkeypatch.setitem(connections.databases, "dropped", settings)
        connection = connections["dropped"]
        try:
            pid = _ask(connection, "SELECT pg_backend_pid()")
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
            # when the next task begins
            startup.drop_dead_connection(task=tasks.sweep)
            # then
            assert _ask(connection, "SELECT 1") == 1
        finally:
            connection.close()
            del connections["dropped"]


def test_what_a_lost_host_holds_is_free_when_its_lease_ends() -> None:
    """Given PostgreSQL, which would keep the rows of a transaction that nobody ends for hours."""
    url = "postgres://mailroom@db.internal/mailroom"
    assert "idle_in_transaction_session_timeout=90000" in database(url, ROOT, 90.0)["OPTIONS"]["options"]
    # what stands in the address comes first
    assert database(f"{url}?options=-cx", ROOT, 90.0)["OPTIONS"]["options"] == "-cx"


def _ask(connection: Any, query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_an_answer_is_kept_until_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a database that is away twice
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    dropped: list[None] = []
    monkeypatch.setattr(patience, "drop_dead_connections", lambda: dropped.append(None))
    tries: list[None] = []

    def write() -> str:
        tries.append(None)
        if len(tries) < 3:
            raise OperationalError("terminating connection due to administrator command")
        return "written"

    # then
    assert patience.until_written(write, "An answer") == "written"
    assert len(dropped) == 2
