"""A proxy between Mailroom and the sandbox that breaks calls on purpose.

It reads a request, forwards it, and spoils the answer; or cuts the connection before. It uses the standard
library only and nothing of Mailroom, so that its counts are independent.
"""

import contextlib
import random
import re
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.makes import Make, said_anew

HOST = "127.0.0.1"
# Faults and their weights in the draw. Those of NEVER_PASSED_ON do not reach the provider.
FAULTS = {
    "cut_before_reading": 2,
    "cut_while_reading": 1,
    "cut_before_saving": 2,
    "cut_after_saving": 4,
    "reset_after_saving": 2,
    "slow": 3,
    "hang": 2,
    "dripping": 2,
    "server_error_before_saving": 1,
    "server_error_after_saving": 2,
    "echoing_error": 1,
    "html": 2,
    "empty": 1,
    "half_answer": 2,
    "half_json": 2,
    "redirect": 2,
}
NEVER_PASSED_ON = frozenset(
    {"cut_before_reading", "cut_while_reading", "cut_before_saving", "server_error_before_saving"}
)
_KIND = re.compile(rb"(?:^|&|name=\")(add|del|cancel|get_all|get)(?:=1(?:&|$)|\"\r\n\r\n1\r\n)")
_SCRIPT = re.compile(rb"/sys/([a-z]+)\.php")
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
PAGE = b"<html><head><title>Sorry</title></head><body><h1>It does not work</h1>%s</body></html>"

# Called with a moment of a call, its kind, and the caller's port. Moments: "connected"; "read": the request
# is read, but not forwarded yet; "saved": the provider has answered the proxy; "answered": the last byte was
# sent.
Witness = Callable[[str, str, int], None]


class Gone(Exception):
    """The caller has closed the connection, or was cut off."""


@dataclass(frozen=True)
class Pace:
    """The caller's timeouts in seconds: between two bytes, and in total."""

    read: float = 1.5
    total: float = 2.5


@dataclass
class Tally:
    """Counts of calls by kind and of faults by name, and the most calls under way at once."""

    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    followed_redirects: int = 0


class Proxy:
    """Listens on its own port. `share`: the share of calls that meet a random fault."""

    def __init__(self, upstream_port: int, *, seed: int, pace: Pace, witness: Witness | None = None) -> None:
        self.upstream_port = upstream_port
        self.share = 0.0
        # The format to rewrite answers into, see makes.py.
        self.make: Make | None = None
        self.tally = Tally()
        self._forced: list[str] = []
        self._random = random.Random(seed)
        self._pace = pace
        self._witness = witness or (lambda stage, kind, port: None)
        self._lock = threading.Lock()
        self._under_way: set[socket.socket] = set()
        self._listener = socket.create_server((HOST, 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/sys/"

    def force(self, *faults: str) -> None:
        """Let each of the next calls meet one of these faults, before random ones."""
        with self._lock:
            self._forced += faults

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, address = self._listener.accept()
                threading.Thread(target=self._serve, args=(caller, address[1]), daemon=True).start()

    def _serve(self, caller: socket.socket, port: int) -> None:
        with caller:
            caller.settimeout(self._pace.total + 1)
            self._witness("connected", "", port)
            fault = self._draw()
            try:
                self._handle(caller, port, fault)
            except (OSError, Gone):
                pass
            finally:
                self._leave(caller)

    def _handle(self, caller: socket.socket, port: int, fault: str) -> None:
        if fault == "cut_before_reading":
            caller.recv(1, socket.MSG_PEEK)
            _reset(caller)
        request = _read_request(caller, cut_short=fault == "cut_while_reading")
        kind = kind_of(request)
        self._enter(caller, kind, request)
        self._witness("read", kind, port)
        if fault == "cut_before_saving":
            raise Gone
        answer = b"" if fault in NEVER_PASSED_ON else self._in_its_make(kind, self._pass_on(request))
        self._witness("saved", kind, port)
        self._answer(caller, fault, answer, request)
        self._witness("answered", kind, port)

    def _draw(self) -> str:
        with self._lock:
            if self._forced:
                fault = self._forced.pop(0)
            elif self._random.random() < self.share:
                fault = self._random.choices(list(FAULTS), list(FAULTS.values()))[0]
            else:
                fault = ""
            if fault:
                self.tally.faults[fault] += 1
        return fault

    def _enter(self, caller: socket.socket, kind: str, request: bytes) -> None:
        """Count a call as under way. Calls whose caller has closed the connection do not count any more."""
        with self._lock:
            self._under_way = {other for other in self._under_way if not _has_left(other)} | {caller}
            self.tally.calls[kind] += 1
            self.tally.most_at_once = max(self.tally.most_at_once, len(self._under_way))
            self.tally.followed_redirects += b"/sys/elsewhere.php" in request.partition(b"\r\n")[0]

    def _leave(self, caller: socket.socket) -> None:
        with self._lock:
            self._under_way.discard(caller)

    def _pass_on(self, request: bytes) -> bytes:
        with socket.create_connection((HOST, self.upstream_port), timeout=self._pace.total + 5) as upstream:
            upstream.sendall(request)
            pieces = []
            while piece := upstream.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)

    def _in_its_make(self, kind: str, answer: bytes) -> bytes:
        made = said_anew(self.make, kind, _body(answer))
        return answer if made == _body(answer) else _http(b"200 OK", b"application/json", made)

    def _answer(self, caller: socket.socket, fault: str, answer: bytes, request: bytes) -> None:
        if not answer and fault not in NEVER_PASSED_ON:
            raise Gone  # the provider itself gave no answer
        match fault:
            case "cut_after_saving":
                return
            case "reset_after_saving":
                _reset(caller)
            case "hang":
                self._hang(caller)
            case "slow":
                self._wait(caller, self._between(0.1, 0.8) * self._pace.read)
                self._send_last(caller, answer)
            case "dripping":
                self._drip(caller, answer)
            case "half_answer":
                caller.sendall(answer[: len(answer) - max(1, len(_body(answer)) // 2)])
            case _:
                self._send_last(caller, spoilt(fault, answer, request))

    def _send_last(self, caller: socket.socket, data: bytes) -> None:
        self._leave(caller)
        caller.sendall(data)

    def _hang(self, caller: socket.socket) -> None:
        self._wait(caller, self._pace.total + 1)
        raise Gone

    def _drip(self, caller: socket.socket, answer: bytes) -> None:
        pause = self._between(0.001, 0.05)
        for place in range(len(answer) - 1):
            caller.sendall(answer[place : place + 1])
            self._wait(caller, pause)
        self._send_last(caller, answer[-1:])

    def _wait(self, caller: socket.socket, seconds: float) -> None:
        """Wait; raises Gone at once if the caller closes the connection."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            if _has_left(caller):
                raise Gone

    def _between(self, low: float, high: float) -> float:
        with self._lock:
            return self._random.uniform(low, high)


def spoilt(fault: str, answer: bytes, request: bytes) -> bytes:
    """An answer with a fault applied; unchanged for faults that do not change its bytes."""
    body = _body(answer)
    match fault:
        case "server_error_before_saving" | "server_error_after_saving":
            return _http(b"503 Service Unavailable", b"text/html", PAGE % b"")
        case "echoing_error":
            return _http(b"500 Internal Server Error", b"text/html", PAGE % _body(request))
        case "html":
            return _http(b"200 OK", b"text/html", PAGE % b"")
        case "empty":
            return _http(b"200 OK", b"application/json", b"")
        case "half_json":
            return _http(b"200 OK", b"application/json", body[: max(1, len(body) // 2)])
        case "redirect":
            return _http(b"302 Found\r\nLocation: /sys/elsewhere.php", b"text/html", b"")
    return answer


def kind_of(request: bytes) -> str:
    """The kind of call: add, del, cancel, get, get_all, messages, the script's name, or "unreadable"."""
    script = _SCRIPT.search(request.partition(b"\r\n")[0])
    if script and script[1] != b"jobs":
        return "messages" if script[1] == b"get" else script[1].decode()
    found = _KIND.search(_body(request)[:65536])
    return found[1].decode() if found else "unreadable"


def _http(status: bytes, content_type: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, content_type, len(body)) + body


def _body(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[2]


def _read_request(caller: socket.socket, *, cut_short: bool) -> bytes:
    """Read one request. Gone if the caller closes the connection, or if it is to be `cut_short`."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        data += _some(caller)
    head, _, _ = bytes(data).partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    size = len(head) + 4 + (int(length[1]) if length else 0)
    if cut_short:
        raise Gone
    while len(data) < size:
        data += _some(caller)
    return bytes(data)


def _some(caller: socket.socket) -> bytes:
    piece = caller.recv(65536)
    if not piece:
        raise Gone
    return piece


def _has_left(caller: socket.socket) -> bool:
    """Whether the caller has closed the connection. Callers send nothing after their request."""
    try:
        poll = select.poll()
        poll.register(caller, select.POLLIN)
        return bool(poll.poll(0)) and caller.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):  # reset, or closed on our side
        return True


def _reset(caller: socket.socket) -> None:
    """End a connection with a TCP reset."""
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Gone
