"""Reads an account's balance."""

import logging
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from mailings import accounts
from mailings.models import Account, Waiting
from mailings.smsc.api.errors import SmscError
from mailings.sync.pulls import PATIENCE_SECONDS

log = logging.getLogger(__name__)


def refresh_account(account: Account) -> bool:
    """Ask for the balance and store it; False when it could not be read now (logged, never raised)."""
    try:
        with accounts.slot(account, "balance", wait=PATIENCE_SECONDS) as client:
            balance = client.balance()
    except (SmscError, accounts.CannotCall) as error:
        # Whoever has just asked the same brings the answer: nothing is wrong.
        asked = isinstance(error, accounts.CannotCall) and error.reason == Waiting.GAP
        level = logging.INFO if asked else logging.WARNING
        log.log(level, "The balance of account %s could not be read: %s", account.pk, error)
        return False
    Account.objects.filter(pk=account.pk).update(
        balance=balance.amount, currency=(balance.currency or "")[:10], balance_at=timezone.now()
    )
    return True


def each_account(work: Callable[[Account], Any], account_id: int | None = None) -> None:
    """Do `work` for this account, or for all of them."""
    accounts_meant = Account.objects.order_by("pk")
    for account in accounts_meant if account_id is None else accounts_meant.filter(pk=account_id):
        work(account)
