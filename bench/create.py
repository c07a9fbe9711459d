"""`mailings create`: one mailing a command, and a thousand from one file, on both databases.

The goals: 15 ms of CPU a mailing beyond the start, and 200 a second. The floors: the same Python that only
sets Django up; the same command with hardly anything to do; and one small row a transaction, written raw.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.many import BEGIN, spread
from scripts.servers import PostgreSQL, Redis

ROOT = Path(__file__).resolve().parent.parent
MAILINGS = int(os.environ.get("BENCH_MAILINGS", "1000"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
GOAL_CPU_MS, GOAL_A_SECOND = 15.0, 200
PREPARE = (
    f"{BEGIN}; from mailings import accounts; call('migrate', verbosity=0);"
    " accounts.ensure_sandbox_account('http://127.0.0.1:9/sys/')"
)
RAW = f"{BEGIN}; from bench.create import raw; raw({MAILINGS})"
ROW = "INSERT INTO mailings_event (kind, at, data) VALUES ('bench', %s, '{}')"
COMMAND = ["manage.py", "mailings"]


def raw(count: int) -> None:
    """Prints how many transactions of one small row each are committed in a second."""
    with connection.cursor() as cursor:
        begin = time.perf_counter()
        for _ in range(count):
            with transaction.atomic():
                cursor.execute(ROW, [timezone.now()])
        sys.stdout.write(f"{count / (time.perf_counter() - begin):.0f}")


def run() -> dict[str, Any]:
    """Each database by itself."""
    with PostgreSQL() as cluster:
        found = {kind: _on(kind, cluster) for kind in ("sqlite", "postgresql")}
    return {"mailings": MAILINGS, "runs": RUNS, "databases": found}


def _on(kind: str, cluster: PostgreSQL) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailroom-bench-")))
        redis = stack.enter_context(Redis(folder / "redis"))
        own = {
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3" if kind == "sqlite" else cluster.url("postgres"),
            "REDIS_URL": redis.url(),
            "VAR_DIR": str(folder / "var"),
        }
        # Compiled modules are kept, as where it is installed.
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        } | own
        _asked(["-c", PREPARE], environment)
        return _measured(folder, environment)


def _measured(folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    one, many = folder / "one.json", folder / "many.json"
    one.write_text(json.dumps(_order(0)))
    spent: dict[str, list[float]] = {"django": [], "command": [], "one": []}
    more, rates, floors = [], [], []
    for turn in range(RUNS):
        many.write_text("".join(f"{json.dumps(_order(number, turn))}\n" for number in range(MAILINGS)))
        spent["django"].append(_asked(["-c", "import django; django.setup()"], environment)[0])
        spent["command"].append(_asked([*COMMAND, "list", "--limit", "1"], environment)[0])
        spent["one"].append(_asked([*COMMAND, "create", str(one)], environment)[0])
        cpu, at, _said = _asked([*COMMAND, "create", str(many)], environment)
        more.append((cpu - spent["one"][-1]) * 1000 / (MAILINGS - 1))
        rates.append((MAILINGS - 1) / (at[-1] - at[0]))
        floors.append(float(_asked(["-c", RAW], environment)[2]))
    figures = {f"{name}_cpu_ms": spread([second * 1000 for second in found]) for name, found in spent.items()}
    beyond = [one - floor for one, floor in zip(spent["one"], spent["django"], strict=True)]
    figures["one_beyond_django_cpu_ms"] = spread([second * 1000 for second in beyond])
    return figures | {
        "each_more_cpu_ms": spread(more),
        "a_second": spread(rates),
        "raw_a_second": spread(floors),
    }


def _order(number: int, turn: int | None = None) -> dict[str, Any]:
    options = {"name": f"Order {number}", "phones": f"7999{number:07}", "mes": "Hello, your order is ready"}
    return {"options": options} | ({} if turn is None else {"key": f"order {turn} {number}"})


def _asked(words: list[str], environment: dict[str, str]) -> tuple[float, list[float], str]:
    """Seconds of CPU of a Python with these arguments, the moments of its lines, and what it printed."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    at, said = [], []
    for line in process.stdout or ():
        at.append(time.monotonic())
        said.append(line)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit code {process.returncode}, {''.join(said[-1:])}")
    return used.ru_utime + used.ru_stime, at, "".join(said)


ROWS = {
    "django_cpu_ms": ("floor: Django set up, ms of CPU", None),
    "command_cpu_ms": ("floor: `mailings list --limit 1`", None),
    "one_cpu_ms": ("one mailing, the whole command", None),
    "one_beyond_django_cpu_ms": ("the same beyond Django's start", GOAL_CPU_MS),
    "each_more_cpu_ms": ("each further one of a file", GOAL_CPU_MS),
    "raw_a_second": ("floor: raw transactions a second", None),
    "a_second": ("mailings a second from one file", GOAL_A_SECOND),
}


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = []
    for kind, found in result["databases"].items():
        lines.append(f"create, {kind}, {result['mailings']:,} in a file, {result['runs']} runs")
        for name, (words, goal) in ROWS.items():
            row = found[name]
            spread = f"{row['least']} - {row['most']}"
            lines.append(
                f"{words:<34} {row['median']:>8} {spread:>17}" + (f"   goal {goal:g}" if goal else "")
            )
    return "\n".join(lines)
