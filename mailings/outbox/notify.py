"""Nudges: Celery messages that say "look at this row now". The row is the queue; a lost one costs a sweep."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


# A message waits in a worker's memory until its moment: the sweep drives what is further ahead.
LONGEST_WAIT = 60.0


def send(task: str, pk: int, *, after: float = 0.0) -> None:
    """Ask a worker for `mailings.tasks.<task>` of a row once the transaction is committed.

    `after`: in so many seconds. A dead broker is logged and otherwise ignored: the sweep finds the row.
    """
    if after > LONGEST_WAIT:
        return

    def message() -> None:
        try:
            current_app.send_task(f"mailings.tasks.{task}", args=[pk], countdown=after or None)
        except OperationalError:
            log.warning("No worker could be told to %s row %s now; the sweep will find it.", task, pk)

    transaction.on_commit(message, robust=True)
