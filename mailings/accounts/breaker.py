"""The breaker: after a refused login (error 2) or a block (error 4) no call of that account goes out.

Five refused logins in 30 minutes would block our address, for all accounts ("Error numbers" in
docs/provider.md). The breaker's state is in the account's row, and each change of it is one conditional
UPDATE: of many workers exactly one opens it, one probes and one closes it.

The outcome of a call counts only while the account has the credentials of that call (`credentials_at`).
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mailings.models import Account, Breaker, Event, EventKind
from mailings.smsc.api.errors import (
    Blocked,
    FileMissing,
    LoginRefused,
    NotSaved,
    Objected,
    SmscError,
    WrongDate,
    WrongParameters,
)

# How long the provider blocks an address after error 4 ("Error numbers" in docs/provider.md).
BLOCK = timedelta(minutes=30)
# After this a probe is repeated that did not close a breaker opened by a block.
PROBE_AGAIN = timedelta(minutes=2)
# `last_ok_at` and `last_call_at` are not written for every call: they may be this much behind.
OK_STEP = timedelta(seconds=5)
CALL_STEP = timedelta(seconds=10)

# Errors about one request: not noted on the account's row, for they show that provider and credentials work.
ABOUT_THE_REQUEST = (WrongParameters, NotSaved, WrongDate)
# Errors of ours, raised before anything was sent.
OUR_OWN_REASONS = (FileMissing, Objected)


def retry_after(account: Account) -> float | None:
    """Seconds until an open breaker is probed automatically; None when a person has to ask for the probe."""
    if account.breaker_until is None:
        return None
    return max(0.0, (account.breaker_until - timezone.now()).total_seconds())


def ask_probe(account: Account, by: Any = None) -> bool:
    """A person asks for one call after a refused login. False when no refused login keeps it open."""
    with transaction.atomic():
        refused = Account.objects.filter(pk=account.pk, breaker=Breaker.LOGIN)
        if not refused.update(probe_asked_at=timezone.now()):
            return False
        _event(account, EventKind.PROBE_ASKED, by=by)
    return True


def probe_is_due(account: Account) -> bool:
    """Whether the one call that an open breaker allows may be made now."""
    return _due(timezone.now()).filter(pk=account.pk).exists()


def claim_probe(account: Account) -> bool:
    """Take the probe that is due: True for exactly one caller, who must then make one call."""
    now = timezone.now()
    due = _due(now).filter(pk=account.pk)
    return bool(due.update(probe_asked_at=None, breaker_until=_until(account.breaker, now, PROBE_AGAIN)))


def succeeded(account: Account, *, probing: bool) -> None:
    """Note that a call succeeded. A successful probe closes the breaker."""
    now = timezone.now()
    if probing:
        _close(account, now)
    elif not _is_known(account, now):
        # A call that began before the breaker opened must not close it.
        _same(account).filter(breaker=Breaker.CLOSED).update(
            last_ok_at=now, proven_at=account.proven_at or now
        )


def failed(account: Account, error: SmscError, *, probing: bool) -> None:
    """Note that a call failed. Errors 2 and 4 open the breaker."""
    now = timezone.now()
    if not (isinstance(error, ABOUT_THE_REQUEST + OUR_OWN_REASONS)):
        note = f"{error}: {error.text}" if error.text else str(error)
        _same(account).update(last_error_at=now, last_error=note[:200])
    if isinstance(error, LoginRefused):
        _open(account, Breaker.LOGIN, error, now, probing=probing)
    elif isinstance(error, Blocked):
        _open(account, Breaker.BLOCK, error, now, probing=probing)
    elif probing and not error.bytes_handed:
        # Nothing reached the provider, so the probe that a person asked for is still to be made.
        _same(account).filter(breaker=Breaker.LOGIN).update(probe_asked_at=now)


def note_call(account: Account) -> bool:
    """Write down that a call is about to begin; False if the row's `last_call_at` is newer than CALL_STEP."""
    now = timezone.now()
    if account.last_call_at and timedelta(0) <= now - account.last_call_at < CALL_STEP:
        return False
    Account.objects.filter(pk=account.pk).update(last_call_at=now)
    return True


def calls_lately(identity: str, seconds: float) -> bool:
    """Whether a call of this login began in the last `seconds`, or in the future (a clock was set back)."""
    since = timezone.now() - timedelta(seconds=seconds) - CALL_STEP
    return Account.objects.filter(identity=identity, last_call_at__gte=since).exists()


def _same(account: Account) -> QuerySet[Account]:
    """The account's row, if its credentials are still those that `account` was read with."""
    return Account.objects.filter(pk=account.pk, credentials_at=account.credentials_at)


def _due(now: datetime) -> QuerySet[Account]:
    asked = Account.objects.filter(breaker=Breaker.LOGIN, probe_asked_at__isnull=False)
    return asked | Account.objects.filter(breaker=Breaker.BLOCK, breaker_until__lte=now)


def _until(breaker: str, now: datetime, span: timedelta) -> datetime | None:
    return now + span if breaker == Breaker.BLOCK else None


def _open(account: Account, kind: Breaker, error: SmscError, now: datetime, *, probing: bool) -> None:
    rows = _same(account) if probing else _same(account).filter(breaker=Breaker.CLOSED)
    with transaction.atomic():
        opened = rows.update(
            breaker=kind,
            breaker_at=now,
            breaker_until=_until(kind, now, BLOCK),
            breaker_text=error.text[:200],
            probe_asked_at=None,
            proven_at=None,
        )
        if opened:
            _event(account, EventKind.BREAKER_OPENED, reason=kind.value, text=error.text[:200])


def _close(account: Account, now: datetime) -> None:
    with transaction.atomic():
        closed = (
            _same(account)
            .exclude(breaker=Breaker.CLOSED)
            .update(
                breaker=Breaker.CLOSED,
                breaker_at=None,
                breaker_until=None,
                breaker_text="",
                probe_asked_at=None,
                proven_at=now,
                last_ok_at=now,
            )
        )
        if closed:
            _event(account, EventKind.BREAKER_CLOSED, reason=account.breaker)


def _is_known(account: Account, now: datetime) -> bool:
    """Whether the row has noted a success less than OK_STEP ago, and no error since."""
    ok, error = account.last_ok_at, account.last_error_at
    if account.proven_at is None or ok is None or not timedelta(0) <= now - ok < OK_STEP:
        return False
    return error is None or error < ok


def _event(account: Account, kind: EventKind, by: Any = None, **data: object) -> None:
    Event.objects.create(account=account, at=timezone.now(), who=by, kind=kind, data=data)
