"""Tests of the proxy and the makes: a campaign's figures rest on them."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.makes import MAKES, said_anew
from tests.faults.proxy import FAULTS, HOST, NEVER_PASSED_ON, Pace, Proxy

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"id": 5, "cnt": 1}'[:-1]
BODY = b"login=x&add=1&name=Sale"
REQUEST = b"POST /sys/jobs.php HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Provider:
    """Gives the same answer to every request, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with caller:
                self.requests.append(caller.recv(65536))
                caller.sendall(ANSWER)

    def stop(self) -> None:
        self._listener.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def proxy(provider: Provider) -> Iterator[Proxy]:
    proxy = Proxy(provider.port, seed=1, pace=Pace(read=0.2, total=0.3))
    yield proxy
    proxy.stop()


def ask(proxy: Proxy) -> bytes:
    """All bytes that a caller with a long timeout gets."""
    with socket.create_connection((HOST, proxy.port), timeout=5) as caller:
        got = b""
        try:
            caller.sendall(REQUEST)
            while piece := caller.recv(65536):
                got += piece
        except ConnectionError:
            pass
        return got


def test_a_call_without_a_fault_passes_as_it_is(proxy: Proxy, provider: Provider) -> None:
    assert ask(proxy) == ANSWER
    assert provider.requests == [REQUEST]
    assert proxy.tally.calls == {"add": 1}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_spoils_the_answer_and_only_some_keep_the_call_from_the_provider(
    proxy: Proxy, provider: Provider, fault: str
) -> None:
    proxy.force(fault)
    got = ask(proxy)
    assert len(provider.requests) == (fault not in NEVER_PASSED_ON)
    assert (got == ANSWER) == (fault in ("slow", "dripping"))
    assert proxy.tally.faults == {fault: 1}


def test_calls_that_overlap_are_counted_and_those_whose_caller_left_are_not(proxy: Proxy) -> None:
    proxy.force("hang", "hang", "hang")
    callers = [socket.create_connection((HOST, proxy.port)) for _ in range(3)]
    for caller in callers:
        caller.sendall(REQUEST)
        time.sleep(0.05)
    assert proxy.tally.most_at_once == 3
    for caller in callers:
        caller.close()
    ask(proxy)
    assert proxy.tally.most_at_once == 3


def test_the_witness_is_told_of_every_moment_of_a_call(provider: Provider) -> None:
    seen: list[str] = []
    proxy = Proxy(provider.port, seed=1, pace=Pace(), witness=lambda moment, kind, port: seen.append(moment))
    ask(proxy)
    time.sleep(0.05)
    proxy.stop()
    assert seen == ["connected", "read", "saved", "answered"]


ROWS = [
    {"id": number, "name": f"{code}a Sale", "status": status, "time": "01.12.2026 09:00"}
    for number, code, status in ((17, "K7Q2M", "waiting"), (18, "B3C4D", "sent"))
]


@pytest.mark.parametrize("make", MAKES)
def test_a_provider_of_another_make_says_something_else_of_its_jobs_and_the_same_of_all_else(
    make: str,
) -> None:
    rows = json.dumps(ROWS).encode()
    said = said_anew(MAKES[make], "get_all", rows)
    assert said != rows
    assert json.loads(said)
    for kind, body in (("add", b'{"id": 5}'), ("get", b'{"error": "no", "error_code": 3}'), ("get", b"<p>")):
        assert said_anew(MAKES[make], kind, body).replace(b" ", b"") == body.replace(b" ", b"")
