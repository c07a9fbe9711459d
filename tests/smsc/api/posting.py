"""One POST by the transport, with short time-outs."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

from mailings.smsc.api.body import FormBody, Param
from mailings.smsc.api.transport import Answer, Exchange, Timeouts, post
from tests.smsc.api.http_servers import Server

QUICK = Timeouts(connect=1, read=1, total=5)
PARAMS: list[Param] = [("login", "operator"), ("phones", ["79001234567"])]
OK = '{"id": 17, "cost": "1.40"}'


def call(
    url: str,
    *,
    timeouts: Timeouts = QUICK,
    deadline: float | None = None,
    before_first_byte: Callable[[], None] | None = None,
    params: list[Param] = PARAMS,
) -> Answer:
    end = time.monotonic() + timeouts.total if deadline is None else deadline
    return post(url, FormBody(params), Exchange(timeouts, end, before_first_byte))


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds


def stalling(sock: socket.socket, server: Server) -> None:
    """Take the connection and never say or read anything."""
    server.closing.wait(10)
