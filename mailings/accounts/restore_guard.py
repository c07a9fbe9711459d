"""Noticing a database that is older than the provider's truth: a backup, a replica that lagged behind.

A database that was taken back believes that mailings still wait which have long been sent. So each account
keeps a shared secret with Redis (`Account.memory`), and Redis keeps marks: the latest creating attempts that
were about to send, each by its key and its token. A database that does not hold exactly those attempts, or
whose secret differs, is in doubt. Keys alone prove nothing: they are given out again.

Rows made before the doubt are held: they are looked for as unknown ones are, and a person lets them go. A
Redis that lost its memory cannot be told from one that was emptied along with a restore; it is a doubt too,
under a name of its own (`Account.doubt_reason`). Not covered: a backup from before the account's first call,
restored together with an empty Redis.
"""

import secrets

from django.utils import timezone

from mailings.accounts import limiter
from mailings.models import Account, Attempt, Event, EventKind, Mailing, Waiting

# More than can be under way at once: attempts are not committed in the order of their keys.
MARKS = 64
# KEYS: memory, marks.
_READ = "return {redis.call('HGET', KEYS[1], 'secret') or '', redis.call('LRANGE', KEYS[2], 0, -1)}"
# KEYS: memory, marks. ARGV: the new secret.
_BEGIN = "redis.call('HSET', KEYS[1], 'secret', ARGV[1]) redis.call('DEL', KEYS[2])"
# KEYS: memory, marks. ARGV: the secret, a mark, how many are kept. Answers 1 when it is remembered now.
# A connection that broke is asked once more, so asking twice leaves one mark.
_MARK = """
if redis.call('HGET', KEYS[1], 'secret') ~= ARGV[1] then return 0 end
if redis.call('LINDEX', KEYS[2], 0) == ARGV[2] then return 1 end
redis.call('LPUSH', KEYS[2], ARGV[2])
redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[3]) - 1)
return 1
"""


class ForgottenError(Exception):
    """Redis lost its memory between the claim and the first byte: nothing may be sent on this claim."""


class DifferentError(limiter.CannotCall):
    """The database is not the one that Redis remembers, or is about to be said so: `compare` tells."""

    def __init__(self) -> None:
        super().__init__(Waiting.REDIS, 1.0)


def remembered(account: Account) -> list[str]:
    """The tokens of the attempts that the database must hold, for a claim to count; raises DifferentError."""
    secret, marks = limiter.ask(_READ, _keys(account), [])
    if not secret or secret.decode() != account.memory:
        raise DifferentError
    return list({mark.decode().partition(":")[2]: None for mark in marks})


def compare(account: Account) -> None:
    """Compare the database with what Redis remembers; from a difference on, the account's rows are in doubt.

    Raises CannotCall: Redis cannot be asked, or another worker has just begun the doubt.
    """
    word = _difference(account)
    if not word:
        return
    secret, now = secrets.token_hex(8), timezone.now()
    doubt = {} if word == "first" else {"doubt_from": now, "doubt_reason": word}
    # Of several workers that notice at once, one begins the new memory.
    if not Account.objects.filter(pk=account.pk, memory=account.memory).update(memory=secret, **doubt):
        raise limiter.CannotCall(Waiting.REDIS, 1.0)
    limiter.ask(_BEGIN, _keys(account), [secret])
    if doubt:
        Event.objects.create(account=account, at=now, kind=EventKind.DOUBTED, data={"reason": word})
    account.refresh_from_db()


def _difference(account: Account) -> str:
    """How the database differs from what Redis remembers: first, forgotten, other, older; "" when not."""
    secret, marks = limiter.ask(_READ, _keys(account), [])
    if not secret:
        return "forgotten" if account.memory else "first"
    if secret.decode() != account.memory:
        return "other"
    wanted = {mark.decode() for mark in marks}
    pks = [mark.partition(":")[0] for mark in wanted]
    attempts = Attempt.objects.filter(pk__in=pks, mailing__account_id=account.pk)
    held = {_mark(pk, token) for pk, token in attempts.values_list("pk", "token")}
    return "" if wanted <= held else "older"


def remember(account: Account, attempt: Attempt) -> None:
    """Leave a mark before the first byte of a creating call; ForgottenError: Redis has lost its memory."""
    mark = _mark(attempt.pk, attempt.token)
    if not limiter.ask(_MARK, _keys(account), [account.memory, mark, MARKS]):
        raise ForgottenError


def in_doubt(account: Account, mailing: Mailing) -> bool:
    """Whether a row may be older than the provider's truth. A person's later word ends the doubt."""
    since = max(moment for moment in (mailing.created_at, mailing.released_at) if moment)
    return account.doubt_from is not None and since < account.doubt_from


def _mark(pk: int, token: str) -> str:
    return f"{pk}:{token}"


def _keys(account: Account) -> list[str]:
    return [
        limiter.key("memory", account.identity, account.instance),
        limiter.key("marks", account.identity, account.instance),
    ]
