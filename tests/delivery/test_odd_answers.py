"""Answers that nobody would expect: nothing is lost, nothing invented, the pull's record says why."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mailings import delivery
from mailings.models import Account, Breaker, Delivery, DeliveryPull, Message, Recipient
from mailings.models.deliveries import NO_RESULT
from mailings.smsc.api.messages import KEYS
from mailings.smsc.api.transport import Answer
from tests.helpers.factories import delivered

MOSCOW = timezone(timedelta(hours=3))
# Two hours ahead: the mailing is handed over only once these rows are made.
NOW = datetime.now(MOSCOW).replace(microsecond=0) + timedelta(hours=2)
HOUR, STAMP = f"{NOW:%d.%m.%Y %H:%M:%S}", int(NOW.timestamp())
BOTH, ONE, NOBODY = ("delivered", "failed"), ("delivered", ""), ("", "")
UNCLEAR, OTHER = ("unclear", "failed"), ("", "failed")
UNDATED, UNADDRESSED, NO_STATUS = {"undated": 1}, {"unaddressed": 1}, {"status": 1}


def rows(*changes: dict[str, Any] | None, **first: Any) -> list[dict[str, Any]]:
    """Two rows of ours, delivered and not; `first`: what is otherwise in the first, None to leave it out."""
    found = [
        {
            "status": 1, "status_name": "Доставлено", "last_date": HOUR, "last_timestamp": STAMP, "flag": 0,
            "send_date": HOUR, "send_timestamp": STAMP, "phone": f"7999000000{number}", "cost": "1.40",
            "sender_id": "SHOP", "mccmnc": "25001", "country": "Россия", "operator": "МТС", "region": "Пермь",
            "type": 0, "id": 7000 + number, "int_id": 5000 + number, "sms_cnt": 1, "format": 0, "crc": 17,
            "message": "Привет, это проверка",
        }
        for number in range(2)
    ]  # fmt: skip
    found[1] |= {"status": 20, "err": 6}
    found[0] = {key: value for key, value in (found[0] | first).items() if value is not None}
    in_order = [{key: row[key] for key in (*KEYS, *row) if key in row} for row in found]
    return [*in_order, *filter(None, changes)]


def by_date(date: str | None, stamp: int | None = None) -> list[dict[str, Any]]:
    return rows(send_date=date, send_timestamp=stamp)


def capitals() -> list[dict[str, Any]]:
    return [{key.upper(): value for key, value in row.items()} for row in rows()]


def as_text() -> list[dict[str, str]]:
    return [{key: str(value) for key, value in row.items()} for row in rows()]


def dumped(value: Any, charset: str = "utf-8") -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(charset, "replace")


def text_lines(*, ends: str = "\n") -> bytes:
    return ends.join(", ".join(f"{key} = {value}" for key, value in row.items()) for row in rows()).encode()


def numbers() -> bytes:
    return "\n".join(",".join(str(row[key]) for key in KEYS if key in row) for row in rows()).encode()


def xml(tag: str = "message") -> bytes:
    each = "".join(
        f"<{tag}>{''.join(f'<{key}>{value}</{key}>' for key, value in row.items())}</{tag}>" for row in rows()
    )
    return f"<messages>{each}</messages>".encode()


def stranger(**fields: Any) -> dict[str, Any]:
    return rows(**fields)[0] | {"int_id": 9000} | fields


# What it is, its bytes, what the two people are then, what is left alone, and whether the pull ended early.
Odd = tuple[str, bytes, tuple[str, str], dict[str, int], bool]
ODD: list[Odd] = [
    ("plain", dumped(rows()), BOTH, {}, False),
    ("with a mark in front", b"\xef\xbb\xbf" + dumped(rows()), BOTH, {}, False),
    ("windows-1251", dumped(rows(), "cp1251"), BOTH, {}, False),
    ("in lines", text_lines(), BOTH, {}, False),
    ("in lines of Windows", text_lines(ends="\r\n\r\n"), BOTH, {}, False),
    ("in values", numbers(), BOTH, {}, False),
    ("XML", xml(), BOTH, {}, False),
    ("XML of another name", xml("sms"), BOTH, {}, False),
    ("an object with the list", dumped({"messages": rows()}), BOTH, {}, False),
    ("two objects around it", dumped({"a": {"b": rows()}}), BOTH, {}, False),
    ("an object beside a count", dumped({"count": 2, "messages": rows()}), BOTH, {}, False),
    ("one row alone", dumped(rows()[0]), ONE, {}, False),
    ("names in capitals", dumped(capitals()), BOTH, {}, False),
    ("all as text", dumped(as_text()), BOTH, {}, False),
    ("each twice", dumped(rows() * 2), BOTH, {}, False),
    ("in the other order", dumped(rows()[::-1]), BOTH, {}, False),
    ("an older word behind", dumped(rows(rows(status=0, last_timestamp=STAMP - 60)[0])), BOTH, {}, False),
    ("keys that nobody knows", dumped(rows(new=[1, {"x": 2}])), BOTH, {}, False),
    ("a row that is null", dumped([None, *rows()]), BOTH, {"odd": 1}, False),
    ("rows that are texts and lists", dumped(["x", [], *rows()]), BOTH, {"odd": 2}, False),
    ("no number of its own", dumped(rows(int_id=None)), OTHER, {"odd": 1}, False),
    ("a number of nothing", dumped(rows(int_id=0)), OTHER, {"odd": 1}, False),
    ("a number too long", dumped(rows(int_id=10**30)), OTHER, {"odd": 1}, False),
    ("a number with a point", dumped(rows(int_id=5.5)), OTHER, {"odd": 1}, False),
    ("a status nobody knows", dumped(rows(status=7)), UNCLEAR, NO_STATUS, False),
    ("a status in words", dumped(rows(status="Delivered")), UNCLEAR, NO_STATUS, False),
    ("a status that is true", dumped(rows(status=True)), UNCLEAR, NO_STATUS, False),
    ("a status with a point", dumped(rows(status=1.0)), UNCLEAR, NO_STATUS, False),
    ("no status", dumped(rows(status=None)), UNCLEAR, NO_STATUS, False),
    ("no text", dumped(rows(message=None)), UNCLEAR, {}, False),
    ("a text that is a list", dumped(rows(message=["Привет"])), UNCLEAR, {}, False),
    ("an empty text", dumped(rows(message="")), OTHER, {}, False),
    ("half the text", dumped(rows(message="Привет, это")), OTHER, {}, False),
    ("a text with other spaces", dumped(rows(message=" Привет,  это проверка\r\n")), BOTH, {}, False),
    ("no hour", dumped(by_date(None)), OTHER, UNDATED, False),
    ("an hour in words", dumped(by_date("вчера")), OTHER, UNDATED, False),
    ("the 31st of February", dumped(by_date("31.02.2026 12:00:00", 0)), OTHER, UNDATED, False),
    ("milliseconds", dumped(rows(send_timestamp=STAMP * 1000)), BOTH, {}, False),
    ("a date as ISO writes it", dumped(by_date(NOW.isoformat())), BOTH, {}, False),
    ("a date with a short year", dumped(by_date(f"{NOW:%d.%m.%y %H:%M}")), BOTH, {}, False),
    ("another century", dumped(by_date("01.01.1970 03:00:01", 1)), OTHER, UNDATED, False),
    ("an hour before ours", dumped(rows(send_timestamp=STAMP - 9000)), OTHER, {}, False),
    ("a cost beyond all money", dumped(rows(cost="99999999999999.99")), BOTH, {}, False),
    ("a cost in words", dumped(rows(cost="free")), BOTH, {}, False),
    ("parts beyond all reason", dumped(rows(sms_cnt=10**11)), BOTH, {}, False),
    ("an error number in words", dumped(rows(err="blocked")), BOTH, {}, False),
    ("a NUL in the text", dumped(rows(stranger(message="a\0b"))), BOTH, {}, False),
    ("half a surrogate", json.dumps(rows(stranger(message="\ud83d"))).encode(), BOTH, {}, False),
    ("a number with signs", dumped(rows(phone="+7 (999) 000-00-00")), BOTH, {}, False),
    ("nobody's number", dumped(rows(phone="")), OTHER, UNADDRESSED, False),
    ("no number", dumped(rows(phone=None)), OTHER, UNADDRESSED, False),
    ("a list without rows", b"[]", NOBODY, {}, False),
    ("an empty object", b"{}", NOBODY, {}, False),
    ("no rows that are any", b"[1, 2]", NOBODY, {}, True),
    ("a sentence", "Сервис временно недоступен".encode("cp1251"), NOBODY, {}, True),
    ("nothing", b"", NOBODY, {}, True),
    ("half a list", dumped(rows())[:-40], NOBODY, {}, True),
    ("half of XML", xml()[:-40], NOBODY, {}, True),
    ("a page", b"<html><body>Sorry</body></html>", NOBODY, {}, True),
    ("error 3, which is no rows", dumped({"error": "no records", "error_code": 3}), NOBODY, {}, False),
    ("error 9", b"ERROR = 9 (too many)", NOBODY, {}, True),
    ("an error that nobody knows", dumped({"error": "x", "error_code": 77}), NOBODY, {}, True),
]  # fmt: skip


def answering(body: bytes, *, framed: bool = True) -> Callable[..., Answer]:
    return lambda *_args: Answer(200, "text/plain", body, framed)


def pull(account: Account) -> delivery.Pulled:
    today = datetime.now(MOSCOW).date()
    return delivery.pull(account, today, today)


def test_odd_answers_lose_nothing_invent_nothing_and_are_told(account: Account, monkeypatch) -> None:
    mailing = delivered(account, phones="+79990000000,+79990000001", mes="Привет, это проверка")
    people = Recipient.objects.filter(mailing=mailing).order_by("position")
    for name, body, results, left_alone, ended in ODD:
        Message.objects.all().delete()
        people.update(**NO_RESULT)
        Delivery.objects.all().delete()
        monkeypatch.setattr("mailings.smsc.api.client.post", answering(body))

        result = pull(account)

        assert tuple(people.values_list("result", flat=True)) == results, name
        assert (result.left_alone, bool(result.ended_by)) == (left_alone, ended), name
        kept = DeliveryPull.objects.latest("pk")
        assert (kept.left_alone, kept.ended_by) == (result.left_alone, result.ended_by), name
        assert Message.objects.exclude(int_id__in=(5000, 5001)).count() == 0, name
        figures = Delivery.objects.get(mailing=mailing)
        assert (figures.as_of is None) == ended, name
        assert figures.recipients == 2, name


@pytest.mark.parametrize(("error", "breaker"), [(2, Breaker.LOGIN), (4, Breaker.BLOCK)])
def test_errors_2_and_4_stop_the_accounts_calls_and_are_told(account, monkeypatch, error, breaker) -> None:
    delivered(account, phones="+79990000000,+79990000001", mes="Привет, это проверка")
    monkeypatch.setattr("mailings.smsc.api.client.post", answering(f"ERROR = {error} (x)".encode()))

    first, second = pull(account), pull(account)

    account.refresh_from_db()
    assert account.breaker == breaker
    assert (first.calls, second.calls) == (1, 0)
    assert all(kept.ended_by for kept in DeliveryPull.objects.all())


def test_a_provider_that_gives_the_same_page_again_is_not_read_to_its_end(account, monkeypatch) -> None:
    monkeypatch.setattr("mailings.delivery.pulls.MOST_ROWS", 2)
    mailing = delivered(account, phones="+79990000000,+79990000001", mes="Привет, это проверка")
    monkeypatch.setattr("mailings.smsc.api.client.post", answering(dumped(rows())))

    result = pull(account)

    assert (result.calls, result.ended_by) == (2, "stuck")
    assert Delivery.objects.get(mailing=mailing).delivered == 1


def test_a_row_without_an_hour_is_not_what_the_next_page_begins_behind(account, monkeypatch) -> None:
    monkeypatch.setattr("mailings.delivery.pulls.MOST_ROWS", 2)
    delivered(account, phones="+79990000000,+79990000001", mes="Привет, это проверка")
    asked: list[str] = []

    def answer(_url: str, body: Any, *_rest: Any) -> Answer:
        asked.append(b"".join(body).decode() if not isinstance(body, bytes) else body.decode())
        page = rows(send_date=None, send_timestamp=None) if len(asked) == 1 else []
        return Answer(200, "", dumped(page), framed=True)

    monkeypatch.setattr("mailings.smsc.api.client.post", answer)
    pull(account)

    assert "prev_id=5001" in asked[1]
