"""The one way to make a call: `with accounts.slot(account, "get", remote_id) as client`.

It makes sure that the breaker is closed, that no identical request was made within the gap, and that one of
the account's permits is free. The outcome is written to the account's row before the permit is given back:
with a wrong password, the next call then finds the breaker open and does not try it too.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Exists
from django.utils import timezone

from mailings.accounts import breaker, limiter
from mailings.accounts.credentials import UnreadableCredentials, credentials_of
from mailings.accounts.limiter import CannotCall
from mailings.accounts.line import Line, line_of
from mailings.models import Account, Breaker, Waiting
from mailings.models.patience import drop_dead_connections
from mailings.models.prepared import given
from mailings.smsc.api.answers import Balance
from mailings.smsc.api.client import Client, Credentials, Timeouts
from mailings.smsc.api.errors import Blocked, LoginRefused, SmscError

log = logging.getLogger(__name__)

# After how long a call that waits for a permit tries again, if it was not told when.
TRY_AGAIN_SECONDS = 0.2
# Reasons that end by themselves soon. For any other reason `slot` does not wait.
PASSING = frozenset({Waiting.GATE, Waiting.SHUT, Waiting.GAP})
# Calls that go before others: what a person wants to stop must not wait behind new mailings.
URGENT = frozenset({"cancel", "del"})
_STARTED_AT = timezone.now()


@contextmanager
def slot(
    account: Account,
    call: str,
    *distinct: str,
    wait: float = 0.0,
    probing: bool = False,
    claim: Callable[[], object] | None = None,
) -> Iterator[Client]:
    """A permit, and the client for one call under it. Raises CannotCall when no call can go out now.

    Let the call's errors pass through: they are noted here.

    `call` and `distinct` (an id, a span of days) identify the request: identical ones are kept
    SAME_REQUEST_SECONDS apart, except `add`, as each has its own reference. `wait`: how many seconds to wait
    until a reason among PASSING is over. `probing`: this is the one call that an open breaker allows.
    `claim`: called while this waits for a permit, if one is free in a moment: what may come before the call.
    With it the account's row is not read again: the caller has just read it, and sends nothing unless it is
    `unchanged`.

    The client's deadline is PROVIDER_TOTAL_SECONDS after the permit was taken, which is before the permit's
    lease ends.
    """
    request = "" if call == "add" else ":".join((call, *distinct))
    if claim is not None:
        caller, lease = _wait_in_line(account, request, wait, claim)
    else:
        row = Account.objects.get(pk=account.pk)
        caller, lease = _wait_for_permit(row, request, wait, probing=probing)
    client = Client(
        caller.credentials, base_url=caller.base_url, timeouts=_timeouts(), deadline=lease.deadline
    )
    line = line_of(lease.identity)
    line.begun()
    keep = False
    try:
        yield client
        if client.answered:
            _note(partial(breaker.succeeded, caller.row, probing=probing))
    except SmscError as error:
        noted = _note(partial(breaker.failed, caller.row, error, probing=probing))
        # If the breaker could not be opened, keep the permit until its lease ends: that slows others down.
        keep = not noted and isinstance(error, LoginRefused | Blocked)
        raise
    finally:
        if not keep:
            limiter.release(lease, used=client.sent)
        line.ended()


def unchanged(account: Any, *, proven: bool) -> Exists:
    """The condition that a claim, and its confirmation, put on the account: able to call, and as it was read.

    `account`: the expression for its primary key. `proven`: it must still be known that calls succeed. The
    statement needs values for `secret`, `kind` and `base_url`.
    """
    places = given(Account, "secret", "kind", "base_url")
    same = Account.objects.filter(pk=account, breaker=Breaker.CLOSED, **places)
    return Exists(same.exclude(proven_at=None) if proven else same)


def raise_if_changed(account: Account) -> None:
    """After a failed claim: raises CannotCall if the account can make no call, or is not as it was read."""
    before = (bytes(account.secret), account.kind, account.base_url, account.proven_at is not None)
    account.refresh_from_db()
    _caller(account, probing=False)
    if before != (bytes(account.secret), account.kind, account.base_url, account.proven_at is not None):
        raise CannotCall(Waiting.GATE)


def probe(account: Account, by: Any = None, *, wait: float = 0.0) -> Balance:
    """Ask for the balance on a person's request. If that works, it closes a breaker opened by error 2."""
    breaker.ask_probe(account, by)
    with slot(account, "balance", wait=wait, probing=breaker.probe_is_due(account)) as client:
        return client.balance()


def probe_if_due(account: Account) -> Balance | None:
    """Make the probe that is due after a block, or that a person asked for; None if not due, or it failed."""
    if not breaker.probe_is_due(account):
        return None
    try:
        with slot(account, "balance", probing=True) as client:
            return client.balance()
    except (CannotCall, SmscError) as error:
        log.info("The probe of account %s brought nothing: %s", account.pk, error)
        return None


def calls_last_hour(account: Account) -> int | None:
    """How many calls the account made in the last 60 minutes; None when Redis is away."""
    return limiter.calls_last_hour(account.identity)


def is_calling(identity: str) -> bool:
    """Whether a call of this login is under way in this process."""
    return line_of(identity).calls > 0


@dataclass(frozen=True)
class _Caller:
    """An account's row as it was read for one call, with its credentials decrypted."""

    row: Account
    credentials: Credentials

    @property
    def base_url(self) -> str:
        return self.row.base_url if self.row.is_sandbox else settings.SMSC_URL

    @property
    def permits(self) -> int:
        return _permits(self.row)


def _permits(row: Account) -> int:
    """How many calls may go at once: one, until a call has succeeded.

    That must have been since this process began, the credentials changed, and the breaker was last open.
    """
    if row.breaker != Breaker.CLOSED or row.proven_at is None:
        return 1
    proven = max(row.proven_at, row.last_ok_at or row.proven_at)
    return settings.CALLS_AT_ONCE if proven >= _STARTED_AT else 1


def _wait_for_permit(
    row: Account, request: str, wait: float, *, probing: bool
) -> tuple[_Caller, limiter.Lease]:
    until = time.monotonic() + wait
    while True:
        try:
            return _try_permit(_caller(row, probing=probing), request, probing=probing, claims=False)
        except CannotCall as error:
            pause = _pause(error, until)
        time.sleep(pause)
        row.refresh_from_db()


def _wait_in_line(
    row: Account, request: str, wait: float, claim: Callable[[], object]
) -> tuple[_Caller, limiter.Lease]:
    """The same for a claim, which is made meanwhile if the turn comes soon."""
    until, line = time.monotonic() + wait, line_of(row.identity)
    with line.stand(_permits(row)) as soon:
        if soon:
            claim()
        with line.front(until - time.monotonic()) as first:
            if not first:
                raise CannotCall(Waiting.GATE)
            return _wait_at_front(line, row, request, until)


def _wait_at_front(line: Line, row: Account, request: str, until: float) -> tuple[_Caller, limiter.Lease]:
    """Ask for the permit whenever a call of ours has ended.

    The row is read again only after a pause in which none has, and while it is not known that calls succeed:
    then all wait for the first one to show it.
    """
    while True:
        line.expect()
        if _permits(row) < settings.CALLS_AT_ONCE:
            row.refresh_from_db()
        try:
            return _try_permit(_caller(row, probing=False), request, probing=False, claims=True)
        except CannotCall as error:
            pause = _pause(error, until)
        if not line.wait(pause):
            row.refresh_from_db()


def _pause(error: CannotCall, until: float) -> float:
    """How many seconds to wait before the next try. Raises the error if it will not pass by then."""
    pause = error.retry_after or TRY_AGAIN_SECONDS
    if error.reason not in PASSING or time.monotonic() + pause > until:
        raise error
    return pause


def _try_permit(
    caller: _Caller, request: str, *, probing: bool, claims: bool
) -> tuple[_Caller, limiter.Lease]:
    identity = caller.row.identity
    calls_lately = partial(breaker.calls_lately, identity, limiter.memory_seconds())
    urgent = request.partition(":")[0] in URGENT
    lease = limiter.acquire(
        identity, request, permits=caller.permits, calls_lately=calls_lately, urgent=urgent
    )
    try:
        return _confirm(lease, caller, probing=probing, claims=claims), lease
    except BaseException:
        limiter.release(lease, used=False)
        raise


def _confirm(lease: limiter.Lease, before: _Caller, *, probing: bool, claims: bool) -> _Caller:
    """Check the account again now that we have a permit: the call before may have opened the breaker.

    With `claims` the row is not read again; the claim's own UPDATE checks it.
    """
    caller = before if claims else _caller(Account.objects.get(pk=before.row.pk), probing=probing)
    if caller.row.identity != lease.identity or caller.permits < before.permits:
        raise CannotCall(Waiting.GATE)
    # Write last_call_at before checking the lease. If Redis is flushed after the check, the row shows a
    # recent call, and the limiter stays shut for it.
    if breaker.note_call(caller.row) and not limiter.holds(lease):
        raise CannotCall(Waiting.GATE)
    if probing and not breaker.claim_probe(caller.row):
        raise CannotCall(Waiting.BREAKER, breaker.retry_after(caller.row))
    return caller


def _caller(row: Account, *, probing: bool) -> _Caller:
    """The row with its credentials. Raises CannotCall if the breaker is open or they cannot be decrypted."""
    try:
        credentials = credentials_of(row)
    except UnreadableCredentials:
        raise CannotCall(Waiting.CREDENTIALS) from None
    if row.breaker != Breaker.CLOSED and not probing:
        raise CannotCall(Waiting.BREAKER, breaker.retry_after(row))
    return _Caller(row, credentials)


def _note(write: Callable[[], None]) -> bool:
    """Write a call's outcome down; False if that failed: the caller must get the answer all the same."""
    for _again in range(2):
        try:
            write()
            return True
        except (DatabaseError, InterfaceError) as error:
            log.warning("An account's health could not be written: %s", type(error).__name__)
            drop_dead_connections()
    return False


def _timeouts() -> Timeouts:
    return Timeouts(
        connect=settings.PROVIDER_CONNECT_SECONDS,
        read=settings.PROVIDER_READ_SECONDS,
        total=settings.PROVIDER_TOTAL_SECONDS,
    )
