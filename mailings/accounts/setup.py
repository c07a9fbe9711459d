"""Accounts as rows: which one is meant, and those that the environment or a sandbox brings."""

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from mailings.accounts.credentials import move, renew_all, set_credentials
from mailings.accounts.keys import missing_for_live
from mailings.models import Account
from mailings.smsc.api.client import Credentials

log = logging.getLogger(__name__)

DEFAULT_NAME = "default"
SANDBOX_NAME = "sandbox"


class NoAccount(Exception):
    """There is no such account. The text says what to do."""


def default_account(name: str | None = None) -> Account:
    """The account of that name; without one `default`, else the only one. NoAccount says what is missing."""
    if name is not None:
        found = None if "\0" in name else Account.objects.filter(name=name).first()
        if found is None:
            raise NoAccount(f"There is no account named {name}.")
        return found
    accounts = list(Account.objects.order_by("id")[:2])
    default = Account.objects.filter(name=DEFAULT_NAME).first()
    if default or len(accounts) == 1:
        return default or accounts[0]
    if accounts:
        raise NoAccount(f"There are several accounts and none is named {DEFAULT_NAME}: name one.")
    raise NoAccount("There is no account yet: set SMSC_LOGIN and SMSC_PASSWORD, or SMSC_API_KEY.")


def at_process_start() -> None:
    """Before a process does its work: the account from the environment, and keys that suit a live account.

    Raises ImproperlyConfigured, in one sentence, when a live account stands on keys that were made here.
    """
    try:
        ensure_default_account()
        problem = missing_for_live()
        if problem and Account.objects.filter(kind=Account.Kind.LIVE).exclude(secret=b"").exists():
            raise ImproperlyConfigured(problem)
        renew_all()
    except DatabaseError:
        log.warning("The database cannot be read yet; run: python manage.py migrate")


def ensure_default_account() -> Account | None:
    """Make or update the live account `default` from SMSC_API_KEY, or SMSC_LOGIN and SMSC_PASSWORD.

    None when the environment names neither; ImproperlyConfigured when the keys were made here.
    """
    if settings.SMSC_API_KEY:
        credentials = Credentials(apikey=settings.SMSC_API_KEY)
    elif settings.SMSC_LOGIN and settings.SMSC_PASSWORD:
        credentials = Credentials(login=settings.SMSC_LOGIN, password=settings.SMSC_PASSWORD)
    else:
        return None
    problem = missing_for_live()
    if problem:
        raise ImproperlyConfigured(problem)
    return _ensure(DEFAULT_NAME, credentials, kind=Account.Kind.LIVE)


def ensure_sandbox_account(url: str, login: str = SANDBOX_NAME, password: str = SANDBOX_NAME) -> Account:
    """Make or update the account `sandbox` at a sandbox provider's address."""
    credentials = Credentials(login=login, password=password)
    return _ensure(SANDBOX_NAME, credentials, kind=Account.Kind.SANDBOX, base_url=url)


def _ensure(name: str, credentials: Credentials, *, kind: str, base_url: str | None = None) -> Account:
    """`base_url`: None leaves it as it is; a live account takes its address from the settings."""
    account, _ = Account.objects.get_or_create(name=name, defaults={"kind": kind, "base_url": base_url or ""})
    where = account.base_url if base_url is None else base_url
    if not move(account, kind=kind, base_url=where, credentials=credentials):
        set_credentials(account, credentials)
    return account
