"""The addresses of hosts, with a deadline, which the system's resolver does not have.

They are remembered for a short while, as each call opens a connection of its own.
"""

import ipaddress
import socket
import threading
import time
from concurrent.futures import Future
from functools import lru_cache
from typing import Any

REMEMBERED_SECONDS = 30.0
# By host and port: until when (time.monotonic()) the addresses are remembered, and these.
_remembered: dict[tuple[str, int], tuple[float, list[Any]]] = {}


def addresses(host: str, port: int, seconds: float) -> list[Any]:
    """The addresses of a host, as `socket.getaddrinfo` gives them.

    Raises OSError, or TimeoutError after `seconds`.
    """
    host = host.strip("[]")
    if _is_address(host):
        return _look_up(host, port)
    until, found = _remembered.get((host, port), (0.0, []))
    if time.monotonic() >= until:
        found = _within(seconds, host, port)
        _remembered[host, port] = (time.monotonic() + REMEMBERED_SECONDS, found)
    return found


def forget(host: str, port: int) -> None:
    """Look the host up anew next time: none of its addresses could be reached."""
    _remembered.pop((host.strip("[]"), port), None)


@lru_cache(maxsize=100)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def _within(seconds: float, host: str, port: int) -> list[Any]:
    """Look it up in a thread, which goes on by itself if it takes too long."""
    found: Future[list[Any]] = Future()

    def resolve() -> None:
        try:
            found.set_result(_look_up(host, port))
        except (OSError, UnicodeError) as error:
            found.set_exception(error)

    threading.Thread(target=resolve, daemon=True).start()
    return found.result(max(seconds, 0))
