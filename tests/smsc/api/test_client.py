"""The client's calls as a server receives them, their outcomes, the backup host, addresses and digests."""

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses
import trustme

from mailings.smsc.api.answers import JobStatus
from mailings.smsc.api.client import DEFAULT_URL, Client, Credentials, Param, Timeouts, Upload
from mailings.smsc.api.errors import (
    Interrupted,
    LoginRefused,
    NotSaved,
    NotSent,
    OutcomeUnknown,
    UnreadableAnswer,
    WrongParameters,
)
from sandbox import Sandbox
from tests.smsc.api.http_servers import (
    Handler,
    Server,
    answering,
    read_request,
    reading_then_breaking,
    server_context,
    serving,
    unused_port,
)

LOGIN = Credentials(login="operator", password="Pa$$ wörd+1")
KEY = Credentials(apikey="key-of-forty-letters")
QUICK = Timeouts(connect=1, read=1, total=3)
COMMON = {"login": "operator", "psw": "Pa$$ wörd+1", "charset": "utf-8", "fmt": "3"}
MAILING: list[Param] = [
    ("name", "K7Q2Ma Spring"),
    ("phones", ["+79001234567", "79001234568"]),
    ("mes", "Привет + ещё\n100% & done"),
    ("time", "0"),
]
CREATED = '{"id": 17, "cost": "1.40"}'


def client_of(server: Server, credentials: Credentials = LOGIN) -> Client:
    return Client(credentials, base_url=server.url, timeouts=QUICK)


# --- what is sent ---


@pytest.mark.parametrize(
    ("call", "answer", "script", "asked"),
    [
        (lambda c: c.cancel("17"), "OK", "jobs", {"cancel": "1", "id": "17"}),
        (lambda c: c.delete("17"), "OK", "jobs", {"del": "1", "id": "17"}),
        (lambda c: c.get("17"), '{"id": 17, "name": "x"}', "jobs", {"get": "1", "id": "17"}),
        (
            lambda c: c.get_all(date(2026, 3, 1), date(2026, 11, 30)),
            "[]",
            "jobs",
            {"get_all": "1", "start": "01.03.2026", "end": "30.11.2026"},
        ),
        (lambda c: c.balance(), '{"balance": "250.80"}', "balance", {"cur": "1"}),
        (lambda c: c.senders(), "[]", "senders", {"get": "1"}),
        (lambda c: c.templates(), "[]", "templates", {"get": "1"}),
        (lambda c: c.groups(), "[]", "phones", {"get_group": "1"}),
        (
            lambda c: c.price([("phones", "79001234567"), ("mes", "+")]),
            '{"cost": "1.40", "cnt": 1}',
            "send",
            {"cost": "1", "phones": "79001234567", "mes": "+"},
        ),
    ],
)
def test_every_call_is_a_post_with_all_it_says_in_the_body(
    call: Callable[[Client], Any], answer: str, script: str, asked: dict[str, str]
) -> None:
    with serving(answering(answer)) as server:
        call(client_of(server))

    (received,) = server.requests
    assert received.line == f"POST /sys/{script}.php HTTP/1.1"
    assert received.form == COMMON | asked


def test_an_add_sends_every_parameter_once_and_as_it_was_typed() -> None:
    with serving(answering(CREATED)) as server:
        created = client_of(server).add(MAILING)

    assert (created.remote_id, created.cost, created.raw) == ("17", Decimal("1.40"), CREATED)
    assert server.requests[0].form == COMMON | {
        "add": "1",
        "cost": "1",
        "name": "K7Q2Ma Spring",
        "phones": "+79001234567,79001234568",
        "mes": "Привет + ещё\n100% & done",
        "time": "0",
    }


def test_a_key_is_sent_without_login_and_password() -> None:
    with serving(answering(CREATED)) as server:
        client_of(server, KEY).add([])

    form = server.requests[0].form
    assert form["apikey"] == "key-of-forty-letters"
    assert not {"login", "psw"} & form.keys()


def test_files_go_along_as_multipart_with_the_exact_length(tmp_path: Path) -> None:
    path = tmp_path / "letter"
    path.write_bytes(b"%PDF\r\n\x00\xff" * 100_000)
    upload = Upload("file1", "price list.pdf", "application/pdf", path, path.stat().st_size)

    with serving(answering(CREATED)) as server:
        client_of(server).add(MAILING, [upload])

    (received,) = server.requests
    assert received.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert "transfer-encoding" not in received.headers
    assert path.read_bytes() in received.body
    assert b'name="psw"\r\n\r\n' + "Pa$$ wörd+1".encode() + b"\r\n" in received.body


def test_a_file_that_is_not_there_is_not_sent(tmp_path: Path) -> None:
    with serving(answering(CREATED)) as server, pytest.raises(NotSent) as failure:
        client_of(server).add(MAILING, [Upload("file1", "x", "text/plain", tmp_path / "none", 5)])

    assert failure.value.reason == "upload"
    assert server.connections == 0


@pytest.mark.parametrize("name", ["login", "psw", "apikey", "charset", "cost", "fmt", "add", "del", "id"])
def test_parameters_that_the_client_sets_itself_are_refused(name: str) -> None:
    client = Client(LOGIN)

    with pytest.raises(ValueError, match=name):
        client.add([(name, "secret")])
    with pytest.raises(ValueError, match=name):
        client.price([(name, "secret")])


@pytest.mark.parametrize("remote_id", ["", "0", "-1", "17 ", "1,2", "abc", "017", "١٧"])
def test_what_is_no_id_is_refused_before_the_call(remote_id: str) -> None:
    client = Client(LOGIN)
    for call in (client.get, client.cancel, client.delete):
        with pytest.raises(ValueError, match="whole number"):
            call(remote_id)


# --- outcomes ---


def test_an_error_of_the_provider_has_its_number_and_words() -> None:
    answer = '{"error": "wrong parameters", "error_code": 1}'
    with serving(answering(answer)) as server, pytest.raises(WrongParameters) as failure:
        client_of(server).add(MAILING)

    assert (failure.value.code, failure.value.text, failure.value.bytes_handed) == (
        1,
        "wrong parameters",
        True,
    )
    assert "wrong parameters" in failure.value.raw


def test_a_missing_mailing_is_error_3() -> None:
    with serving(answering("ERROR = 3 (no such record)")) as server, pytest.raises(NotSaved):
        client_of(server).get("17")


@pytest.mark.parametrize(
    ("handler", "outcome"),
    [
        (reading_then_breaking, Interrupted),
        (answering("", "502 Bad Gateway"), UnreadableAnswer),
        (answering(CREATED, "500 Internal Server Error"), UnreadableAnswer),
        (answering(CREATED, "302 Found", headers="Location: /sys/jobs.php\r\n"), UnreadableAnswer),
        (answering("<html><body>OK, ID - 17</body></html>"), UnreadableAnswer),
        (answering(CREATED[:-4]), UnreadableAnswer),
        (answering("17", framed=False), UnreadableAnswer),
    ],
)
def test_an_add_without_a_certain_answer_is_unknown(handler: Handler, outcome: type[OutcomeUnknown]) -> None:
    with serving(handler) as server, pytest.raises(outcome) as failure:
        client_of(server).add(MAILING)

    assert failure.value.bytes_handed is True
    assert len(server.requests) == 1


def test_the_deadline_is_the_earlier_of_the_callers_and_the_clients_own() -> None:
    def silent(sock: socket.socket, server: Server) -> None:
        read_request(sock, server)
        server.closing.wait(5)

    with serving(silent) as server:
        for total, deadline in [(0.4, time.monotonic() + 60), (60, time.monotonic() + 1)]:
            client = Client(LOGIN, base_url=server.url, timeouts=Timeouts(1, 30, total))
            with pytest.raises(Interrupted, match="deadline"):
                client.add(MAILING, deadline=deadline)


def test_calls_about_mailings_and_look_ups_can_be_stopped_before_the_first_byte() -> None:
    def object_to_it() -> None:
        raise LookupError("the token has changed")

    with serving(answering("OK")) as server:
        client = client_of(server)
        for call in (
            lambda **when: client.add(MAILING, **when),
            lambda **when: client.cancel("17", **when),
            lambda **when: client.delete("17", **when),
            lambda **when: client.get("17", **when),
            lambda **when: client.get_all(date(2026, 1, 1), date(2026, 1, 2), **when),
            lambda **when: client.price([], **when),
            client.balance,
            client.senders,
            client.templates,
            client.groups,
        ):
            with pytest.raises(NotSent) as failure:
                call(before_first_byte=object_to_it)
            assert isinstance(failure.value.__cause__, LookupError)

    assert server.bytes_seen == 0


@responses.activate
def test_the_library_responses_can_fake_answers() -> None:
    responses.post(DEFAULT_URL + "jobs.php", body=CREATED)

    assert Client(LOGIN).add(MAILING).remote_id == "17"


# --- the sandbox ---


@pytest.mark.parametrize("dialect", ["plain", "strange", "short", "bare"])
def test_the_sandbox_is_understood_in_all_its_dialects(dialect: str) -> None:
    with Sandbox(dialect=dialect, same_request_seconds=0) as sandbox:
        client = Client(Credentials(login="sandbox", password="sandbox"), base_url=sandbox.url)
        soon = f"0{int(time.time()) + 3600}"

        created = client.add([*MAILING[:3], ("time", soon)])
        client.add([("name", "Other"), *MAILING[1:3], ("time", soon)])
        job = client.get(created.remote_id)
        client.cancel(created.remote_id)
        cancelled = client.get(created.remote_id)
        now = datetime.now(UTC).date()
        jobs = client.get_all(now - timedelta(days=1), now + timedelta(days=1)).jobs
        client.delete(created.remote_id)
        with pytest.raises(NotSaved):
            client.get(created.remote_id)

    assert job.name is not None
    assert job.name.startswith("K7Q2Ma")
    assert {found.remote_id for found in jobs} >= {created.remote_id}
    knows_words = dialect in ("plain", "short")
    assert job.status == (JobStatus.WAITING if knows_words else None)
    assert cancelled.status == (JobStatus.CANCELLED if knows_words else None)


# --- the backup host ---


@pytest.fixture
def provider_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "authority.pem"))
    return server_context(authority, "smscentre.com", "www2.smscentre.com")


def resolve(monkeypatch: pytest.MonkeyPatch, ports: dict[str, int]) -> list[str]:
    """Resolve the provider's host names to ports of this machine; returns the names that were looked up."""
    names: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        names.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", ports[host]))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


def test_the_backup_host_takes_over_when_nothing_went_out(
    provider_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bool] = []
    with serving(answering(CREATED), provider_tls) as backup:
        names = resolve(monkeypatch, {"smscentre.com": unused_port(), "www2.smscentre.com": backup.port})

        created = Client(LOGIN).add(MAILING, before_first_byte=lambda: checks.append(True))

    assert created.remote_id == "17"
    assert names == ["smscentre.com", "www2.smscentre.com"]
    assert backup.requests[0].headers["host"] == "www2.smscentre.com"
    assert checks == [True]


def test_the_backup_host_is_tried_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    names = resolve(monkeypatch, {"smscentre.com": unused_port(), "www2.smscentre.com": unused_port()})

    with pytest.raises(NotSent):
        Client(LOGIN).add(MAILING)

    assert names == ["smscentre.com", "www2.smscentre.com"]


def test_the_backup_host_hears_nothing_once_a_byte_went_out(
    provider_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(reading_then_breaking, provider_tls) as first,
        serving(answering(CREATED), provider_tls) as backup,
    ):
        resolve(monkeypatch, {"smscentre.com": first.port, "www2.smscentre.com": backup.port})
        with pytest.raises(Interrupted):
            Client(LOGIN).add(MAILING)

    assert len(first.requests) == 1
    assert backup.connections == 0


def test_an_objection_or_the_deadline_is_not_taken_to_the_backup_host(
    provider_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def object_to_it() -> None:
        raise LookupError

    with serving(answering(CREATED), provider_tls) as first:
        names = resolve(monkeypatch, {"smscentre.com": first.port})
        with pytest.raises(NotSent, match="objection"):
            Client(LOGIN).add(MAILING, before_first_byte=object_to_it)
        with pytest.raises(NotSent, match="deadline"):
            Client(LOGIN).add(
                MAILING, deadline=time.monotonic() + 0.2, before_first_byte=lambda: time.sleep(0.4)
            )

    assert set(names) == {"smscentre.com"}
    assert first.requests == []


def test_another_address_has_no_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    names = resolve(monkeypatch, {"sms.example": unused_port()})

    with pytest.raises(NotSent):
        Client(LOGIN, base_url="https://sms.example/sys/").add(MAILING)

    assert names == ["sms.example"]


# --- addresses ---


@pytest.mark.parametrize(
    "url",
    [
        "https://sms.example",
        "http://127.0.0.1:8000/sys/",
        "http://127.9.9.9/",
        "http://[::1]:1/",
        "http://localhost:1",
    ],
)
def test_https_and_plain_http_to_this_machine_are_addresses(url: str) -> None:
    assert url.rstrip("/") in repr(Client(LOGIN, base_url=url))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://smscentre.com/sys/", "https"),
        ("http://10.0.0.1/", "https"),
        ("http://127.0.0.1.example.com/", "https"),
        ("http://localhost.example.com/", "https"),
        ("http://0.0.0.0/", "https"),
        ("ftp://smscentre.com/", "web address"),
        ("smscentre.com/sys", "web address"),
        ("", "web address"),
        ("https://smscentre.com/sys/?psw=secret", "web address"),
        ("https://user:secret@smscentre.com/sys/", "login"),
        ("https://[broken/", "web address"),
        ("https://smscentre.com:port/", "web address"),
    ],
)
def test_other_addresses_are_refused_in_words_that_repeat_no_secret(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        Client(LOGIN, base_url=url)

    assert "secret" not in str(refused.value)


# --- names of logins and requests ---


def test_an_identity_depends_on_the_login_alone_and_reveals_nothing() -> None:
    changed = Credentials(login="operator", password="new")

    assert LOGIN.identity == changed.identity
    assert len({LOGIN.identity, KEY.identity, Credentials(login=KEY.apikey).identity}) == 3
    assert "operator" not in LOGIN.identity


def test_a_refused_key_is_a_refused_login() -> None:
    with serving(answering("0,-2")) as server, pytest.raises(LoginRefused):
        client_of(server, KEY).balance()
