"""A sandbox whose messages settle at once, and an account at it."""

from collections.abc import Iterator

import pytest

from mailings.models import Account
from sandbox import Sandbox
from tests.helpers.factories import sandbox_account


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(going_seconds=1, same_request_seconds=0) as provider:
        provider.settings({"messages": {"settle_seconds": 10}})
        yield provider


@pytest.fixture
def account(db: None, redis_url: str, sandbox: Sandbox, settings) -> Account:
    settings.SAME_REQUEST_SECONDS = 0.02
    settings.PROVIDER_READ_SECONDS = 5.0
    return sandbox_account(sandbox)
