"""Unforeseen answers: other envelopes, fields of other objects, a refusal that holds a number."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api import answers, errors
from mailings.smsc.api.answers import JobStatus

A = {"id": 17, "name": "K7Q2Ma Spring", "status": "waiting"}
B = {"id": 18, "name": "Other", "status": "sent"}
C = {"id": 19, "name": "Third", "status": "sent"}


def jobs(value: Any) -> answers.Jobs:
    return answers.parse_jobs(json.dumps(value).encode(), 200)


ENVELOPES: dict[str, Callable[..., Any]] = {
    "one list": lambda *rows: list(rows),
    "grouped by day": lambda a, b, c: {"26.11.2026": [a], "27.11.2026": [b, c]},
    "grouped by day, as numbers": lambda a, b, c: {"20261126": [a], "20261127": [b, c]},
    "grouped by status": lambda a, b, c: {"waiting": [a], "sent": [b, c], "cancelled": []},
    "groups in a list": lambda a, b, c: [{"date": "26.11", "jobs": [a]}, {"date": "27.11", "jobs": [b, c]}],
    "two pages": lambda a, b, c: [[a], [b, c]],
    "two pages by number": lambda a, b, c: {"pages": {"1": [a, b], "2": [c]}},
    "by id beside a total": lambda a, b, c: {"17": a, "18": b, "19": c, "total": 3},
    "a PHP array beside a word": lambda a, b, c: {"result": "OK", "0": a, "1": b, "2": c},
    "groups by id in an answer": lambda a, b, c: {"answer": {"new": {"17": a}, "old": {"18": b, "19": c}}},
    "a user beside": lambda *rows: {"user": {"id": 7, "name": "Sales"}, "jobs": list(rows)},
    "a count beside": lambda *rows: {"meta": {"count": 3, "pages": 1, "next": None}, "jobs": list(rows)},
}


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_every_list_that_looks_like_mailings_is_read(envelope: str) -> None:
    found = jobs(ENVELOPES[envelope](A, B, C))

    assert [job.remote_id for job in found.jobs] == ["17", "18", "19"]
    assert (found.odd, found.doubts) == ((), frozenset())


@pytest.mark.parametrize(
    ("value", "doubt"),
    [
        ({"total": 7, "jobs": [A]}, "count"),
        ({"count": "2", "jobs": [A, B, C]}, "count"),
        ({"meta": {"page": {"total": 7}}, "jobs": [A]}, "count"),
        ({"total": 1, "jobs": []}, "count"),
        ([{"date": "26.11", "count": 2, "jobs": [A]}], "count"),
        ({"17": A, "total": 3}, "count"),
        ({"more": True, "jobs": [A]}, "more"),
        ({"jobs": [A], "next": "/jobs?page=2"}, "more"),
        ({"jobs": [A], "links": {"next": {"page": 2}}}, "more"),
        ({"jobs": [A], "cursor": "eyJ"}, "more"),
        ({"jobs": [A], "page": 1, "pages": 3}, "more"),
        ({"jobs": [A, B], "limit": 2}, "more"),
        ({"kod": 0, "vsego": 7, "spisok": [A]}, "count"),
        ({"всего": 7, "список": [A]}, "count"),
        ({"jobs": [A], "total": "3 mailings"}, "count"),
        ({"jobs": [A], "total_items": 3}, "count"),
        ({"jobs": [A], "recordsTotal": 3, "recordsFiltered": 3}, "count"),
        ({"response": {"numFound": 7, "docs": [A]}}, "count"),
        ({"jobs_count": 7, "jobs": [A]}, "count"),
        ({"zustand": 7, "liste": [A]}, "count"),
        ({"jobs": [A], "pageInfo": {"hasNextPage": True}}, "more"),
        ({"jobs": [A], "nextPageToken": "x"}, "more"),
        ({"jobs": [A], "isLast": False}, "more"),
        ({"jobs": [A], "complete": "no"}, "more"),
        ({"jobs": [A], "remaining": 5}, "more"),
        ({"jobs": [A], "eshche": True}, "more"),
        ({"jobs": [A], "page": "1/4"}, "more"),
        ({"jobs": [A], "shown": "1 of 7"}, "more"),
        ({"jobs": [A], "warning": "list truncated"}, "more"),
        ({"jobs": [A], "archive": [{"nummer": 5}]}, "unread"),
        ({"jobs": [], "archive": [5, 6]}, None),
        ({"id": 5, "name": "account", "list": [A, B]}, "unread"),
        ({"job": A, "user": {"id": 7, "name": "Sales"}}, "unread"),
    ],
)
def test_an_envelope_that_does_not_agree_with_its_rows_is_doubted(value: Any, doubt: str | None) -> None:
    found = jobs(value)

    assert doubt in found.doubts or (doubt is None and found.odd)


@pytest.mark.parametrize(
    "beside",
    [
        {"code": 200, "time": 1795000000},
        {"kod": 0, "balans": "250.80", "version": 3},
        {"status": "ok", "user_id": 77, "elapsed_ms": 12},
        {"total": 1, "totalPages": 1, "page": 1, "isLast": True, "hasNext": False, "vsego": "1"},
        {"complete": True, "remaining": 0, "warning": ""},
    ],
)
def test_what_says_nothing_against_the_rows_is_no_doubt(beside: dict[str, Any]) -> None:
    assert jobs({**beside, "jobs": [A]}).doubts == frozenset()


def test_an_object_beside_an_empty_list_is_no_mailing() -> None:
    assert jobs({"user": {"id": 7, "name": "Sales"}, "jobs": []}).jobs == ()


@given(st.lists(st.integers(1, 10**9), min_size=3, max_size=3, unique=True), st.sampled_from(list(ENVELOPES)))
def test_no_row_is_lost_in_any_envelope(ids: list[int], envelope: str) -> None:
    rows = [{"id": number, "name": f"Job {number}"} for number in ids]
    value = json.loads(json.dumps(ENVELOPES[envelope](*rows)))

    shown = jobs(value)

    assert {job.remote_id for job in shown.jobs} == {str(number) for number in ids} or shown.doubts


def test_the_keys_of_a_php_array_are_no_ids() -> None:
    assert jobs({"0": {"name": "A"}, "1": {"name": "B"}}).jobs == ()


@pytest.mark.parametrize("other", ["owner", "sender", "template", "repeat", "user", "group"])
def test_the_fields_of_another_object_in_a_row_are_not_the_mailings(other: str) -> None:
    row = {"jobId": 17, "jobName": "K7Q2Ma Spring", "jobStatus": "aktiv"}
    nested = {"id": 7, "name": "Sales", "status": "disabled", "cost": "9.00", "time": "26.11.2026"}

    (found,) = jobs([{**row, other: nested}]).jobs

    assert (found.remote_id, found.name, found.status_word) == ("17", "K7Q2Ma Spring", "aktiv")
    assert (found.status, found.cost, found.send_at_text) == (None, None, None)
    (bare,) = jobs([{"id": 17, other: nested}]).jobs
    assert (bare.name, bare.status, bare.status_word) == (None, None, None)


def test_a_section_gives_what_the_row_itself_does_not() -> None:
    (found,) = jobs([{"id": 17, "status": "aktiv", "info": {"status": "disabled", "name": "Spring"}}]).jobs

    assert (found.name, found.status, found.status_word) == ("Spring", None, "aktiv")


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "1", "status_text": "stopped"},
        {"status": "cancelled", "state": "aktiv"},
        {"status": -2, "stage": "tau"},
    ],
)
def test_cancelled_is_never_a_guess(fields: dict[str, Any]) -> None:
    (found,) = jobs([{"id": 17, **fields}]).jobs

    assert found.status is None
    assert found.status_word == " / ".join(str(word) for word in fields.values())


def test_a_code_that_nobody_publishes_does_not_contradict_the_word_beside_it() -> None:
    (found,) = jobs([{"id": 17, "status": 9, "status_name": "Отменена"}]).jobs

    assert found.status == JobStatus.CANCELLED


@pytest.mark.parametrize(
    "text",
    [
        '{"status": "error", "id": 17}',
        '{"success": false, "id": 17}',
        '{"ok": 0, "id": 17}',
        '{"id": 12, "message": "please log in"}',
        '{"id": 17, "name": "Spring"}',
        '{"answer": "no", "id": 17}',
        '{"result": {"status": "fail", "id": 17}}',
        "<result><status>error</status><id>17</id></result>",
    ],
)
def test_a_number_beside_a_no_or_in_another_form_is_no_id(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_created(text.encode(), 200)


@pytest.mark.parametrize("text", ['{"id": 17, "result": "OK", "cnt": 1}', '{"success": true, "id": "17"}'])
def test_a_yes_beside_the_id_is_no_harm(text: str) -> None:
    assert answers.parse_created(text.encode(), 200).remote_id == "17"


@pytest.mark.parametrize(
    "text", ['{"id": 17}', '[{"id": "17"}]', '{"17": {"id": 17}}', '{"job": {"id": 17}}']
)
def test_a_get_that_only_repeats_the_number_says_nothing_of_the_mailing(text: str) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        answers.parse_job(text.encode(), 200, remote_id="17")
