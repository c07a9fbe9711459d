"""Lua scripts in Redis, run by each thread over a connection of its own.

redis-py's own call of a script takes 260 calls of Python's functions: four of them were a sixth of all that
handing a mailing over needs.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class _Own(threading.local):
    """The connections of one thread, by address and time-out."""

    def __init__(self) -> None:
        self.connections: dict[tuple[str, float], Any] = {}


_own = _Own()


def _forget() -> None:
    """A process that was forked must not talk over the connections of the one before."""
    _own.connections.clear()


os.register_at_fork(after_in_child=_forget)


def run(url: str, script: str, keys: Sequence[str], args: Sequence[Any], timeout: float) -> Any:
    """Run a script and return its answer.

    `timeout`: seconds for connecting and for the answer. Raises redis.RedisError or OSError when Redis is
    away or too slow. If the connection broke (Redis was restarted) the script runs once more.
    """
    connection = _own.connections.get((url, timeout))
    if connection is None:
        connection = _own.connections[url, timeout] = _new(url, timeout)
    said = (len(keys), *keys, *args)
    try:
        return _evaluate(connection, script, said)
    except redis.ConnectionError:
        return _evaluate(connection, script, said)


def _new(url: str, timeout: float) -> Any:
    never = Retry(NoBackoff(), 0)
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=never, protocol=2
    )
    return pool.make_connection()


def _evaluate(connection: Any, script: str, said: tuple[Any, ...]) -> Any:
    try:
        connection.send_command("EVALSHA", _digest(script), *said)
        return connection.read_response()
    except redis.exceptions.NoScriptError:
        connection.send_command("EVAL", script, *said)
        return connection.read_response()


@lru_cache(maxsize=100)
def _digest(script: str) -> str:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
