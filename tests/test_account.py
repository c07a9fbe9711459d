"""Accounts: their rows, their credentials, and calls that go through the breaker, the gap and the gate."""

import pytest

from mailings import account as accounts
from mailings.smsc.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_a_call_brings_what_the_provider_says_and_proves_the_account(redis_url):
    with Sandbox() as sandbox:
        account = accounts.ensure_sandbox_account(sandbox.url)

        balance = accounts.call(account, "balance", lambda client: client.balance())

    account.refresh_from_db()
    assert balance.amount > 0
    assert account.proven_at is not None
    assert account.last_ok_at is not None
