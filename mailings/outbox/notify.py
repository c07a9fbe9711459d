"""Nudges: Celery messages that say "look at this row now". The row is the queue; a lost one costs a sweep."""

import contextlib
import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from mailings.accounts import limiter

log = logging.getLogger(__name__)

# A worker that is told to deliver works through all that waits (drain.py): until one has begun, no other is
# told. For so many milliseconds, should the message have been lost.
TOLD_MS = 5_000
TOLD = limiter.key("told")
_TELL = "return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1])"
_BEGUN = "return redis.call('DEL', KEYS[1])"

# A message waits in a worker's memory until its moment: the sweep drives what is further ahead.
LONGEST_WAIT = 60.0


def send(task: str, pk: int, *, after: float = 0.0, surely: bool = False) -> None:
    """Ask a worker for `mailings.tasks.<task>` of a row once the transaction is committed.

    `after`: in so many seconds. `surely`: even where a worker was told to deliver, and has not begun. A dead
    broker is logged and otherwise ignored: the sweep finds the row.
    """
    if after > LONGEST_WAIT:
        return

    def message() -> None:
        if task == "deliver" and not after and not surely and _is_told():
            return
        try:
            current_app.send_task(f"mailings.tasks.{task}", args=[pk], countdown=after or None)
        except OperationalError:
            log.warning("No worker could be told to %s row %s now; the sweep will find it.", task, pk)

    transaction.on_commit(message, robust=True)


def begun() -> None:
    """A worker looks from now on at what is to be delivered: whoever has more tells one anew."""
    with contextlib.suppress(limiter.CannotCall):
        limiter.ask(_BEGUN, [TOLD], [], timeout=limiter.PAGE_TIMEOUT)


def _is_told() -> bool:
    """Whether a worker was told already, and has not begun; from this call on one is."""
    with contextlib.suppress(limiter.CannotCall):
        return limiter.ask(_TELL, [TOLD], [TOLD_MS], timeout=limiter.PAGE_TIMEOUT) is None
    return False
