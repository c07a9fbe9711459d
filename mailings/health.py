"""Is everything there that mailings need? Cheap looks, remembered for some seconds; a page never waits long.

Signs of life lie in Redis: a worker's after each task, another that it runs at all, and beat's after each of
its ticks. Each bears what its clock shows against that of Redis, by which ages are told: a clock that is off
makes ticks run out before they are taken.
"""

import shutil
import threading
import time
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
# How long a page may wait for Redis, and for how long the answer is believed.
WAIT_SECONDS = 0.4
REMEMBER_SECONDS = 5.0
# A pull takes its time: the list counts as unread so long after two periods.
LATE_SECONDS = 20
# Clocks of one house differ by less.
CLOCKS_DIFFER_SECONDS = 10
# A disk with less left than this counts as full: a write-ahead log alone takes some megabytes.
LEAST_FREE = 32 * 1024 * 1024


@dataclass(frozen=True)
class Sign:
    """A sign of life: its age in seconds, and how far its clock was ahead of Redis's."""

    seconds: float
    ahead: float = 0.0

    @property
    def fresh(self) -> bool:
        """Left within three sweeps, and never less than a minute."""
        return self.seconds < max(60, 3 * settings.SWEEP_SECONDS)


@dataclass(frozen=True)
class Signs:
    """What one look at Redis showed: signs, None where there is none. `ahead`: this process's own clock."""

    redis: bool
    worked: Sign | None = None
    runs: Sign | None = None
    ticked: Sign | None = None
    ahead: float = 0.0

    @property
    def worker(self) -> bool:
        """Whether a worker has done something lately."""
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
    """The last look of this process; one thread looks, the others use what was seen before."""

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
    """Ask Redis now, waiting `WAIT_SECONDS` at most for each of two steps."""
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
    """The latest look of this process, at most some seconds old."""
    return _memory.get()


def forget() -> None:
    """Look anew at the next question, and leave each sign at the next occasion, however soon."""
    _memory.forget()
    _written.clear()


def disk_is_full() -> bool:
    """Whether what we keep (files, a database of SQLite) can hardly be written any more."""
    places = {Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)}
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "config.sqlite":
        places.add(Path(database["NAME"]).parent)
    return any(place.is_dir() and shutil.disk_usage(place).free < LEAST_FREE for place in places)


def leave_heartbeat(task: Any = None, **kwargs: Any) -> None:
    """In a worker, after a task. One that does background work says nothing of those that send."""
    if getattr(task, "name", "") not in settings.CELERY_TASK_ROUTES:
        _leave(KEY)


def leave_sign_of_worker(**kwargs: Any) -> None:
    """In a worker, from time to time: it runs, whether or not there is anything to do."""
    _leave(RUNS_KEY)


def leave_tick(**kwargs: Any) -> None:
    """In beat, after it has asked for something."""
    _leave(TICK_KEY)


def _leave(key: str) -> None:
    """A sign, every few seconds at most."""
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


def warnings() -> list[str]:
    """What is away, and what that means for mailings, in sentences for the top of a page."""
    return [
        *_machinery(current()),
        *(text for account in Account.objects.order_by("id") for text in _of(account)),
    ]


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
    """Which process has given no sign, and what that means."""
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
    """Clocks that differ from that of Redis, by the process."""
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
    """What keeps an account from being called."""
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
    """Errors, and no answer since: said once two pulls have gone by without a word."""
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
    """Calls are answered, and yet the list was not read for two periods: what is shown grows old."""
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
