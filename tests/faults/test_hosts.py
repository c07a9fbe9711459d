"""Two hosts with a worker and pages each, one PostgreSQL, one Redis; one host is cut off and comes back."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import psycopg
import pytest
from cryptography.fernet import Fernet

from mailings.accounts.line import CLAIMED_EARLY
from scripts.servers import PostgreSQL, Redis, free_port
from tests.faults.hosts import LOOPBACK, Host, hosts

ROOT = Path(__file__).resolve().parent.parent.parent
MAILINGS, CALLS_AT_ONCE = 90, 3
TOTAL, LEASE = 6, 9
PATIENCE = 240.0
# Stands for beat. It has to go on: a nudge that reaches a host without its database is lost, and a later
# sweep sends another.
SWEEPS = """
import time
from mailings import outbox
while True:
    outbox.sweep()
    time.sleep(1)
"""


class Provider(ThreadingHTTPServer):
    """Accepts every job after 0.3 s, and lists them. `jobs`: names received. `most`: most calls at once."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Call)
        self.jobs: list[str] = []
        self.lock = threading.Lock()
        self.now = self.most = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Call(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        with self.server.lock:
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
        time.sleep(0.3)
        answer = self._answer(form)
        with self.server.lock:
            self.server.now -= 1
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, form: dict[str, list[str]]) -> object:
        with self.server.lock:
            if "add" in form:
                self.server.jobs.append(form["name"][0])
                return {"id": len(self.server.jobs), "cost": "1.40"}
            if "get_all" in form:
                return [{"id": at, "name": name} for at, name in enumerate(self.server.jobs, 1)]
        return {"error": "no such call here", "error_code": 1}

    def log_message(self, *args: object) -> None:
        pass


class Machines:
    """The processes on the two hosts, and their database."""

    def __init__(
        self, folder: Path, two: list[Host], cluster: PostgreSQL, environment: dict[str, str]
    ) -> None:
        self.folder, self.two, self.cluster, self.environment = folder, two, cluster, environment
        self.processes: list[subprocess.Popen[bytes]] = []
        self.pages: dict[Host, int] = {}

    def manage(self, *words: str, given: str = "") -> None:
        command = [sys.executable, "manage.py", *words]
        subprocess.run(
            command, cwd=ROOT, env=self.environment, input=given.encode(), check=True, capture_output=True
        )

    def seed(self) -> None:
        """Make the tables and MAILINGS queued mailings."""
        orders = [
            {"options": {"name": f"Order {at}", "phones": f"7999{at:07}", "mes": "Hello"}, "submit": True}
            for at in range(MAILINGS)
        ]
        self.manage("migrate", "--verbosity", "0")
        self.manage("mailings", "create", "-", given="\n".join(map(json.dumps, orders)))

    def start(self, host: Host) -> None:
        environment = self.environment | {
            "DATABASE_URL": f"postgres://mailroom@127.0.0.1:{host.gates['database'].port}/hosts",
            "PGCONNECT_TIMEOUT": "2",
            "REDIS_URL": f"redis://127.0.0.1:{host.gates['redis'].port}/0",
            "SMSC_URL": f"http://127.0.0.1:{host.gates['provider'].port}/sys/",
        }
        self.pages[host] = host.inside(free_port)
        worker = [sys.executable, "-m", "celery", "-A", "config", "worker", "-l", "INFO", "-n", host.name]
        web = [sys.executable, "-m", "gunicorn", "config.wsgi", "-w", "1"]
        web += ["--bind", f"{LOOPBACK}:{self.pages[host]}"]
        for name, command in (("worker", worker), ("web", web)):
            log = self.folder / f"{host.name}-{name}.log"
            self.processes.append(host.start(command, log, cwd=ROOT, env=environment, start_new_session=True))

    def page(self, host: Host) -> int:
        """The HTTP status of /healthz on a host's web process; 0 without an answer."""

        def ask() -> int:
            connection = http.client.HTTPConnection(LOOPBACK, self.pages[host], timeout=20)
            try:
                connection.request("GET", "/healthz")
                return connection.getresponse().status
            except OSError:
                return 0
            finally:
                connection.close()

        return host.inside(ask)

    def end(self) -> None:
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def states(self) -> Counter[str]:
        with psycopg.connect(self.cluster.url("hosts")) as connection:
            return Counter(row[0] for row in connection.execute("SELECT state FROM mailings_mailing"))

    def workers_are_there(self) -> bool:
        logs = [self.folder / f"{host.name}-worker.log" for host in self.two]
        return all(b" ready." in log.read_bytes() for log in logs)

    def not_before(self, hour: str) -> None:
        with psycopg.connect(self.cluster.url("hosts")) as connection:
            connection.execute(f"UPDATE mailings_mailing SET not_before = {hour}, nudged_at = NULL")

    def story(self) -> str:
        """What a failure is told with: the states, the attempts, and the ends of the logs."""
        with psycopg.connect(self.cluster.url("hosts")) as connection:
            rows = connection.execute("SELECT outcome, text, count(*) FROM mailings_attempt GROUP BY 1, 2")
            attempts = rows.fetchall()
            why = (
                "SELECT waiting_for, held_reason, not_before, count(*) FROM mailings_mailing GROUP BY 1, 2, 3"
            )
            waiting = connection.execute(why).fetchall()
        ends = [f"{log.name}: {log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log"))]
        return "\n".join([str(self.states()), str(attempts), str(waiting), *ends])

    def sweep(self) -> None:
        """Start the process that sweeps every second."""
        command = [sys.executable, "manage.py", "shell", "-c", SWEEPS]
        with (self.folder / "sweeps.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        yield server
        server.shutdown()


@pytest.fixture
def machines(tmp_path: Path, provider: Provider) -> Iterator[Machines]:
    with PostgreSQL() as cluster, Redis() as redis:
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE hosts")
        ports = {"database": cluster.port, "redis": redis.port, "provider": provider.server_port}
        environment = os.environ | {
            "DEBUG": "1",
            "VAR_DIR": str(tmp_path / "var"),
            "DATABASE_URL": cluster.url("hosts"),
            "REDIS_URL": redis.url(),
            "SMSC_URL": f"http://127.0.0.1:{provider.server_port}/sys/",
            "SMSC_LOGIN": "hosts",
            "SMSC_PASSWORD": "a password",
            "SECRET_KEY": "k" * 50,
            "CREDENTIALS_KEYS": Fernet.generate_key().decode(),
            "CALLS_AT_ONCE": str(CALLS_AT_ONCE),
            "PROVIDER_CONNECT_SECONDS": "2",
            "PROVIDER_READ_SECONDS": "4",
            "PROVIDER_TOTAL_SECONDS": str(TOTAL),
            "LEASE_SECONDS": str(LEASE),
            "SAME_REQUEST_SECONDS": "1",
        }
        with hosts("one", "two", ports=ports) as two:
            if not two[0].apart:
                needs = "root, iproute2 and the right to make network namespaces"
                warnings.warn(f"Hosts are processes here: to set them apart takes {needs}.", stacklevel=1)
            found = Machines(tmp_path, two, cluster, environment)
            try:
                yield found
            finally:
                found.end()


def until(so: Callable[[], object], what: str, story: Callable[[], str] = str) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        if time.monotonic() > end:
            pytest.fail(f"{what}: {story()}")
        time.sleep(0.1)


def test_a_host_that_is_cut_off_for_longer_than_its_lease_breaks_no_promise(machines, provider):
    # given two hosts at work
    cut, other = machines.two
    machines.seed()
    machines.not_before("now() + interval '30 minutes'")
    for host in machines.two:
        machines.start(host)
    until(lambda: all(machines.page(host) == 200 for host in machines.two), "pages of both hosts")
    until(machines.workers_are_there, "workers of both hosts")
    machines.not_before("NULL")
    machines.sweep()
    until(lambda: machines.states()["accepted"] >= 6, "the hosts began", machines.story)
    # when one of them is gone for longer than its lease
    cut.cut()
    since = time.monotonic()
    before = machines.states()["accepted"]
    assert before < MAILINGS
    until(lambda: time.monotonic() > since + LEASE + 1, "the lease ended")
    # then the other host goes on, pages included, and the mailings that the lost one had claimed are unknown
    until(lambda: machines.states()["accepted"] > before, "the other host goes on")
    assert machines.page(other) == 200
    assert machines.page(cut) != 200
    until(
        lambda: not machines.states().keys() & {"queued", "sending"}, "nothing waits any more", machines.story
    )
    # and once it is back, nothing was lost or sent twice, and never were too many calls made at once
    cut.mend()
    until(lambda: machines.page(cut) == 200, "the lost host's pages are back")
    states = machines.states()
    assert states.keys() <= {"accepted", "unknown"}
    assert states.total() == MAILINGS
    assert states["unknown"] <= CALLS_AT_ONCE + CLAIMED_EARLY
    sent = Counter(name[:5] for name in provider.jobs)
    assert set(sent.values()) == {1}
    assert states["accepted"] <= len(sent) <= MAILINGS
    assert provider.most <= CALLS_AT_ONCE
