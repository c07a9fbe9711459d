"""Pulling: 100,000 jobs in one answer, all new, then 99 % unchanged, beside what nothing can be faster than.

The floor for unchanged jobs: their fingerprints read from the database, the answer parsed, each job hashed.
The floor for new ones: the answer parsed, and the ready rows written (executemany, or COPY). New ones take a
minute, so that all of them are met once, and a tenth of them in each of several rounds.
"""

import gc
import hashlib
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from bench.pull_peers import PEERS, Indexed
from mailings import accounts
from mailings.models import Account, Event, Mailing, Observation
from mailings.smsc.api.client import Client, Credentials
from mailings.smsc.api.transport import Answer
from mailings.sync import pulls

JOBS = int(os.environ.get("BENCH_JOBS", "100000"))
RUNS = 5
GOAL_UNCHANGED = 1.5
GOAL_MEMORY = 4.0
GOALS_NEW = {"sqlite": 2.2, "postgresql": 1.4}
TEXT = "Добрый день! Напоминаем вам о визите завтра в 12:00. Ждём вас по адресу: Невский, 1. " * 5
DAY = date(2026, 11, 1)


def answer(count: int, turn: int = 0) -> bytes:
    """A list of jobs as heavy as real ones; in each turn another hundredth has changed."""
    rng = random.Random(1)
    text = bytearray()
    for number in range(count):
        status = "2" if number % 100 < turn else "1"
        cost = f"{rng.randrange(100, 100_000) / 100:.2f}"
        job = {"id": 4_000_000 + number, "name": f"Sale {number}", "status": status, "cost": cost}
        job |= {"sms_cnt": rng.randrange(1, 9), "send_date": "01.11.2026 12:00", "mes": TEXT}
        text += b"," + orjson.dumps(job)
    return b"[%b]" % bytes(text[1:])


class Canned(Client):
    """A client whose provider gives one answer."""

    body = b""

    def _post(self, *args: Any) -> Answer:
        return Answer(200, "application/json", self.body, framed=True)


def _ask(account: Account, window: Any, wait: float) -> Any:
    return Canned(Credentials("countess", "a password")).get_all(window.start, window.end), timezone.now()


def pull(account: Account) -> Any:
    """A whole pull of one day, from the answer's bytes to the rows."""
    return pulls.pull(account, DAY, DAY)


def floor_unchanged(account: Account) -> int:
    """What has to be done in any case to see that a job is as it was."""
    rows = Mailing.objects.filter(account=account).values_list("remote_id", "fingerprint")
    known = dict(rows.iterator(chunk_size=5000))
    unchanged = 0
    for job in orjson.loads(Canned.body):
        text = orjson.dumps(job, option=orjson.OPT_SORT_KEYS)
        seen = known.get(str(job["id"])) == hashlib.blake2b(text, digest_size=16).hexdigest()
        unchanged += seen
    return unchanged


def floor_new(tables: list[tuple[str, list[str], list[Any]]]) -> None:
    """The answer parsed, and ready rows written."""
    orjson.loads(Canned.body)
    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns, rows in tables:
            write_raw(cursor, table, columns, rows)


def write_raw(cursor: Any, table: str, columns: list[str], rows: Iterable[Any]) -> None:
    """Rows as they lie in the database, by the quickest way into it."""
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.vendor == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def ready_rows() -> list[tuple[str, list[str], list[Any]]]:
    """Everything that a pull has written, as it lies in the database; the tables are empty afterwards."""
    found = []
    for model in (Mailing, Observation, Event):
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            found.append((table, columns, [_writable(row) for row in cursor.fetchall()]))
    empty()
    return found


def _writable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value for value in row)


def empty() -> None:
    """No mailing any more, past all that forbids it."""
    with connection.cursor() as cursor:
        for model in (Event, Observation, Mailing):
            for name in _triggers(cursor, model._meta.db_table):
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"DELETE FROM {model._meta.db_table}")


def _triggers(cursor: Any, table: str) -> list[str]:
    """Those that forbid a change; on PostgreSQL all are put out of use."""
    if connection.vendor == "postgresql":
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return []
    cursor.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
    return [name for name, of in cursor.fetchall() if of == table and name.startswith("append_only")]


Spent = tuple[float, float]


def timed(work: Callable[[], Any]) -> Spent:
    """Seconds of a piece of work: by the clock, and of this process's CPU."""
    gc.collect()
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - cpu


def megabytes(name: str = "VmRSS") -> float:
    """What this process holds; with VmHWM the most that it has held since `forget_most`."""
    [found] = re.findall(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found) / 1024


def forget_most() -> None:
    """From now on VmHWM counts anew: an answer takes more while it is made."""
    Path("/proc/self/clear_refs").write_text("5")


def run() -> dict[str, Any]:
    """New jobs and their floor, then unchanged ones and theirs, on the database of the settings."""
    pulls._ask = _ask
    account = accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
    goal = GOALS_NEW[connection.vendor]
    before = megabytes()
    Canned.body = answer(JOBS)
    forget_most()
    whole = timed(lambda: pull(account))
    memory = (megabytes("VmHWM") - before) * 2**20 / len(Canned.body)
    # Rows that are written raw are the same rows: the pulls that follow find them.
    raw = timed(partial(floor_new, ready_rows()))
    unchanged, floor = _unchanged(account)
    few, few_raw = _few_new(account)
    rows = [
        ("all new", [whole], [raw], goal),
        ("99 % unchanged", unchanged, floor, GOAL_UNCHANGED),
        (f"{JOBS // 10:,} new", few, few_raw, goal),
    ]
    return {
        "jobs": JOBS,
        "database": connection.vendor,
        "megabytes": round(len(answer(JOBS)) / 1e6),
        "memory": {"of_answer": round(memory, 1), "goal": GOAL_MEMORY},
        "rows": [_row(*row) for row in rows],
        "peers": _peers(account),
    }


def _unchanged(account: Account) -> tuple[list[Spent], list[Spent]]:
    """Pulls in which a hundredth has changed, and their floors, after two that join what is read together."""
    pull(account)
    pull(account)
    unchanged, floor = [], []
    for turn in range(1, RUNS + 1):
        Canned.body = answer(JOBS, turn)
        floor.append(timed(lambda: floor_unchanged(account)))
        unchanged.append(timed(lambda: pull(account)))
    return unchanged, floor


def _few_new(account: Account) -> tuple[list[Spent], list[Spent]]:
    """Pulls of a tenth of the jobs, all of them new, and their floors by turns."""
    Canned.body = answer(JOBS // 10)
    new, raw = [], []
    for _ in range(RUNS):
        empty()
        new.append(timed(lambda: pull(account)))
        raw.append(timed(partial(floor_new, ready_rows())))
    return new, raw


def _peers(account: Account) -> list[dict[str, Any]]:
    """What others would have taken for all of the jobs: new ones, and those that are there already."""
    found = []
    for name, (peer, part) in PEERS.items():
        body = answer(JOBS // part)
        spent: dict[str, list[float]] = {"all new": [], "unchanged": []}
        with Indexed():
            for _ in range(RUNS):
                empty()
                for taken in spent.values():
                    taken.append(timed(partial(peer, account, body))[1] * part)
        for what, taken in spent.items():
            spread = [round(min(taken), 1), round(max(taken), 1)]
            figures = {"cpu": round(statistics.median(taken), 1), "spread": spread}
            found.append({"name": f"{name}, {what}", "jobs": JOBS // part, **figures})
    return found


def _row(name: str, spans: list[Spent], floors: list[Spent], goal: float) -> dict[str, Any]:
    clock, cpu = ([one[place] for one in spans] for place in (0, 1))
    ratios = [
        statistics.median(span[place] / floor[place] for span, floor in zip(spans, floors, strict=True))
        for place in (0, 1)
    ]
    return {
        "name": name,
        "seconds": round(statistics.median(clock), 2),
        "cpu": round(statistics.median(cpu), 2),
        "spread": [round(min(cpu), 2), round(max(cpu), 2)],
        "floor": round(statistics.median(one[1] for one in floors), 2),
        "of_floor": round(ratios[1], 2),
        "of_floor_by_clock": round(ratios[0], 2),
        "goal": goal,
    }


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    memory = result["memory"]
    lines = [
        f"pull, {result['jobs']:,} jobs, {result['megabytes']} MB, {result['database']}",
        f"memory: {memory['of_answer']} times the answer (goal {memory['goal']})",
        (
            f"{'jobs':<16} {'s':>8} {'CPU s':>8} {'spread':>15} {'floor':>8} {'of floor':>9}"
            f"{'by clock':>10} {'goal':>6}"
        ),
    ]
    for row in result["rows"]:
        low, high = row["spread"]
        lines.append(
            f"{row['name']:<16} {row['seconds']:>8} {row['cpu']:>8} {f'{low} - {high}':>15} {row['floor']:>8}"
            f" {row['of_floor']:>9} {row['of_floor_by_clock']:>9} {row['goal']:>6}"
        )
    for row in result["peers"]:
        low, high = row["spread"]
        lines.append(
            f"{row['name']:<28} {row['cpu']:>6} CPU s {f'{low} - {high}':>15}   ({row['jobs']:,}, scaled up)"
        )
    return "\n".join(lines)
