"""The sandbox's jobs: their status at any moment, and storing them over restarts."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from sandbox import times

WAITING, GOING, GONE, CANCELLED = "waiting", "going", "gone", "cancelled"
PRICES = {
    "sms": "1.40",
    "hlr": "0.20",
    "ping": "0.60",
    "mms": "5.00",
    "mail": "0.10",
    "soc": "0.80",
    "viber": "1.20",
    "whatsapp": "2.00",
    "tg": "0.90",
    "bot": "0.30",
    "call": "2.50",
}


def price(channel: str, paid_parts: int) -> Decimal:
    """The cost of so many parts or messages; the prices are the sandbox's own."""
    return Decimal(PRICES[channel]) * paid_parts


@dataclass(frozen=True)
class Progress:
    """A job's progress. `begun`: sendings begun. `sent`: recipients reached in the last of them."""

    status: str
    begun: int
    sent: int
    next_at: float | None


@dataclass
class Job:
    """One job. Moments are seconds since 1970 by the sandbox's clock; `zone` is in hours from Moscow.

    With the fault saved_late, `created_at`, `cancelled_at` or `deleted_at` may lie in the future. `forced`: a
    status that a test has set, one of ours or any word. `stretch`: seconds over which a sending is spread
    (`period`); `step`: seconds between its groups (`freq`).
    """

    id: int
    name: str
    channel: str
    recipients: int
    paid_parts: int
    time: str
    due_at: float
    zone: float
    created_at: float
    rpt: int = 0
    rptn: int | None = None
    stretch: float = 0.0
    step: float = 0.0
    origin: str = "api"
    cancelled_at: float | None = None
    deleted_at: float | None = None
    forced: str | None = None
    parameters: list[list[str]] = field(default_factory=list)
    long: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cost(self) -> Decimal:
        return price(self.channel, self.paid_parts)

    def exists(self, now: float) -> bool:
        """Whether the provider shows it: created, and not deleted."""
        return self.created_at <= now and (self.deleted_at is None or now < self.deleted_at)

    def progress(self, now: float, pace: "Pace") -> Progress:
        """Its progress at a moment, with cancel, deletion and `forced` taken into account."""
        if self.cancelled_at is not None and self.cancelled_at <= now:
            before = self._run(self.cancelled_at, pace)
            if self._may_cancel(before):
                return self._as_forced(Progress(CANCELLED, before.begun, before.sent, None))
        until = now if self.deleted_at is None else min(now, self.deleted_at)
        return self._as_forced(self._run(until, pace))

    def may_cancel(self, now: float, pace: "Pace") -> bool:
        """Whether a cancel still has an effect: it waits, or is going and would repeat."""
        return self._may_cancel(self.progress(now, pace))

    def _may_cancel(self, progress: Progress) -> bool:
        if progress.status == WAITING:
            return True
        return progress.status == GOING and progress.next_at is not None

    def _as_forced(self, progress: Progress) -> Progress:
        if self.forced is None:
            return progress
        next_at = progress.next_at if self.forced == WAITING else None
        return Progress(self.forced, progress.begun, progress.sent, next_at)

    def _run(self, now: float, pace: "Pace") -> Progress:
        own = self.created_at + (now - self.created_at) * pace.speed
        begun, last, upcoming = 0, None, None
        for moment in times.occurrences(self.due_at, self.rpt, self.rptn, self.zone):
            if moment > own:
                upcoming = moment
                break
            begun, last = begun + 1, moment
        if last is None:
            return Progress(WAITING, 0, 0, upcoming)
        lasts = self.stretch or pace.going_seconds
        if own < last + lasts:
            return Progress(GOING, begun, self._reached(own - last, lasts), upcoming)
        return Progress(GONE if upcoming is None else WAITING, begun, self.recipients, upcoming)

    def _reached(self, passed: float, lasts: float) -> int:
        steps = max(1, int(lasts // self.step)) if self.step else max(1, self.recipients)
        done = min(steps, int(passed / lasts * steps) + 1)
        return self.recipients * done // steps

    def charged(self, now: float, pace: "Pace") -> Decimal:
        """What it has cost so far: each sending begun, or the first one if that is still ahead."""
        progress = self.progress(now, pace)
        ahead = progress.status == WAITING and self.exists(now)
        return self.cost * max(progress.begun, 1 if ahead else 0)


@dataclass(frozen=True)
class Pace:
    """`speed`: how many times as fast time passes for jobs. `going_seconds`: a sending without `period`."""

    speed: float = 1.0
    going_seconds: float = 5.0


class Store:
    """Jobs by id, in memory and, with a path, in a SQLite file. Not thread-safe: the caller holds a lock.

    `committed`: the cost of all jobs that do not repeat, whatever became of them.
    """

    def __init__(self, path: str | None = None) -> None:
        self.jobs: dict[int, Job] = {}
        self.committed = Decimal(0)
        self.recurring: list[Job] = []
        self._texts: dict[int, dict[str, str]] = {}
        self._last_id = 0
        self._file: sqlite3.Connection | None = None
        if path is not None:
            self._open(path)

    def _open(self, path: str) -> None:
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, data TEXT NOT NULL)")
        self._file.execute("CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        self._file.execute("CREATE TABLE IF NOT EXISTS said (job INTEGER PRIMARY KEY, data TEXT NOT NULL)")
        for number, data in self._file.execute("SELECT job, data FROM said"):
            self._texts[number] = json.loads(data)
        for (data,) in self._file.execute("SELECT data FROM job ORDER BY id"):
            job = Job(**json.loads(data))
            self._hold(job)
            self._last_id = job.id

    def _hold(self, job: Job) -> None:
        if job.id not in self.jobs:
            if job.rpt:
                self.recurring.append(job)
            else:
                self.committed += job.cost
        self.jobs[job.id] = job

    def next_id(self) -> int:
        """The next unused id. Ids begin anew after `clear`."""
        self._last_id += 1
        return self._last_id

    def save(self, *jobs: Job) -> None:
        """Store new or changed jobs, in one transaction."""
        for job in jobs:
            self._hold(job)
        if self._file is not None:
            rows = [(job.id, json.dumps(asdict(job), ensure_ascii=False)) for job in jobs]
            with self._file:
                self._file.execute("BEGIN")
                self._file.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", rows)

    def keep_texts(self, number: int, texts: dict[str, str]) -> None:
        """Store a job's texts and recipients in full."""
        self._texts[number] = texts
        if self._file is not None:
            data = json.dumps(texts, ensure_ascii=False)
            self._file.execute("INSERT OR REPLACE INTO said VALUES (?, ?)", (number, data))

    def texts(self, number: int) -> dict[str, str]:
        """A job's texts and recipients; empty for one made elsewhere without them."""
        return self._texts.get(number, {})

    def note(self, name: str, value: str) -> None:
        """Store a setting, such as the dialect, over restarts."""
        if self._file is not None:
            self._file.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, value))

    def noted(self, name: str) -> str | None:
        if self._file is None:
            return None
        row = self._file.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def clear(self) -> None:
        self.jobs.clear()
        self.recurring.clear()
        self._texts.clear()
        self.committed = Decimal(0)
        self._last_id = 0
        if self._file is not None:
            self._file.execute("DELETE FROM job")
            self._file.execute("DELETE FROM said")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def shown(self, now: float) -> Iterator[Job]:
        """The jobs that the provider shows at that moment, in order of creation here."""
        return (job for job in self.jobs.values() if job.exists(now))
