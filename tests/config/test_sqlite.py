"""SQLite's moments are read as Django reads them; its connections are kept as long as the file is there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections
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


@pytest.fixture
def other(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """A connection to a database in a file, which says `one`."""
    _write(tmp_path / "other.sqlite3", "one")
    connections.settings["other"] = connections.settings["default"] | {
        "NAME": str(tmp_path / "other.sqlite3"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {},
    }
    with django_db_blocker.unblock():
        yield connections["other"]
        connections["other"].close()
    del connections["other"], connections.settings["other"]


def _write(path: Path, word: str) -> None:
    with closing(sqlite3.connect(path)) as found:
        found.executescript(f"CREATE TABLE said (word); INSERT INTO said VALUES ('{word}')")


def _said(database: Any) -> str:
    """What a request reads there."""
    close_old_connections()
    with database.cursor() as cursor:
        return str(cursor.execute("SELECT word FROM said").fetchone()[0])


def test_a_connection_is_kept_from_request_to_request(other: Any) -> None:
    assert _said(other) == "one"
    kept = other.connection

    assert _said(other) == "one"
    assert other.connection is kept


def test_a_file_put_in_its_place_is_seen_by_the_next_request(other: Any, tmp_path: Path) -> None:
    assert _said(other) == "one"

    _write(tmp_path / "new.sqlite3", "two")
    (tmp_path / "new.sqlite3").replace(tmp_path / "other.sqlite3")

    assert _said(other) == "two"


def test_a_connection_that_made_the_file_is_kept_too(other: Any, tmp_path: Path) -> None:
    (tmp_path / "other.sqlite3").unlink()
    close_old_connections()
    other.ensure_connection()

    assert (tmp_path / "other.sqlite3").exists()
    assert other.is_usable()
