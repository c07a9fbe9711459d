"""One POST on a connection of its own, which knows whether a byte was handed over, and keeps its deadline.

Nothing here is repeated, redirected, or read from the environment. The class of an exception proves nothing
about what the server has received (a TLS error has been seen after it had read the whole request). So our own
connection classes note that the first byte of the request goes to the socket, right before it does.

The watchdog closes the connection at the total deadline: a read time-out starts anew with every byte of a
dripping answer. It holds a duplicate of the socket, which stays valid while TLS wraps the first one and when
others close theirs.
"""

import contextlib
import socket
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import TimeoutError as PoolTimeoutError

from mailings.smsc.api import resolver
from mailings.smsc.api.body import Body
from mailings.smsc.api.errors import Interrupted, NotSent, Objected, SmscError, UnreadableAnswer
from mailings.smsc.api.watchdog import WATCHDOG, Watch

ANSWER_LIMIT = 64 * 1024 * 1024  # bytes of one answer, unpacked; a get_all may be long
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect (name and TCP together, then each step of TLS), between two bytes, for the call."""

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0


@dataclass(frozen=True)
class Answer:
    """An answer, read whole. `framed`: its end was marked (by length or chunks), so that it cannot be cut."""

    status: int
    content_type: str
    body: bytes
    framed: bool


class _Refused(Exception):
    """Raised from within `send`; not an OSError, since urllib3 ignores some of those."""


class Exchange:
    """The state of one request: its deadline, its watchdog, and whether a byte of it was handed over."""

    def __init__(
        self, timeouts: Timeouts, deadline: float, before_first_byte: Callable[[], None] | None = None
    ) -> None:
        self.timeouts = timeouts
        self.deadline = deadline
        self.handed = False
        self.expired = False
        self.phase = "resolve"
        self.reason = ""
        self.objection: Exception | None = None
        self._before_first_byte = before_first_byte
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._watch: Watch | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Ends the exchange and swallows what broke it off: `failure` then tells what that means."""
        if self._watch is not None:
            self._watch.end()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        if not isinstance(error, Exception) or isinstance(error, SmscError):
            return False
        late = self.expired or self.left() <= 0
        self.reason = "deadline" if late else "timeout" if _is_timeout(error) else self.phase
        return True

    def start(self) -> None:
        """Have the deadline watched. Called within the exchange: if that fails, nothing is sent."""
        self._watch = WATCHDOG.watch(self.deadline, self._expire)

    def left(self) -> float:
        """Seconds until the deadline; below zero when it has passed."""
        return self.deadline - time.monotonic()

    def open_socket(self, host: str, port: int, options: list[tuple[int, int, int | bytes]]) -> socket.socket:
        """Connect within the connect time, all addresses together, and put the socket under the watchdog."""
        end = time.monotonic() + min(self.timeouts.connect, self.left())
        addresses = resolver.addresses(host, port, end - time.monotonic())
        self.phase = "connect"
        problem: OSError = OSError("no address")
        for family, kind, protocol, _, address in addresses:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("connect")
            sock = socket.socket(family, kind, protocol)
            try:
                for option in options:
                    sock.setsockopt(*option)
                sock.settimeout(left)
                sock.connect(address)
                self._guard(sock)
            except OSError as error:
                sock.close()
                problem = error
            else:
                sock.settimeout(self.timeouts.connect)
                return sock
        resolver.forget(host, port)
        raise problem

    def hand_over(self) -> None:
        """Called right before every piece of the request goes to the socket.

        Raises _Refused when the deadline has passed, or when `before_first_byte` raises.
        """
        if not self.handed:
            self._refuse_when_late()
            self._ask()
        self._refuse_when_late()
        self.handed = True
        self.phase = "send"

    def failure(self) -> NotSent | Interrupted:
        """The error for an exchange that broke off: Objected, NotSent, or Interrupted (bytes handed over)."""
        if self.objection is not None:
            return Objected()
        return Interrupted(self.reason) if self.handed else NotSent(self.reason)

    def _ask(self) -> None:
        if self._before_first_byte is None:
            return
        try:
            self._before_first_byte()
        except Exception as objection:
            self.objection = objection
            raise _Refused("objection") from objection

    def _refuse_when_late(self) -> None:
        if self.expired or self.left() <= 0:
            raise _Refused("deadline")

    def _guard(self, sock: socket.socket) -> None:
        with self._lock:
            if self.expired or self._socket is not None:
                raise OSError("late, or a second connection for one request")
            self._socket = sock.dup()

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """A plain connection that reports to its exchange."""

    exchange: Exchange
    auto_open = 0  # a request never goes on over a second connection
    _connecting = False

    def _new_conn(self) -> socket.socket:
        return self.exchange.open_socket(
            self._dns_host, self.port or self.default_port, self.socket_options or []
        )

    def connect(self) -> None:
        # What is sent while connecting (the TLS handshake) is not part of the request.
        self._connecting = True
        try:
            super().connect()
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        if not self._connecting:
            if self.sock is None and not self.exchange.handed:
                self.connect()
            self.exchange.hand_over()
            # urllib3 sends under the connect time-out; a large body needs the longer one for reading.
            self.sock.settimeout(self.exchange.timeouts.read)
        super().send(data)

    def getresponse(self) -> Any:
        self.exchange.phase = "answer"
        return super().getresponse()


class _TLSConnection(_Connection, HTTPSConnection):
    """The same over TLS."""

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.exchange.phase = "tls"
        return sock


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
    exchange: Exchange

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()
        connection.exchange = self.exchange
        return connection


class _TLSPool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    """requests' adapter over our own connections, for one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        super().__init__(pool_connections=1, pool_maxsize=1)  # a place in a queue is made for each connection

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": self._pool(_Pool), "https": self._pool(_TLSPool)}

    def _pool(self, kind: type[_Pool]) -> Any:
        def make(*args: Any, **kwargs: Any) -> _Pool:
            pool = kind(*args, **kwargs)
            pool.exchange = self._exchange
            return pool

        return make


def post(url: str, body: Body, exchange: Exchange) -> Answer:
    """POST the body and read the answer whole; no proxy, no redirect, no second try.

    Raises NotSent (no byte was handed over), among them Objected, whose cause is the error of
    `before_first_byte`; Interrupted; UnreadableAnswer.
    """
    with exchange:
        exchange.start()
        return _post(url, body, exchange)
    # The error that broke it off is not chained: its text may hold words of the answer.
    raise exchange.failure() from exchange.objection


def _post(url: str, body: Body, exchange: Exchange) -> Answer:
    headers = {
        "Content-Type": body.content_type,
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "Mailroom",
    }
    request = requests.PreparedRequest()
    request.method, request.url = "POST", _prepared(url)
    request.headers = CaseInsensitiveDict(headers)
    request.prepare_body(body, files=None)
    timeouts = (exchange.timeouts.connect, exchange.timeouts.read)
    with (
        contextlib.closing(_Adapter(exchange)) as adapter,
        adapter.send(request, stream=True, timeout=timeouts, proxies={}) as response,
    ):
        return _read(response, exchange)


@lru_cache(maxsize=100)
def _prepared(url: str) -> str | None:
    """The address as requests sends it; there are few, and each call needs one."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return request.url


def _read(response: requests.Response, exchange: Exchange) -> Answer:
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read(_PIECE, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_LIMIT:
            raise UnreadableAnswer("too_long")
    headers = response.headers
    framed = "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()
    if exchange.expired and not framed:
        raise Interrupted("deadline")  # our watchdog closed the connection, so this end proves nothing
    body = _unpacked(b"".join(pieces), headers.get("Content-Encoding", "identity").lower())
    return Answer(response.status_code, headers.get("Content-Type", ""), body, framed)


def _unpacked(data: bytes, encoding: str) -> bytes:
    """The data, unpacked: we ask for no compression, but a proxy between may compress all the same.

    Raises UnreadableAnswer for another encoding than gzip, broken data, or more than ANSWER_LIMIT.
    """
    if encoding in ("identity", ""):
        return data
    if encoding not in ("gzip", "x-gzip"):
        raise UnreadableAnswer("encoding")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(data, ANSWER_LIMIT + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) > ANSWER_LIMIT:
        raise UnreadableAnswer("too_long")
    if not unpacker.eof:
        raise UnreadableAnswer("encoding")
    return unpacked


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, (TimeoutError, requests.Timeout, PoolTimeoutError))
