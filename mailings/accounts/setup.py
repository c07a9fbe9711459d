"""Finding the account that is meant, and creating those of the environment and the sandbox."""

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, transaction
from django.db.models import Case, When
from django.utils import timezone

from mailings.accounts.credentials import is_another_login, move, renew_all, set_credentials
from mailings.accounts.keys import missing_for_live
from mailings.models import Account, Event, EventKind
from mailings.models.prepared import PreparedRow, given
from mailings.smsc.api.client import Credentials

log = logging.getLogger(__name__)

DEFAULT_NAME = "default"
SANDBOX_NAME = "sandbox"


_NAMED = PreparedRow(lambda: Account.objects.filter(**given(Account, "name")))
_DEFAULT_FIRST = PreparedRow(
    lambda: Account.objects.order_by(Case(When(name=DEFAULT_NAME, then=0), default=1), "id")[:2]
)


class NoAccount(Exception):
    """No account is meant, or the name is unknown. The text says what to do."""


def default_account(name: str | None = None) -> Account:
    """The account called `name`; without one, that called `default`, or the only one. Raises NoAccount."""
    if name is not None:
        found = None if "\0" in name else _NAMED.one(name=name)
        if found is None:
            raise NoAccount(f"There is no account named {name}.")
        return found
    accounts = _DEFAULT_FIRST.all()
    if accounts and (accounts[0].name == DEFAULT_NAME or len(accounts) == 1):
        return accounts[0]
    if accounts:
        raise NoAccount(f"There are several accounts and none is named {DEFAULT_NAME}: name one.")
    raise NoAccount("There is no account yet: set SMSC_LOGIN and SMSC_PASSWORD, or SMSC_API_KEY.")


def home_country(account: Account | None = None) -> str:
    """The country (two letters) by which numbers without a calling code are read: the account's.

    Without an account: that of the default account, else the setting DEFAULT_COUNTRY.
    """
    if account is None:
        try:
            account = default_account()
        except NoAccount:
            return str(settings.DEFAULT_COUNTRY)
    return account.home


def at_process_start() -> None:
    """Prepare accounts when a process starts: store the environment's, re-encrypt with the newest key.

    Raises ImproperlyConfigured, in one sentence, when there is a live account but the keys were generated
    here.
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
    """Create or update the live account `default` from SMSC_API_KEY, or SMSC_LOGIN and SMSC_PASSWORD.

    None when neither is set. Raises ImproperlyConfigured when the encryption keys were generated here.
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
    """Create or update the account `sandbox` for a sandbox provider at `url`."""
    credentials = Credentials(login=login, password=password)
    return _ensure(SANDBOX_NAME, credentials, kind=Account.Kind.SANDBOX, base_url=url)


def _ensure(name: str, credentials: Credentials, *, kind: str, base_url: str | None = None) -> Account:
    """Create or update an account. `base_url`: None keeps it (a live account's comes from the settings)."""
    account, _ = Account.objects.get_or_create(name=name, defaults={"kind": kind, "base_url": base_url or ""})
    if is_another_login(account, credentials):
        account = _change_places(name, credentials, kind=kind, base_url=base_url)
    where = account.base_url if base_url is None else base_url
    if not move(account, kind=kind, base_url=where, credentials=credentials):
        set_credentials(account, credentials)
    return account


def _change_places(name: str, credentials: Credentials, *, kind: str, base_url: str | None) -> Account:
    """Give the name to the account of another login. The old account keeps its mailings under a new name.

    If that login had an account before, it is the one that gets the name. Returns the account of that name.
    """
    with transaction.atomic():
        old = Account.objects.select_for_update().get(name=name)
        if not is_another_login(old, credentials):  # another process was quicker
            return old
        old.name = _free_name(f"{name} until {timezone.now():%Y-%m-%d}")
        old.save(update_fields=["name"])
        known = Account.objects.filter(identity=credentials.identity, kind=kind).first()
        account = known or Account(kind=kind, base_url=base_url or "")
        account.name = name
        account.save()
        data = {"renamed": old.name}
        Event.objects.create(account=old, at=timezone.now(), kind=EventKind.CREDENTIALS_CHANGED, data=data)
    log.warning("Account %s has another login now; its mailings go on as account %s.", name, old.name)
    return account


def _free_name(wanted: str) -> str:
    taken = set(Account.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    names = [wanted, *(f"{wanted} ({number})" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
