"""Every form of `time`, what counts as past, and when a recurring mailing goes out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.times import TimeForm

NOW = datetime(2025, 11, 22, 13, 0, tzinfo=UTC)  # a Saturday; 16:00 in Moscow


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def between(first: str, last: str) -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime.fromisoformat(first), datetime.fromisoformat(last), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "form", "kept"),
    [
        ("0", TimeForm.NOW, "0"),
        (" 0 ", TimeForm.NOW, "0"),
        ("2411250930", TimeForm.DATED, "2411250930"),
        ("0112250930", TimeForm.DATED, "0112250930"),
        ("24.11.25 09:30", TimeForm.DATED, "24.11.25 09:30"),
        ("24.11.25  09: 30", TimeForm.DATED, "24.11.25 09:30"),
        ("9-21", TimeForm.HOURS, "9-21"),
        ("09 - 21", TimeForm.HOURS, "09-21"),
        ("0-24", TimeForm.HOURS, "0-24"),
        ("01764000000", TimeForm.MOMENT, "01764000000"),
        ("+30", TimeForm.LATER, "+30"),
        ("+0", TimeForm.LATER, "+0"),
    ],
)
def test_each_form_of_the_page_is_read_and_kept(text: str, form: TimeForm, kept: str) -> None:
    when = times.parse(text)
    assert (when.form, when.text) == (form, kept)
    assert times.parse(when.text) == when


def test_ten_digits_are_a_date_even_when_the_first_is_a_zero() -> None:
    assert times.parse("0112250930").local == datetime.fromisoformat("2025-12-01T09:30")


def test_a_zero_and_ten_digits_are_a_timestamp() -> None:
    assert times.parse("01764000000").moment == utc(2025, 11, 24, 16, 0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3102260930", "time_no_such_date"),
        ("31.02.26 09:30", "time_no_such_date"),
        ("2902270930", "time_no_such_date"),
        ("2411252400", "time_no_such_date"),
        ("2411250960", "time_no_such_date"),
        ("1764000000", "time_no_such_date"),
        ("0000000000", "time_no_such_date"),
        ("22-6", "time_hours"),
        ("9-9", "time_hours"),
        ("9-25", "time_hours"),
        ("+99999999", "time_too_late"),
        ("00", "time_form"),
        ("1", "time_form"),
        ("-5", "time_form"),
        ("+", "time_form"),
        ("+1.5", "time_form"),
        ("now", "time_form"),
        ("24.11.2025 09:30", "time_form"),
        ("2025-11-24T09:30", "time_form"),
        ("001764000000", "time_form"),
        ("00764000000", "time_form"),
        ("٠", "time_form"),
        ("٢٤١١٢٥٠٩٣٠", "time_form"),
        ("", "time_form"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        times.parse(text)
    assert refusal.value.code == code


@given(st.text(alphabet="0123456789+-.: ", max_size=16))
def test_whatever_is_read_is_kept_in_a_form_that_reads_the_same(text: str) -> None:
    try:
        when = times.parse(text)
    except Refusal:
        return
    assert times.parse(when.text) == when


@given(between("2001-09-10", "2286-01-01"))
def test_a_picked_moment_becomes_a_zero_and_a_timestamp_and_comes_back(moment: datetime) -> None:
    text = times.at(moment)
    assert len(text) == 11
    assert times.parse(text).moment == moment.replace(microsecond=0)


def test_a_picked_moment_needs_a_zone_and_ten_digits() -> None:
    with pytest.raises(ValueError, match="zone"):
        times.at(NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="ten digits"):
        times.at(utc(1990, 1, 1))


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("0", None, NOW),
        ("+30", None, NOW + timedelta(minutes=30)),
        ("01764000000", 5, utc(2025, 11, 24, 16, 0)),
        ("2411250930", 0, utc(2025, 11, 24, 6, 30)),
        ("2411250930", -3, utc(2025, 11, 24, 9, 30)),
        ("2411250930", 2.5, utc(2025, 11, 24, 4, 0)),
        ("2411250930", None, None),
        ("10-18", 0, None),
    ],
)
def test_the_moment_asked_for(text: str, zone: float | None, moment: datetime | None) -> None:
    assert times.due(times.parse(text), zone, NOW) == moment


@pytest.mark.parametrize(
    ("text", "zone", "past"),
    [
        ("0", None, False),
        ("+0", None, False),
        ("9-10", 0, False),
        (times.at(NOW - timedelta(seconds=1)), None, True),
        (times.at(NOW), None, False),
        ("2211251559", 0, True),
        ("2211251600", 0, False),
        ("2211251659", 1, True),
        ("2211251301", -3, False),
        ("2211251559", None, True),  # measured by Moscow
        ("2211251601", None, False),
    ],
)
def test_what_is_past(text: str, zone: float | None, past: bool) -> None:
    assert times.is_past(times.parse(text), zone, NOW) is past


def sendings(
    text: str,
    rpt: int,
    rptn: int | None = None,
    *,
    zone: float | None = 0,
    limit: int = 10,
    now: datetime = NOW,
) -> list[datetime]:
    return times.occurrences(times.parse(text), zone, (rpt, rptn), now, limit)


def test_a_mailing_without_repeats_goes_out_once() -> None:
    assert sendings("2411250930", 0) == [utc(2025, 11, 24, 6, 30)]
    assert sendings("0", 0) == [NOW]


def test_a_mailing_that_has_gone_out_has_no_next_sending() -> None:
    assert sendings("2111250930", 0) == []


def test_there_are_no_sendings_when_the_moment_is_not_known() -> None:
    assert sendings("2411250930", 2, zone=None) == []
    assert sendings("10-18", 2, zone=None) == []


@pytest.mark.parametrize(
    ("rpt", "second"),
    [
        (1, utc(2025, 11, 28, 7, 30)),
        (2, utc(2025, 11, 29, 6, 30)),
        (3, utc(2025, 12, 1, 6, 30)),
        (4, utc(2025, 11, 29, 6, 30)),
        (5, utc(2025, 12, 5, 6, 30)),
        (6, utc(2025, 12, 28, 6, 30)),
        (7, utc(2026, 11, 28, 6, 30)),
    ],
)
def test_each_repeat_from_a_friday_on(rpt: int, second: datetime) -> None:
    assert sendings("2811250930", rpt, limit=2) == [utc(2025, 11, 28, 6, 30), second]


def test_working_days_and_weekends_leave_out_the_others() -> None:
    assert {moment.weekday() for moment in sendings("2411250930", 3, limit=30)} == {0, 1, 2, 3, 4}
    assert {moment.weekday() for moment in sendings("2911250930", 4, limit=30)} == {5, 6}


def test_the_day_is_a_day_in_the_zone_of_the_mailing() -> None:
    moments = sendings("2411250100", 3, limit=6)  # one o'clock in Moscow is the day before in UTC
    assert [moment.weekday() for moment in moments] == [6, 0, 1, 2, 3, 6]


def test_a_month_without_the_day_uses_its_last_and_comes_back_to_the_day() -> None:
    assert [moment.day for moment in sendings("3101261200", 6, limit=5)] == [31, 28, 31, 30, 31]


def test_a_29_february_is_a_28_in_other_years() -> None:
    assert [moment.day for moment in sendings("2902281200", 7, limit=5)] == [29, 28, 28, 28, 29]


def test_the_number_of_repeats_counts_after_the_first() -> None:
    assert len(sendings("2411250930", 2, 3)) == 4
    assert len(sendings("2011250930", 2, 3)) == 1  # of the 20th to the 23rd only the last is to come


def test_a_long_running_mailing_shows_what_comes_next() -> None:
    assert sendings("0101200000", 1, limit=1) == [NOW]
    assert sendings("0101200000", 6, limit=1) == [utc(2025, 11, 30, 21, 0)]


def test_hours_of_the_day_begin_when_they_open() -> None:
    assert sendings("18-20", 0) == [utc(2025, 11, 22, 15, 0)]
    assert sendings("10-18", 0) == [NOW]
    assert sendings("9-16", 0) == [utc(2025, 11, 23, 6, 0)]


def test_repeats_end_where_the_calendar_ends() -> None:
    end = utc(9999, 12, 31, 20, 0)
    for rpt in (1, 2, 3, 5, 6, 7):
        assert times.occurrences(times.parse("0"), 0, (rpt, None), end, 5)[:1] == [end]


@given(
    between("2025-01-01", "2027-01-01"),
    st.integers(1, 7),
    st.one_of(st.none(), st.integers(1, 20)),
    st.sampled_from([None, 0, -3, 5.5]),
    st.integers(1, 15),
)
def test_sendings_rise_and_never_lie_in_the_past_nor_exceed_their_number(
    first: datetime, rpt: int, rptn: int | None, zone: float | None, limit: int
) -> None:
    found = times.occurrences(times.parse(times.at(first)), zone, (rpt, rptn), NOW, limit)
    assert found == sorted(set(found))
    assert all(moment >= NOW for moment in found)
    assert len(found) <= limit
    if rptn is not None:
        assert len(found) <= rptn + 1
    else:
        assert len(found) == limit
