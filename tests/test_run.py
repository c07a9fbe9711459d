"""`make run`: it comes up, says where, and leaves no process behind, however it ends."""

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from scripts import keep
from scripts.servers import free_port, listens
from tests.helpers.services import OURS

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90
# Alone it takes five. Beside a whole suite twenty were too few once, and why is not known.
END_SECONDS = 60


def processes(mark: str) -> dict[int, str]:
    """Processes with `mark` in their environment, by id."""
    listing = subprocess.run(["ps", "axeww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    found = [line.split(None, 1) for line in listing.stdout.splitlines() if mark in line]
    return {int(pid): args for pid, args in found if not args.startswith("ps ")}


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


class Running:
    """A `make run` of this test's own, in a session of its own, with its own var folder."""

    def __init__(self, var: Path, **more: str) -> None:
        self.port = free_port()
        self.mark = f"VAR_DIR={var}"
        self.log = var.with_suffix(".log")
        drop = (*OURS, "DEBUG", "SECRET_KEY", "CREDENTIALS_KEYS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
        environment = {name: value for name, value in os.environ.items() if name not in drop}
        environment |= {"VAR_DIR": str(var), "PORT": str(self.port)} | more
        # A Redis that does not answer, so that the run brings its own.
        environment["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
        lock = var.with_suffix(".lock")
        self.lock = keep.hold(lock)  # a killed test run takes this one along
        with self.log.open("wb") as output:
            self.keeper = keep.start(
                lock, ["make", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output
            )

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def started(self) -> bool:
        return wait_for(
            lambda: "Mailroom: http" in self.said() or self.keeper.poll() is not None, START_SECONDS
        )

    def pid_of(self, part: str) -> int:
        """The first process whose command line this expression finds."""
        return min(pid for pid, args in processes(self.mark).items() if re.search(part, args))

    @property
    def make(self) -> int:
        return next(pid for pid, args in processes(self.mark).items() if args.startswith("make run"))

    def redis_port(self) -> int:
        """From its keeper's arguments: Redis overwrites its own, and its environment too."""
        found = re.search(r"--port (\d+) .*--appendonly", "\n".join(processes(self.mark).values()))
        assert found
        return int(found[1])

    def gone(self) -> bool:
        return wait_for(lambda: not processes(self.mark), END_SECONDS)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_with(tmp_path / "var") as run:
        yield run


@contextmanager
def running_with(var: Path, **more: str) -> Iterator[Running]:
    """A run that has said where it is, with these variables in its environment."""
    run = Running(var, **more)
    try:
        assert run.started(), run.said()
        yield run
    finally:
        os.close(run.lock)
        run.keeper.wait()


def shut_down(port: int) -> None:
    with redis.Redis(port=port) as client:
        client.shutdown(nosave=True)


ENDS: dict[str, Callable[[Running], None]] = {
    "Ctrl-C": lambda run: os.killpg(run.keeper.pid, signal.SIGINT),
    "a closed terminal": lambda run: os.killpg(run.keeper.pid, signal.SIGHUP),
    "SIGTERM to make": lambda run: os.kill(run.make, signal.SIGTERM),
    "SIGINT to make alone": lambda run: os.kill(run.make, signal.SIGINT),
    "SIGKILL to make": lambda run: os.kill(run.make, signal.SIGKILL),
    "SIGKILL to the script": lambda run: os.kill(run.pid_of("scripts.run"), signal.SIGKILL),
    "a dead Redis": lambda run: shut_down(run.redis_port()),
    "a dead worker": lambda run: os.kill(
        run.pid_of("^python -m scripts.celery .*config worker"), signal.SIGKILL
    ),
    "a dead keeper": lambda run: os.kill(
        run.pid_of("exec python -m scripts.celery .*config worker"), signal.SIGKILL
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_behind_after(end: str, running: Running) -> None:
    redis_port = running.redis_port()
    assert len(processes(running.mark)) > 5
    assert listens(redis_port)

    ENDS[end](running)

    assert running.gone(), processes(running.mark)
    assert not listens(redis_port)
    assert not listens(running.port)


def test_it_prints_an_address_that_answers_and_a_login_and_says_no_more_secret(running: Running) -> None:
    said = running.said()
    address = re.search(r"Mailroom: (http://127\.0\.0\.1:\d+/)   login: demo   password: \S+", said)

    assert address, said
    assert address[1] == f"http://127.0.0.1:{running.port}/"
    with urllib.request.urlopen(f"{address[1]}accounts/login/") as answer:
        assert answer.status == 200
        assert b'name="password"' in answer.read()
    assert "'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def missing_page(run: Running) -> str:
    """What is shown for an address that does not exist."""
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"http://127.0.0.1:{run.port}/nothing/here/")
    assert missing.value.code == 404
    return missing.value.read().decode()


def test_the_address_and_the_login_stand_last_on_the_screen_and_no_banner_above(running: Running) -> None:
    time.sleep(3)  # what might still be said after it
    said = running.said()

    assert said.rstrip().endswith("Ctrl-C ends all of it."), said
    assert re.fullmatch(r"Mailroom: http://\S+   login: demo   password: \S+", said.rstrip().splitlines()[-2])
    assert "celery@" in said
    assert not re.search(r"superuser|LocalTime|concurrency|\[queues\]|is starting", said), said


def test_a_missing_page_is_ours_unless_debug_was_asked_for(running: Running, tmp_path: Path) -> None:
    ours = missing_page(running)
    with running_with(tmp_path / "debug", DEBUG="1") as run:
        djangos = missing_page(run)

    assert "DEBUG = True" not in ours
    assert 'data-bs-theme="light"' in ours
    assert "DEBUG = True" in djangos
