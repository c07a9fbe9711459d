"""Stored credentials, encrypted with CREDENTIALS_KEYS. Only this module reads and writes them."""

import functools
import json
from dataclasses import asdict
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mailings.accounts import keys
from mailings.models import Account, Breaker, Event, EventKind, Mailing
from mailings.smsc.api.client import Credentials


class UnreadableCredentials(Exception):
    """The stored credentials cannot be decrypted with any of CREDENTIALS_KEYS, or there are none."""


class AnotherLogin(Exception):
    """The account's login cannot change: mailings were handed over under the present one."""


def credentials_of(account: Account) -> Credentials:
    """The account's decrypted credentials, cached by secret and keys. Raises UnreadableCredentials."""
    try:
        return _opened(bytes(account.secret), tuple(settings.CREDENTIALS_KEYS))
    except (InvalidToken, ValueError, TypeError):
        pass  # raised outside the handler, so that no traceback can show a part of the secret
    raise UnreadableCredentials


@functools.lru_cache(maxsize=32)
def _opened(secret: bytes, _keys: tuple[str, ...]) -> Credentials:
    return Credentials(**json.loads(keys.all_keys().decrypt(secret)))


def set_credentials(account: Account, credentials: Credentials, by: Any = None) -> bool:
    """Store credentials, with a line in the account's timeline. False when they are the same as before.

    New credentials close a breaker that a refused login opened. Until one call has succeeded, calls go one at
    a time, so that only one tries them. A breaker opened by a block stays: the provider blocks our address,
    not the login. Raises AnotherLogin for another login name, once mailings were handed over under this one.
    """
    if _has(account, credentials):
        return False
    if is_another_login(account, credentials):
        raise AnotherLogin
    now = timezone.now()
    fields: dict[str, Any] = {
        "secret": keys.all_keys().encrypt(json.dumps(asdict(credentials)).encode()),
        "identity": credentials.identity,
        "credentials_at": now,
        "proven_at": None,
    }
    if account.identity != credentials.identity:
        fields["memory"] = ""  # what Redis remembers is kept by login, and nothing was sent under the new one
    if account.breaker == Breaker.LOGIN:
        fields |= {"breaker": Breaker.CLOSED, "breaker_at": None, "breaker_text": "", "probe_asked_at": None}
    with transaction.atomic():
        # Several processes may start at once with the same new password: only one of them stores it.
        same = Account.objects.filter(pk=account.pk, secret=bytes(account.secret), breaker=account.breaker)
        stored = same.update(**fields)
        if stored:
            Event.objects.create(account=account, at=now, who=by, kind=EventKind.CREDENTIALS_CHANGED)
    account.refresh_from_db()
    return bool(stored)


def is_another_login(account: Account, credentials: Credentials) -> bool:
    """Whether it is another login than the one under which the account has jobs or attempts."""
    if not account.identity or account.identity == credentials.identity:
        return False
    handed_over = Q(remote_id__isnull=False) | Q(attempts__isnull=False)
    return Mailing.objects.filter(handed_over, account=account).exists()


def move(account: Account, *, kind: str, base_url: str, credentials: Credentials, by: Any = None) -> bool:
    """Point an account at another provider address, with the credentials for it, and record it.

    One transaction, because no call may take the old credentials to the new address. False when it points
    there already. Raises AnotherLogin as `set_credentials` does.
    """
    with transaction.atomic():
        row = Account.objects.select_for_update().get(pk=account.pk)
        before = {"kind": row.kind, "base_url": row.base_url}
        after = {"kind": kind, "base_url": base_url}
        if before == after:
            return False
        # At the new address no call has succeeded yet.
        Account.objects.filter(pk=row.pk).update(**after, proven_at=None)
        changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        Event.objects.create(
            account=row, at=timezone.now(), who=by, kind=EventKind.ADDRESS_CHANGED, data=changed
        )
        set_credentials(row, credentials, by)
    account.refresh_from_db()
    return True


def renew_all() -> None:
    """Re-encrypt with the newest key all credentials that only an older key decrypts."""
    newest = keys.newest()
    for account in Account.objects.exclude(secret=b""):
        secret = bytes(account.secret)
        if not _opens(newest, secret) and _opens(keys.all_keys(), secret):
            Account.objects.filter(pk=account.pk, secret=secret).update(secret=keys.all_keys().rotate(secret))


def _has(account: Account, credentials: Credentials) -> bool:
    try:
        return credentials_of(account) == credentials
    except UnreadableCredentials:
        return False


def _opens(key: Fernet | MultiFernet, secret: bytes) -> bool:
    try:
        key.decrypt(secret)
    except InvalidToken:
        return False
    return True
