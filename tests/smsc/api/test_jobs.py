"""Rows of a list: the fast ways to read them give the same as a full `Reading`."""

import json
from typing import Any
from unittest import mock

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api import aliases, answers, jobs, tolerant_json, veil
from mailings.smsc.api.aliases import ALIASES, Reading
from mailings.smsc.api.client import Client, Credentials
from mailings.smsc.api.errors import UnreadableAnswer
from mailings.smsc.api.formats import Content

KEYS = st.sampled_from(
    [alias for names in ALIASES.values() for alias in names] + ["Job_ID", "Name", "wibble"]
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**20), st.floats(allow_nan=False), st.text(max_size=9)
)
FLAT: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS, VALUES | st.lists(VALUES, max_size=2) | st.just({}), max_size=8
)


@given(FLAT)
def test_the_fast_way_for_flat_rows_finds_the_same_fields(row: dict[str, Any]):
    flat, any_other = aliases._of_flat(row), aliases._by_field(aliases._leaves(row))

    assert flat == any_other


@given(FLAT)
def test_a_glance_finds_the_same_id_and_name_as_a_reading(row: dict[str, Any]):
    reading = Reading(row)

    assert aliases.glance(row) == (reading.remote_id, reading.name)


@given(st.lists(FLAT | st.just({"job": {"id": 17, "name": "A"}}) | st.just("text"), min_size=2, max_size=5))
def test_a_list_of_flat_rows_gives_the_same_as_row_by_row(rows: list[Any]):
    body = json.dumps(rows)
    rows = tolerant_json.loads(body)
    plain = answers._plain_list(body.encode(), answers.as_they_came)

    if plain is not None:
        told = [answers._seen(row) for row in answers._rows_of(Content("", "json", rows)).rows]
        assert [(each.remote_id, each.name, each.job().payload) for each in plain] == told


@given(st.lists(FLAT, min_size=2, max_size=9), st.sampled_from([None, 1]), st.integers(0, 60))
def test_a_list_read_in_parts_is_the_list(rows: list[Any], indent: int | None, size: int):
    rows = [row | {"id": number, "name": "},{"} for number, row in enumerate(rows, 1)]
    body = json.dumps(rows, indent=indent).encode()

    with mock.patch.object(tolerant_json, "_PART", size):
        parts = [tolerant_json.plain(part) for part in tolerant_json.parts(body)]
        found = answers.parse_jobs(body, 200)

    whole = tolerant_json.loads(body.decode())
    assert None in parts or [row for part in parts for row in part] == whole
    assert [each.job().payload for each in found.listed] == whole


@pytest.mark.parametrize("gap", [b"\x0b", b",", b"]", b"],[", b"]["])
def test_what_is_no_json_between_two_parts_is_not_read(gap: bytes):
    body = b'[{"id": 1, "name": "A"},' + gap + b'{"id": 2, "name": "B"}]'

    with mock.patch.object(tolerant_json, "_PART", 1), pytest.raises(UnreadableAnswer):
        answers.parse_jobs(body, 200)


def test_a_listed_row_has_id_and_name_and_gives_other_fields_as_a_job():
    (listed,) = answers.parse_jobs(b'[{"id": 17, "name": "A", "cost": "1.40"}]', 200).listed

    assert (listed.remote_id, listed.name, str(listed.job().cost)) == ("17", "A", "1.40")
    assert listed.fingerprint == jobs.fingerprint({"cost": "1.40", "name": "A", "id": 17})


def test_one_echo_of_the_password_among_many_rows_is_veiled_and_the_others_stay_as_they_came():
    rows = [{"id": number, "name": f"N{number}"} for number in range(1, 9)]
    rows[3]["name"] = "pa55/wörd!"
    client = Client(Credentials("login", "pa55/wörd!"), base_url="https://provider.invalid/")

    texts, kept, fingerprints = client._kept(rows)
    payloads = [orjson.loads(text) for text in kept]

    assert texts == [jobs.canonical(row) for row in rows]
    assert [kept[number] is text for number, text in enumerate(texts)] == [number != 3 for number in range(8)]
    assert "wörd" not in orjson.dumps(payloads).decode()
    assert [payload for number, payload in enumerate(payloads) if number != 3] == rows[:3] + rows[4:]
    assert fingerprints == [jobs.fingerprint(payload) for payload in payloads]


def test_many_payloads_are_spelt_as_each_alone_even_with_line_breaks_or_half_a_surrogate_pair():
    payloads = [{"b": "two\nlines\r\u2028", "a": 1}, {"a\n": ["\n", {"d": None, "c": ""}]}]
    odd = [*payloads, {"a": "\ud800\n"}]

    assert jobs.lines(jobs.canonicals(payloads)) == [jobs.canonical(payload) for payload in payloads]
    assert jobs.lines(jobs.canonicals(odd)) == [jobs.canonical(payload) for payload in odd]
    assert jobs.lines(jobs.canonicals([])) == []


@pytest.mark.parametrize("secret", ["a password", "pa55/wörd!", "пароль", "<&\"'>", "p%20Q\\x"])
def test_every_spelling_of_a_secret_is_found_in_json(secret: str):
    credentials = Credentials("login", secret)

    assert all(credentials.may_stand_in(b'["' + said + b'"]') for said in veil.spellings_in_json(secret))
    assert not credentials.may_stand_in(b'["nothing of the kind"]')
