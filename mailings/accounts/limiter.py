"""Limits the calls of one login at once, and keeps identical requests apart, over all machines.

The state is in Redis, per login (`identity`), and is changed by Lua scripts that use Redis's own clock:

- calls: a sorted set with a lease per call. A lease ends after the call's deadline, so that a call whose
  worker was killed or frozen keeps its permit until it can no longer be under way.
- gap: a key per request (`digest`) that keeps identical ones SAME_REQUEST_SECONDS apart, counted from the end
  of the first, as that is the latest moment at which the provider can have received it.
- urgent: a sorted set of urgent requests (a cancel, a delete) that got no permit; the next is kept for them.
- epoch: the run of Redis that the above belongs to. The leases cannot be trusted if the epoch is missing
  (Redis was flushed), names another run (a restart may have lost the newest writes) or lies in the future
  (the clock was set back). Then no permit is given until every call that may be under way, and every gap that
  may be running, must be over. A new Redis has no epoch either, so the database is asked whether calls were
  made lately; if not, permits are given at once.

Not covered: Redis's clock jumps forward by the length of a lease while calls are under way.
"""

import contextlib
import functools
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from mailings.accounts import scripts
from mailings.models import Waiting

log = logging.getLogger(__name__)

# Seconds by which a lease outlasts its call's deadline.
LEASE_MARGIN = 3.0
# Seconds for connecting and for each command, so that a frozen Redis does not hold up a worker.
REDIS_TIMEOUT = 2.0
# The same for pages.
PAGE_TIMEOUT = 0.4
# One retry when a connection broke (Redis was restarted), none when it timed out.
ONCE_MORE = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))

_CLOCK = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
"""
_EPOCH = (
    _CLOCK
    + """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local epoch = redis.call('HMGET', KEYS[2], 'run', 'opens', 'seen')
local lost = epoch[1] ~= run or now + 1000 < tonumber(epoch[3])
"""
)
# KEYS: calls, epoch, gap, urgent. ARGV: token, permits, the lease in ms, the longest gap in ms, the request's
# digest if it is urgent, else ''. An urgent request that finds no permit has the next one kept for it for a
# second. Safe to repeat with the same token, as the client does after a broken connection.
_ACQUIRE = (
    _EPOCH
    + """
if lost then return {'lost', 0} end
redis.call('HSET', KEYS[2], 'seen', now)
if tonumber(epoch[2]) > now then return {'shut', tonumber(epoch[2]) - now} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return {'ok', 0} end
local gap = redis.call('PTTL', KEYS[3])
if gap > 0 and gap <= tonumber(ARGV[4]) then return {'gap', gap} end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)
local urgent = ARGV[5] ~= ''
local kept = urgent and 0 or redis.call('ZCARD', KEYS[4])
if redis.call('ZCARD', KEYS[1]) + kept >= tonumber(ARGV[2]) then
  if urgent then redis.call('ZADD', KEYS[4], now + 1000, ARGV[5]) end
  return {'full', 0}
end
if urgent then redis.call('ZREM', KEYS[4], ARGV[5]) end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[4])
return {'ok', 0}
"""
)
# Starts a new epoch. KEYS: calls, epoch. ARGV: ms to stay shut.
_BEGIN = (
    _EPOCH
    + """
if not lost then return end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'run', run, 'opens', now + ARGV[1], 'seen', now)
"""
)
# KEYS: calls, gap. ARGV: token, the gap in ms (0: nothing was sent), prefix of the per-minute counters' keys.
_RELEASE = (
    _CLOCK
    + """
redis.call('ZREM', KEYS[1], ARGV[1])
local holder = redis.call('GET', KEYS[2])
if tonumber(ARGV[2]) == 0 then
  if holder == ARGV[1] then redis.call('DEL', KEYS[2]) end
  return
end
if not holder or holder == ARGV[1] then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
local minute = ARGV[3] .. string.format('%.0f', math.floor(now / 60000))
redis.call('INCR', minute)
redis.call('EXPIRE', minute, 3700)
"""
)
# The answers of _ACQUIRE that refuse a permit.
REFUSALS = {b"gap": Waiting.GAP, b"full": Waiting.GATE, b"shut": Waiting.SHUT}
_HOLDS = "return redis.call('ZSCORE', KEYS[1], ARGV[1])"


class CannotCall(Exception):
    """No call can be made now, and none was. `retry_after`: seconds until it can be, None if not known."""

    def __init__(self, reason: Waiting, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True)
class Lease:
    """A permit for one call. `deadline`: the moment of time.monotonic() by which the call must have ended."""

    identity: str
    digest: str
    token: str
    deadline: float


def acquire(
    identity: str,
    digest: str,
    *,
    permits: int,
    calls_lately: Callable[[], bool],
    urgent: bool = False,
) -> Lease:
    """A permit for one call. Does not wait: raises CannotCall if there is none now.

    `permits`: how many calls may be under way at once. `digest`: identifies the request; "" keeps no gap.
    `urgent`: if refused, the next free permit is kept for it for a second. `calls_lately`: tells whether a
    call began in the last `memory_seconds()`; called only when Redis has lost its memory.
    """
    token = secrets.token_hex(8)
    lease = Lease(identity, digest or token, token, time.monotonic() + settings.PROVIDER_TOTAL_SECONDS)
    span = settings.PROVIDER_TOTAL_SECONDS + LEASE_MARGIN
    args = [lease.token, permits, _ms(span), _ms(span + settings.SAME_REQUEST_SECONDS)]
    args.append(lease.digest if urgent else "")
    keys = [key("calls", identity), key("epoch", identity), key("gap", identity, lease.digest)]
    keys.append(key("urgent", identity))
    word, left = ask(_ACQUIRE, keys, args)
    if word == b"lost":
        ask(_BEGIN, keys[:2], [_ms(_shut_seconds() if calls_lately() else 0)])
        word, left = ask(_ACQUIRE, keys, args)
    if word == b"ok":
        return lease
    raise CannotCall(REFUSALS[word], None if word == b"full" else left / 1000)


def holds(lease: Lease) -> bool:
    """Whether Redis still knows the lease (not after a flush). CannotCall when Redis is away."""
    return ask(_HOLDS, [key("calls", lease.identity)], [lease.token]) is not None


def release(lease: Lease, *, used: bool) -> None:
    """Give the permit back. `used`: the request may have reached the provider, so its gap begins now."""
    gap = max(1, _ms(settings.SAME_REQUEST_SECONDS)) if used else 0
    keys = [key("calls", lease.identity), key("gap", lease.identity, lease.digest)]
    try:
        ask(_RELEASE, keys, [lease.token, gap, key("minute", lease.identity, "")])
    except CannotCall:
        log.warning("Redis did not take back a permit; it ends by itself.")


def calls_last_hour(identity: str) -> int | None:
    """How many calls were made in the last 60 minutes; None when Redis cannot say."""
    minute = int(time.time() // 60)
    keys = [key("minute", identity, str(minute - back)) for back in range(60)]
    with contextlib.suppress(redis.RedisError, OSError):
        return sum(int(count) for count in _client(settings.REDIS_URL).mget(keys) if count)
    return None


def memory_seconds() -> float:
    """The time after its beginning by which a call, and the gap after it, must be over."""
    return settings.PROVIDER_TOTAL_SECONDS + _shut_seconds()


def _shut_seconds() -> float:
    """How long to stay shut when Redis has lost its memory: the longer of the two spans that may be running.

    These are a call that has just begun, and the gap after one that has just ended.
    """
    return max(settings.PROVIDER_TOTAL_SECONDS, settings.SAME_REQUEST_SECONDS)


def key(*parts: str) -> str:
    """A key in Redis, under Mailroom's prefix."""
    return ":".join(("mailroom", *parts))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


def ask(script: str, keys: list[str], args: list[Any], *, timeout: float = REDIS_TIMEOUT) -> Any:
    """Run a Lua script and return its answer. CannotCall(REDIS) when Redis is away or frozen."""
    try:
        return scripts.run(settings.REDIS_URL, script, keys, args, timeout)
    except (redis.RedisError, OSError) as error:
        log.warning("Redis cannot be asked: %s", type(error).__name__)
    raise CannotCall(Waiting.REDIS)


@functools.cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=PAGE_TIMEOUT, socket_connect_timeout=PAGE_TIMEOUT, retry=ONCE_MORE, protocol=2
    )
