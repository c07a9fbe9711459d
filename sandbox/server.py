"""The sandbox as an HTTP server on a loopback address, and as a Python object for tests."""

import io
import ipaddress
import json
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

from sandbox import control, forms, wire
from sandbox.calls import Call
from sandbox.faults import KINDS, Fault
from sandbox.formats import Answer
from sandbox.forms import SECRET_NAMES, Form, UndecodableError
from sandbox.jobs import Pace, Store
from sandbox.limits import Credentials
from sandbox.provider import ListBy, Provider, kind_of
from sandbox.rules import KNOWN

IDLE_SECONDS = 120
LARGEST_BODY = 256 * 1024 * 1024
PEEKED_BYTES = 8192
_SCRIPT = re.compile(r"/sys/(jobs|balance|send|senders|templates|phones|get|status)\.php")
_URLENCODED_ACTION = re.compile(rb"(?:^|&)(add|del|cancel|get|get_all)=1(?:&|$)")
_MULTIPART_ACTION = re.compile(rb'name="(add|del|cancel|get|get_all)"\r\n\r\n1\r\n')

Log = Callable[[str], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], provider: Provider, log: Log | None) -> None:
        self.provider = provider
        self.log = log
        self.stopping = threading.Event()
        self.open_sockets: set[socket.socket] = set()
        self.lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that are gone. Print a bug's type and place, not its text, which may be private."""
        error = sys.exception()
        if error is None or isinstance(error, OSError):
            return
        place = traceback.extract_tb(error.__traceback__)[-1]
        sys.stderr.write(f"sandbox: {type(error).__name__} at {place.filename}:{place.lineno}\n")

    def cut_all(self) -> None:
        """Close every connection that is still open."""
        with self.lock:
            for one in self.open_sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line = wire.Connection(self.connection, self.server.stopping)
        self.counted = False

    def finish(self) -> None:
        super().finish()
        # Closing waits for files that were made from the socket; a reset must not wait.
        self.connection.close()

    def log_message(self, *args: Any) -> None:
        """Logs nothing: request lines may contain numbers and passwords."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith(control.PREFIX):
            self._control(parts.path, parts.query)
        else:
            self._call(parts.path, parts.query)

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        parts = urlsplit(self.path)
        self._control(parts.path, parts.query)

    def _control(self, path: str, query: str) -> None:
        body = self._body() or b""
        found = control.handle(self.server.provider, self.command, path, query, body)
        content = json.dumps(found.value, ensure_ascii=False).encode()
        self._go_on(wire.send(self.line, Answer(content, "application/json; charset=utf-8", found.status)))

    def _call(self, path: str, query: str) -> None:
        provider = self.server.provider
        began = time.monotonic()
        with provider.lock:
            call = provider.calls.begin(self.command, path, provider.now())

        def ending() -> None:
            with provider.lock:
                if call.seconds is None:
                    provider.calls.end(call, time.monotonic() - began)
                if self.counted:
                    provider.limits.leave()
                    self.counted = False

        self.line.ending = ending
        try:
            self._serve(call, path, query)
        except OSError:
            self.close_connection = True
            call.result = call.result or "client went away"
        finally:
            ending()
            self.line.ending = wire.no_call
            self._log(call)

    def _serve(self, call: Call, path: str, query: str) -> None:
        script = _SCRIPT.fullmatch(path)
        if not script:
            call.result = "no such page"
            self._body()
            self._go_on(wire.send(self.line, Answer(wire.PAGE, "text/html", 404)))
            return
        if self._cut_early(call, script[1], query):
            return
        body = self._body()
        if body is None:
            call.result = "unreadable"
            return
        call.body_bytes = len(body)
        try:
            form = forms.read(query, self.headers.get("Content-Type", ""), body)
        except UndecodableError:
            form = Form(())
        del body
        self._record(call, script[1], form)
        self._answer(call, form)

    def _record(self, call: Call, script: str, form: Form) -> None:
        call.kind = kind_of(script, form)
        call.parameters, call.long = form.shown()
        call.files = [file.shown() for file in form.files]
        call.unknown = sorted({name for name, _ in form.pairs} - KNOWN)
        call.credentials_in_url = bool(form.in_query & SECRET_NAMES)

    def _answer(self, call: Call, form: Form) -> None:
        provider = self.server.provider
        with provider.lock:
            self.counted = provider.is_genuine(form)
            if self.counted:
                provider.limits.enter()
            fault = provider.faults.take(call.kind, early=False)
        call.fault = fault.fault if fault else None
        answer = provider.answer(call, form, self.client_address[0], fault)
        self._send(call, answer, fault)

    def _send(self, call: Call, answer: Answer, fault: Fault | None) -> None:
        call.status = answer.status
        if fault is None:
            self._go_on(wire.send(self.line, answer))
            return
        call.status = None
        self._go_on(wire.send_faulty(self.line, answer, fault))

    def _cut_early(self, call: Call, script: str, query: str) -> bool:
        """Whether a cut_before_reading fault hit the call. Reads no more of the body than shows its kind."""
        provider = self.server.provider
        with provider.lock:
            if not any(rule.fault == "cut_before_reading" for rule in provider.faults.rules):
                return False
        kind = self._peeked_kind(script, query)
        with provider.lock:
            fault = provider.faults.take(kind, early=True)
        if fault is None:
            return False
        call.kind, call.fault, call.result = kind, fault.fault, fault.fault
        if fault.rst:
            self.line.reset()
        self._go_on(False)
        return True

    def _peeked_kind(self, script: str, query: str) -> str:
        kind = kind_of(script, forms.read(query, "", b""))
        if kind in KINDS or self.headers.get("Content-Length", "0") == "0":
            return kind
        seen = cast("io.BufferedReader", self.rfile).peek(PEEKED_BYTES)
        found = set(_URLENCODED_ACTION.findall(seen)) | set(_MULTIPART_ACTION.findall(seen))
        if script != "jobs" or len(found) != 1:
            return kind
        return str(found.pop().decode())

    def _body(self) -> bytes | None:
        """The whole body. None, and the connection will be closed, if its length is missing or wrong."""
        length = self.headers.get("Content-Length", "0")
        chunked = "transfer-encoding" in self.headers
        if chunked or not length.isdigit() or int(length) > LARGEST_BODY:
            status = 411 if chunked or not length.isdigit() else 413
            wire.send(self.line, Answer(wire.PAGE, "text/html", status))
            self._go_on(False)
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._go_on(False)
            return None
        return body

    def _go_on(self, may: bool) -> None:
        if not may:
            self.close_connection = True

    def _log(self, call: Call) -> None:
        if self.server.log is not None:
            kind, fault = call.kind or call.path, f", {call.fault}" if call.fault else ""
            self.server.log(f"{call.at} #{call.number} {kind}: {call.result}{fault}, {call.seconds:.3f} s")


class Sandbox:
    """The sandbox provider in this process: `with Sandbox() as sandbox: … sandbox.url …`.

    `host`: an IPv4 loopback address. `port`: 0 takes a free one. `state`: a SQLite file that keeps the jobs.
    `dialect`: None for the one kept in `state`, else plain. `speed`, `going_seconds`: see `Pace`. `log`:
    called with a line per call. For the others see `Provider`. ValueError for invalid values.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        credentials: Credentials | None = None,
        state: str | None = None,
        dialect: str | None = None,
        speed: float = 1.0,
        going_seconds: float = 5.0,
        same_request_seconds: float = 60.0,
        at_once: int = 15,
        balance: str = "10000000.00",
        zone: float = 0.0,
        list_by: ListBy = "created",
        seed: int = 0,
        log: Log | None = None,
    ) -> None:
        if not ipaddress.IPv4Address(host).is_loopback:
            raise ValueError("the sandbox listens on a loopback address only")
        self._store = Store(state)
        self.provider = Provider(
            credentials or Credentials(),
            self._store,
            dialect=dialect,
            pace=Pace(speed, going_seconds),
            same_request_seconds=same_request_seconds,
            at_once=at_once,
            balance=Decimal(balance),
            zone=zone,
            list_by=list_by,
            seed=seed,
        )
        self._server = _Server((host, port), self.provider, log)
        self._thread: threading.Thread | None = None
        self.root = f"http://{host}:{self._server.server_address[1]}"
        self.url = f"{self.root}/sys/"

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port, all connections and the state. Hanging calls end without an answer."""
        self._server.stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.cut_all()
        self._server.server_close()
        with self.provider.lock:
            self._store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """All jobs, also deleted ones, the oldest first, as in `GET jobs` (docs/sandbox.md)."""
        return control.jobs(self.provider)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The latest 20,000 calls, the oldest first: see `calls.Call`."""
        return control.calls(self.provider, 0)

    @property
    def counters(self) -> dict[str, Any]:
        return control.counters(self.provider)

    @property
    def dialect(self) -> str:
        return self.provider.dialect

    @dialect.setter
    def dialect(self, name: str) -> None:
        self.provider.dialect = name

    def fault(self, fault: str, calls: str | Iterable[str] = (), **options: Any) -> int:
        """Add a fault (options: `faults.Fault`), by default for one call; returns the rule's id."""
        with self.provider.lock:
            return self.provider.faults.add([{"fault": fault, "calls": calls} | options])[0].id

    def clear_faults(self) -> None:
        with self.provider.lock:
            self.provider.faults.clear()

    def seed(self, seed: int) -> None:
        with self.provider.lock:
            self.provider.faults.seed(seed)

    def advance(self, seconds: float) -> None:
        """Put the sandbox's clock forward, which affects jobs and limits."""
        self.provider.advance(seconds)

    def make_job(self, name: str, **options: Any) -> int:
        """Make a job as if made elsewhere (options: `control.make_jobs`); returns its id."""
        return control.make_jobs(self.provider, [{"name": name} | options])[0]

    def change_job(self, number: int, **changes: Any) -> None:
        """Set `status` (any word, or None for its own), `name` or `deleted` of a job."""
        control.change_job(self.provider, number, changes)

    @property
    def messages(self) -> dict[str, dict[str, int]]:
        """The number of messages by job and status; job "0" for messages of no job here."""
        return control.messages(self.provider)

    def add_messages(self, *rows: Mapping[str, Any]) -> list[int]:
        """Add messages that no job has sent (options: `Messages.add_strangers`); returns their ids."""
        with self.provider.lock:
            return self.provider.messages.add_strangers(rows, self.provider.now())

    def settings(self, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Change settings (docs/sandbox.md); returns all of them."""
        return control.settings(self.provider, changes or {})

    def block(self, address: str = "127.0.0.1") -> None:
        """Block an address for 30 minutes, as five wrong logins do."""
        with self.provider.lock:
            self.provider.limits.block(address, self.provider.now())

    def reset(self, *, keep_jobs: bool = False) -> None:
        """Forget calls, faults and blocks; unless kept, also jobs and messages."""
        control.reset(self.provider, keep_jobs=keep_jobs)
