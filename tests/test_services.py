"""Our own Redis and PostgreSQL: they start, serve, and are gone however their owner ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from scripts.servers import PostgreSQL, Redis, listens

ROOT = Path(__file__).resolve().parents[1]
OWNER = (
    "import sys, time; from scripts.servers import {kind}; server = {kind}();"
    "print(server.port, flush=True); time.sleep(60)"
)


@pytest.mark.django_db
def test_the_database_of_the_tests_is_a_file_or_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert "memory" not in str(connection.settings_dict["NAME"])


def test_redis_keeps_what_it_is_given_and_never_evicts(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert redis_url == settings.REDIS_URL


def test_a_stopped_redis_comes_back_with_its_data(tmp_path: Path) -> None:
    with Redis(tmp_path) as server, redis.Redis.from_url(server.url()) as client:
        client.set("kept", "yes")
    assert not listens(server.port)

    with Redis(tmp_path) as server, redis.Redis.from_url(server.url()) as client:
        assert client.get("kept") == b"yes"


def test_postgresql_serves_and_goes() -> None:
    with PostgreSQL() as server, psycopg.connect(server.url("postgres")) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert not listens(server.port)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("kind", ["Redis", "PostgreSQL"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_server_does_not_outlive_its_owner(kind: str, number: signal.Signals, open_folder: Path) -> None:
    command = [sys.executable, "-c", OWNER.format(kind=kind)]
    environment = os.environ | {"TMPDIR": str(open_folder)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        port = int(owner.stdout.readline())
        assert listens(port)
        owner.send_signal(number)

    deadline = time.monotonic() + 10
    while (listens(port) or any(open_folder.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listens(port)
    assert list(open_folder.iterdir()) == []


def test_each_worker_of_a_run_has_a_redis_database_of_its_own() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw-1")

    assert settings.REDIS_URL.endswith(f"/{int(worker.removeprefix('gw')) + 1}")
    assert settings.CELERY_BROKER_URL == settings.REDIS_URL


def test_settings_that_were_read_before_ours_stop_the_run() -> None:
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/test_services.py"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Unset DJANGO_SETTINGS_MODULE" in done.stderr + done.stdout
