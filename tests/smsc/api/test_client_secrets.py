"""Passwords, keys and numbers stand in no log and no error, however a call ends."""

import logging
import socket
import traceback
from datetime import date

import pytest

from mailings.smsc.api.client import Client, Credentials, Param, Timeouts
from mailings.smsc.api.errors import SmscError, UnreadableAnswer
from tests.smsc.api.http_servers import (
    Handler,
    Server,
    answering,
    read_request,
    reading_then_breaking,
    serving,
    unused_port,
)

LOGIN = Credentials(login="operator", password="Pa$$ wörd+1")
QUICK = Timeouts(connect=1, read=1, total=3)
MAILING: list[Param] = [
    ("name", "K7Q2Ma Spring"),
    ("phones", ["+79001234567", "79001234568"]),
    ("mes", "Привет + ещё\n100% & done"),
    ("time", "0"),
]
CREATED = '{"id": 17, "cost": "1.40"}'


def client_of(server: Server) -> Client:
    return Client(LOGIN, base_url=server.url, timeouts=QUICK)


SECRETS = ("S3cret/Päss word", "0123456789abcdefkey", "79261234567", "seeded-login")


def listen_to_everything(caplog: pytest.LogCaptureFixture) -> None:
    """Capture all logs, those of urllib3 included, which the settings silence."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")


def echoing(status: str) -> Handler:
    """A server that answers with the request, encoded as it came and decoded."""

    def handler(sock: socket.socket, server: Server) -> None:
        received = read_request(sock, server)
        content = received.body + b"\n" + "\n".join(received.form.values()).encode()
        sock.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)

    return handler


def echoing_error(sock: socket.socket, server: Server) -> None:
    form = read_request(sock, server).form
    body = f"ERROR = 2 ({form.get('psw', '')} {form.get('apikey', '')} {form['phones']})".encode()
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def echoing_status_line(sock: socket.socket, server: Server) -> None:
    sock.sendall(b"garbage " + read_request(sock, server).body)


@pytest.mark.parametrize(
    "credentials",
    [Credentials(login=SECRETS[3], password=SECRETS[0]), Credentials(apikey=SECRETS[1])],
)
@pytest.mark.parametrize(
    "handler",
    [
        answering(CREATED),
        reading_then_breaking,
        echoing("200 OK"),
        echoing("500 Oops"),
        echoing_error,
        echoing_status_line,
        answering("no", "302 Found", headers="Location: /x\r\n"),
        answering("ERROR = 2 (wrong login or password)"),
        None,
    ],
)
def test_no_secret_or_number_is_logged_or_stands_in_an_error(
    handler: Handler | None, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    said = [repr(credentials), str(credentials)]
    with serving(handler or answering("")) as server:
        url = server.url if handler else f"http://127.0.0.1:{unused_port()}/"
        client = Client(credentials, base_url=url, timeouts=QUICK)
        said.append(repr(client))
        try:
            said.append(
                repr(client.add([("phones", [SECRETS[2]]), ("mes", f"Hello {credentials.password}")]))
            )
        except SmscError as error:
            said += [str(error), repr(error), error.text, error.raw, *traceback.format_exception(error)]
            said.append(repr(error.__context__))
        said += caplog.messages

    for secret in SECRETS:
        assert not [line for line in said if secret in line]
    assert not [line for line in said if "S3cret" in line], "however it is spelt"


def test_urllib3_logs_method_and_path_only(caplog: pytest.LogCaptureFixture) -> None:
    listen_to_everything(caplog)
    with serving(answering(CREATED)) as server:
        client_of(server).add(MAILING)

    assert [line for line in caplog.messages if "POST" in line] == [
        f'http://127.0.0.1:{server.port} "POST /sys/jobs.php HTTP/1.1" 200 {len(CREATED)}'
    ]


def test_a_payload_is_kept_as_it_came_but_for_the_password() -> None:
    rows = '[{"id": 17, "name": "operator", "note": "Pa$$ wörd+1 79001234567"}]'
    with serving(answering(rows)) as server:
        (job,) = client_of(server).get_all(date(2026, 1, 1), date(2026, 1, 2)).jobs

    assert job.payload == {"id": 17, "name": "operator", "note": "••• 79001234567"}


def test_a_long_answer_is_cut_for_the_row() -> None:
    with serving(answering("я" * 100_000)) as server, pytest.raises(UnreadableAnswer) as failure:
        client_of(server).add(MAILING)

    assert 60_000 < len(failure.value.raw.encode()) <= 64 * 1024
