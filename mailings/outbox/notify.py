"""Nudges: Celery messages that say "look at this row now". The row is the queue; a lost one costs a sweep."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send(task: str, pk: int) -> None:
    """Ask a worker for `mailings.tasks.<task>` of a row once the transaction is committed.

    A dead broker is logged and otherwise ignored: the sweep finds the row.
    """

    def message() -> None:
        try:
            current_app.send_task(f"mailings.tasks.{task}", args=[pk])
        except OperationalError:
            log.warning("No worker could be told to %s row %s now; the sweep will find it.", task, pk)

    transaction.on_commit(message, robust=True)
