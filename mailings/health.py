"""Whether everything runs that mailings need: Redis, workers, beat, the provider's answers, the disk.

Processes leave signs of life in Redis: a worker after each task and, even without one, at each heartbeat;
beat after each tick. A sign has the time by Redis's clock and how far the process's own clock was ahead of
it: with wrong clocks, ticks expire before a worker takes them. What was read is remembered for some seconds,
and reading has a short timeout, so that no page waits long.
"""

import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.models import Account, Breaker
from mailings.wording import moments

KEY, RUNS_KEY, TICK_KEY = "mailroom:sign-of-life", "mailroom:sign-of-worker", "mailroom:sign-of-beat"
# How long a page waits for Redis, and for how long it uses the last answer.
WAIT_SECONDS = 0.4
REMEMBER_SECONDS = 5.0
# Seconds beyond two pull periods after which the list counts as unread: a pull takes some time itself.
LATE_SECONDS = 20
# A larger difference between clocks is reported.
CLOCKS_DIFFER_SECONDS = 10
# A disk with less free bytes counts as full: SQLite's write-ahead log alone takes some megabytes.
LEAST_FREE = 32 * 1024 * 1024


@dataclass(frozen=True)
class Sign:
    """A sign of life: its age in seconds, and by how many seconds its clock was ahead of Redis's."""

    seconds: float
    ahead: float = 0.0

    @property
    def fresh(self) -> bool:
        """Whether it is younger than three sweep periods, or than a minute if that is longer."""
        return self.seconds < max(60, 3 * settings.SWEEP_SECONDS)


@dataclass(frozen=True)
class Signs:
    """What Redis showed: each sign, or None. `ahead`: how far our own clock is ahead of Redis's."""

    redis: bool
    worked: Sign | None = None
    runs: Sign | None = None
    ticked: Sign | None = None
    ahead: float = 0.0

    @property
    def worker(self) -> bool:
        """Whether a worker has finished a task lately."""
        return _is_fresh(self.worked)

    @property
    def worker_runs(self) -> bool:
        return self.worker or _is_fresh(self.runs)

    @property
    def beat(self) -> bool:
        return _is_fresh(self.ticked)

    @property
    def clocks_differ(self) -> bool:
        return bool(_clocks(self))


def _is_fresh(sign: Sign | None) -> bool:
    return sign is not None and sign.fresh


class _Memory:
    """The last answer of Redis in this process. One thread reads; others meanwhile use the old answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = float("-inf")
        self.seen = Signs(redis=True, worked=Sign(0), runs=Sign(0), ticked=Sign(0))

    def get(self) -> Signs:
        if time.monotonic() - self.at < REMEMBER_SECONDS or not self.lock.acquire(blocking=False):
            return self.seen
        try:
            self.seen = read_signs()
            self.at = time.monotonic()
        finally:
            self.lock.release()
        return self.seen

    def forget(self) -> None:
        self.at = float("-inf")


_memory = _Memory()
_written: dict[str, float] = {}


def _connection() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=WAIT_SECONDS, socket_timeout=WAIT_SECONDS, retry=None
    )


def read_signs() -> Signs:
    """Ask Redis now; each step waits WAIT_SECONDS at most."""
    try:
        with _connection() as connection:
            seconds, micros = connection.time()
            signs: Any = connection.mget(KEY, RUNS_KEY, TICK_KEY)
    except (redis.RedisError, OSError):
        return Signs(redis=False)
    now = seconds + micros / 1e6
    worked, runs, ticked = (_sign(text, now) for text in signs)
    return Signs(redis=True, worked=worked, runs=runs, ticked=ticked, ahead=time.time() - now)


def _sign(text: bytes | None, now: float) -> Sign | None:
    if text is None:
        return None
    at, _space, ahead = text.decode().partition(" ")
    return Sign(max(0.0, now - float(at)), float(ahead or 0))


def current() -> Signs:
    """The signs as last read by this process, usually not older than REMEMBER_SECONDS."""
    return _memory.get()


def forget() -> None:
    """Ask Redis anew at the next question, and write each sign at its next occasion, however soon."""
    _memory.forget()
    _written.clear()


def disk_is_full() -> bool:
    """Whether a disk that we write to (files, SQLite's database) has less than LEAST_FREE left."""
    places = {Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)}
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "config.sqlite":
        places.add(Path(database["NAME"]).parent)
    return any(place.is_dir() and shutil.disk_usage(place).free < LEAST_FREE for place in places)


def leave_heartbeat(task: Any = None, **kwargs: Any) -> None:
    """In a worker, after a task. Not after background tasks, which say nothing of the workers that send."""
    if getattr(task, "name", "") not in settings.CELERY_TASK_ROUTES:
        _leave(KEY)


def leave_sign_of_worker(**kwargs: Any) -> None:
    """In a worker, at each heartbeat: it runs, even with nothing to do."""
    _leave(RUNS_KEY)


def leave_tick(**kwargs: Any) -> None:
    """In beat, after it has published a tick."""
    _leave(TICK_KEY)


def _leave(key: str) -> None:
    """Write a sign, unless it was written less than REMEMBER_SECONDS ago."""
    if time.monotonic() - _written.get(key, float("-inf")) < REMEMBER_SECONDS:
        return
    _written[key] = time.monotonic()
    try:
        with _connection() as connection:
            seconds, micros = connection.time()
            now = seconds + micros / 1e6
            connection.set(key, f"{now:.0f} {time.time() - now:.1f}")
    except (redis.RedisError, OSError):
        return


def warnings(accounts: Iterable[Account]) -> list[str]:
    """Sentences for the top of a page: what does not work, and what that means for mailings."""
    return [*_machinery(current()), *(text for account in accounts for text in _of(account))]


def _machinery(signs: Signs) -> list[str]:
    if not signs.redis:
        return [
            _(
                "The queue (Redis) cannot be reached. Mailings are kept and wait; they go out once it is "
                "back. What is shown of SMS Centre is not being refreshed."
            )
        ]
    return [*_silent(signs), *_clocks(signs)]


def _silent(signs: Signs) -> list[str]:
    """Which process has left no sign lately, in a sentence; empty if none is silent."""
    if signs.beat and signs.worker:
        return []
    if not signs.beat and signs.worker_runs:
        return [
            _(
                "The clock process (beat) has given no sign lately. What people send is still handed over, "
                "but nothing is tried again by itself. What is shown of SMS Centre is not being refreshed."
            )
        ]
    if not signs.beat:
        return [
            _(
                "Neither the clock process (beat) nor a worker has given a sign lately. Mailings are kept "
                "and wait; they go out once both run. What is shown of SMS Centre is not being refreshed."
            )
        ]
    if signs.worker_runs:
        return [
            _(
                "A worker runs, but has finished nothing lately: it is stuck, or drops what it is asked for. "
                "Mailings are kept and wait. What is shown of SMS Centre is not being refreshed."
            )
        ]
    return [
        _(
            "No worker has reported lately. Mailings are kept and wait; they go out once a worker runs. "
            "What is shown of SMS Centre is not being refreshed."
        )
    ]


def _clocks(signs: Signs) -> list[str]:
    """Whose clock differs from Redis's by more than CLOCKS_DIFFER_SECONDS, a sentence each."""
    worker = signs.runs or signs.worked
    ahead = {
        _("a worker"): worker.ahead if worker else 0.0,
        _("the clock process (beat)"): signs.ticked.ahead if signs.ticked else 0.0,
        _("the web process"): signs.ahead,
    }
    text = _(
        "The clock of {process} differs by {seconds} s from that of Redis: what is due may be done too "
        "early, too late or not at all, and ages shown are off. Set the clocks of all machines right."
    )
    return [
        text.format(process=process, seconds=round(abs(seconds)))
        for process, seconds in ahead.items()
        if abs(seconds) > CLOCKS_DIFFER_SECONDS
    ]


def _of(account: Account) -> list[str]:
    """What is wrong with an account's calls."""
    name = account.name
    if account.breaker == Breaker.LOGIN:
        return [
            _(
                "SMS Centre refused the login of account “{name}” at {time}. All its calls are stopped and "
                "its mailings wait until an administrator has corrected the login and asked for a probe."
            ).format(name=name, time=moments.short(account.breaker_at or timezone.now()))
        ]
    if account.breaker == Breaker.BLOCK:
        until = account.breaker_until
        return [
            _(
                "SMS Centre has blocked account “{name}”. Its mailings wait; the next try is at {time}."
            ).format(name=name, time=moments.short(until) if until else "–")
        ]
    return _silence(account)


def _silence(account: Account) -> list[str]:
    """Reported when calls fail, and none has succeeded for two pull periods."""
    failed, answered = account.last_error_at, account.last_ok_at
    if failed is None or (answered is not None and answered > failed):
        return _unread_list(account)
    quiet = timedelta(seconds=2 * settings.SYNC_SECONDS)
    if answered is not None and timezone.now() - answered < quiet:
        return _unread_list(account)
    since = moments.short(answered) if answered else "–"
    return [
        _("SMS Centre is not answering (account “{name}”, last answer: {time}). Mailings wait.").format(
            name=account.name, time=since
        )
    ]


def _unread_list(account: Account) -> list[str]:
    """Reported when calls succeed, but the list was not read for two pull periods, or reading it fails."""
    read, failed = account.list_read_at, account.list_failed_at
    period = timedelta(seconds=settings.SYNC_SECONDS)
    late = timedelta(seconds=LATE_SECONDS)
    failed_again = read is not None and failed is not None and failed - read > 1.5 * period
    if read is None or (timezone.now() - read < 2 * period + late and not failed_again):
        return []
    if failed is not None and failed > read:
        text = _(
            "The list of SMS Centre cannot be read (account “{name}”, last read: {time}). Mailings are "
            "handed over, but what is shown of them may have changed since."
        )
    else:
        text = _(
            "Nobody has read the list of SMS Centre since {time} (account “{name}”): the clock process "
            "(beat) does not run, or the workers cannot keep up. What is shown of mailings may have "
            "changed since."
        )
    return [text.format(name=account.name, time=moments.short(read))]
