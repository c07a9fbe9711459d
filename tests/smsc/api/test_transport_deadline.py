"""The deadline is kept whatever the server does, and the error says whether anything was handed over."""

import socket
import ssl
import threading
import time
from typing import Any

import pytest

from mailings.smsc.api.body import Param
from mailings.smsc.api.errors import Interrupted, NotSent
from mailings.smsc.api.transport import Timeouts
from tests.smsc.api.http_servers import Server, answering, read_request, serving, unused_port
from tests.smsc.api.posting import OK, call, stalling, within


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""]
)
def test_a_dripping_answer_ends_at_the_deadline(tls: ssl.SSLContext | None, start: bytes) -> None:
    def dripping(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        sock.sendall(start)
        while not server.closing.wait(0.1):
            sock.sendall(b"1")

    with serving(dripping, tls) as server, within(2), pytest.raises(Interrupted) as failure:
        call(server.url, deadline=time.monotonic() + 0.7)

    assert failure.value.reason == "deadline"


def test_a_silent_server_ends_at_the_read_timeout(tls: ssl.SSLContext | None) -> None:
    def silent(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        server.closing.wait(10)

    with serving(silent, tls) as server, within(2), pytest.raises(Interrupted) as failure:
        call(server.url, timeouts=Timeouts(connect=5, read=0.3, total=5))

    assert failure.value.reason == "timeout"


def test_a_server_that_does_not_read_ends_at_the_deadline(tls: ssl.SSLContext | None) -> None:
    large: list[Param] = [("phones", ["79001234567"] * 1_000_000)]

    with serving(stalling, tls) as server, within(3), pytest.raises(Interrupted) as failure:
        call(
            server.url,
            timeouts=Timeouts(connect=1, read=30, total=60),
            deadline=time.monotonic() + 1,
            params=large,
        )

    assert failure.value.reason == "deadline"


def test_a_large_body_may_take_longer_than_connecting_may(tls: ssl.SSLContext | None) -> None:
    def slow_reader(sock: socket.socket, server: Server) -> None:
        time.sleep(0.8)
        answering(OK)(sock, server)

    with serving(slow_reader, tls) as server:
        answer = call(
            server.url,
            timeouts=Timeouts(connect=0.4, read=5, total=10),
            params=[("phones", ["79001234567"] * 1_000_000)],
        )

    assert answer.body == OK.encode()
    assert len(server.requests[0].body) == len("phones=") + 12 * 1_000_000 - 1


def test_a_handshake_that_stalls_ends_at_the_deadline_and_is_not_sent() -> None:
    with serving(stalling) as server, within(2), pytest.raises(NotSent) as failure:
        call(
            f"https://127.0.0.1:{server.port}/",
            timeouts=Timeouts(connect=30, read=30, total=60),
            deadline=time.monotonic() + 0.5,
        )

    assert failure.value.reason == "deadline"


def test_a_handshake_that_stalls_ends_at_the_connect_timeout() -> None:
    with serving(stalling) as server, within(2), pytest.raises(NotSent) as failure:
        call(f"https://127.0.0.1:{server.port}/", timeouts=Timeouts(connect=0.4, read=30, total=60))

    assert failure.value.reason == "timeout"


def test_a_name_that_does_not_resolve_in_time_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def never(*args: Any, **kwargs: Any) -> list[Any]:
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)

    with within(2), pytest.raises(NotSent) as failure:
        call("https://smscentre.com/sys/", timeouts=Timeouts(connect=0.3, read=30, total=60))
    released.set()

    assert failure.value.reason == "timeout"


def test_a_name_that_does_not_exist_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(NotSent) as failure:
        call("https://smscentre.com/sys/")

    assert failure.value.reason == "resolve"


def test_the_next_address_of_a_name_is_tried_when_the_first_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(OK)) as server:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*kind, ("127.0.0.1", port)) for port in (unused_port(), server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)

        assert call("http://localhost/").body == OK.encode()
