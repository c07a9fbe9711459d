"""Handing over: mailings that wait, worker processes, and a provider that answers after 50 ms.

The floor is what the provider's time alone takes: mailings x 50 ms / CALLS_AT_ONCE. Measured at the provider,
from the first request to the last answer, and begun when every worker is ready: no start of a process counts.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.processes import below, used
from scripts.servers import PostgreSQL, Redis, free_port, listens

ROOT = Path(__file__).resolve().parent.parent
MAILINGS = int(os.environ.get("BENCH_MAILINGS", "1000"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
ANSWER_MS = 50
# Kind of database, calls at once, worker processes: the goal.
GOALS = {
    ("sqlite", 4, 1): 1.15,
    ("sqlite", 14, 1): 1.5,
    ("postgresql", 4, 1): 1.15,
    ("postgresql", 14, 1): 1.5,
    ("postgresql", 14, 3): 1.3,
}
CPU_GOAL_MS = 6.0
# What people use instead: Celery with its defaults (bench.push_celery) and a pool for so many calls at once.
PEERS = (4, 14)
PATIENCE_SECONDS = 300


def run() -> dict[str, Any]:
    """Every database at every number of calls at once, several times."""
    found = []
    with PostgreSQL() as cluster:
        for kind, calls, workers in GOALS:
            runs = [_once(kind, calls, workers, cluster) for _ in range(RUNS)]
            found.append(_sum_up(kind, calls, workers, runs))
    for calls in PEERS:
        runs = [_once_by_celery(calls) for _ in range(RUNS)]
        found.append(_sum_up("Celery alone", calls, 1, runs))
    return {
        "mailings": MAILINGS,
        "answer_ms": ANSWER_MS,
        "goal_cpu_ms": CPU_GOAL_MS,
        "runs": RUNS,
        "rows": found,
    }


def _sum_up(kind: str, calls: int, workers: int, runs: list[dict[str, float]]) -> dict[str, Any]:
    floor = MAILINGS * ANSWER_MS / 1000 / calls
    spans = [one["seconds"] for one in runs]
    return {
        "database": kind,
        "calls_at_once": calls,
        "workers": workers,
        "floor_seconds": round(floor, 2),
        "seconds": round(statistics.median(spans), 2),
        "spread": [round(min(spans), 2), round(max(spans), 2)],
        "of_floor": round(statistics.median(spans) / floor, 2),
        "goal": GOALS.get((kind, calls, workers), ""),
        "cpu_ms": round(statistics.median([one["cpu_ms"] for one in runs]), 2),
        "most_at_once": max(one["most"] for one in runs),
    }


def _once(kind: str, calls: int, workers: int, cluster: PostgreSQL) -> dict[str, float]:
    with ready(kind, calls, workers, cluster, MAILINGS) as (environment, started, stub):
        _seeding(f"begin('http://127.0.0.1:{stub}/')", environment)
        return _watch(started, stub)


@contextmanager
def ready(
    kind: str, calls: int, workers: int, cluster: PostgreSQL, count: int
) -> Iterator[tuple[dict[str, str], list["subprocess.Popen[bytes]"], int]]:
    """So many mailings queued, of which no worker is told: the environment, workers, the port of the stub."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailroom-bench-")))
        redis = stack.enter_context(Redis(folder / "redis"))
        stub = stack.enter_context(_stub())
        url = f"sqlite:///{folder}/push.sqlite3" if kind == "sqlite" else _database(cluster)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": url,
            "REDIS_URL": redis.url(),
            "VAR_DIR": str(folder / "var"),
            "CALLS_AT_ONCE": str(calls),
            "PYTHONWARNINGS": "ignore",
        }
        _seeding(f"seed({count}, 'http://127.0.0.1:{stub}/sys/')", environment)
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-l", "ERROR"]
        started = [
            stack.enter_context(_process([*command, "-n", f"host{number}"], environment))
            for number in range(workers)
        ]
        _seeding(f"wait_for({workers})", environment)
        yield environment, started, stub


def _seeding(call: str, environment: dict[str, str]) -> None:
    code = f"import django; django.setup(); from bench.push_seed import begin, seed, wait_for; {call}"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


def _once_by_celery(calls: int) -> dict[str, float]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailroom-bench-")))
        redis = stack.enter_context(Redis(folder / "redis"))
        stub = stack.enter_context(_stub())
        # Without Django, which Celery would load by this name.
        kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        environment = kept | {
            "REDIS_URL": redis.url(),
            "STUB_URL": f"http://127.0.0.1:{stub}/",
            "PYTHONWARNINGS": "ignore",
        }
        seed = f"from bench.push_celery import send; [send.delay(number) for number in range({MAILINGS})]"
        subprocess.run([sys.executable, "-c", seed], cwd=ROOT, env=environment, check=True)
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "bench.push_celery", "worker"]
        pool = ["-l", "ERROR", "--concurrency", str(calls)]
        return _watch([stack.enter_context(_process([*command, *pool], environment))], stub)


def _watch(workers: list["subprocess.Popen[bytes]"], stub: int) -> dict[str, float]:
    end = time.monotonic() + PATIENCE_SECONDS
    begun: tuple[int, float] | None = None
    while True:
        told = _told(stub)
        if told["calls"] and begun is None:
            begun = (told["calls"], sum(_cpu(worker.pid) for worker in workers))
        if begun is not None and told["calls"] >= MAILINGS:
            break
        if time.monotonic() > end or any(worker.poll() is not None for worker in workers):
            raise RuntimeError(f"only {told['calls']} of {MAILINGS} were handed over")
        time.sleep(0.05)
    spent = sum(_cpu(worker.pid) for worker in workers) - begun[1]
    return {
        "seconds": told["last"] - told["first"],
        "cpu_ms": spent * 1000 / (MAILINGS - begun[0]),
        "most": told["most"],
    }


def _told(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return dict(json.load(answer))


def _cpu(pid: int) -> float:
    """Seconds of CPU, user and system, that a process and those of its pool have used (Linux)."""
    return sum(used(one).cpu_seconds for one in (pid, *below(pid)))


def _database(cluster: PostgreSQL) -> str:
    name = f"push{time.monotonic_ns()}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return cluster.url(name)


@contextmanager
def _stub() -> Iterator[int]:
    port = free_port()
    with _process([sys.executable, "-m", "bench.stub", str(port), str(ANSWER_MS)], dict(os.environ)):
        while not listens(port):
            time.sleep(0.02)
        yield port


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [
        f"push, {result['mailings']:,} mailings, {result['answer_ms']} ms an answer, {result['runs']} runs"
    ]
    lines.append(
        f"{'database':<12} {'at once':>8} {'workers':>8} {'floor s':>8} {'s':>8} {'spread':>15}"
        f" {'of floor':>9} {'goal':>6} {'CPU ms':>8}"
    )
    for row in result["rows"]:
        low, high = row["spread"]
        lines.append(
            f"{row['database']:<12} {row['calls_at_once']:>8} {row['workers']:>8} {row['floor_seconds']:>8}"
            f" {row['seconds']:>8} {f'{low} - {high}':>15}"
            f" {row['of_floor']:>9} {row['goal']:>6} {row['cpu_ms']:>8}"
        )
    return "\n".join(lines)
