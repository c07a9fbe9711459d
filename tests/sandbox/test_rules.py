"""What the sandbox accepts and refuses: invalid parameters (error 1), unreadable times (error 5), costs."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.forms import File, Form
from sandbox.rules import RefusedError, Surroundings, check_add
from tests.sandbox.calls import ADD, error

MAIL = {"mail": "1", "phones": "a@example.org", "sender": "b@example.org", "subj": "Hi"}
LIST = {"phones": "", "mes": ""}
DATED = {"time": "0101301200"}

TAKEN: list[dict[str, Any]] = [
    {"phones": "+7 (999) 000-00-01; 79990000002\n79990000003,"},
    {"phones": "G1,79990000001"},
    {"mes": "x" * 1000},
    {"mes": "Я" * 1000, "translit": "1"},
    {"sender": "Mailroom 11"},
    {"sender": "123456789012345"},
    {"translit": "2", "tinyurl": "1", "flash": "0"},
    {"time": "3112301200"},
    {"time": "31.12.30 12:00"},
    {"time": "31.12.30 12: 00"},
    {"time": "9-22"},
    {"time": "01800000000"},
    {"time": "+1440"},
    {"time": ""},
    {"tz": "-15"},
    {"tz": "11"},
    {"tz": "5.5"},
    {"rpt": "7", "rptn": "3"},
    {"period": "0.1", "freq": "1"},
    {"period": "720", "freq": "1440"},
    {"freq": "99999"},
    {"bin": "2", "mes": "0605040b8423f0"},
    {"bin": "2", "mes": "00ff\n~~~\npid: 1, dcs: 245"},
    {"push": "1", "mes": "https://example.org\nTitle"},
    {"hlr": "1", "mes": ""},
    {"ping": "1", "mes": ""},
    {"mms": "1", "mes": "", "subj": "Subject alone"},
    MAIL,
    {"soc": "1"},
    {"viber": "1", "mes2": "Instead", "fl[5]": "1", "sender2": "Mailroom"},
    {"whatsapp": "1"},
    {"tg": "1", "mes": "1234", "phones": "@nickname,#123456"},
    {"bot": "@mailroom_bot"},
    {"smsreq": "10"},
    {"smsreq": "999"},
    {"call": "1", "mes": "", "fileurl": "https://example.org/a.mp3"},
    {"call": "1", "voice": "w2,en", "param": "20,60,3"},
    {"call": "1", "param": "out of range, so the defaults hold"},
    {"tpl": "1", "mes": ""},
    {"valid": "1"},
    {"valid": "24"},
    {"valid": "00:01"},
    {"valid": "24:00"},
    LIST | {"list": "79990000001:One\n79990000002,79990000003;Two"},
    LIST | {"list": "Mailroom|79990000001:One\n|79990000002:Two"},
    LIST | DATED | {"list": "Mailroom,2|79990000001:One"},
    LIST | {"list": "79990000001:One\nstill one", "nl": "1"},
]

REFUSED: list[tuple[int, dict[str, Any]]] = [
    (1, {"name": ""}),
    (1, {"name": "  "}),
    (1, {"phones": ""}),
    (1, {"phones": ",;"}),
    (1, {"phones": "nobody"}),
    (1, {"phones": "79990000001,12"}),
    (1, {"phones": "G99"}),
    (1, {"phones": "a@example.org"}),
    (1, {"mes": ""}),
    (1, {"mes": "x" * 1001}),
    (1, {"sender": "Twelve chars"}),
    (1, {"sender": "1234567890123456"}),
    (1, {"sender": "Отправитель"}),
    (1, {"sender2": "Twelve chars"}),
    (1, {"translit": "3"}),
    (1, {"tinyurl": "yes"}),
    (1, {"cost": "2"}),
    (1, {"rpt": "8"}),
    (1, {"rptn": "-1"}),
    (1, {"rptn": "many"}),
    (1, {"tz": "-16"}),
    (1, {"tz": "12"}),
    (1, {"tz": "Moscow"}),
    (1, {"period": "0.05", "freq": "1"}),
    (1, {"period": "721", "freq": "1"}),
    (1, {"period": "1"}),
    (1, {"period": "1", "freq": "0"}),
    (1, {"period": "1", "freq": "1441"}),
    (1, {"flash": "2"}),
    (1, {"bin": "3"}),
    (1, {"bin": "2", "mes": "abc"}),
    (1, {"bin": "2", "mes": "zz"}),
    (1, {"bin": "2", "mes": "05ff"}),
    (1, {"bin": "2", "mes": "00ff\n~~~\npid:1,dcs:245"}),
    (1, {"push": "1", "mes": "https://example.org"}),
    (1, {"viber": "1", "whatsapp": "1"}),
    (1, {"mms": "1", "mes": ""}),
    (1, MAIL | {"subj": ""}),
    (1, MAIL | {"sender": ""}),
    (1, MAIL | {"sender": "Mailroom"}),
    (1, MAIL | {"mes": ""}),
    (1, MAIL | {"phones": "79990000001"}),
    (1, {"bot": "mailroom"}),
    (1, {"smsreq": "9"}),
    (1, {"smsreq": "1000"}),
    (1, {"fileurl": "ftp://example.org/a"}),
    (1, {"mes2": "x" * 1001}),
    (1, {"call": "1", "voice": "m5"}),
    (1, {"call": "1", "voice": "m,english"}),
    (1, {"call": "1", "mes": ""}),
    (1, {"tpl": "1"}),
    (1, {"tpl": "99", "mes": ""}),
    (1, {"tpl": "x", "mes": ""}),
    (1, {"valid": "0"}),
    (1, {"valid": "25"}),
    (1, {"valid": "00:00"}),
    (1, {"valid": "24:01"}),
    (1, {"valid": "12:60"}),
    (1, {"list": "79990000001:One"}),
    (1, LIST | {"list": "no separator"}),
    (1, LIST | {"list": "79990000001:"}),
    (1, LIST | {"list": "nobody:One"}),
    (1, LIST | {"list": "79990000001:" + "x" * 1001}),
    (1, LIST | {"list": "\n"}),
    (1, LIST | {"list": "A sender too long|79990000001:One"}),
    (1, LIST | {"list": "Mailroom,2|79990000001:One"}),
    (1, LIST | DATED | {"list": "Mailroom,99|79990000001:One"}),
    (1, LIST | {"list": "79990000001:One\nstill one"}),
    (5, {"time": "tomorrow"}),
    (5, {"time": "3102301200"}),
    (5, {"time": "0001012500"}),
    (5, {"time": "31.12.2030 12:00"}),
    (5, {"time": "22-9"}),
    (5, {"time": "9-25"}),
    (5, {"time": " 5"}),
    (5, {"time": "+"}),
    (5, {"time": "1800000000000"}),
]


def known_by(changes: Any) -> str:
    return ",".join(f"{name}={str(value)[:20]!r}" for name, value in changes.items())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as running:
        yield running


@pytest.mark.parametrize("changes", TAKEN, ids=known_by)
def test_what_the_page_allows_is_taken(sandbox: Sandbox, changes: dict[str, Any]) -> None:
    assert error(sandbox, **(ADD | changes)) is None


@pytest.mark.parametrize(("code", "changes"), REFUSED, ids=[known_by(changes) for _, changes in REFUSED])
def test_what_the_page_forbids_is_refused_and_not_kept(
    sandbox: Sandbox, code: int, changes: dict[str, Any]
) -> None:
    before = len(sandbox.jobs)

    assert error(sandbox, **(ADD | changes)) == code
    assert len(sandbox.jobs) == before


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5"])
@pytest.mark.parametrize("call", ["get", "cancel", "del"])
def test_an_id_that_is_no_number_is_a_wrong_parameter(sandbox: Sandbox, call: str, number: str) -> None:
    assert error(sandbox, **{call: "1", "id": number}) == 1


@pytest.mark.parametrize("call", ["get", "cancel", "del"])
def test_an_id_that_there_is_not_is_error_3(sandbox: Sandbox, call: str) -> None:
    assert error(sandbox, **{call: "1", "id": "999999"}) == 3


@pytest.mark.parametrize(
    ("changes", "recipients", "parts", "cost"),
    [
        ({"phones": "79990000001,79990000002", "mes": "x" * 160}, 2, 2, "2.80"),
        ({"phones": "G1;79990000001"}, 4, 4, "5.60"),
        ({"mes": "x" * 161}, 1, 2, "2.80"),
        ({"mes": "Я" * 71}, 1, 2, "2.80"),
        ({"mes": "Я" * 71, "translit": "1"}, 1, 1, "1.40"),
        ({"tpl": "2", "mes": ""}, 1, 1, "1.40"),
        ({"bin": "2", "mes": "00" + "ff" * 140}, 1, 2, "2.80"),
        ({"viber": "1", "mes": "x" * 1000}, 1, 1, "1.20"),
        (MAIL, 1, 1, "0.10"),
        (LIST | {"list": "79990000001:One\n79990000002,79990000003:" + "x" * 200}, 3, 5, "7.00"),
        (LIST | {"list": "79990000001:One\nstill one\n79990000002:Two", "nl": "1"}, 2, 2, "2.80"),
    ],
    ids=lambda value: known_by(value) if isinstance(value, dict) else None,
)
def test_a_mailing_costs_by_channel_recipient_and_part(
    sandbox: Sandbox, changes: dict[str, Any], recipients: int, parts: int, cost: str
) -> None:
    assert error(sandbox, **(ADD | changes)) is None

    job = sandbox.jobs[-1]
    assert (job["recipients"], job["parts"], job["cost"]) == (recipients, parts, cost)


def test_files_go_with_mms_mail_and_calls_only() -> None:
    def check(file: str, **changes: str) -> str:
        pairs = tuple((name, value.encode()) for name, value in (ADD | changes).items())
        return check_add(Form(pairs, (File("f", file, "", b"x"),)), Surroundings(0, 0, {}, {})).channel

    assert check("a.JPG", mms="1") == "mms"
    assert check("a.mp3", call="1", mes="") == "call"
    with pytest.raises(RefusedError, match="files"):
        check("a.jpg")
    with pytest.raises(RefusedError, match="files"):
        check("a.exe", mms="1")
