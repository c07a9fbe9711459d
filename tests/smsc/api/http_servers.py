"""Small real servers on loopback ports: a test decides, byte for byte, what they do on a connection."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import trustme

Handler = Callable[[socket.socket, "Server"], None]


@dataclass
class Received:
    """A request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


@dataclass
class Server:
    """What a server has seen: connections taken, bytes and requests received."""

    port: int = 0
    scheme: str = "http"
    connections: int = 0
    requests: list[Received] = field(default_factory=list)
    bytes_seen: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/sys/"


@contextlib.contextmanager
def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Serve until the block ends; every connection is handled in a thread of its own.

    A connection of its own marks the end, so that all connections before that one are counted.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server = Server(listener.getsockname()[1], "https" if tls else "http")
    threads: list[threading.Thread] = []
    last = socket.socket()
    last.bind(("127.0.0.1", 0))

    def handle(raw: socket.socket) -> None:
        with contextlib.suppress(OSError), raw:
            raw.settimeout(10)
            if tls is None:
                handler(raw, server)
                return
            with tls.wrap_socket(raw, server_side=True) as wrapped:
                handler(wrapped, server)

    def accept() -> None:
        while True:
            raw, who = listener.accept()
            if who == last.getsockname():
                raw.close()
                return
            server.connections += 1
            threads.append(threading.Thread(target=handle, args=(raw,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        server.closing.set()
        with last, listener:
            last.connect(listener.getsockname())
            accepting.join(15)
        for thread in threads:
            thread.join(15)


def read_request(sock: socket.socket, server: Server) -> Received:
    """Read one whole request, and add it to those of the server."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(sock, server)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (entry.partition(": ") for entry in fields)}
    rest = bytearray(body)
    while len(rest) < int(headers.get("content-length", 0)):
        rest += _more(sock, server)
    received = Received(line, headers, bytes(rest))
    server.requests.append(received)
    return received


def answering(
    body: bytes | str, status: str = "200 OK", *, framed: bool = True, headers: str = ""
) -> Handler:
    """Read the request, then answer with this."""
    content = body.encode() if isinstance(body, str) else body

    def handler(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        length = f"Content-Length: {len(content)}\r\n" if framed else ""
        sock.sendall(f"HTTP/1.1 {status}\r\n{length}{headers}\r\n".encode() + content)

    return handler


def answering_raw(data: bytes) -> Handler:
    """Read the request, then send these bytes and close."""

    def handler(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        sock.sendall(data)

    return handler


def reading_then_breaking(sock: socket.socket, server: Server) -> None:
    """Read the whole request, then reset the connection underneath whatever lies over it (TLS too)."""
    read_request(sock, server)
    reset(sock)


def reset(sock: socket.socket) -> None:
    """Close with a reset rather than an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=sock.detach()).close()


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """TLS for a server of these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def _more(sock: socket.socket, server: Server) -> bytes:
    piece = sock.recv(65536)
    server.bytes_seen += len(piece)
    if not piece:
        raise ConnectionError("the client ended early")
    return piece
