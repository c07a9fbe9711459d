"""Nudges: Celery messages that say "look at this row now". The row is the queue; a lost one costs a sweep."""

from celery import current_app
from django.db import transaction


def send(task: str, pk: int) -> None:
    """Ask a worker for `mailings.tasks.<task>` of a row once the transaction is committed.

    A dead broker is logged and otherwise ignored (`robust`): the sweep finds the row.
    """

    def message() -> None:
        current_app.send_task(f"mailings.tasks.{task}", args=[pk])

    transaction.on_commit(message, robust=True)
