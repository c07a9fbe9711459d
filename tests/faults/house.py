"""The installation that a campaign runs on: servers, providers behind proxies, workers, beat and web.

All processes run under scripts/keep.py, or are forked from one that does, so that they end when this process
does, in any way.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from scripts.servers import PostgreSQL, Redis, Server, free_port, listens
from tests.faults.plan import CALLS_AT_ONCE, SECONDS, Plan, Seeded
from tests.faults.proxy import HOST, Proxy, Witness

DIALECTS = ("plain", "strange", "short", "bare")
OURS = ("SMSC_URL", "SMSC_LOGIN", "SMSC_PASSWORD", "SMSC_API_KEY", "CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES")


@dataclass
class Provider:
    """One sandbox, the proxy in front of it, and its credentials."""

    name: str
    login: str
    password: str
    apikey: str
    port: int
    proxy: Proxy

    def control(self, what: str, asked: Any = None, method: str = "") -> Any:
        """One request to the sandbox's control endpoints, not through the proxy."""
        body = None if asked is None else json.dumps(asked).encode()
        url = f"http://{HOST}:{self.port}/_sandbox/{what}"
        request = urllib.request.Request(url, body, method=method or ("GET" if body is None else "POST"))
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("jobs")["jobs"]
        return found

    def counters(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("counters")
        return found

    def trouble(self, share: float) -> None:
        """From now on this share of calls meets a fault of the proxy; some also the sandbox's saved_late."""
        self.proxy.share = share
        self.control("faults", method="DELETE")
        if share:
            self.control("faults", [self._saved_late(answer, share) for answer in LATE_ANSWERS])

    def _saved_late(self, answer: str, share: float) -> dict[str, Any]:
        each = 0.1 * share
        return {
            "fault": "saved_late",
            "calls": ["add", "cancel", "del"],
            "count": None,
            "probability": each,
            "seconds": SECONDS.saved_late,
            "answer": answer,
        }


LATE_ANSWERS = ("cut", "error", "refused")


class Worker:
    """The process of a worker or of beat."""

    def __init__(self, name: str, pid: int) -> None:
        self.name, self.pid = name, pid
        self.born = time.monotonic()
        self.frozen_until = 0.0

    @property
    def age(self) -> float:
        return time.monotonic() - self.born

    @property
    def alive(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


class House:
    """The installation. The constructor starts servers and providers; call `work` once the tables exist."""

    def __init__(self, plan: Plan, folder: Path, seeded: Seeded, witness: Witness) -> None:
        self.plan, self.folder, self.seeded = plan, folder, seeded
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.servers: list[Server] = []
        self.workers: list[Worker] = []
        self.beat: Worker | None = None
        self._made = 0
        self.redis_port = free_port()
        self.redis = Redis(folder / "redis", port=self.redis_port)
        self.environment = self._environment()
        os.environ |= self.environment
        self.providers = [self._provider(number, witness) for number in range(len(DIALECTS))]
        # One more, without faults, for phases that count calls exactly.
        self.quiet = self._provider(len(DIALECTS), lambda stage, kind, port: None)

    def _environment(self) -> dict[str, str]:
        for name in OURS:
            os.environ.pop(name, None)
        if self.plan.database == "sqlite":
            database = f"sqlite:///{self.folder}/mailroom.sqlite3"
        else:
            cluster = PostgreSQL()
            self.servers.append(cluster)
            database = cluster.url("postgres")
        return SECONDS.environment() | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "0",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "VAR_DIR": str(self.folder / "var"),
            "DATABASE_URL": database,
            "REDIS_URL": self.redis.url(),
            "SECRET_KEY": secrets.token_urlsafe(40),
            "CREDENTIALS_KEYS": self.seeded.django_key,
            "CALLS_AT_ONCE": str(CALLS_AT_ONCE),
            "PYTHONUNBUFFERED": "1",
        }

    def _provider(self, number: int, witness: Witness) -> Provider:
        name, port = f"provider-{number}", free_port()
        options = {
            "port": port,
            "dialect": DIALECTS[number % len(DIALECTS)],
            "seed": self.plan.seed + number,
            "same_request_seconds": SECONDS.same_request * 0.9,
            "going_seconds": 3.0,
            "credentials": {
                "login": f"login{number}",
                "password": self.seeded.password,
                "apikey": self.seeded.key,
            },
        }
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(options))
        command = [sys.executable, "-m", "tests.faults.provider", str(file)]
        self.start(name, command, ready=lambda: listens(port))
        proxy = Proxy(port, seed=self.plan.seed * 100 + number, pace=SECONDS.pace, witness=witness)
        credentials = options["credentials"]
        assert isinstance(credentials, dict)
        return Provider(name=name, port=port, proxy=proxy, **credentials)

    def start(self, name: str, command: list[str], ready: Callable[[], bool]) -> Server:
        server = Server(command, self.folder / f"{name}.lock", ready, log=self.logs / f"{name}.log")
        self.servers.append(server)
        return server

    # --- workers, beat, web -----------------------------------------------------------------------------

    def work(self) -> None:
        """Start the nursery, the workers and beat."""
        where = self.folder / "nursery"
        command = [sys.executable, "-m", "tests.faults.nursery", str(where), str(self.logs)]
        self.start("nursery", command, ready=where.exists)
        line = socket.socket(socket.AF_UNIX)
        line.connect(str(where))
        self._nursery = line.makefile("rw")
        self.beat = self._fork("beat")
        self.fill_up()

    def rest(self) -> None:
        """Kill all workers and beat."""
        for process in (*self.workers, *([self.beat] if self.beat else [])):
            process.signal(signal.SIGKILL)
        self.workers = []

    def go_on(self) -> None:
        """Start workers and beat again."""
        self.fill_up()
        self.kill_beat()

    def serve(self) -> int:
        """Start the web process; returns its port."""
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}"]
        self.start("web", [*command, "--workers", "1"], ready=lambda: listens(port))
        return port

    def spawn(self) -> Worker:
        self._made += 1
        worker = self._fork(f"worker{self._made}")
        self.workers.append(worker)
        return worker

    def _fork(self, name: str) -> Worker:
        self._nursery.write(f"{name}\n")
        self._nursery.flush()
        return Worker(name, int(self._nursery.readline()))

    def kill_beat(self) -> None:
        """Kill beat by SIGKILL, perhaps while it writes its schedule, and start a new one at once."""
        if self.beat:
            self.beat.signal(signal.SIGKILL)
            while self.beat.alive:
                time.sleep(0.01)
        self.beat = self._fork("beat")

    def fill_up(self) -> None:
        """Forget dead workers, wake frozen ones whose time is over, and start as many as are missing."""
        self.workers = [worker for worker in self.workers if worker.alive]
        for worker in self.workers:
            if worker.frozen_until and time.monotonic() >= worker.frozen_until:
                worker.frozen_until = 0.0
                worker.signal(signal.SIGCONT)
        while len(self.awake()) < self.plan.workers:
            self.spawn()

    def awake(self) -> list[Worker]:
        return [worker for worker in self.workers if not worker.frozen_until]

    def thaw(self) -> None:
        for worker in self.workers:
            worker.frozen_until = 0.0
            worker.signal(signal.SIGCONT)

    def owner(self, port: int) -> Worker | None:
        """The worker whose socket has this local port. Found in Linux's /proc; None on other systems."""
        inode = _inode_of(port)
        if not inode:
            return None
        for worker in list(self.workers):
            with contextlib.suppress(OSError):
                for link in Path(f"/proc/{worker.pid}/fd").iterdir():
                    with contextlib.suppress(OSError):
                        if str(link.readlink()) == f"socket:[{inode}]":
                            return worker
        return None

    # --- Redis ------------------------------------------------------------------------------------------

    def flush_redis(self) -> None:
        with self._redis() as client:
            client.flushall()

    def kill_redis(self) -> None:
        """Kill the Redis server by SIGKILL. `revive_redis` starts a new one on its data."""
        os.kill(self._redis_pid(), signal.SIGKILL)
        self.redis.stop()

    def revive_redis(self) -> None:
        self.redis = Redis(self.folder / "redis", port=self.redis_port)

    def freeze_redis(self, *, on: bool) -> None:
        if on:
            self._frozen_redis = self._redis_pid()
        os.kill(self._frozen_redis, signal.SIGSTOP if on else signal.SIGCONT)

    def _redis_pid(self) -> int:
        with self._redis() as client:
            return int(client.info("server")["process_id"])

    def _redis(self) -> Any:
        return redis.Redis.from_url(self.redis.url(), socket_timeout=5)

    def stop(self) -> None:
        for process in (*self.workers, *([self.beat] if self.beat else [])):
            process.signal(signal.SIGKILL)
        for provider in (*self.providers, self.quiet):
            provider.proxy.stop()
        for server in reversed(self.servers):
            server.stop()
        self.redis.stop()


def _inode_of(port: int) -> str:
    """The inode of the loopback socket with this local port; "" if there is none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1] == f"0100007F:{port:04X}" and fields[9] != "0":
                return fields[9]
    return ""
