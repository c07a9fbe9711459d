"""A provider that accepts every request, answers with a new job number, and records what it received."""

import itertools
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

from mailings import accounts
from mailings.models import Account
from tests.smsc.api.http_servers import Received, Server, read_request, serving


@dataclass
class Recorder:
    server: Server
    account: Account

    @property
    def requests(self) -> list[Received]:
        return self.server.requests

    def only(self) -> dict[str, bytes]:
        """The decoded parameters of the only request, as bytes."""
        (request,) = self.requests
        return parameters(request)


@contextmanager
def recording() -> Iterator[Recorder]:
    """Serve in this context, with an account that points there."""
    numbers = itertools.count(4100001)

    def handler(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        answer = b'{"id": %d, "cost": "1.40"}' % next(numbers)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    with serving(handler) as server:
        yield Recorder(server, accounts.ensure_sandbox_account(server.url))


def parameters(request: Received) -> dict[str, bytes]:
    """The parameters in a request's body by name; of a multipart body also the files' contents."""
    kind = request.headers["content-type"]
    if kind.startswith("multipart/"):
        return {name: content for name, _file, content in parts(request)}
    found = parse_qsl(request.body.decode("ascii"), True, True, encoding="latin-1")
    assert len(dict(found)) == len(found), "a parameter came twice"
    return {name: value.encode("latin-1") for name, value in found}


def parts(request: Received) -> list[tuple[str, str, bytes]]:
    """The parts of a multipart body: name, file name ("" for none), content."""
    boundary = b"--" + request.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    found = []
    for piece in request.body.split(boundary)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'[ ;]name="([^"]*)"', head)
        file = re.search(rb'filename="([^"]*)"', head)
        assert name is not None
        found.append((name[1].decode(), file[1].decode() if file else "", content.removesuffix(b"\r\n")))
    return found
