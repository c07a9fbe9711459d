"""A sandbox provider, an account at it, and a Redis for the limiter."""

from collections.abc import Iterator

import pytest

from mailings.models import Account
from sandbox import Sandbox
from tests.helpers.factories import sandbox_account


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(going_seconds=3600) as provider:
        yield provider


@pytest.fixture
def account(db: None, redis_url: str, sandbox: Sandbox, settings) -> Account:
    settings.SAME_REQUEST_SECONDS = 0.05
    settings.PROVIDER_READ_SECONDS = 2.0
    sandbox.settings({"same_request_seconds": 0})
    return sandbox_account(sandbox)
