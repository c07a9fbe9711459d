"""SQLite's moments are read as Django reads them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.backends.sqlite3 import base

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="its own backend")


BARE = datetime(2026, 11, 27, 23, 33, 12, 123456)


@pytest.mark.parametrize(
    "found", [None, BARE, BARE.replace(tzinfo=UTC), "2026-11-27 23:33:12", "2026-11-27 23:33:12.123456"]
)
def test_a_moment_is_read_as_django_reads_it(found: Any) -> None:
    ours: Any = connection.ops
    read = ours.convert_datetimefield_value(found, None, connection)

    expected: Any = base.DatabaseWrapper.ops_class(connection)
    assert read == expected.convert_datetimefield_value(found, None, connection)
