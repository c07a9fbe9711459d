"""The sandbox's message results: get.php?get_messages=1 and status.php."""

import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.calls import add, control, data, error, text

MOSCOW = timezone(timedelta(hours=3))
KEYS = (
    *("status", "status_name", "last_date", "last_timestamp", "flag", "send_date", "send_timestamp", "phone"),
    *("cost", "sender_id", "mccmnc", "country", "operator", "region", "type", "id", "int_id", "sms_cnt"),
    *("format", "crc", "message"),
)


def rows(sandbox: Sandbox, **asked: Any) -> list[dict[str, Any]]:
    found = data(sandbox, "get", **({"get_messages": "1", "cnt": "1000"} | asked))
    assert isinstance(found, list), found
    return found


def day(ahead: int = 0) -> str:
    return f"{datetime.now(MOSCOW) + timedelta(days=ahead):%d.%m.%Y}"


def people(count: int) -> str:
    return ",".join(f"+7999{place:07d}" for place in range(count))


def settled(sandbox: Sandbox, **outcomes: float) -> None:
    sandbox.settings({"messages": {"outcomes": {name[1:]: share for name, share in outcomes.items()}}})


def test_a_message_has_the_published_keys(sandbox: Sandbox) -> None:
    add(sandbox, sender="SHOP")
    settled(sandbox, s1=1.0)
    sandbox.advance(100)

    (row,) = rows(sandbox)

    assert tuple(row) == KEYS
    assert (row["phone"], row["message"], row["sender_id"]) == ("79990000001", "Hello", "SHOP")
    assert (row["status"], row["cost"], row["sms_cnt"]) == (1, "1.40", 1)


def test_there_is_no_message_before_a_mailing_begins(sandbox: Sandbox) -> None:
    add(sandbox, time="+60")

    assert rows(sandbox) == []


def test_a_message_waits_is_with_the_operator_and_ends(sandbox: Sandbox) -> None:
    add(sandbox, phones=people(200))
    settled(sandbox, s1=1.0)

    seen = [{row["status"] for row in rows(sandbox)}]
    for _ in range(2):
        sandbox.advance(20)
        seen.append({row["status"] for row in rows(sandbox)})
    sandbox.advance(200)

    assert seen[0] <= {-1, 0}
    assert seen[1] == {0, 1}
    assert {row["status"] for row in rows(sandbox)} == {1}


def test_messages_end_in_every_status_by_the_shares_asked_for(sandbox: Sandbox) -> None:
    add(sandbox, phones=people(1000))
    shares = dict.fromkeys(("-3", "-2", "2", "3", "4", "20", "22", "23", "24", "25"), 0.05)
    sandbox.settings({"messages": {"outcomes": shares}})
    sandbox.advance(500)

    found = rows(sandbox)

    counts = {status: sum(row["status"] == status for row in found) for status in (*map(int, shares), 1)}
    assert sum(counts.values()) == 1000
    assert all(20 <= count <= 90 for status, count in counts.items() if status != 1)
    assert all(("err" in row) == (row["status"] in (-2, 3, 20, 22, 23, 24, 25)) for row in found)
    assert sandbox.messages == {"1": {str(status): count for status, count in counts.items()}}


def test_pages_go_backwards_by_prev_id_and_lose_nothing(sandbox: Sandbox) -> None:
    add(sandbox, phones=people(25))
    sandbox.advance(60)

    seen: list[int] = []
    page = rows(sandbox, cnt="10")
    while page:
        seen += [row["int_id"] for row in page]
        page = rows(sandbox, cnt="10", prev_id=str(seen[-1]))

    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


def test_the_days_the_numbers_and_the_format_narrow_it(sandbox: Sandbox) -> None:
    add(sandbox, phones="+79990000001,+79990000002")
    mail = {"mail": "1", "phones": "anna@example.com", "sender": "shop@example.com", "subj": "Hi"}
    add(sandbox, **mail)
    sandbox.advance(10)

    assert len(rows(sandbox, start=day(), end=day())) == 2
    assert rows(sandbox, start=day(-3), end=day(-1)) == []
    assert [row["phone"] for row in rows(sandbox, phone="8 (999) 1,+7 999 000-00-02")] == ["79990000002"]
    assert [row["phone"] for row in rows(sandbox, format="8", email="Anna@example.com")] == [
        "anna@example.com"
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"cnt": "1001"}, 1),
        ({"cnt": "0"}, 1),
        ({"cnt": "x"}, 1),
        ({"format": "3"}, 1),
        ({"prev_id": "17"}, 1),
        ({"start": "2026-11-01"}, 5),
        ({"start": "01.01.2026", "end": "01.09.2026"}, 1),
    ],
)
def test_what_cannot_be_asked_is_an_error(sandbox: Sandbox, asked: dict[str, str], code: int) -> None:
    assert error(sandbox, "get", get_messages="1", **asked) == code


def test_the_same_call_within_a_minute_is_error_9(sandbox: Sandbox) -> None:
    sandbox.settings({"same_request_seconds": 60})

    assert rows(sandbox) == []
    assert error(sandbox, "get", get_messages="1", cnt="1000") == 9


def test_the_four_formats_tell_the_same(sandbox: Sandbox) -> None:
    add(sandbox, mes="One, two")
    sandbox.advance(100)
    (row,) = rows(sandbox)
    asked = {"get_messages": "1", "cnt": "1000", "charset": "utf-8"}

    line = text(sandbox, "get", fmt="0", **asked)
    values = text(sandbox, "get", fmt="1", **asked)
    (element,) = ET.fromstring(text(sandbox, "get", fmt="2", **asked))

    assert line.startswith(f"status = {row['status']}, status_name = ")
    assert line.endswith("message = One, two")
    assert values.startswith(f"{row['status']},")
    assert {child.tag: child.text or "" for child in element} == {key: str(row[key]) for key in row}


def test_what_the_text_becomes_on_its_way(sandbox: Sandbox) -> None:
    add(sandbox, mes="Щи https://example.com/a?b", translit="1", tinyurl="1")
    add(sandbox, list="+79990000001:One\n+79990000002:Two", phones="", mes="")
    sandbox.advance(10)

    said = {row["message"] for row in rows(sandbox)}

    assert {"One", "Two"} < said
    (shortened,) = said - {"One", "Two"}
    assert shortened.startswith("Schi smsc.ru/")


def test_every_round_of_a_recurring_mailing_has_its_messages(sandbox: Sandbox) -> None:
    add(sandbox, rpt="1", rptn="2")
    sandbox.advance(2 * 3600 + 60)

    found = rows(sandbox, start=day(-1), end=day(1))

    assert len({row["int_id"] for row in found}) == 3
    assert len({row["send_timestamp"] for row in found}) == 3


def test_ids_are_the_mailings_or_the_messages_own(sandbox: Sandbox) -> None:
    number = add(sandbox, phones=people(3))
    sandbox.advance(10)

    own = {row["id"] for row in rows(sandbox)}
    sandbox.settings({"messages": {"ids": "job"}})

    assert len(own) == 3
    assert number not in own
    assert {row["id"] for row in rows(sandbox)} == {number}


def test_answers_can_be_odd(sandbox: Sandbox) -> None:
    add(sandbox, phones=people(100))
    sandbox.advance(60)
    plain = rows(sandbox)

    sandbox.settings({"messages": {"missing": ["message", "cost"], "as_text": True}})
    odd = rows(sandbox)
    sandbox.settings({"messages": {"missing": [], "as_text": False, "mixed": True, "doubled": 0.5}})
    doubled = rows(sandbox)
    sandbox.settings({"messages": {"mixed": False, "doubled": 0, "late_seconds": 1000}})

    assert all("message" not in row and isinstance(row["status"], str) for row in odd)
    assert 110 < len(doubled) < 190
    assert {row["int_id"] for row in doubled} == {row["int_id"] for row in plain}
    assert [row["int_id"] for row in doubled[:100]] != [row["int_id"] for row in plain]
    assert rows(sandbox) == []


def test_strangers_messages_stand_in_between(sandbox: Sandbox) -> None:
    add(sandbox)
    sandbox.add_messages({"phone": "79991112233", "mes": "Your code is 17", "age": 5, "status": 20})
    status, made = control(sandbox, "POST", "messages", {"phone": "79991112234", "mes": "Hi"})
    sandbox.advance(100)

    found = {row["phone"]: row["status"] for row in rows(sandbox)}

    assert (status, len(made["ids"])) == (200, 1)
    assert set(found) == {"79990000001", "79991112233", "79991112234"}
    assert found["79991112233"] == 20
    assert sum(control(sandbox, "GET", "messages")[1]["messages"]["0"].values()) == 2


def test_one_message_is_told_by_its_number_and_id(sandbox: Sandbox) -> None:
    add(sandbox)
    settled(sandbox, s25=1.0)
    sandbox.advance(100)
    (row,) = rows(sandbox)

    short = data(sandbox, "status", phone="+79990000001", id=str(row["id"]))
    whole = data(sandbox, "status", phone="79990000001", id=str(row["id"]), all="1")

    assert (short["status"], short["err"]) == (25, 13)
    assert "message" not in short
    assert whole == row
    assert data(sandbox, "status", phone="79990000001", id="1")["status"] == -3
    assert error(sandbox, "status", phone="79990000001") == 1


def test_settings_of_messages_that_there_are_not_change_nothing(sandbox: Sandbox) -> None:
    for asked in ({"colour": 1}, {"ids": "x"}, {"outcomes": {"7": 1.0}}, {"outcomes": {"1": 2}}):
        assert control(sandbox, "POST", "settings", {"messages": asked})[0] == 400

    assert sandbox.settings()["messages"]["ids"] == "own"


def test_messages_outlive_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite3")
    with Sandbox(same_request_seconds=0, state=state) as first:
        add(first, phones=people(30_000))
        first.advance(100)
        before = rows(first)

    with Sandbox(same_request_seconds=0, state=state) as second:
        assert len(before) == 1000
        assert rows(second) == before


def test_an_sms_follows_where_the_first_way_failed(sandbox: Sandbox) -> None:
    sandbox.settings({"messages": {"outcomes": {"25": 0.5}, "settle_seconds": 100}})
    replay = {"fl[5]": "1", "mes2": "By SMS", "sender2": "SHOP"}
    add(sandbox, viber="1", phones=people(20), mes="By Viber", **replay)
    sandbox.advance(10)

    before = rows(sandbox)
    sandbox.advance(200)
    after = rows(sandbox)

    failed = [row["phone"] for row in after if row["message"] == "By Viber" and row["status"] == 25]
    followed = [row for row in after if row["message"] == "By SMS"]
    assert [row["message"] for row in before] == ["By Viber"] * 20
    assert sorted(row["phone"] for row in followed) == sorted(failed) != []
    assert {(row["sender_id"], row["type"]) for row in followed} == {("SHOP", 0)}
    assert len({row["int_id"] for row in after}) == 20 + len(failed)
