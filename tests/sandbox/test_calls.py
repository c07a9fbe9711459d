"""The sandbox's calls, in four formats and three charsets."""

import hashlib
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from sandbox import Credentials, Sandbox
from tests.sandbox.calls import ADD, LOGIN, add, connect, data, error, fetch, text


@pytest.mark.parametrize(
    ("fmt", "plain", "priced"),
    [
        ("0", "OK, ID - 1", "OK, ID - 2, COST - 1.40"),
        ("1", "1", "2,1.40"),
        ("2", "<result><id>1</id></result>", "<result><id>2</id><cost>1.40</cost></result>"),
        ("3", '{"id": 1}', '{"id": 2, "cost": "1.40"}'),
    ],
)
def test_an_add_answers_in_the_format_asked_for(sandbox: Sandbox, fmt: str, plain: str, priced: str) -> None:
    assert text(sandbox, **ADD, fmt=fmt).endswith(plain)
    assert text(sandbox, **ADD, fmt=fmt, cost="1").endswith(priced)


@pytest.mark.parametrize(
    ("fmt", "expected"),
    [
        ("0", "ERROR = 3 (no such record)"),
        ("1", "0,-3"),
        ("2", "<result><error>no such record</error><error_code>3</error_code></result>"),
        ("3", '{"error": "no such record", "error_code": 3}'),
    ],
)
def test_an_error_answers_in_the_format_asked_for(sandbox: Sandbox, fmt: str, expected: str) -> None:
    assert text(sandbox, get="1", id="99", fmt=fmt).endswith(expected)


@pytest.mark.parametrize("call", ["cancel", "del"])
@pytest.mark.parametrize(
    ("fmt", "expected"),
    [
        ("0", "OK"),
        ("1", "OK"),
        ("2", '<?xml version="1.0" encoding="windows-1251"?>\n<result>OK</result>'),
        ("3", '{"result": "OK"}'),
    ],
)
def test_a_cancel_and_a_delete_answer_ok(sandbox: Sandbox, call: str, fmt: str, expected: str) -> None:
    number = add(sandbox, time="+60")

    assert text(sandbox, **{call: "1"}, id=str(number), fmt=fmt) == expected


def test_a_cancel_stops_a_waiting_mailing_once(sandbox: Sandbox) -> None:
    number = add(sandbox, time="+60")

    assert error(sandbox, cancel="1", id=str(number)) is None
    assert sandbox.jobs[0]["status"] == "cancelled"
    assert error(sandbox, cancel="1", id=str(number)) == 3


def test_a_cancel_comes_too_late_for_one_that_has_gone_out(sandbox: Sandbox) -> None:
    number = add(sandbox, time="0")
    sandbox.advance(60)

    assert error(sandbox, cancel="1", id=str(number)) == 3
    assert sandbox.jobs[0]["status"] == "gone"


def test_a_deleted_mailing_is_gone_for_every_call_and_its_id_is_not_used_again(sandbox: Sandbox) -> None:
    number = add(sandbox)

    assert error(sandbox, **{"del": "1"}, id=str(number)) is None
    for call in ("get", "cancel", "del"):
        assert error(sandbox, **{call: "1"}, id=str(number)) == 3
    assert data(sandbox, get_all="1") == []
    assert add(sandbox) == number + 1
    assert sandbox.jobs[0]["deleted"] is True


def test_parameters_may_come_in_the_query(sandbox: Sandbox) -> None:
    query = urlencode(LOGIN | ADD | {"fmt": "3"})
    with urllib.request.urlopen(f"{sandbox.url}jobs.php?{query}") as answer:
        assert json.load(answer) == {"id": 1}

    assert sandbox.calls[0]["credentials_in_url"] is True


@pytest.mark.parametrize(
    ("charset", "name", "codec"),
    [("", "windows-1251", "cp1251"), ("utf-8", "utf-8", "utf-8"), ("koi8-r", "koi8-r", "koi8-r")],
)
def test_texts_are_read_and_answered_in_the_charset_of_the_request(
    sandbox: Sandbox, charset: str, name: str, codec: str
) -> None:
    parameters = ADD | {"name": "Привет", "mes": "Ёлка"} | ({"charset": charset} if charset else {})
    fetch(sandbox, parameters=parameters)

    _, kind, body = fetch(
        sandbox, parameters={"get": "1", "id": "1"} | ({"charset": charset} if charset else {})
    )

    assert ["mes", "Ёлка"] in sandbox.jobs[0]["parameters"]
    assert kind == f"text/plain; charset={name}"
    assert body.decode(codec).startswith("1 Привет")


def test_json_in_a_narrow_charset_escapes_what_it_lacks(sandbox: Sandbox) -> None:
    add(sandbox, name="日本 and ы")

    body = fetch(sandbox, parameters={"get": "1", "id": "1", "fmt": "3"})[2]

    assert json.loads(body.decode("ascii"))["name"] == "日本 and ы"


@pytest.mark.parametrize(
    "changes",
    [{"charset": "latin-1"}, {"charset": "utf-8", "mes": b"\xff\xfe\xff"}],
    ids=["unknown", "not in it"],
)
def test_a_text_that_cannot_be_decoded_is_a_wrong_parameter(
    sandbox: Sandbox, changes: dict[str, str | bytes]
) -> None:
    body = urlencode(LOGIN | ADD | changes).encode()
    with urllib.request.urlopen(f"{sandbox.url}jobs.php", body) as answer:
        assert answer.read().startswith(b"ERROR = 1 ")
    assert sandbox.jobs == []


def test_a_raw_binary_message_arrives_byte_for_byte(sandbox: Sandbox) -> None:
    message = bytes([2, 0x70, 0x00]) + bytes(range(256))[:100]
    body = urlencode(LOGIN | ADD | {"mes": message, "bin": "1", "charset": "utf-8"}).encode()
    with urllib.request.urlopen(f"{sandbox.url}jobs.php", body) as answer:
        assert answer.read() == b"OK, ID - 1"

    assert dict(sandbox.calls[0]["parameters"])["mes"] == message.hex()


def test_files_come_as_multipart_and_are_told_by_name_size_and_digest(sandbox: Sandbox) -> None:
    content = bytes(range(256)) * 40 + b"\r\n--not the boundary\r\n"
    fields = LOGIN | ADD | {"mail": "1", "subj": "Hi", "sender": "a@example.org", "phones": "b@example.org"}
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
    ]
    head = (
        '--edge\r\nContent-Disposition: form-data; name="file1"; filename="счёт.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    body = "".join([*parts, head]).encode() + content + b"\r\n--edge--\r\n"
    connection = connect(sandbox)
    connection.request("POST", "/sys/jobs.php", body, {"Content-Type": "multipart/form-data; boundary=edge"})
    assert connection.getresponse().read() == b"OK, ID - 1"
    connection.close()

    assert sandbox.calls[0]["files"] == [
        {
            "field": "file1",
            "name": "счёт.pdf",
            "content_type": "application/pdf",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    ]


@pytest.mark.parametrize("body", ["--edge\r\nhalf", "--edge\r\n\r\n\r\nno name\r\n--edge--"])
def test_a_broken_multipart_body_is_a_wrong_parameter(sandbox: Sandbox, body: str) -> None:
    connection = connect(sandbox)
    connection.request("POST", "/sys/jobs.php", body, {"Content-Type": "multipart/form-data; boundary=edge"})
    assert connection.getresponse().read().startswith(b"ERROR = 1 ")
    connection.close()

    assert sandbox.counters["authentication_errors"] == 0


def test_a_million_numbers_are_taken_and_told_by_count_and_digest(sandbox: Sandbox) -> None:
    phones = ",".join(str(79000000000 + number) for number in range(1_000_000))

    assert add(sandbox, phones=phones) == 1

    (job,) = sandbox.jobs
    assert job["recipients"] == 1_000_000
    assert job["cost"] == "1400000.00"
    assert job["long"]["phones"]["sha256"] == hashlib.sha256(phones.encode()).hexdigest()
    assert len(dict(job["parameters"])["phones"]) == 1_000


def test_a_connection_may_be_kept_for_many_calls(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    for number in range(1, 4):
        connection.request(
            "POST",
            "/sys/jobs.php",
            urlencode(LOGIN | ADD),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert connection.getresponse().read() == f"OK, ID - {number}".encode()
    connection.close()


def test_the_key_alone_opens_the_account(sandbox: Sandbox) -> None:
    body = fetch(sandbox, "balance", login={"apikey": "sandbox-key"})[2]

    assert body == b"10000000.00"


def test_other_credentials_may_be_set() -> None:
    with Sandbox(credentials=Credentials("boss", "p&ss +1", "key")) as sandbox:
        assert fetch(sandbox, "balance", login={"login": "boss", "psw": "p&ss +1"})[2] == b"10000000.00"
        assert fetch(sandbox, "balance")[2].startswith(b"ERROR = 2 ")


def test_only_a_loopback_address_is_listened_on() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(host="192.0.2.1")


@pytest.mark.parametrize(
    ("fmt", "plain", "with_currency"),
    [
        ("0", "10000000.00", "10000000.00 RUR"),
        ("1", "10000000.00", "10000000.00,RUR"),
        ("3", '{"balance": "10000000.00"}', '{"balance": "10000000.00", "currency": "RUR"}'),
        (
            "2",
            "<result><balance>10000000.00</balance></result>",
            "<result><balance>10000000.00</balance><currency>RUR</currency></result>",
        ),
    ],
)
def test_the_balance_is_told(sandbox: Sandbox, fmt: str, plain: str, with_currency: str) -> None:
    assert text(sandbox, "balance", fmt=fmt).endswith(plain)
    assert text(sandbox, "balance", fmt=fmt, cur="1").endswith(with_currency)


def test_the_balance_falls_by_what_is_sent_and_rises_when_it_is_called_off(sandbox: Sandbox) -> None:
    gone = add(sandbox, phones="79990000001,79990000002", mes="x" * 161)
    waiting = add(sandbox, time="+60")
    assert data(sandbox, "balance")["balance"] == "9999993.00"

    assert error(sandbox, cancel="1", id=str(waiting)) is None
    assert error(sandbox, **{"del": "1"}, id=str(gone)) is None

    assert data(sandbox, "balance")["balance"] == "9999994.40"


def test_a_mailing_that_the_balance_does_not_cover_is_not_saved() -> None:
    with Sandbox(balance="2.00", same_request_seconds=0) as sandbox:
        first = add(sandbox, time="+60")
        assert error(sandbox, **ADD) == 3
        assert error(sandbox, cancel="1", id=str(first)) is None
        assert add(sandbox) > first


@pytest.mark.parametrize(
    ("fmt", "expected"),
    [
        ("0", "2.80 (2 SMS)"),
        ("1", "2.80,2"),
        ("2", "<result><cost>2.80</cost><cnt>2</cnt></result>"),
        ("3", '{"cost": "2.80", "cnt": 2}'),
    ],
)
def test_the_price_is_told_and_nothing_is_made(sandbox: Sandbox, fmt: str, expected: str) -> None:
    answer = text(sandbox, "send", cost="1", phones="79990000001", mes="x" * 161, fmt=fmt)

    assert answer.endswith(expected)
    assert sandbox.jobs == []


@pytest.mark.parametrize("cost", ["", "0", "2", "3"])
def test_single_messages_are_never_sent(sandbox: Sandbox, cost: str) -> None:
    assert error(sandbox, "send", cost=cost, phones="79990000001", mes="x") == 1
    assert sandbox.jobs == []


def test_the_look_ups_list_what_the_account_has(sandbox: Sandbox) -> None:
    assert data(sandbox, "senders", get="1") == [{"sender": "Mailroom"}, {"sender": "Sandbox"}]
    assert [row["id"] for row in data(sandbox, "templates", get="1")] == [1, 2]
    assert data(sandbox, "phones", get_group="1")[0] == {"id": 1, "name": "Customers", "num": 3}


@pytest.mark.parametrize(
    ("fmt", "expected"),
    [
        ("0", "id = 1, name = Customers, num = 3\nid = 2, name = Сотрудники, num = 12"),
        ("1", "1,Customers,3\n2,Сотрудники,12"),
    ],
)
def test_a_look_up_prints_a_line_each(sandbox: Sandbox, fmt: str, expected: str) -> None:
    assert text(sandbox, "phones", get_group="1", fmt=fmt) == expected


def test_a_look_up_has_an_xml_form(sandbox: Sandbox) -> None:
    assert "<group><id>1</id><name>Customers</name><num>3</num></group>" in text(
        sandbox, "phones", get_group="1", fmt="2"
    )


@pytest.mark.parametrize(
    ("script", "parameters"),
    [
        ("jobs", {}),
        ("jobs", {"get": "1", "del": "1", "id": "1"}),
        ("senders", {}),
        ("templates", {"get": "0"}),
    ],
)
def test_a_call_without_its_one_action_is_refused(
    sandbox: Sandbox, script: str, parameters: dict[str, str]
) -> None:
    assert error(sandbox, script, **parameters) == 1


def test_another_page_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{sandbox.url}other.php")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"add=1"),
        ("", b"add=1"),
        ("multipart/form-data", b"--x\r\n"),
        ("application/json", b"{}"),
    ],
)
def test_a_body_of_another_kind_is_a_wrong_parameter(sandbox: Sandbox, kind: str, body: bytes) -> None:
    connection = connect(sandbox)
    connection.request("POST", "/sys/jobs.php", body, {"Content-Type": kind})
    assert connection.getresponse().read().startswith(b"ERROR = 1 ")
    connection.close()


def test_a_body_too_large_is_not_read(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    connection.putrequest("POST", "/sys/jobs.php")
    connection.putheader("Content-Length", str(10**10))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_shorter_than_its_length_does_nothing(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    connection.putrequest("POST", "/sys/jobs.php")
    connection.putheader("Content-Type", "application/x-www-form-urlencoded")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(urlencode(LOGIN | ADD).encode())
    assert connection.sock
    connection.sock.shutdown(socket.SHUT_WR)
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()

    assert sandbox.jobs == []
    assert sandbox.calls[0]["result"] == "unreadable"


def test_a_defect_of_the_sandbox_is_told_without_its_text(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("79990000001")

    monkeypatch.setattr(sandbox.provider, "answer", fail)
    with pytest.raises(http.client.RemoteDisconnected):
        text(sandbox, **ADD)
    sandbox.stop()

    # The thread that answered goes on after the connection is closed, and nobody waits for it.
    told, end = "", time.monotonic() + 30
    while "\n" not in told and time.monotonic() < end:
        told += capsys.readouterr().err
        time.sleep(0.01)
    assert "RuntimeError at " in told
    assert "79990000001" not in told


def test_a_body_without_a_length_is_not_read(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    connection.putrequest("POST", "/sys/jobs.php")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_get_all_without_days_gives_the_ten_newest_of_two_months(sandbox: Sandbox) -> None:
    sandbox.make_job("Old", age=63 * 86400)
    numbers = [sandbox.make_job(f"Job {number}") for number in range(12)]

    assert [row["id"] for row in data(sandbox, get_all="1")] == numbers[:1:-1]
    assert len(data(sandbox, get_all="1", start="01.01.2020")) == 10


def test_get_all_with_both_days_gives_all_of_them_and_both_days_count(sandbox: Sandbox) -> None:
    today = (datetime.now(UTC) + timedelta(hours=3)).date()
    ages = [day * 86400 for day in range(40)]
    for age in ages:
        sandbox.make_job("Job", age=age)

    def found(first: int, last: int) -> list[int]:
        days = [today - timedelta(days=ago) for ago in (first, last)]
        start, end = (day.strftime("%d.%m.%Y") for day in days)
        return [row["id"] for row in data(sandbox, get_all="1", start=start, end=end)]

    assert found(39, 0) == list(range(1, 41))
    assert found(5, 5) == [6]
    assert found(6, 5) == [6, 7]
    assert found(0, 5) == []


def test_get_all_may_go_by_the_day_of_sending(sandbox: Sandbox) -> None:
    sandbox.settings({"list_by": "sending"})
    add(sandbox, time=f"+{3 * 24 * 60}")
    later = (datetime.now(UTC) + timedelta(hours=3, days=3)).strftime("%d.%m.%Y")
    today = (datetime.now(UTC) + timedelta(hours=3)).strftime("%d.%m.%Y")

    assert len(data(sandbox, get_all="1", start=later, end=later)) == 1
    assert data(sandbox, get_all="1", start=today, end=today) == []


@pytest.mark.parametrize("day", ["2026-01-01", "31.02.2026", "1.1.2026", "01.01.26", "yesterday"])
@pytest.mark.parametrize("name", ["start", "end"])
def test_a_day_that_cannot_be_read_is_a_wrong_date(sandbox: Sandbox, name: str, day: str) -> None:
    assert error(sandbox, get_all="1", **{name: day}) == 5


def test_one_call_after_another_never_counts_as_two_at_once(sandbox: Sandbox) -> None:
    for _ in range(200):
        data(sandbox, "senders", get="1")

    assert sandbox.counters["most_at_once"] == 1
    assert sandbox.counters["most_at_once_per_login"] == 1


def test_calls_at_once_are_counted(sandbox: Sandbox) -> None:
    sandbox.fault("slow", count=None, seconds=0.5)
    threads = [
        threading.Thread(target=data, args=(sandbox, "senders"), kwargs={"get": "1"}) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sandbox.counters["most_at_once"] == 6
    assert sandbox.counters["at_once"] == 0


def test_the_record_of_a_call_has_everything_but_the_credentials(sandbox: Sandbox) -> None:
    add(sandbox, surprise="1")

    (call,) = sandbox.calls
    names = [name for name, _ in call["parameters"]]
    assert not {"login", "psw", "apikey"} & set(names)
    assert ["phones", "79990000001"] in call["parameters"]
    assert call["kind"] == "add"
    assert call["job"] == 1
    assert call["authenticated"] is True
    assert call["unknown"] == ["surprise"]
    assert call["result"] == "ok"
    assert call["credentials_in_url"] is False


def test_the_log_names_calls_and_no_numbers_texts_or_passwords() -> None:
    lines: list[str] = []
    with Sandbox(log=lines.append, same_request_seconds=0) as sandbox:
        add(sandbox, mes="Very private")
        fetch(sandbox, parameters=ADD, login={"login": "sandbox", "psw": "mistyped-secret"})
        fetch(sandbox, parameters={"get": "1", "id": "9"})

    assert [line.split(" ")[2] for line in lines] == ["add:", "add:", "get:"]
    whole = "\n".join(lines)
    assert not any(secret in whole for secret in ("79990000001", "Very private", "mistyped-secret"))
