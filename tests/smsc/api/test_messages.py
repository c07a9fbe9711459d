"""What became of each message, read in every format, and asked for page by page."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api.client import Client, Credentials
from mailings.smsc.api.errors import LoginRefused, NotSaved, UnreadableAnswer
from mailings.smsc.api.messages import (
    KEYS,
    STATUSES,
    Message,
    Messages,
    Outcome,
    outcome_of,
    parse_messages,
    parse_status,
)
from sandbox import Sandbox
from tests.sandbox.calls import add, text

ROW = {
    "status": 1,
    "status_name": "Доставлено",
    "last_date": "26.11.2026 12:00:05",
    "last_timestamp": 1795683605,
    "flag": 0,
    "send_date": "26.11.2026 12:00:00",
    "send_timestamp": 1795683600,
    "phone": "79990000001",
    "cost": "1.40",
    "sender_id": "SHOP",
    "type": 0,
    "id": 17,
    "int_id": 5000,
    "sms_cnt": 1,
    "message": "Привет",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(Credentials(login="sandbox", password="sandbox"), base_url=sandbox.url)


def read(value: Any, charset: str = "utf-8") -> Messages:
    return parse_messages(json.dumps(value, ensure_ascii=False).encode(charset), 200)


def today() -> date:
    return datetime.now(timezone(timedelta(hours=3))).date()


def test_a_row_is_read_by_its_published_keys():
    (message,) = read([ROW]).messages

    assert message == Message(
        5000, 1, "Доставлено", None, 1795683600, 1795683605, "79990000001", Decimal("1.40"), 1, "17", "Привет"
    )


def test_numbers_may_be_strings_and_keys_may_be_missing_or_written_otherwise():
    as_text = {key: str(value) for key, value in ROW.items()}
    otherwise = {key.title().replace("_", ""): value for key, value in ROW.items()}

    found = read([as_text, otherwise, {"int_id": 5001, "phone": "79990000001"}]).messages

    assert found[0] == found[1] == read([ROW]).messages[0]
    assert (found[2].status, found[2].sent, found[2].text, found[2].job) == (None, None, None, "")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"send_timestamp": "1795683600"}, 1795683600),
        ({"send_timestamp": "", "send_date": "26.11.2026 12:00:00"}, 1795683600),
        ({"send_timestamp": 0, "send_date": "2026-11-26 12:00:00"}, 1795683600),
        ({"send_timestamp": None, "send_date": "26.11.26 12:00"}, 1795683600),
        ({"send_timestamp": 5, "send_date": "31.02.2026 12:00"}, None),
        ({"send_timestamp": -1, "send_date": "0000-00-00 00:00:00"}, None),
        ({"send_timestamp": 99999999999, "send_date": "yesterday"}, None),
    ],
)
def test_an_odd_date_is_read_or_not_known_and_never_invented(given: dict[str, Any], seconds: int | None):
    assert read([ROW | given]).messages[0].sent == seconds


def test_a_row_without_a_number_of_its_own_is_odd_and_fails_nothing():
    found = read(
        [ROW, {"phone": "79990000001"}, "text", 5, None, ROW | {"int_id": "x"}, ROW | {"int_id": 2**63}]
    )

    assert (len(found.messages), found.odd, found.rows) == (1, 6, 7)


@pytest.mark.parametrize("envelope", [lambda rows: {"messages": rows}, lambda rows: {"a": {"b": rows}}])
def test_an_envelope_is_looked_into(envelope):
    assert len(read(envelope([ROW, ROW])).messages) == 2


def test_one_row_by_itself_and_a_list_without_rows_are_lists():
    assert len(read(ROW).messages) == 1
    assert read([]).rows == read({"messages": []}).rows == read({}).rows == 0


def test_an_answer_in_another_charset_is_read():
    assert read([ROW], "cp1251").messages[0].text == "Привет"


@pytest.mark.parametrize("cut", [b'[{"int_id": 1, "sta', b"[", b"<html>", b"", b'{"messages": "none"}'])
def test_a_cut_or_foreign_answer_is_unreadable(cut: bytes):
    with pytest.raises(UnreadableAnswer):
        parse_messages(cut, 200)


def test_an_error_is_raised_before_anything_is_read():
    with pytest.raises(LoginRefused):
        read({"error": "authorise error", "error_code": 2})
    with pytest.raises(LoginRefused):
        parse_messages(b"ERROR = 2 (authorise error)", 200)


def test_a_status_that_is_not_in_the_table_has_no_outcome():
    assert outcome_of(7) is None
    assert outcome_of(None) is None
    assert [status for status, known in STATUSES.items() if not known.final] == [-1, 0]
    assert {known.outcome for known in STATUSES.values()} == set(Outcome)


@given(st.recursive(st.none() | st.integers() | st.text() | st.floats(), st.lists, max_leaves=5))
def test_any_value_anywhere_fails_no_row(value: Any):
    for key in KEYS:
        assert read([ROW | {key: value}, ROW]).rows == 2


@pytest.mark.parametrize("fmt", ["0", "1", "2", "3"])
def test_every_format_tells_the_same(sandbox: Sandbox, client: Client, fmt: str):
    add(sandbox, mes="One, two = three", phones="79990000001,79990000002")
    sandbox.settings({"messages": {"outcomes": {"20": 1.0}}})
    sandbox.advance(100)
    asked = {"get_messages": "1", "charset": "utf-8", "cnt": "10"}

    found = parse_messages(text(sandbox, "get", fmt=fmt, **asked).encode(), 200)

    assert found == client.messages(today(), today())
    assert [(message.status, message.err, message.text) for message in found.messages] == [
        (20, 6, "One, two = three")
    ] * 2


def test_pages_follow_each_other_to_the_end(sandbox: Sandbox, client: Client):
    add(sandbox, phones=",".join(f"7999{place:07d}" for place in range(2500)))
    sandbox.settings({"messages": {"mixed": True}})
    sandbox.advance(100)

    first = client.messages(today(), today())
    second = client.messages(today(), today(), before=first.oldest)
    third = client.messages(today(), today(), before=second.oldest)

    seen = [message.int_id for page in (first, second, third) for message in page.messages]
    assert [page.rows for page in (first, second, third)] == [1000, 1000, 500]
    assert len(set(seen)) == 2500


def test_numbers_and_e_mail_are_asked_for_apart(sandbox: Sandbox, client: Client):
    add(sandbox, phones="79990000001,79990000002")
    mail = {"mail": "1", "sender": "a@example.com", "subj": "x"}
    add(sandbox, phones="anna@example.com,boris@example.com", **mail)
    sandbox.advance(10)

    def addresses(**asked: Any) -> set[str]:
        return {message.address for message in client.messages(today(), today(), **asked).messages}

    assert addresses(addresses=["+79990000002"]) == {"79990000002"}
    assert addresses(mail=True, addresses=["anna@example.com"]) == {"anna@example.com"}
    assert len(addresses(mail=True)) == 2


def test_one_message_is_asked_for_by_address_and_id(sandbox: Sandbox, client: Client):
    add(sandbox)
    sandbox.settings({"messages": {"outcomes": {"1": 1.0}}})
    sandbox.advance(100)
    (message,) = client.messages(today(), today()).messages

    assert client.message_status("+79990000001", message.job) == message
    assert client.message_status("+79990000001", "17").status == -3
    with pytest.raises(ValueError, match="whole number"):
        client.message_status("+79990000001", "x")


def test_error_3_is_a_list_without_rows_and_not_a_message(sandbox: Sandbox, client: Client):
    sandbox.fault("wrong_error", ["messages", "status"], error=3, count=None)

    assert client.messages(today(), today()).rows == 0
    with pytest.raises(NotSaved):
        client.message_status("+79990000001", "17")


@pytest.mark.parametrize("body", [b"[]", b"OK", b'{"last_date": ""}'])
def test_an_answer_without_a_status_is_unreadable(body: bytes):
    with pytest.raises(UnreadableAnswer):
        parse_status(body, 200)
