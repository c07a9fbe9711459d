"""Patience with a database that is locked, or that was restarted and dropped this thread's connection."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections, transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

# What a database that is away for a moment raises; anything else is a defect.
AWAY = (OperationalError, InterfaceError)
# Seconds between two tries: together longer than a restart of PostgreSQL takes, shorter than a lease.
PAUSES = (0.2, 1.0, 5.0, 10.0, 20.0)


def until_written(write: Callable[[], T], what: str) -> T:
    """Do what `write` does in one transaction, again after a pause where the database is away for a moment.

    For answers that cannot be asked for again. `what` names it in the log. Raises the last of AWAY.
    """
    for pause in PAUSES:
        try:
            return _written(write)
        except AWAY as error:
            drop_dead_connections()
            log.warning("%s could not be written yet: %s", what, type(error).__name__)
            time.sleep(pause)
    return _written(write)


def _written(write: Callable[[], T]) -> T:
    with transaction.atomic():
        return write()


def drop_dead_connections() -> None:
    """Close this thread's connections on which something failed, unless they still answer."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
