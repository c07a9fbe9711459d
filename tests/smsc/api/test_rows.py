"""Rows of get and get_all, whose form is not published: found in any envelope, read by assumed names."""

import json
from decimal import Decimal
from typing import Any

import pytest

from mailings.smsc.api import answers, errors
from mailings.smsc.api.aliases import ALIASES, STATUS_WORDS, money, plain_key, status_of
from mailings.smsc.api.answers import Job, JobStatus


def jobs(value: Any) -> answers.Jobs:
    return answers.parse_jobs(json.dumps(value).encode(), 200)


def job(value: Any, remote_id: str = "17") -> Job:
    return answers.parse_job(json.dumps(value).encode(), 200, remote_id=remote_id)


ROW = {"id": 17, "name": "K7Q2Ma Spring", "status": "waiting"}
OTHER = {"id": 18, "name": "Other", "status": "sent"}


@pytest.mark.parametrize(
    "value",
    [
        [ROW, OTHER],
        {"jobs": [ROW, OTHER]},
        {"count": 2, "jobs": [ROW, OTHER]},
        {"result": {"total": 2, "items": [ROW, OTHER]}},
        {"a": {"b": {"c": [ROW, OTHER]}}},
        {"17": ROW, "18": OTHER},
        {"0": ROW, "1": OTHER},
        {
            "jobs": {
                "17": {"name": "K7Q2Ma Spring", "status": "waiting"},
                "18": {"name": "Other", "status": "sent"},
            }
        },
        [{"job": ROW}, {"job": OTHER}],
        {"id": 5, "warnings": ["x", "y", "z"], "jobs": [ROW, OTHER]},
    ],
)
def test_mailings_are_found_in_any_envelope(value: Any) -> None:
    found = jobs(value)

    assert [(row.remote_id, row.name, row.status) for row in found.jobs] == [
        ("17", "K7Q2Ma Spring", JobStatus.WAITING),
        ("18", "Other", JobStatus.GONE_OUT),
    ]
    assert (found.rows, found.odd, found.raw_format) == (2, (), "json")


@pytest.mark.parametrize("value", [[], {}, {"jobs": []}, {"count": 0, "jobs": []}, {"result": {"items": []}}])
def test_an_envelope_without_rows_is_an_empty_list(value: Any) -> None:
    assert (jobs(value).jobs, jobs(value).rows) == ((), 0)


@pytest.mark.parametrize(
    "text",
    [
        '"OK"',
        "OK",
        "null",
        '{"message": ""}\n{',
        '{"message": "later", "hint": ""}',
        '{"success": false, "data": []}',
        '{"status": "error", "jobs": []}',
        '{"result": "FAIL", "jobs": {}}',
        "Service is away",
        "503 Service Unavailable",
        "2026-11-22 12:00:00 something broke",
        "12:30:45 something broke",
        "<html></html>",
        '[{"id": 17, "name": "half',
    ],
)
def test_what_is_no_list_is_not_an_empty_one(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_jobs(text.encode(), 200)


def test_one_odd_row_never_fails_the_rest() -> None:
    odd = [{"name": "no id"}, {"id": 0}, None, "text", [1, 2], {"id": {"x": 1}, "name": "y"}]

    found = jobs([ROW, *odd, OTHER])

    assert [row.remote_id for row in found.jobs] == ["17", "18"]
    assert list(found.odd) == odd
    assert found.rows == 2 + len(odd)


def test_xml_rows_are_read() -> None:
    many = "<list><job><id>17</id><name>A &amp; я</name></job><job id='18' name='B'/></list>"

    found = answers.parse_jobs(many.encode(), 200)

    assert [(row.remote_id, row.name) for row in found.jobs] == [("17", "A & я"), ("18", "B")]
    assert found.raw_format == "xml"
    one = answers.parse_jobs(b"<list><job><id>17</id><name>A</name></job></list>", 200)
    assert [row.remote_id for row in one.jobs] == ["17"]
    three = answers.parse_jobs(b"<l><j id='1'>A</j><j id='2'>B</j><j id='3'>C</j></l>", 200)
    assert [row.payload for row in three.jobs] == [
        {"id": str(n), "text": t} for n, t in zip((1, 2, 3), "ABC", strict=True)
    ]
    assert answers.parse_jobs(b"<list></list>", 200).rows == 0
    assert answers.parse_jobs(b"<result><jobs/></result>", 200).rows == 0


def test_lines_that_begin_with_an_id_are_read() -> None:
    text = "17 K7Q2Ma Spring sale, waiting\r\n18; Other\nnot a line\n19\n\n20,K9 x,sent\n"

    found = answers.parse_jobs(text.encode(), 200)

    assert [(row.remote_id, row.name) for row in found.jobs] == [
        ("17", "K7Q2Ma Spring sale, waiting"),
        ("18", "Other"),
        ("19", ""),
        ("20", "K9 x,sent"),
    ]
    assert found.odd == ("not a line",)
    assert found.rows == 5


def test_a_row_is_read_by_assumed_names_and_kept_as_it_came() -> None:
    row = {
        "Job_ID": "17",
        "TITLE": "Spring",
        "info": {"jobStatus": "IN PROGRESS", "money": {"COST": "1,40"}, "colour": "red"},
        "sms_cnt": "3",
        "phones": ["79001234567", "79001234568"],
        "send-time": 1795364424,
        "extra": None,
        "list": [1],
    }

    (found,) = jobs([row]).jobs

    assert (found.remote_id, found.name, found.status) == ("17", "Spring", JobStatus.GOING)
    assert (found.cost, found.parts, found.recipients) == (Decimal("1.40"), 3, 2)
    assert (found.send_at_text, found.status_word) == ("1795364424", "IN PROGRESS")
    assert found.payload == row
    assert found.recognised == {
        "remote_id": "Job_ID",
        "name": "TITLE",
        "cost": "info.money.COST",
        "parts": "sms_cnt",
        "recipients": "phones",
        "send_at": "send-time",
        "status": "info.jobStatus",
    }
    assert sorted(found.unrecognised) == ["extra", "info.colour", "list"]


def test_a_number_inside_a_known_field_belongs_to_that_field() -> None:
    (found,) = jobs([{"id": 17, "status": {"id": 99, "name": "waiting"}}]).jobs

    assert (found.remote_id, found.name, found.status) == ("17", None, JobStatus.WAITING)
    assert found.unrecognised == []


@pytest.mark.parametrize(
    ("row", "status", "word"),
    [
        ({}, None, None),
        ({"status": ""}, None, None),
        ({"status": None}, None, None),
        ({"status": "tau"}, None, "tau"),
        ({"status": 7}, None, "7"),
        ({"status": -1}, JobStatus.WAITING, "-1"),
        ({"status": 1, "status_name": "Ожидает  отправки."}, JobStatus.WAITING, "Ожидает  отправки."),
        ({"state": "In_Progress"}, JobStatus.GOING, "In_Progress"),
        ({"status": "waiting", "state": "cancelled"}, None, "waiting / cancelled"),
        ({"status": "Идёт отправка"}, JobStatus.GOING, "Идёт отправка"),
    ],
)
def test_a_status_is_what_the_table_says_and_nothing_else(
    row: dict[str, Any], status: JobStatus | None, word: str | None
) -> None:
    (found,) = jobs([{"id": 17, **row}]).jobs

    assert (found.status, found.status_word) == (status, word)


def test_the_tables_hold_no_name_twice() -> None:
    names = [name for aliases in ALIASES.values() for name in aliases]
    words = [word for spelt in STATUS_WORDS.values() for word in spelt]

    assert len(names) == len(set(names))
    assert len(words) == len(set(words))
    assert all(plain_key(name) == name for name in names), "a name in another spelling would never be found"
    assert all(status_of(word) is status for status, spelt in STATUS_WORDS.items() for word in spelt)


@pytest.mark.parametrize(
    "value",
    [
        ROW,
        [ROW],
        {"job": ROW},
        {"result": {"items": [ROW]}},
        {"17": ROW},
        [OTHER, ROW],
        {"name": "K7Q2Ma Spring", "status": "waiting"},
    ],
)
def test_the_mailing_asked_for_is_found(value: Any) -> None:
    found = job(value)

    assert (found.remote_id, found.name, found.status) == ("17", "K7Q2Ma Spring", JobStatus.WAITING)


def test_a_mailing_in_lines_and_xml_is_found() -> None:
    assert answers.parse_job(b"17 Spring", 200, remote_id="17").name == "Spring"
    assert answers.parse_job(b"<result><id>17</id><name>A</name></result>", 200, remote_id="17").name == "A"


@pytest.mark.parametrize(
    "value", [OTHER, [OTHER], [OTHER, {"id": 19}], [], {}, [{"name": "a"}, {"name": "b"}], [{"x": 1}]]
)
def test_another_mailing_is_not_the_one_asked_for(value: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        job(value)


def test_a_list_inside_a_mailing_is_not_taken_for_mailings() -> None:
    messages = [{"id": 1, "phone": "x"}, {"id": 2, "phone": "y"}]

    assert job({**ROW, "messages": messages}).remote_id == "17"
    assert [row.remote_id for row in jobs({**ROW, "messages": messages}).jobs] == ["17"]


def test_a_mailings_own_error_field_is_no_error() -> None:
    assert job({**ROW, "error": "operator away"}).unrecognised == ["error"]
    assert job({**ROW, "error_code": 5}).remote_id == "17"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("9999999999.9999", Decimal("9999999999.9999")),
        ("9999999999.99999", None),
        ("12345678901", None),
        (-1e12, None),
        ("-2,50", Decimal("-2.50")),
    ],
)
def test_an_amount_that_is_too_large_to_be_stored_is_none(given: object, read: Decimal | None) -> None:
    assert money(given) == read
