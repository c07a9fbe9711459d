"""Every test's surroundings: settings for tests, Redis, the marker for PostgreSQL."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import hypothesis
import pytest
import redis
from django.conf import settings

from scripts.servers import Redis
from tests.helpers import append_only, services

# The environment must be ours before the settings are read: pytest-django reads them earlier than this file
# where DJANGO_SETTINGS_MODULE is set, and a test that empties Redis would then empty somebody's.
if settings.configured:
    raise pytest.UsageError("Unset DJANGO_SETTINGS_MODULE: the tests make their own environment.")
SERVERS = services.start(postgres="--postgres" in sys.argv)
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if settings.DATABASES["default"]["ENGINE"] == "config.sqlite":
    # A file, as in real life: threads share it and lock it. Its data need not outlive a power cut.
    settings.DATABASES["default"]["TEST"] = {"NAME": str(settings.VAR_DIR / "test.sqlite3")}
    settings.DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )
else:
    # A test is one transaction, however long it thinks in between.
    del settings.DATABASES["default"]["OPTIONS"]["options"]
django.setup()
append_only.let_tests_empty_tables()
del os.environ["DJANGO_SETTINGS_MODULE"]  # or the workers of pytest-xdist would inherit it

# A busy machine is no failure: examples have no time limit of their own.
hypothesis.settings.register_profile(
    "mailroom", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("mailroom")

# Folders and modules of tests, of which those run there that use the database.
ON_POSTGRES_TOO = (
    *("delivery", "lookups", "models", "outbox", "sync", "accounts", "recipients"),
    *("views/test_history.py", "views/test_people.py"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run on a PostgreSQL of our own, not on SQLite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    assert all((here / name).exists() for name in ON_POSTGRES_TOO)
    for item in items:
        if any(item.path.is_relative_to(here / name) for name in ON_POSTGRES_TOO) and _uses_a_database(item):
            item.add_marker(pytest.mark.postgres)


def _uses_a_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return not {"db", "transactional_db"}.isdisjoint(fixtures) or bool(item.get_closest_marker("django_db"))


def pytest_unconfigure() -> None:
    for server in SERVERS:
        server.stop()


@pytest.fixture
def redis_url() -> str:
    """The address of a Redis database that is empty and this test's alone (settings.REDIS_URL)."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return str(settings.REDIS_URL)


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A whole Redis server for one test, which may stop or freeze it."""
    with Redis() as server:
        yield server
