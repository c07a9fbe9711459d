"""Dates and times as a provider may spell them: read where that is certain, else None."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.api.hours import hour_of

MORNING = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)  # 09:30 in Moscow


@pytest.mark.parametrize(
    "value",
    [
        *("26.11.2026 09:30", "26.11.2026 09:30:00", "26.11.26 9:30", "26/11/2026, 09:30"),
        *("2611260930", "2026-11-26 09:30", "2026-11-26T09:30:00", "2026-11-26T06:30:00Z"),
        *("2026-11-26T08:30:00+02:00", int(MORNING.timestamp()), str(int(MORNING.timestamp()))),
        *(MORNING.timestamp(), f"0{int(MORNING.timestamp())}", " 26.11.2026 09:30 "),
    ],
)
def test_an_hour_is_read_by_moscow_time_unless_it_names_a_zone(value: Any) -> None:
    assert hour_of(value) == MORNING


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            "",
            "0",
            0,
            "tomorrow",
            "26.11.2026",
            "2026-11-26",
            "31.02.2026 09:30",
            "09:30",
            17,
            "10-18",
        ),
        *(
            "99999999999999999",
            10**30,
            float("nan"),
            float("inf"),
            [],
            {},
            "2026-13-45 09:30",
            "٢٦.١١.٢٠٢٦ ٠٩:٣٠",
        ),
    ],
)
def test_what_is_no_hour_is_none(value: Any) -> None:
    assert hour_of(value) is None


@given(st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.from_regex(r"[0-9.: T/+-]{6,25}")))
def test_whatever_comes_is_an_hour_or_nothing(value: Any) -> None:
    found = hour_of(value)
    assert found is None or 2000 <= found.year <= 2099
