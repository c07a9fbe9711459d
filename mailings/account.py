"""An account's row turned into calls, and the three conditions under which a call may go out.

Every call to the provider goes through `slot` (or `call`, which wraps it): the breaker is closed, no
identical call was made within the gap, and there is a place at the gate. What the call meets is written to
the account's row before its place is given back, so that with a wrong password the next in line finds the
breaker open.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.utils import timezone

from config.checks import keys_missing_for_live
from mailings import breaker, gate
from mailings.credentials import UnreadableCredentials, credentials_of, renew_all, set_credentials
from mailings.gate import CannotCall
from mailings.models import Account, Breaker
from mailings.smsc.api.answers import Balance
from mailings.smsc.api.client import Client, Credentials, Timeouts
from mailings.smsc.api.errors import Blocked, LoginRefused, NotSent, SmscError

__all__ = [
    "CannotCall",
    "ask_probe",
    "at_process_start",
    "call",
    "calls_last_hour",
    "client_for",
    "default_account",
    "ensure_default_account",
    "ensure_sandbox_account",
    "probe",
    "probe_if_due",
    "set_credentials",
    "slot",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

DEFAULT_NAME = "default"
SANDBOX_NAME = "sandbox"
# How often a call that waits for a place looks again.
LOOK_AGAIN_SECONDS = 0.2
_STARTED_AT = timezone.now()


class NoAccount(Exception):
    """There is no such account. The text says what to do."""


# --- calls ------------------------------------------------------------------------------------------------


def client_for(account: Account) -> Client:
    """The client of an account. CannotCall("credentials") when there are none, or they cannot be opened."""
    return Client(_credentials(account), base_url=_base_url(account), timeouts=_timeouts())


def call(account: Account, name: str, fn: Callable[[Client], T], *, digest: str = "", wait: float = 0.0) -> T:
    """What `fn` brings from one call to the provider.

    `digest` names the request for the gap; without one the call's `name` does. `wait` as for `slot`. Raises
    CannotCall when nothing was done, else what `fn` raises.
    """
    with slot(account, digest=digest or name, wait=wait) as client:
        return fn(client)


@contextmanager
def slot(account: Account, *, digest: str = "", wait: float = 0.0) -> Iterator[Client]:
    """A place at the gate, and the client for one call in it. Its errors may pass through: they are noted.

    `digest` keeps identical requests apart; empty for one that is never repeated. `wait`: seconds to wait for
    a place, and for a gap that ends in time. Raises CannotCall(reason, retry_after) when nothing can go out.
    The client's deadline, PROVIDER_TOTAL_SECONDS from here, ends before the place does, however late it is
    used.
    """
    with _slot(account, digest, wait, probing=False) as client:
        yield client


def probe(account: Account, by: Any = None, *, wait: float = 0.0) -> Balance:
    """A person asks for one call now, after mending the login; it closes a breaker that error 2 opened."""
    ask_probe(account, by)
    if breaker.probe_is_due(account):
        return _probe(account, wait)
    return call(account, "balance", Client.balance, wait=wait)


def ask_probe(account: Account, by: Any = None) -> bool:
    """The same, left to the next sweep. False when no breaker waits for a person."""
    return breaker.ask_probe(account, by)


def probe_if_due(account: Account) -> Balance | None:
    """The one call that is due after a block, or that a person asked for; None: it brought nothing."""
    if not breaker.probe_is_due(account):
        return None
    try:
        return _probe(account, 0.0)
    except (CannotCall, SmscError) as error:
        log.info("The probe of account %s brought nothing: %s", account.pk, error)
        return None


def calls_last_hour(account: Account) -> int | None:
    """How many calls the account made in the last 60 minutes; None when Redis is away."""
    return gate.calls_last_hour(account.identity)


class _SlotClient(Client):
    """A client that keeps to its place's deadline, and knows whether its call went out and was answered."""

    def __init__(self, latest: float, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._latest = latest
        self.sent = False
        self.answered = False

    def _call(self, *args: Any, deadline: float | None = None, **options: Any) -> Any:
        self.sent = True
        end = self._latest if deadline is None else min(deadline, self._latest)
        try:
            answer = super()._call(*args, deadline=end, **options)
        except NotSent:
            self.sent = False
            raise
        self.answered = True
        return answer


@contextmanager
def _slot(account: Account, digest: str, wait: float, *, probing: bool) -> Iterator[Client]:
    row, lease = _wait_for_place(account.pk, digest, wait, probing=probing)
    client = _SlotClient(lease.deadline, _credentials(row), base_url=_base_url(row), timeouts=_timeouts())
    keep = False
    try:
        yield client
        if client.answered:
            _note(partial(breaker.succeeded, row, probing=probing))
    except SmscError as error:
        noted = _note(partial(breaker.failed, row, error, probing=probing))
        # A breaker that could not be opened: the place stays taken until its lease ends.
        keep = not noted and isinstance(error, LoginRefused | Blocked)
        raise
    finally:
        if not keep:
            gate.release(lease, used=client.sent)


def _wait_for_place(pk: int, digest: str, wait: float, *, probing: bool) -> tuple[Account, gate.Lease]:
    until = time.monotonic() + wait
    while True:
        try:
            return _try_place(pk, digest, probing=probing)
        except CannotCall as error:
            left = until - time.monotonic()
            pause = error.retry_after or LOOK_AGAIN_SECONDS
            if error.reason not in ("gate", "gap") or pause > left:
                raise
        time.sleep(pause)


def _try_place(pk: int, digest: str, *, probing: bool) -> tuple[Account, gate.Lease]:
    row = _callable_row(pk, probing=probing)
    lanes = _lanes(row)
    lease = gate.acquire(
        row.identity,
        digest,
        lanes=lanes,
        calls_lately=lambda: breaker.calls_lately(row.identity, gate.memory_seconds()),
    )
    try:
        return _confirmed(lease, pk, lanes, probing=probing), lease
    except BaseException:
        gate.release(lease, used=False)
        raise


def _confirmed(lease: gate.Lease, pk: int, lanes: int, *, probing: bool) -> Account:
    """The row once more, with the place in hand: whoever held it before may have met a refusal."""
    row = _callable_row(pk, probing=probing)
    if row.identity != lease.identity or _lanes(row) < lanes:
        raise CannotCall("gate")
    # A flushed Redis forgets the place; that a call was made must not be forgotten with it. So the row is
    # written first, and then the place is looked at.
    if breaker.note_call(row) and not gate.holds(lease):
        raise CannotCall("gate")
    if probing and not breaker.claim_probe(row):
        raise CannotCall("breaker", breaker.retry_after(row))
    return row


def _callable_row(pk: int, *, probing: bool) -> Account:
    row = Account.objects.get(pk=pk)
    _credentials(row)
    if row.breaker != Breaker.CLOSED and not probing:
        raise CannotCall("breaker", breaker.retry_after(row))
    return row


def _lanes(row: Account) -> int:
    """How many calls at once: one, until a call has succeeded since this process began."""
    if row.breaker != Breaker.CLOSED or row.proven_at is None:
        return 1
    proven = max(row.proven_at, row.last_ok_at or row.proven_at)
    return settings.CALLS_AT_ONCE if proven >= _STARTED_AT else 1


def _note(write: Callable[[], None]) -> bool:
    """Write down what a call met. A database that is away must not hide what the provider answered."""
    try:
        write()
    except DatabaseError as error:
        log.warning("An account's health could not be written: %s", type(error).__name__)
        return False
    return True


def _probe(account: Account, wait: float) -> Balance:
    with _slot(account, "balance", wait, probing=True) as client:
        return client.balance()


def _credentials(account: Account) -> Credentials:
    try:
        return credentials_of(account)
    except UnreadableCredentials:
        raise CannotCall("credentials") from None


def _base_url(account: Account) -> str:
    return account.base_url if account.is_sandbox else settings.SMSC_URL


def _timeouts() -> Timeouts:
    return Timeouts(
        connect=settings.PROVIDER_CONNECT_SECONDS,
        read=settings.PROVIDER_READ_SECONDS,
        total=settings.PROVIDER_TOTAL_SECONDS,
    )


# --- rows -------------------------------------------------------------------------------------------------


def default_account(name: str | None = None) -> Account:
    """The account of that name; without one `default`, else the only one. NoAccount says what is missing."""
    if name is not None:
        found = Account.objects.filter(name=name).first()
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
        problem = keys_missing_for_live()
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
    problem = keys_missing_for_live()
    if problem:
        raise ImproperlyConfigured(problem)
    return _ensure(DEFAULT_NAME, credentials, kind=Account.Kind.LIVE)


def ensure_sandbox_account(url: str, login: str = SANDBOX_NAME, password: str = SANDBOX_NAME) -> Account:
    """Make or update the account `sandbox` at a sandbox provider's address."""
    credentials = Credentials(login=login, password=password)
    return _ensure(SANDBOX_NAME, credentials, kind=Account.Kind.SANDBOX, base_url=url)


def _ensure(name: str, credentials: Credentials, **fields: Any) -> Account:
    account, _ = Account.objects.get_or_create(name=name, defaults=fields)
    if any(getattr(account, field) != value for field, value in fields.items()):
        # Another address or kind is another provider: nothing is proven there yet.
        Account.objects.filter(pk=account.pk).update(**fields, proven_at=None)
        account.refresh_from_db()
    set_credentials(account, credentials)
    return account
