"""A sandbox provider and an account at it; what a worker would be told is written down."""

from collections.abc import Iterator

import pytest

from mailings.models import Account
from mailings.outbox import notify
from sandbox import Sandbox
from tests.helpers.factories import sandbox_account


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as provider:
        yield provider


@pytest.fixture
def account(db: None, redis_url: str, sandbox: Sandbox, settings) -> Account:
    settings.SAME_REQUEST_SECONDS = 0.05
    return sandbox_account(sandbox)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What workers were asked to do, in order."""
    found: list[tuple[str, int]] = []
    monkeypatch.setattr(notify, "send", lambda task, pk, after=0.0: found.append((task, pk)))
    return found
