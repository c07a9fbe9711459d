"""The whole set at rest: web, workers and beat of the Procfile with Redis, while nobody asks for anything.

The goals: 350 MB and 1 % of a core. Memory is the proportional share (PSS: a page that several processes
share is counted once in all), with the plain sum (RSS) beside it. Processor time is that of all of them over
some rounds of beat. The provider that they ask meanwhile is the sandbox, in the benchmark's own process.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from honcho.environ import parse_procfile

from bench.many import BEGIN
from bench.processes import Used, below, command, used
from sandbox import Sandbox
from scripts.servers import Redis, free_port, listens

ROOT = Path(__file__).resolve().parent.parent
SECONDS = float(os.environ.get("BENCH_SECONDS", "180"))
SETTLE_SECONDS, PATIENCE_SECONDS = 20.0, 60.0
GOAL_MB, GOAL_PERCENT = 350, 1.0
# Pages asked of each web process before, so that it has loaded what it needs.
PAGES = 20


def run() -> dict[str, Any]:
    """All of it on a database of its own, once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailroom-bench-")))
        provider = stack.enter_context(Sandbox())
        port = free_port()
        redis = stack.enter_context(Redis(folder / "redis"))
        environment = _environment(folder, redis.url(), port)
        account = f"from mailings import accounts; accounts.ensure_sandbox_account({provider.url!r})"
        prepare = f"{BEGIN}; call('migrate', verbosity=0); call('collectstatic', verbosity=0); {account}"
        subprocess.run([sys.executable, "-c", prepare], cwd=ROOT, env=environment, check=True)
        for words in parse_procfile((ROOT / "Procfile").read_text()).processes.values():
            started = subprocess.Popen(["/bin/sh", "-c", f"exec {words}"], cwd=ROOT, env=environment)
            stack.callback(started.wait)
            stack.callback(started.terminate)
        _ask_for_pages(port)
        return _measured()


def _environment(folder: Path, redis: str, port: int) -> dict[str, str]:
    dropped = ("PYTHONDONTWRITEBYTECODE", "ALLOWED_HOSTS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": f"sqlite:///{folder}/mailroom.sqlite3",
        "REDIS_URL": redis,
        "VAR_DIR": str(folder / "var"),
        "PORT": str(port),
        "PLAIN_HTTP": "1",
        "PYTHONWARNINGS": "ignore",
    }


def _ask_for_pages(port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not listens(port):
        if time.monotonic() > end:
            raise RuntimeError("the web process does not answer")
        time.sleep(0.2)
    for _ in range(PAGES):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/") as answer:
            answer.read()


def _measured() -> dict[str, Any]:
    time.sleep(SETTLE_SECONDS)
    begun, before = time.monotonic(), _used()
    time.sleep(SECONDS)
    after, seconds = _used(), time.monotonic() - begun
    if before.keys() != after.keys():
        raise RuntimeError("a process ended, or began, meanwhile")
    parts: dict[str, dict[str, float]] = {}
    for pid, now in after.items():
        row = parts.setdefault(_part(command(pid)), {"processes": 0, "pss_mb": 0, "rss_mb": 0, "percent": 0})
        row["processes"] += 1
        row["pss_mb"] += now.pss_mb
        row["rss_mb"] += now.rss_mb
        row["percent"] += (now.cpu_seconds - before[pid].cpu_seconds) / seconds * 100
    parts["all"] = {name: sum(row[name] for row in parts.values()) for name in next(iter(parts.values()))}
    rounded = {part: {name: round(value, 2) for name, value in row.items()} for part, row in parts.items()}
    return {"seconds": SECONDS, "goal_mb": GOAL_MB, "goal_percent": GOAL_PERCENT, "parts": rounded}


def _used() -> dict[int, Used]:
    """Of all that was started, but for the keeper of Redis, which belongs to the benchmark."""
    return {pid: used(pid) for pid, line in below(os.getpid()).items() if "keep.py" not in line}


def _part(line: str) -> str:
    """The name of a process in the Procfile, or that of a server."""
    for name, words in (("web", "gunicorn"), ("beat", "config beat"), ("background", "background@")):
        if words in line:
            return name
    return "worker" if "config worker" in line else Path(re.split(r"[ :]", line)[0]).name


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [
        f"idle for {result['seconds']:g} s, goals {result['goal_mb']} MB and {result['goal_percent']:g} %",
        f"{'part':<16} {'processes':>10} {'MB (PSS)':>10} {'MB (RSS)':>10} {'% of a core':>12}",
    ]
    for part, row in result["parts"].items():
        lines.append(
            f"{part:<16} {row['processes']:>10.0f} {row['pss_mb']:>10.1f} {row['rss_mb']:>10.1f}"
            f" {row['percent']:>12.2f}"
        )
    return "\n".join(lines)
