"""Noticing a database that is older than the provider's truth: a restored backup, or a Redis without memory.

A restored database believes that mailings still wait which have long been sent. So each account keeps a
shared secret with Redis (`Account.memory`) and Redis keeps a mark: the highest creating attempt that was
about to send. A database behind the mark, or one whose secret differs, is in doubt: rows made before that
moment go out only after a whole read of the provider's list did not show their code (sync ties a job that
bears a code to its row). Where no whole read can be had, a person decides (held: restored).

A Redis that was flushed looks the same as a restored pair and costs one read of the list. Not covered: a
backup from before the account's first call, restored together with an empty Redis.
"""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max
from django.utils import timezone

from mailings.accounts import limiter
from mailings.models import Account, Attempt, Event, EventKind, LookNote, Mailing, Pull
from mailings.smsc.spec.times import MOSCOW

# KEYS: memory. ARGV: the database's secret, its highest attempt.
_COMPARE = """
local known = redis.call('HMGET', KEYS[1], 'secret', 'mark')
if not known[1] then return 'forgotten' end
if known[1] ~= ARGV[1] then return 'other' end
if tonumber(known[2]) > tonumber(ARGV[2]) then return 'older' end
return 'same'
"""
# KEYS: memory. ARGV: the new secret, the highest attempt.
_BEGIN = "redis.call('HSET', KEYS[1], 'secret', ARGV[1], 'mark', ARGV[2])"
# KEYS: memory. ARGV: the secret, an attempt. Answers 1 when it is remembered now.
_RAISE = """
local known = redis.call('HMGET', KEYS[1], 'secret', 'mark')
if known[1] ~= ARGV[1] then return 0 end
if tonumber(known[2]) < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'mark', ARGV[2]) end
return 1
"""


class Days(NamedTuple):
    """The days (Moscow) on which the provider may list a row's job, both included."""

    start: datetime
    end: datetime


class ForgottenError(Exception):
    """Redis lost its memory between the claim and the first byte: nothing may be sent on this claim."""


def compare(account: Account) -> None:
    """Compare the database with what Redis remembers; from a difference on, the account's rows are in doubt.

    Raises CannotCall(REDIS).
    """
    highest = Attempt.objects.aggregate(highest=Max("pk"))["highest"] or 0
    word = limiter.ask(_COMPARE, [_name(account)], [account.memory, highest]).decode()
    if word == "same":
        return
    secret, now = secrets.token_hex(8), timezone.now()
    first_ever = word == "forgotten" and not account.memory
    if first_ever:
        Account.objects.filter(pk=account.pk).update(memory=secret)
    else:
        Account.objects.filter(pk=account.pk).update(memory=secret, doubt_from=now)
        Event.objects.create(account=account, at=now, kind=EventKind.DOUBTED, data={"reason": word})
        account.doubt_from = now
    account.memory = secret
    limiter.ask(_BEGIN, [_name(account)], [secret, highest])


def remember(account: Account, attempt: Attempt) -> None:
    """Raise the mark before the first byte of a creating call; ForgottenError: Redis has lost it since."""
    if not limiter.ask(_RAISE, [_name(account)], [account.memory, attempt.pk]):
        raise ForgottenError


def in_doubt(account: Account, mailing: Mailing) -> bool:
    """Whether a row may be older than the provider's truth. A person's later word ends the doubt."""
    since = max(moment for moment in (mailing.created_at, mailing.released_at) if moment)
    return account.doubt_from is not None and since < account.doubt_from


def looked_for(account: Account, mailing: Mailing) -> str | None:
    """What the reads of the list since the doubt say of a row: "" not there, None not read yet, else why not.

    Such a read began after the doubt and reaches from the day before the row was made to the day after the
    hour asked for. A job that it shows has been tied to its row by then.
    """
    if account.doubt_from is None:
        return ""
    days = days_of(account.doubt_from, mailing)
    reads = Pull.objects.filter(
        account=account,
        begun_at__gte=account.doubt_from,
        ended_at__isnull=False,
        start__lte=days.start.date(),
        end__gte=days.end.date(),
    ).exclude(incomplete_reason=LookNote.FAILED)
    if reads.filter(complete=True).exists():
        return ""
    return reads.values_list("incomplete_reason", flat=True).first()


def days_of(doubt_from: datetime, mailing: Mailing) -> Days:
    """Where a row's job would stand in the list, if there is one."""
    day = timedelta(days=1)
    last = max(moment for moment in (doubt_from, mailing.due_at) if moment)
    return Days(mailing.created_at.astimezone(MOSCOW) - day, last.astimezone(MOSCOW) + day)


def _name(account: Account) -> str:
    return limiter.key("memory", account.identity, account.instance)
