"""Runs tests/accounts/child.py in further processes, on the database and Redis of the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).parents[2]


def child_environment() -> dict[str, str]:
    """The environment for a process that shares this test's database and Redis."""
    made = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{made['NAME']}"
    else:
        url = f"postgres://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{made['NAME']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def children(count: int, *arguments: str, **environment: str) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.accounts.child", *arguments]
    running = [
        subprocess.Popen(
            command, env=child_environment() | environment, cwd=ROOT, text=True, stdout=subprocess.PIPE
        )
        for _ in range(count)
    ]
    try:
        yield running
    finally:
        for child in running:
            with suppress(ProcessLookupError):
                child.kill()
            child.wait()


def said(child: subprocess.Popen[str]) -> list[str]:
    """The lines that a child printed. Waits for its end, and asserts exit code 0."""
    text, _ = child.communicate(timeout=60)
    assert child.returncode == 0
    return text.splitlines()
