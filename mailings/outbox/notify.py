"""Nudges: Celery messages that say "look at this row now". If one is lost, the next sweep finds the row."""

import contextlib
import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from mailings.accounts import limiter

log = logging.getLogger(__name__)

# A worker that gets a "deliver" message works through everything that is due (drain.py). So after one message
# no other is sent until a worker has begun, or this many milliseconds have passed: the message may be lost.
TOLD_MS = 5_000
TOLD = limiter.key("told")
_TELL = "return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1])"
_BEGUN = "return redis.call('DEL', KEYS[1])"

# A delayed message waits in a worker's memory. What is due later than this is left to the sweep.
LONGEST_WAIT = 60.0


def send(task: str, pk: int, *, after: float = 0.0, surely: bool = False) -> None:
    """Send a message for the task `mailings.tasks.<task>` of row `pk`, once the transaction is committed.

    `after`: delay in seconds. `surely`: send a "deliver" message even though another one is on its way (see
    TOLD). An unreachable broker is only logged: the sweep finds the row.
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
    """A worker has begun to look at what is due: mailings queued from now on need a new message."""
    with contextlib.suppress(limiter.CannotCall):
        limiter.ask(_BEGUN, [TOLD], [], timeout=limiter.PAGE_TIMEOUT)


def _is_told() -> bool:
    """Whether a "deliver" message is on its way; if not, notes that one is about to be sent."""
    with contextlib.suppress(limiter.CannotCall):
        return limiter.ask(_TELL, [TOLD], [TOLD_MS], timeout=limiter.PAGE_TIMEOUT) is None
    return False
