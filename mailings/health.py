"""Is everything there that mailings need? Cheap looks, remembered for some seconds; a page never waits long.

A worker leaves its heartbeat in Redis after each task. Beat queues a sweep every few seconds, so that
one fresh sign proves Redis, beat and a worker together.
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

KEY = "mailroom:sign-of-life"
# How long a page may wait for Redis, and for how long the answer is believed.
WAIT_SECONDS = 0.4
REMEMBER_SECONDS = 5.0
# A pull takes its time: the list counts as unread so long after two periods.
LATE_SECONDS = 20
# A disk with less left than this counts as full: a write-ahead log alone takes some megabytes.
LEAST_FREE = 32 * 1024 * 1024


@dataclass(frozen=True)
class Pulse:
    """What one look at Redis showed. `worker_seconds`: since the last heartbeat; None: no sign at all."""

    redis: bool
    worker_seconds: float | None = None

    @property
    def worker(self) -> bool:
        """Whether a worker has done something lately: within three sweeps, and never less than a minute."""
        return self.worker_seconds is not None and self.worker_seconds < max(60, 3 * settings.SWEEP_SECONDS)


class _Memory:
    """The last look of this process; one thread looks, the others use what was seen before."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at = float("-inf")
        self.seen = Pulse(redis=True, worker_seconds=0)

    def get(self) -> Pulse:
        if time.monotonic() - self.at < REMEMBER_SECONDS or not self.lock.acquire(blocking=False):
            return self.seen
        try:
            self.seen = read_pulse()
            self.at = time.monotonic()
        finally:
            self.lock.release()
        return self.seen

    def forget(self) -> None:
        self.at = float("-inf")


_memory = _Memory()
_written = {"at": float("-inf")}


def _connection() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=WAIT_SECONDS, socket_timeout=WAIT_SECONDS, retry=None
    )


def read_pulse() -> Pulse:
    """Ask Redis now, waiting `WAIT_SECONDS` at most for each of two steps."""
    try:
        with _connection() as connection:
            sign: Any = connection.get(KEY)
    except (redis.RedisError, OSError):
        return Pulse(redis=False)
    if sign is None:
        return Pulse(redis=True)
    return Pulse(redis=True, worker_seconds=max(0.0, time.time() - float(sign)))


def current() -> Pulse:
    """The latest look of this process, at most some seconds old."""
    return _memory.get()


def forget() -> None:
    """Look anew at the next question."""
    _memory.forget()


def disk_is_full() -> bool:
    """Whether what we keep (files, a database of SQLite) can hardly be written any more."""
    places = {Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT)}
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "config.sqlite":
        places.add(Path(database["NAME"]).parent)
    return any(place.is_dir() and shutil.disk_usage(place).free < LEAST_FREE for place in places)


def leave_heartbeat(task: Any = None, **kwargs: Any) -> None:
    """In a worker, after a task: leave the heartbeat, every few seconds at most.

    One that does background work says nothing of those that send.
    """
    if (
        getattr(task, "name", "") in settings.CELERY_TASK_ROUTES
        or time.monotonic() - _written["at"] < REMEMBER_SECONDS
    ):
        return
    _written["at"] = time.monotonic()
    try:
        with _connection() as connection:
            connection.set(KEY, f"{time.time():.0f}")
    except (redis.RedisError, OSError):
        return


def warnings() -> list[str]:
    """What is away, and what that means for mailings, in sentences for the top of a page."""
    return [
        *_machinery(current()),
        *(text for account in Account.objects.order_by("id") for text in _of(account)),
    ]


def _machinery(pulse: Pulse) -> list[str]:
    if not pulse.redis:
        return [
            _(
                "The queue (Redis) cannot be reached. Mailings are kept and wait; they go out once it is "
                "back. What is shown of SMS Centre is not being refreshed."
            )
        ]
    if not pulse.worker:
        return [
            _(
                "No worker has reported lately. Mailings are kept and wait; they go out once a worker runs. "
                "What is shown of SMS Centre is not being refreshed."
            )
        ]
    return []


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
    if read is None or timezone.now() - read < timedelta(seconds=2 * settings.SYNC_SECONDS + LATE_SECONDS):
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
