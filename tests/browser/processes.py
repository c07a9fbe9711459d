"""Mailroom as it runs in earnest, for a browser: its own Redis, sandbox, database, web, worker and beat.

Every process lives under scripts/keep.py: it is gone when the test run is, however that ends.
"""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from cryptography.fernet import Fernet

from scripts.servers import Redis, Server, free_port, listens

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
# Who may do everything, and who may not cancel.
CHIEF, PLAIN = "clara", "olga"
PASSWORD = secrets.token_urlsafe(12)
SETTINGS = {
    "DEBUG": "0",
    "SYNC_SECONDS": "2",
    "SWEEP_SECONDS": "1",
    "SAME_REQUEST_SECONDS": "1",
    "SETTLE_AFTER_SECONDS": "600",
    "PROVIDER_CONNECT_SECONDS": "2",
    "PROVIDER_READ_SECONDS": "8",
    "PROVIDER_TOTAL_SECONDS": "10",
    "LEASE_SECONDS": "30",
}
MAKE_PLAIN = f"""
from django.contrib.auth.models import Group, User
User.objects.create_user({PLAIN!r}, password={PASSWORD!r}).groups.add(Group.objects.get(name="Operators"))
"""


def eventually(look: Callable[[], T], *, within: float = 30.0) -> T:
    """What `look` returns once that is true in Python's sense; AssertionError after `within` seconds."""
    until = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < until, f"not within {within} s"
        time.sleep(0.1)
    return found


class Truth:
    """The sandbox's control endpoints: what really became of every mailing at the provider."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/_sandbox/"

    def ask(self, path: str, data: Any = None, method: str | None = None) -> Any:
        """The answer to one request; POST when there is something to post."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self._address + path, body, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """Every job whose name ends so: ours begin with a reference."""
        return [job for job in self.ask("jobs")["jobs"] if job["name"].endswith(name)]

    def job(self, name: str) -> dict[str, Any]:
        """The only job whose name ends so."""
        (job,) = self.jobs(name)
        return job

    def calls(self, kind: str, job: str = "") -> list[dict[str, Any]]:
        """The calls of one kind, of one job when it is named; oldest first."""
        calls = [call for call in self.ask("calls")["calls"] if call["kind"] == kind]
        return [call for call in calls if not job or ["id", job] in call["parameters"]]

    def advance(self, seconds: float) -> None:
        self.ask("clock", {"advance": seconds})

    def fault(self, fault: str, calls: str, **options: Any) -> None:
        self.ask("faults", {"fault": fault, "calls": calls, **options})

    def clear_faults(self) -> None:
        self.ask("faults", method="DELETE")


class Mailroom:
    """A whole Mailroom in `folder`. `still`: web alone, so that rows stay as they were put there."""

    def __init__(self, folder: Path, *, still: bool = False, static: Path | None = None) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._servers: list[Server] = []
        try:
            self._start(still, static)
        except BaseException:
            self.stop()
            raise

    def _start(self, still: bool, static: Path | None) -> None:
        var = self.folder / "var"
        var.mkdir(parents=True)
        self.static = static or var / "static"
        if static:
            (var / "static").symlink_to(static)
        redis = Redis(self.folder / "redis")
        self._servers.append(redis)
        self._environment = SETTINGS | {
            "VAR_DIR": str(var),
            "DATABASE_URL": f"sqlite:///{var}/mailroom.sqlite3",
            "REDIS_URL": redis.url(),
            "PORT": str(self.port),
            "SECRET_KEY": secrets.token_urlsafe(40),
            "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GUNICORN_CMD_ARGS": "--graceful-timeout 2",  # a browser keeps its connections open
        }
        if not still:
            self._start_sandbox()
        self.manage("migrate", "--verbosity", "0")
        if not static:
            self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self._make_people()
        self._serve("web", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", ready=self._answers)
        if not still:
            self._serve("worker", "celery", "-A", "config", "worker")
            self._serve("beat", "celery", "-A", "config", "beat")
            eventually(self._works, within=60)

    def _start_sandbox(self) -> None:
        port = free_port()
        self.truth = Truth(port)
        self._environment |= {
            "SMSC_URL": f"http://127.0.0.1:{port}/sys/",
            "SMSC_LOGIN": "sandbox",
            "SMSC_PASSWORD": "sandbox",
        }
        command = ("manage.py", "sandbox", "--port", str(port))
        self._serve("sandbox", "python", *command, ready=lambda: listens(port))
        self.truth.ask("settings", {"same_request_seconds": 1})

    def _make_people(self) -> None:
        made = {"DJANGO_SUPERUSER_USERNAME": CHIEF, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        self.manage("createsuperuser", "--noinput", "--email", "", **made)
        self.manage("shell", "--command", MAKE_PLAIN)

    def another_web(self, name: str, **environment: str) -> str:
        """One more web process beside the first, with settings of its own; its address."""
        port = free_port()
        bind = ("--bind", f"127.0.0.1:{port}")
        self._serve(name, "gunicorn", "config.wsgi", *bind, ready=lambda: listens(port), **environment)
        return f"http://127.0.0.1:{port}"

    def manage(self, *arguments: str, **environment: str) -> str:
        """What a `manage.py` command prints."""
        return self.python("manage.py", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> str:
        """What a Python process with Mailroom's environment prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | self._environment | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _serve(
        self,
        name: str,
        program: str,
        *arguments: str,
        ready: Callable[[], bool] = lambda: True,
        **environment: str,
    ) -> None:
        assignments = [f"{key}={value}" for key, value in (self._environment | environment).items()]
        command = ["env", *assignments, str(Path(sys.executable).parent / program), *arguments]
        lock, log = self.folder / f"{name}.lock", self.folder / f"{name}.log"
        self._servers.append(Server(command, lock, ready, log=log))

    def _health(self) -> dict[str, str]:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return dict(json.load(answer))
        except (urllib.error.URLError, OSError):
            return {}

    def _answers(self) -> bool:
        return self._health().get("database") == "ok"

    def _works(self) -> bool:
        return self._health().get("worker") == "ok"

    def log(self) -> str:
        """All that the processes have written."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """Ends every process. Redis goes last: a worker that ends tells it what it has done."""
        redis, others = self._servers[:1], self._servers[1:]
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.stop, others))
        for server in redis:
            server.stop()
