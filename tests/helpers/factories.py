"""Factories for tests. Whatever a test does not specify is plain and valid."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account, Mailing, State
from mailings.models.mailing import new_code
from mailings.smsc.spec.spec import Spec, validate
from sandbox import Sandbox

PHONE = "79990000001"


def sandbox_account(sandbox: Sandbox, **fields: Any) -> Account:
    """An account at a sandbox, marked as proven, so that several calls may go at once."""
    account = accounts.ensure_sandbox_account(sandbox.url)
    Account.objects.filter(pk=account.pk).update(**{"proven_at": timezone.now(), **fields})
    account.refresh_from_db()
    return account


def spec(now: datetime | None = None, **options: Any) -> Spec:
    """A valid spec: a short SMS to one number, unless the options say otherwise."""
    given = {"name": "Spring sale", "phones": PHONE, "mes": "Hello"} | options
    return validate(given, now=now or timezone.now())


def queued(account: Account, **options: Any) -> Mailing:
    """A queued mailing."""
    return outbox.make(spec(**options), account=account, submit=True)


def delivered(account: Account, **options: Any) -> Mailing:
    """An accepted mailing, handed over to the account's provider."""
    mailing = queued(account, **options)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    return mailing


def bare(account: Account, **fields: Any) -> Mailing:
    """A row with any column values, without the transitions that lead there."""
    now = timezone.now()
    values = {"code": new_code(), "name": "Bare", "created_at": now, "state_at": now} | fields
    return Mailing.objects.create(account=account, **values)
