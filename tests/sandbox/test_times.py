"""The sandbox's jobs over time: waiting, going, gone out, repeated. Also parts and transliteration."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Sandbox, texts, times
from tests.sandbox.calls import add, data, error

MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as running:
        yield running


def moment(year: int, month: int, day: int, hour: int, minute: int) -> float:
    return datetime(year, month, day, hour, minute, tzinfo=MOSCOW).timestamp()


def only(sandbox: Sandbox) -> dict[str, Any]:
    (job,) = sandbox.jobs
    return job


NOON = moment(2026, 3, 10, 12, 0)


@pytest.mark.parametrize(
    ("time", "zone", "expected"),
    [
        ("", 0, NOON),
        ("0", 0, NOON),
        ("+90", 0, NOON + 5400),
        ("1003261300", 0, NOON + 3600),
        ("10.03.26 13:00", 0, NOON + 3600),
        ("10.03.26 13: 00", 0, NOON + 3600),
        ("1003261300", -1, NOON + 7200),
        ("1003261300", 5, NOON),
        ("0101010101", 0, NOON),
        (f"0{int(NOON) + 77}", 9, NOON + 77),
        ("01000000000", 0, NOON),
        ("9-18", 0, NOON),
        ("12-13", 0, NOON),
        ("13-18", 0, NOON + 3600),
        ("9-12", 0, NOON + 21 * 3600),
        ("0-24", 0, NOON),
        ("13-18", 2, NOON),
    ],
)
def test_every_form_of_time_is_a_moment_and_never_a_past_one(time: str, zone: float, expected: float) -> None:
    assert times.due(time, NOON, zone) == expected


@pytest.mark.parametrize(
    ("rpt", "first", "expected"),
    [
        (1, moment(2026, 3, 10, 23, 0), ["11.03.2026 00:00:00", "11.03.2026 01:00:00"]),
        (2, moment(2026, 3, 31, 9, 0), ["01.04.2026 09:00:00", "02.04.2026 09:00:00"]),
        (3, moment(2026, 3, 12, 9, 0), ["13.03.2026 09:00:00", "16.03.2026 09:00:00"]),
        (4, moment(2026, 3, 14, 9, 0), ["15.03.2026 09:00:00", "21.03.2026 09:00:00"]),
        (5, moment(2026, 3, 10, 9, 0), ["17.03.2026 09:00:00", "24.03.2026 09:00:00"]),
        (6, moment(2026, 1, 31, 9, 0), ["28.02.2026 09:00:00", "31.03.2026 09:00:00"]),
        (7, moment(2028, 2, 29, 9, 0), ["28.02.2029 09:00:00", "28.02.2030 09:00:00"]),
    ],
)
def test_a_recurring_mailing_goes_again_by_its_rule(rpt: int, first: float, expected: list[str]) -> None:
    found = list(times.occurrences(first, rpt, 2, 0))

    assert found[0] == first
    assert [times.show(one, 0) for one in found[1:]] == expected


@given(
    first=st.floats(min_value=1.7e9, max_value=2.0e9),
    rpt=st.integers(min_value=1, max_value=7),
    zone=st.integers(min_value=-15, max_value=11),
)
def test_repetitions_only_go_forward_at_the_same_hour_and_on_the_right_days(
    first: float, rpt: int, zone: int
) -> None:
    found = list(islice(times.occurrences(first, rpt, None, zone), 30))
    local = [datetime.fromtimestamp(one, times.zone(zone)) for one in found]

    assert all(before < after for before, after in pairwise(found))
    if rpt > 1:
        assert len({(one.hour, one.minute) for one in local}) == 1
    if rpt == 3:
        assert all(one.weekday() < 5 for one in local[1:])
    if rpt == 4:
        assert all(one.weekday() >= 5 for one in local[1:])


def test_a_mailing_waits_goes_and_is_gone_out_by_its_time(sandbox: Sandbox) -> None:
    add(sandbox, time="+10")
    seen = [data(sandbox, get="1", id="1")["status"]]
    for seconds in (599, 2, 5):
        sandbox.advance(seconds)
        seen.append(data(sandbox, get="1", id="1")["status"])

    assert seen == ["waiting", "waiting", "sending", "sent"]


def test_one_in_the_middle_of_its_sending_cannot_be_cancelled(sandbox: Sandbox) -> None:
    number = add(sandbox, time="0")

    assert only(sandbox)["status"] == "going"
    assert error(sandbox, cancel="1", id=str(number)) == 3


def test_a_stretched_mailing_reaches_its_recipients_by_and_by(sandbox: Sandbox) -> None:
    add(sandbox, phones=",".join(str(79990000000 + n) for n in range(100)), period="1", freq="15")
    seen = []
    for _ in range(5):
        seen.append((only(sandbox)["status"], only(sandbox)["sent"]))
        sandbox.advance(15 * 60)

    assert seen == [("going", 25), ("going", 50), ("going", 75), ("going", 100), ("gone", 100)]


def test_a_recurring_mailing_waits_for_its_next_time_until_it_has_had_all(sandbox: Sandbox) -> None:
    add(sandbox, time="+1", rpt="1", rptn="2")
    seen = []
    for _ in range(4):
        seen.append((only(sandbox)["status"], only(sandbox)["begun"]))
        sandbox.advance(3600)

    assert seen == [("waiting", 0), ("waiting", 1), ("waiting", 2), ("gone", 3)]
    assert data(sandbox, "balance")["balance"] == "9999995.80"


def test_a_cancelled_recurring_mailing_does_not_go_again(sandbox: Sandbox) -> None:
    number = add(sandbox, time="0", rpt="2")
    sandbox.advance(2 * 86400)

    assert error(sandbox, cancel="1", id=str(number)) is None
    sandbox.advance(5 * 86400)

    assert only(sandbox)["status"] == "cancelled"
    assert only(sandbox)["begun"] == 3


def test_a_time_without_a_zone_is_in_the_accounts_own() -> None:
    with Sandbox(zone=4, same_request_seconds=0) as sandbox:
        add(sandbox, time="3112301200")
        add(sandbox, time="3112301200", tz="0")

        due = [datetime.fromisoformat(job["due_at"]) for job in sandbox.jobs]

    assert due == [datetime(2030, 12, 31, 5, tzinfo=UTC), datetime(2030, 12, 31, 12, tzinfo=MOSCOW)]


def test_speed_hurries_mailings_and_not_the_clock() -> None:
    with Sandbox(speed=3600, same_request_seconds=0) as sandbox:
        number = add(sandbox, time="+60")
        sandbox.advance(1.5)

        assert only(sandbox)["status"] == "gone"
        assert error(sandbox, cancel="1", id=str(number)) == 3
        created = datetime.fromisoformat(only(sandbox)["created_at"])
        assert abs(created - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("x" * 152 + "€" + "x" * 151, 2),
        ("x" * 152 + "€" + "x" * 152, 3),
        ("Я" * 70, 1),
        ("Я" * 71, 2),
        ("Я" * 134, 2),
        ("Я" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_parts_are_counted_by_alphabet(text: str, expected: int) -> None:
    assert texts.parts(text) == expected


@pytest.mark.parametrize(
    ("text", "variant", "expected"),
    [("Щука и Ёж", 0, "Щука и Ёж"), ("Щука и hEж", 1, "Schuka i hEzh"), ("транслит", 2, "mpaHc/Ium")],
)
def test_text_is_put_into_latin_letters(text: str, variant: int, expected: str) -> None:
    assert texts.transliterate(text, variant) == expected
