"""Detects a restored database: a backup, or a replica that had lagged behind.

In such a database mailings may be queued that were sent long ago. To notice that, each account shares a
secret with Redis (`Account.memory`), and Redis keeps marks: primary key and token of the newest creating
attempts that were about to send. If the secrets differ, or the database lacks one of these attempts, it is in
doubt. The key alone would prove nothing, because a restored database hands out the same keys again.

Queued rows made before the doubt are held: they are looked for in the provider's list, and a person can let
them go. If Redis lost its memory, it may have been emptied along with a restore, so that is a doubt as well,
with a reason of its own (`Account.doubt_reason`). Not covered: a backup from before the account's first call,
restored together with an empty Redis.
"""

import secrets

from django.db import transaction
from django.utils import timezone

from mailings.accounts import limiter
from mailings.models import Account, Attempt, Event, EventKind, Mailing, Waiting

# How many marks Redis keeps. More than calls can be under way, as these may commit in any order.
MARKS = 64
# KEYS: memory, marks. The marks are given as one text, since the client takes long to read many.
_READ = """
local marks = redis.call('LRANGE', KEYS[2], 0, -1)
return {redis.call('HGET', KEYS[1], 'secret') or '', table.concat(marks, ' ')}
"""
# KEYS: memory, marks. ARGV: the new secret.
_BEGIN = "redis.call('HSET', KEYS[1], 'secret', ARGV[1]) redis.call('DEL', KEYS[2])"
# KEYS: memory, marks. ARGV: the secret, a mark, how many marks to keep. Answers 0 when the secret differs.
# Safe to repeat, as the client does after a broken connection: that leaves one mark.
_MARK = """
if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[1] then return 0 end
if redis.call('LINDEX', KEYS[2], 0) == ARGV[2] then return 1 end
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[3]) - 1)
return 1
"""


class ForgottenError(Exception):
    """Redis lost its memory between claim and first byte: nothing may be sent on this claim."""


class DifferentError(limiter.CannotCall):
    """The database may not be the one that Redis remembers; call `compare` to find out."""

    def __init__(self) -> None:
        super().__init__(Waiting.REDIS, 1.0)


def remembered(account: Account) -> list[str]:
    """The tokens of the attempts that the database must hold. Raises DifferentError if the secrets differ."""
    secret, marks = limiter.ask(_READ, _keys(account), [])
    if not secret or secret.decode() != account.memory:
        raise DifferentError
    return list({mark.partition(":")[2]: None for mark in marks.decode().split()})


def compare(account: Account) -> None:
    """Compare the database with Redis. If they differ, put the account in doubt, and agree on a new secret.

    Raises CannotCall when Redis cannot be asked.
    """
    if not _difference(account):
        return
    # Of several workers that notice it at once, one goes on. Between its two writes the others would see a
    # secret that Redis has not got yet, and call it forgotten: they wait, and compare again.
    with transaction.atomic():
        _agree(Account.objects.select_for_update(no_key=True).get(pk=account.pk))
    account.refresh_from_db()


def _agree(account: Account) -> None:
    word = _difference(account)
    if not word:
        return
    secret, now = secrets.token_hex(8), timezone.now()
    doubt = {} if word == "first" else {"doubt_from": now, "doubt_reason": word}
    Account.objects.filter(pk=account.pk).update(memory=secret, **doubt)
    if doubt:
        Event.objects.create(account=account, at=now, kind=EventKind.DOUBTED, data={"reason": word})
    limiter.ask(_BEGIN, _keys(account), [secret])


def _difference(account: Account) -> str:
    """How the database differs from Redis; "" when it does not.

    "first": neither has a secret yet. "forgotten": Redis has lost it. "other": the secrets differ. "older":
    the database lacks an attempt that Redis remembers.
    """
    secret, marks = limiter.ask(_READ, _keys(account), [])
    if not secret:
        return "forgotten" if account.memory else "first"
    if secret.decode() != account.memory:
        return "other"
    wanted = set(marks.decode().split())
    pks = [mark.partition(":")[0] for mark in wanted]
    attempts = Attempt.objects.filter(pk__in=pks, mailing__account_id=account.pk)
    held = {_mark(pk, token) for pk, token in attempts.values_list("pk", "token")}
    return "" if wanted <= held else "older"


def remember(account: Account, attempt: Attempt) -> None:
    """Leave a mark in Redis before the first byte of a creating call.

    Raises ForgottenError when Redis has lost its memory, CannotCall when it cannot be asked.
    """
    mark = _mark(attempt.pk, attempt.token)
    if not limiter.ask(_MARK, _keys(account), [account.memory, mark, MARKS]):
        raise ForgottenError


def in_doubt(account: Account, mailing: Mailing) -> bool:
    """Whether a row was made before the account's doubt began, and no person has released it since."""
    since = max(moment for moment in (mailing.created_at, mailing.released_at) if moment)
    return account.doubt_from is not None and since < account.doubt_from


def _mark(pk: int, token: str) -> str:
    return f"{pk}:{token}"


def _keys(account: Account) -> list[str]:
    return [
        limiter.key("memory", account.identity, account.instance),
        limiter.key("marks", account.identity, account.instance),
    ]
