"""Django's SQLite backend, with kept connections, and a lock between the writing threads of one process.

SQLite allows one writer, and others wait for it in sleeps that grow longer: threads that write a lot slept
most of the time. A lock wakes the next one at once. Other processes are still waited for as `timeout` says.

A connection is kept from request to request as long as it is one to the file of that name.
"""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base, operations
from django.db.utils import OperationalError

_writers: dict[str, threading.Lock] = {}


class DatabaseOperations(operations.DatabaseOperations):
    """Names the zone of a moment in a fifth of the time: a page of the history has two hundred."""

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self.connection.timezone)
        return super().convert_datetimefield_value(value, expression, connection)


class DatabaseWrapper(base.DatabaseWrapper):
    """Every transaction holds its database's lock in this process, from BEGIN IMMEDIATE to its end."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writing = False
        self._file: tuple[int, int] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        before = self._file_now()
        connection = super().get_new_connection(conn_params)
        self._file = before or self._file_now()  # this may have made the file
        return connection

    def is_usable(self) -> bool:
        """Whether the open file is still the one of that name, and no other was put in its place. Django asks
        once a request (CONN_HEALTH_CHECKS)."""
        return self.is_in_memory_db() or self._file == self._file_now()

    def _file_now(self) -> tuple[int, int] | None:
        try:
            found = Path(self.settings_dict["NAME"]).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _start_transaction_under_autocommit(self) -> None:
        lock = _writers.setdefault(str(self.settings_dict["NAME"]), threading.Lock())
        if not lock.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            raise OperationalError("database is locked")
        self._writing = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._written()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in the stubs
        self._written()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._written()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._written()

    def _written(self) -> None:
        if self._writing:
            self._writing = False
            _writers[str(self.settings_dict["NAME"])].release()
