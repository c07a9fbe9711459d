"""What an operator opens all day, asked of gunicorn page after page: `bench.history` of one database."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.history_seed import seed
from mailings.models import Mailing
from mailings.models.states import State
from scripts.servers import free_port, listens

ROUNDS = 15
TICKS = os.sysconf("SC_CLK_TCK")


def main(rows: int) -> None:
    """Seeds an empty database and prints the figures of each page as one object."""
    begun = time.perf_counter()
    seed(rows)
    seeded = round(time.perf_counter() - begun, 1)
    user = get_user_model().objects.order_by("id")[0]
    user.groups.set(Group.objects.filter(name="Operators"))
    user.is_staff, user.is_superuser = True, True  # for the administrator's list beside it
    user.save()
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    pages = addresses(user, Mailing.objects.newest_first()[rows // 2])
    queries = [queries_of(client, page) for page in pages]
    with Server(cookie) as server:
        found = [
            server.measure(page) | {"queries": count} for page, count in zip(pages, queries, strict=True)
        ]
    sys.stdout.write(json.dumps({"seeded_seconds": seeded, "pages": found}) + "\n")


def queries_of(client: Client, address: str) -> int:
    """How many queries a page makes, those for the session included."""
    client.get(address)  # what is made once in a process
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    return len(captured)


def addresses(user: Any, middle: Mailing) -> tuple[str, ...]:
    """`middle`: a mailing in the middle of the list. The last one is Django's own list of the same table."""
    key = f"{int(middle.created_at.timestamp() * 1_000_000)}-{middle.pk}"
    states = "&".join(f"state={state.value}" for state in (State.REFUSED, State.UNKNOWN, State.ABANDONED))
    return (
        "/mailings/",
        f"/mailings/?after={key}",
        "/mailings/?state=refused",
        "/mailings/?state=accepted&state=cancelled",
        "/mailings/?origin=provider",
        f"/mailings/?{states}&state=held",
        f"/mailings/?by={user.pk}",
        "/mailings/?channel=mail&period=365",
        "/mailings/?q=digest",
        "/mailings/?q=%D1%81%D0%BA%D0%B8%D0%B4%D0%BA%D0%B8",
        "/mailings/?q=digest+77777",
        "/mailings/?q=nothing+like+this",
        "/mailings/?q=vi",
        f"/mailings/?q={middle.code}",
        "/mailings/totals/?state=accepted",
        "/mailings/totals/?q=digest",
        f"/mailings/{middle.pk}/",
        "/",
        "/admin/mailings/mailing/",
    )


class Server:
    """gunicorn with one worker on the database of the settings."""

    def __init__(self, cookie: str) -> None:
        self._headers = {"Cookie": cookie, "Host": "testserver"}
        self._port = free_port()

    def __enter__(self) -> Self:
        bind = ["--bind", f"127.0.0.1:{self._port}", "--workers", "1", "--log-level", "error"]
        self._process = subprocess.Popen([sys.executable, "-m", "gunicorn", "config.wsgi", *bind])
        while not listens(self._port):
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def measure(self, address: str) -> dict[str, Any]:
        """Milliseconds from question to answer, and of the web processes' CPU, over some rounds."""
        self._get(address)
        spans, cpu = [], self._cpu()
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            self._get(address)
            spans.append((time.perf_counter() - begun) * 1000)
        spans.sort()
        return {
            "address": address,
            "median_ms": round(statistics.median(spans), 1),
            "p95_ms": round(spans[int(0.95 * len(spans))], 1),
            "cpu_ms": round((self._cpu() - cpu) * 1000 / ROUNDS, 1),
        }

    def _get(self, address: str) -> None:
        asked = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        asked.request("GET", address, headers=self._headers)
        answer = asked.getresponse()
        answer.read()
        asked.close()
        if answer.status != 200:
            raise RuntimeError(f"{address} answered {answer.status}")

    def _cpu(self) -> float:
        """Seconds of gunicorn and its workers (Linux)."""
        pids = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return sum(map(_seconds, [*pids, str(self._process.pid)]))


def _seconds(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
