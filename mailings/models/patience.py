"""Writes again what a database did not take because it was locked or restarted."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connections, transaction

log = logging.getLogger(__name__)

T = TypeVar("T")

# What is raised while a database is away for a moment.
AWAY = (OperationalError, InterfaceError)
# Seconds between two tries: together longer than a restart of PostgreSQL takes, shorter than a lease.
PAUSES = (0.2, 1.0, 5.0, 10.0, 20.0)


def until_written(write: Callable[[], T], what: str) -> T:
    """Run `write` in a transaction, and again after each of PAUSES while the database is away; its result.

    For answers of the provider that cannot be asked for again. `what` names it in the log. Raises the error
    of the last try.
    """

    def written() -> T:
        with transaction.atomic():
            return write()

    return until_done(written, what)


def until_done(write: Callable[[], T], what: str) -> T:
    """The same for a `write` that makes its own transactions, and may be repeated after any of them."""
    for pause in PAUSES:
        try:
            return write()
        except AWAY as error:
            drop_dead_connections()
            log.warning("%s could not be written yet: %s", what, type(error).__name__)
            time.sleep(pause)
    return write()


def drop_dead_connections() -> None:
    """Close those of this thread's connections on which a query failed and which no longer answer."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
