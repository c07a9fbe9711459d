"""Accounts: credentials, breaker and limiter, and the one way to make a call to the provider (`slot`)."""

from mailings.accounts.breaker import ask_probe
from mailings.accounts.calls import (
    calls_last_hour,
    is_calling,
    probe,
    probe_if_due,
    raise_if_changed,
    slot,
    unchanged,
)
from mailings.accounts.credentials import is_another_login, move, set_credentials
from mailings.accounts.limiter import CannotCall
from mailings.accounts.line import calls_under_way
from mailings.accounts.setup import (
    NoAccount,
    at_process_start,
    default_account,
    ensure_default_account,
    ensure_sandbox_account,
    home_country,
)

__all__ = [
    "CannotCall",
    "NoAccount",
    "ask_probe",
    "at_process_start",
    "calls_last_hour",
    "calls_under_way",
    "default_account",
    "ensure_default_account",
    "ensure_sandbox_account",
    "home_country",
    "is_another_login",
    "is_calling",
    "move",
    "probe",
    "probe_if_due",
    "raise_if_changed",
    "set_credentials",
    "slot",
    "unchanged",
]
