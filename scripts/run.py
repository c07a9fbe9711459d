"""`make run`: Mailroom with all that it needs, on this machine, until Ctrl-C.

Starts Redis (unless one answers already) and the sandbox provider, then the Procfile's web, worker and beat.
All of them run under scripts/keep.py, so that they end when this process does, even by SIGKILL.
"""

import os
import secrets
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

from scripts import keep
from scripts.servers import Redis, Server, free_port, listens, redis_answers

ROOT = Path(__file__).resolve().parent.parent
DEMO_LOGIN = "demo"
# Celery warns when it runs as root. For a trial on one's own machine that is noise; real workers still warn.
QUIET = "ignore::UserWarning:celery.platforms"
# The welcome is printed after the worker's "ready", or after this long in case that wording ever changes.
PATIENCE_SECONDS = 30.0


def main() -> int:
    """Run until stopped. Exit code 0 if asked to stop, else that of the process that ended first."""
    os.environ.setdefault("PLAIN_HTTP", "1")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.chdir(ROOT)
    django.setup()
    lock = Path(settings.VAR_DIR) / "run.lock"
    try:
        keep.hold(lock)
    except BlockingIOError:
        print("Mailroom runs from this folder already; stop that one first.", file=sys.stderr)
        return 1
    port = web_port()
    if not port:
        print(f"Port {settings.PORT} is taken: try PORT={free_port()} make run.", file=sys.stderr)
        return 1
    servers: list[Server] = []
    try:
        return serve(lock, port, servers)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        for server in reversed(servers):
            server.stop()


def serve(lock: Path, port: int, servers: list[Server]) -> int:
    """Start servers (added to `servers`) and processes; returns the exit code once a process has ended."""
    var = Path(settings.VAR_DIR)
    if not redis_answers(settings.REDIS_URL):
        redis = Redis(var / "redis")
        servers.append(redis)
        os.environ["REDIS_URL"] = settings.REDIS_URL = settings.CELERY_BROKER_URL = redis.url()
    sandbox_port = free_port()
    servers.append(sandbox(sandbox_port, var / "sandbox"))
    password = prepare(f"http://127.0.0.1:{sandbox_port}/sys/", var)

    environment = os.environ | {
        "PORT": str(port),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": QUIET,
    }
    screen = Screen()
    manager = Manager(screen)
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        kept = shlex.join([sys.executable, str(ROOT / "scripts/keep.py"), str(lock), "--", "sh", "-c"])
        manager.add_process(name, f"exec {kept} {shlex.quote(f'exec {command}')}", env=environment)
    welcome = f"Mailroom: http://127.0.0.1:{port}/   login: {DEMO_LOGIN}   password: {password}"
    watch(servers, lambda: listens(port) and screen.still(), welcome)
    manager.loop()
    signal.setitimer(signal.ITIMER_REAL, 0)
    return 0 if manager.returncode in (130, 143) else int(manager.returncode or 0)


def web_port() -> int:
    """PORT if it is free. If it is taken: another one, or 0 if the environment asks for PORT explicitly."""
    if not listens(settings.PORT):
        return settings.PORT
    return 0 if "PORT" in os.environ else free_port()


def sandbox(port: int, folder: Path) -> Server:
    """Start the sandbox provider, which keeps its jobs in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "manage.py"), "sandbox", "--port", str(port)]
    command += ["--state", str(folder / "jobs.sqlite3")]
    return Server(command, folder / "lock", lambda: listens(port), log=folder / "log")


def prepare(sandbox_url: str, var: Path) -> str:
    """Make the sandbox's account, sample data and a first login; returns that login's password."""
    import_string("mailings.accounts.ensure_sandbox_account")(sandbox_url)
    password = demo_password(var / "demo_password")
    call_command("sample_data")
    return password


def demo_password(path: Path) -> str:
    """The demo login's password. Makes the login if there are no users yet; later reads it from `path`."""
    users: Any = apps.get_model("auth", "User").objects
    if not users.exists():
        password = secrets.token_urlsafe(9)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        users.create_superuser(DEMO_LOGIN, password=password)
        return password
    kept = path.read_text() if path.exists() else ""
    user = users.filter(username=DEMO_LOGIN).first()
    return kept if kept and user and user.check_password(kept) else "(as you set it)"


class Screen(Printer):
    """Prints the processes' output, and notices when their start-up messages are over."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self._began = self._last = time.monotonic()
        self._worker_ready = False

    def write(self, message: Message) -> None:
        """Print one line of a process."""
        super().write(message)
        self._last = time.monotonic()
        self._worker_ready |= message.name == "worker" and b" ready." in message.data

    def still(self) -> bool:
        """Whether the worker is ready and nothing was printed for a second."""
        now = time.monotonic()
        return (self._worker_ready and now - self._last > 1) or now - self._began > PATIENCE_SECONDS


def watch(servers: list[Server], arrived: Callable[[], bool], welcome: str) -> None:
    """Twice a second: print the welcome once all has arrived; stop if a server, our parent or make is gone.

    By a timer signal, not a thread, because honcho forks.
    """
    parent = os.getppid()
    welcomed = False

    def check(*_: object) -> None:
        nonlocal welcomed
        if not welcomed and arrived():
            welcomed = True
            # Not print(): this signal handler may have interrupted one, and print is not re-entrant.
            os.write(sys.stdout.fileno(), f"\n{welcome}\nCtrl-C ends all of it.\n\n".encode())
        if not all(server.running for server in servers) or os.getppid() != parent or interrupted(parent):
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, 1.0, 0.5)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def interrupted(parent: int) -> bool:
    """Whether make, our parent, got SIGINT or SIGHUP by itself.

    make then blocks the signal and waits for us, without passing it on; Linux shows that in /proc. A Ctrl-C
    reaches us too, and does not need this.
    """
    try:
        status = Path(f"/proc/{parent}/status").read_text()
    except OSError:
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    blocked = int(fields.get("SigBlk", "0"), 16)
    either = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGHUP - 1)
    return fields.get("Name") == "make" and bool(blocked & either)


if __name__ == "__main__":
    sys.exit(main())
