"""A sandbox provider in each of its four dialects, an account at it, and a Redis for the gate."""

from collections.abc import Iterator

import pytest

from mailings.models import Account
from mailings.smsc.sandbox import Sandbox
from tests.factories import sandbox_account

DIALECTS = ("plain", "strange", "short", "bare")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(going_seconds=3600, same_request_seconds=0) as provider:
        yield provider


@pytest.fixture(params=DIALECTS)
def any_dialect(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    sandbox.dialect = request.param
    return str(request.param)


@pytest.fixture
def account(db: None, redis_url: str, sandbox: Sandbox, settings) -> Account:
    settings.SAME_REQUEST_SECONDS = 0.02
    settings.PROVIDER_READ_SECONDS = 2.0
    settings.SETTLE_AFTER_SECONDS = 0.0
    return sandbox_account(sandbox)
