"""A sandbox provider in each of its four dialects, an account at it, and a Redis for the gate."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from mailings import accounts
from mailings.models import Account
from sandbox import Sandbox
from tests.helpers.factories import sandbox_account
from tests.sync.listing import Listing, serving

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


@pytest.fixture
def listing() -> Iterator[Listing]:
    found = Listing()
    with serving(found.answer) as url:
        found.url = url
        yield found


@pytest.fixture
def listed_account(db: None, redis_url: str, listing: Listing, settings) -> Account:
    """An account at the provider of `listing`."""
    settings.SAME_REQUEST_SECONDS = 0.02
    settings.SETTLE_AFTER_SECONDS = 0.0
    found = accounts.ensure_sandbox_account(listing.url)
    Account.objects.filter(pk=found.pk).update(proven_at=timezone.now())
    return Account.objects.get(pk=found.pk)
