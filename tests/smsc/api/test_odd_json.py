"""JSON that a strict reader, or a database, would refuse because of one odd value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api import answers, tolerant_json
from mailings.smsc.api.errors import UnreadableAnswer

GOOD = '{"id": 7, "name": "Good"}'


def jobs(*rows: str) -> answers.Jobs:
    return answers.parse_jobs(f"[{','.join(rows)}]".encode(), 200)


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("odd", "payload"),
    [
        (r'{"id": 5, "name": "\ud800"}', {"id": 5, "name": "\ufffd"}),
        (r'{"id": 5, "\udc00x": ["\ud800"]}', {"id": 5, "\ufffdx": ["\ufffd"]}),
        (r'{"id": 5, "name": "\ud83d\ude00"}', {"id": 5, "name": "😀"}),
        (r'{"id": 5, "name": "a\u0000b"}', {"id": 5, "name": "a\ufffdb"}),
        (r'{"id": 5, "a\u0000": 1}', {"id": 5, "a\ufffd": 1}),
        (r'{"id": 5, "name": "a\\u0000b"}', {"id": 5, "name": r"a\u0000b"}),
        ('{"id": 5, "name": "a\0b"}', {"id": 5, "name": "a\ufffdb"}),
        ('{"id": 5, "name": "two\nlines"}', {"id": 5, "name": "two\nlines"}),
        ('{"id": 5, "cost": 1e400}', {"id": 5, "cost": "1e400"}),
        ('{"id": 5, "cost": -1e400}', {"id": 5, "cost": "-1e400"}),
        ('{"id": 5, "cost": NaN}', {"id": 5, "cost": "NaN"}),
        ('{"id": 5, "cost": -Infinity}', {"id": 5, "cost": "-Infinity"}),
        ('{"id": 5, "cost": %s}' % ("9" * 5000), {"id": 5, "cost": "9" * 5000}),
        ('{"id": 5, "id": 5, "name": "a", "name": "b"}', {"id": 5, "name": "b"}),
        (r'{"id": 5, "name": "\"[[", "cost": NaN}', {"id": 5, "name": '"[[', "cost": "NaN"}),
    ],
)
def test_an_odd_row_is_kept_as_far_as_possible_and_spoils_no_other(odd: str, payload: dict[str, Any]) -> None:
    found = jobs(odd, GOOD)

    assert [job.remote_id for job in found.jobs] == ["5", "7"]
    assert found.jobs[1].payload == {"id": 7, "name": "Good"}
    assert found.jobs[0].payload == payload


@pytest.mark.parametrize("levels", [200, 700, 5000, 200_000])
def test_deep_nesting_is_cut_so_that_the_payload_can_be_written_as_json(levels: int) -> None:
    found = jobs(f'{{"id": 5, "more": {nested(levels)}}}', GOOD)

    text = json.dumps(found.jobs[0].payload)
    assert text.count("[") < 100
    assert "\\u2026" in text
    assert found.jobs[1].remote_id == "7"


def test_an_odd_cost_is_no_cost() -> None:
    first, second = jobs('{"id": 5, "name": "a", "cost": 1e400}', '{"id": 6, "name": "b", "cost": NaN}').jobs

    assert (first.cost, second.cost) == (None, None)


@pytest.mark.parametrize("number", ["1" + "0" * 19, "9" * 30, "1e400", "9" * 5000])
def test_a_number_beyond_every_id_is_no_id(number: str) -> None:
    found = jobs(f'{{"id": {number}, "name": "a"}}', GOOD)

    assert [job.remote_id for job in found.jobs] == ["7"]
    assert len(found.odd) == 1


@given(
    st.data(), st.sampled_from([r"\ud800", r"\u0000", "two\nlines", '", "cost": NaN, "x": "', nested(300)])
)
def test_half_of_an_odd_answer_is_never_believed(data: st.DataObject, odd: str) -> None:
    whole = f'[{{"id": 5, "name": "{odd}", "more": {nested(300)}}}, {GOOD}]'
    cut = data.draw(st.integers(1, len(whole) - 1))

    with pytest.raises(UnreadableAnswer):
        answers.parse_jobs(whole[:cut].encode(), 200)


@pytest.mark.parametrize(
    "text",
    ["[[[[", nested(3000)[:-1], nested(3000) + "]", "[" + '"\\"' * 5000, '{"id": 17, "cost": Na}', "[1]x"],
)
def test_broken_json_stays_unreadable(text: str) -> None:
    with pytest.raises(UnreadableAnswer, match="json"):
        answers.parse_jobs(text.encode(), 200)


def test_a_raw_answer_holds_no_nul() -> None:
    assert answers.parse_done(b'{"result": "OK", "x": "a\0"}', 200).raw == '{"result": "OK", "x": "a\ufffd"}'


VALUES = st.recursive(
    st.sampled_from([1, "x", "{[", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab{"), inner, max_size=3),
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), min_size=1), st.integers(40, 60))
def test_a_list_of_objects_is_plain_as_long_as_nothing_in_it_lies_too_deep(rows, levels):
    deep = json.loads("[" * levels + "]" * levels)
    body = json.dumps([*rows, {"id": 5, "more": deep}]).encode()

    assert tolerant_json.plain(json.dumps(rows).encode()) == rows
    assert (tolerant_json.plain(body) is None) == (levels + 2 > 50)
