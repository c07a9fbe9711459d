"""SQLite's moments are read as Django reads them."""

from typing import Any

import pytest
from django.db import connection
from django.db.backends.sqlite3 import operations

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="its own backend")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "2026-11-27 23:33:12",
        "2026-11-27 23:33:12.123456",
        "2026-11-27 23:33:12.123",
        "2026-11-27 23:33",
        "2026-11-27T23:33:12+05:30",
        "2026-11-27 23:33:12Z",
        "2026-1-7 3:33:12",
        "no moment",
    ],
)
def test_a_moment_is_read_as_django_reads_it(text: Any) -> None:
    def outcome(ops: Any) -> Any:
        try:
            return repr(ops.convert_datetimefield_value(text, None, connection))
        except (AttributeError, ValueError) as why:
            return repr(why)

    assert outcome(connection.ops) == outcome(operations.DatabaseOperations(connection))
