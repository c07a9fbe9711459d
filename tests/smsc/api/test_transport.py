"""Whether anything was handed to the socket, and the deadline: with real sockets, plain and over TLS."""

import contextlib
import gzip
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from mailings.smsc.api import transport
from mailings.smsc.api.body import FormBody
from mailings.smsc.api.errors import Interrupted, NotSent, UnreadableAnswer
from mailings.smsc.api.transport import Exchange, post
from tests.smsc.api.http_servers import (
    Server,
    answering,
    answering_raw,
    read_request,
    reading_then_breaking,
    reset,
    server_context,
    serving,
    unused_port,
)
from tests.smsc.api.posting import OK, PARAMS, QUICK, call, stalling

# --- what was handed over ---


def test_an_answer_is_read_whole_and_the_connection_is_not_kept(tls: ssl.SSLContext | None) -> None:
    with serving(answering(OK), tls) as server:
        for _ in range(2):
            answer = call(server.url + "jobs.php")
            assert (answer.status, answer.body, answer.framed) == (200, OK.encode(), True)

    assert server.connections == 2
    received = server.requests[0]
    assert received.line == "POST /sys/jobs.php HTTP/1.1"
    assert received.headers["connection"] == "close"
    assert received.headers["content-length"] == str(len(received.body))
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.form == {"login": "operator", "phones": "79001234567"}


def test_where_nobody_listens_nothing_is_sent() -> None:
    asked: list[bool] = []

    with pytest.raises(NotSent) as failure:
        call(f"http://127.0.0.1:{unused_port()}/", before_first_byte=lambda: asked.append(True))

    assert failure.value.bytes_handed is False
    assert failure.value.reason == "connect"
    assert asked == [], "there was no first byte to be asked about"


def test_a_whole_request_read_and_then_a_break_is_interrupted(tls: ssl.SSLContext | None) -> None:
    with serving(reading_then_breaking, tls) as server, pytest.raises(Interrupted) as failure:
        call(server.url)

    assert failure.value.bytes_handed is True
    assert len(server.requests) == 1, "the server has the whole request: it may act on it"


def test_a_tls_error_after_the_whole_request_proves_nothing(only_tls: ssl.SSLContext) -> None:
    def handler(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        raw = socket.socket(fileno=sock.detach())
        raw.sendall(b"\x15\x03\x03\x00\x02\x02\x28 this is no TLS record" * 3)
        raw.close()

    with serving(handler, only_tls) as server, pytest.raises(Interrupted) as failure:
        call(server.url)

    assert failure.value.bytes_handed is True
    assert len(server.requests) == 1


def test_a_server_that_closes_before_it_reads_leaves_the_outcome_open(tls: ssl.SSLContext | None) -> None:
    # The request lies unread in the server's buffers, but our connection has handed it over.
    def closes_unread(sock: socket.socket, _: Any) -> None:
        select.select([sock], [], [], 5)
        reset(sock)

    with serving(closes_unread, tls) as server, pytest.raises(Interrupted) as failure:
        call(server.url)

    assert failure.value.bytes_handed is True
    assert server.requests == []


def test_a_failed_handshake_is_not_sent(only_tls: ssl.SSLContext) -> None:
    def no_tls(sock: socket.socket, server: Server) -> None:
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(no_tls) as server, pytest.raises(NotSent) as failure:
        call(f"https://127.0.0.1:{server.port}/")

    assert failure.value.reason == "tls"


def test_a_certificate_that_is_not_trusted_is_not_sent() -> None:
    stranger = server_context(trustme.CA(), "127.0.0.1")

    with serving(answering(OK), stranger) as server, pytest.raises(NotSent):
        call(server.url)

    assert server.requests == []


def test_a_certificate_of_another_name_is_not_sent(only_tls: ssl.SSLContext) -> None:
    with serving(answering(OK), only_tls) as server, pytest.raises(NotSent):
        call(f"https://localhost:{server.port}/")

    assert server.requests == []


def test_a_server_that_closes_during_the_handshake_is_not_sent(only_tls: ssl.SSLContext) -> None:
    with serving(lambda sock, _: reset(sock)) as server, pytest.raises(NotSent):
        call(f"https://127.0.0.1:{server.port}/")


def test_a_body_that_breaks_while_it_is_sent_is_interrupted(tls: ssl.SSLContext | None) -> None:
    class Breaking(FormBody):
        def __iter__(self) -> Iterator[bytes]:
            yield b"login="
            raise OSError("the file has gone")

    def handler(sock: socket.socket, server: Server) -> None:
        with contextlib.suppress(ConnectionError):
            read_request(sock, server)

    with serving(handler, tls) as server, pytest.raises(Interrupted) as failure:
        post(server.url, Breaking(PARAMS), Exchange(QUICK, time.monotonic() + 5))

    assert failure.value.bytes_handed is True
    assert server.connections == 1
    assert server.requests == [], "a body shorter than announced is never whole"


def test_an_answer_given_before_the_body_was_read_counts(tls: ssl.SSLContext | None) -> None:
    def hasty(sock: socket.socket, server: Server) -> None:
        sock.recv(100)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        server.closing.wait(1)

    with serving(hasty, tls) as server:
        assert call(server.url).body == b"OK"


# --- just before the first byte ---


@pytest.mark.parametrize(
    "objection", [ValueError("token"), BrokenPipeError(), ConnectionResetError(104, "x")]
)
def test_an_objection_just_before_the_first_byte_sends_nothing(
    tls: ssl.SSLContext | None, objection: Exception
) -> None:
    def object_to_it() -> None:
        raise objection

    with serving(reading_then_breaking, tls) as server, pytest.raises(NotSent) as failure:
        call(server.url, before_first_byte=object_to_it)

    assert failure.value.__cause__ is objection
    assert failure.value.reason == "objection"
    assert server.bytes_seen == 0


def test_before_first_byte_is_called_once_and_in_the_callers_thread(tls: ssl.SSLContext | None) -> None:
    checks: list[threading.Thread] = []
    with serving(answering(OK), tls) as server:
        call(
            server.url,
            before_first_byte=lambda: checks.append(threading.current_thread()),
            params=[("phones", [str(number) for number in range(200_000)])],
        )

    assert checks == [threading.current_thread()]


def test_a_before_first_byte_that_outlasts_the_deadline_sends_nothing(tls: ssl.SSLContext | None) -> None:
    with serving(reading_then_breaking, tls) as server, pytest.raises(NotSent) as failure:
        call(server.url, deadline=time.monotonic() + 0.3, before_first_byte=lambda: time.sleep(0.5))

    assert failure.value.reason == "deadline"
    assert server.bytes_seen == 0


def test_a_deadline_that_has_passed_sends_nothing(tls: ssl.SSLContext | None) -> None:
    with serving(answering(OK), tls) as server, pytest.raises(NotSent) as failure:
        call(server.url, deadline=time.monotonic() - 1)

    assert failure.value.reason == "deadline"
    assert server.bytes_seen == 0


# --- no redirects, no repeats, nothing from the environment ---


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("302 Found", "Location: /elsewhere\r\n"),
        ("307 Temporary Redirect", "Location: http://[broken\r\n"),
        ("503 Service Unavailable", "Retry-After: 0\r\n"),
        ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"\r\n'),
    ],
)
def test_nothing_is_followed_or_repeated(tls: ssl.SSLContext | None, status: str, headers: str) -> None:
    with serving(answering("no", status, headers=headers), tls) as server:
        answer = call(server.url)

    assert answer.status == int(status[:3])
    assert server.connections == 1


def test_nothing_is_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{unused_port()}"
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, nowhere)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with serving(answering(OK)) as server:
        call(server.url)

    assert "authorization" not in server.requests[0].headers
    assert "cookie" not in server.requests[0].headers


# --- the answer's end and size ---


def test_an_answer_shorter_than_announced_is_interrupted(tls: ssl.SSLContext | None) -> None:
    cut_short = b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id": 17}'

    with serving(answering_raw(cut_short), tls) as server, pytest.raises(Interrupted):
        call(server.url)


def test_chunks_without_their_end_are_interrupted(tls: ssl.SSLContext | None) -> None:
    cut_short = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n17\r\n"

    with serving(answering_raw(cut_short), tls) as server, pytest.raises(Interrupted):
        call(server.url)


def test_an_answer_says_whether_its_end_was_marked(tls: ssl.SSLContext | None) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n17\r\n0\r\n\r\n"
    with serving(answering_raw(chunked), tls) as server:
        whole = call(server.url)
    with serving(answering("17", framed=False), tls) as server:
        perhaps = call(server.url)

    assert (whole.body, whole.framed) == (b"17", True)
    assert (perhaps.body, perhaps.framed) == (b"17", False)


@pytest.mark.parametrize("garbage", [b"", b"\x00\x01\x02", b"SSH-2.0-server\r\n", b"\r\n" * 50])
def test_what_is_no_http_is_interrupted(garbage: bytes) -> None:
    with serving(answering_raw(garbage)) as server, pytest.raises(Interrupted):
        call(server.url)


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 100_000)

    with serving(answering("x" * 200_000)) as server, pytest.raises(UnreadableAnswer) as failure:
        call(server.url)

    assert failure.value.reason == "too_long"


def test_a_compressed_answer_is_read_and_a_bomb_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 100_000)
    packed = "Content-Encoding: gzip\r\n"

    with serving(answering(gzip.compress(OK.encode()), headers=packed)) as server:
        assert call(server.url).body == OK.encode()
        assert server.requests[0].headers["accept-encoding"] == "identity"
    for reason, body, headers in [
        ("too_long", gzip.compress(b"x" * 200_000), packed),
        ("encoding", gzip.compress(OK.encode())[:-4], packed),
        ("encoding", b"no gzip", packed),
        ("encoding", b"?", "Content-Encoding: br\r\n"),
    ]:
        with serving(answering(body, headers=headers)) as server, pytest.raises(UnreadableAnswer) as failure:
            call(server.url)
        assert failure.value.reason == reason


def test_a_request_never_goes_on_over_a_second_connection_or_after_its_end() -> None:
    with serving(stalling) as server:
        with Exchange(QUICK, time.monotonic() + 5) as exchange:
            exchange.open_socket("127.0.0.1", server.port, []).close()
            with pytest.raises(OSError, match="second connection"):
                exchange.open_socket("127.0.0.1", server.port, [])
        with Exchange(QUICK, time.monotonic() + 5) as late:
            late.expired = True
            with pytest.raises(OSError, match="late"):
                late.open_socket("127.0.0.1", server.port, [])


def test_no_thread_is_left_running(tls: ssl.SSLContext | None) -> None:
    with serving(answering(OK), tls) as server:
        call(server.url)
        before = threading.active_count()
        for _ in range(5):
            call(server.url)
        time.sleep(0.2)
        assert threading.active_count() <= before


def test_an_interrupt_of_the_process_is_passed_on() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with serving(reading_then_breaking) as server, pytest.raises(KeyboardInterrupt):
        call(server.url, before_first_byte=stop)

    assert server.bytes_seen == 0


def test_the_adapter_is_the_one_of_requests() -> None:
    # The library `responses` fakes answers by replacing this adapter's `send`.
    assert issubclass(transport._Adapter, requests.adapters.HTTPAdapter)
