"""The hour as a person types it: everything they would type is understood, nothing is guessed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailings.forms import ComposeForm, Preview, Typed, from_draft, from_post, when
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import moments

# A form without an account asks for the one that there is: its country reads the numbers.
pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)  # Wednesday, 16:00 in Moscow
MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")


def moscow(year: int, month: int, day: int, hour: int, minute: int) -> str:
    return times.at(datetime(year, month, day, hour, minute, tzinfo=MOSCOW))


def options(**values: str) -> dict[str, str]:
    found, wrong = Typed(values).options(NOW)
    assert wrong == []
    return found


def refused(**values: str) -> list[tuple[tuple[str, ...], str]]:
    return [(problem.fields, problem.code) for problem in Typed(values).options(NOW)[1]]


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("now", "0"),
        ("Now", "0"),
        ("сейчас", "0"),
        ("16:30", moscow(2026, 11, 25, 16, 30)),
        ("9:30", moscow(2026, 11, 26, 9, 30)),
        ("26.11 09:30", moscow(2026, 11, 26, 9, 30)),
        ("26.11.2026 9:30", moscow(2026, 11, 26, 9, 30)),
        ("26.11.26 9:30", moscow(2026, 11, 26, 9, 30)),
        ("2026-11-26 09:30", moscow(2026, 11, 26, 9, 30)),
        ("2026-11-26T09:30", moscow(2026, 11, 26, 9, 30)),
        ("2026-11-26T09:30:15", times.at(datetime(2026, 11, 26, 9, 30, 15, tzinfo=MOSCOW))),
        ("tomorrow 9:30", moscow(2026, 11, 26, 9, 30)),
        ("Tomorrow  at 9:30 ", moscow(2026, 11, 26, 9, 30)),
        ("завтра 9:30", moscow(2026, 11, 26, 9, 30)),
        ("Завтра в 9:30", moscow(2026, 11, 26, 9, 30)),
        ("послезавтра 9:30", moscow(2026, 11, 27, 9, 30)),
        ("today 18:00", moscow(2026, 11, 25, 18, 0)),
        ("26 Nov 09:30", moscow(2026, 11, 26, 9, 30)),
        ("Thu 26 Nov 2026, 09:30", moscow(2026, 11, 26, 9, 30)),
        ("чт, 26 ноября 09:30", moscow(2026, 11, 26, 9, 30)),
        ("5 мая 9:00", moscow(2027, 5, 5, 9, 0)),
        ("5.01 9:00", moscow(2027, 1, 5, 9, 0)),
    ],
)
def test_everything_a_person_would_type_is_understood_by_the_clock_beside_it(text: str, wire: str) -> None:
    assert options(time_at=text, clock="Europe/Moscow") == {"time": wire}
    assert options(time=text, clock="Europe/Moscow")["time"] in (wire, "26.11.26 9:30")


@pytest.mark.parametrize(
    "text",
    ["soon", "tomorrow", "25:00", "9:60", "31.02 9:00", "32 Nov 9:00", "5 Foo 9:00", "29.02.2027 10:00", "9"],
)
def test_what_is_no_hour_is_an_error_at_the_field(text: str) -> None:
    assert refused(time_at=text) == [(("time_at",), "no_such_hour")]


@pytest.mark.parametrize(
    ("today", "year"),
    [
        ("2026-11-25", 2028),
        ("2028-01-10", 2028),
        ("2028-04-01", 2028),
        ("2028-11-01", 2032),
        ("2096-11-01", 2104),
    ],
)
@pytest.mark.parametrize("text", ["29.02 9:30", "29 Feb 9:30", "29 февраля 9:30"])
def test_a_leap_day_without_its_year_is_of_the_next_year_that_has_it(
    text: str, today: str, year: int
) -> None:
    now = datetime.fromisoformat(today).replace(tzinfo=UTC)

    assert when.read(text, MOSCOW, now) == moscow(year, 2, 29, 9, 30)


def test_a_leap_day_is_said_back_in_full() -> None:
    due = Preview(ComposeForm(Typed({"time_at": "29.02 9:30"}), now=NOW)).due_at

    assert due is not None
    assert "Tue 29 Feb 2028, 09:30" in moments.in_full(due)


def test_the_same_words_mean_the_hour_of_the_clock_that_is_chosen() -> None:
    with timezone.override(ZoneInfo("Asia/Yekaterinburg")):
        mine = options(time_at="26.11.2026 9:30")
        theirs = options(time_at="26.11.2026 9:30", clock="Europe/Moscow")

    assert mine == {"time": moscow(2026, 11, 26, 7, 30)}
    assert theirs == {"time": moscow(2026, 11, 26, 9, 30)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+30", {"time": "+30"}),
        ("0", {"time": "0"}),
        ("02208938400", {"time": "02208938400"}),
        ("10-18", {"time": "10-18", "tz": "2"}),
        ("2611260930", {"time": moscow(2026, 11, 26, 7, 30)}),
    ],
)
def test_the_providers_own_forms_are_understood_there_too(text: str, found: dict[str, str]) -> None:
    assert options(time_at=text, clock="Asia/Yekaterinburg") == found


def test_under_technical_the_providers_forms_go_as_they_are() -> None:
    assert options(time="26.11.26 09:30", clock="Asia/Yekaterinburg") == {"time": "26.11.26 09:30"}
    assert options(time="10-18", tz="3") == {"time": "10-18", "tz": "3"}


def test_hours_of_the_day_go_by_the_clock_and_say_so_to_the_provider() -> None:
    assert options(hours_from="9", hours_to="21", clock="Europe/Moscow") == {"time": "9-21", "tz": "0"}
    assert options(hours_from="9", hours_to="21", clock="Europe/Kaliningrad")["tz"] == "-1"
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        assert options(hours_from="9", hours_to="21")["tz"] == "2.5"


def test_minutes_are_counted_from_now() -> None:
    assert options(minutes="30") == {"time": "+30"}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"hours_from": "9"}, (("hours_from",), "hours")),
        ({"hours_to": "9"}, (("hours_to",), "hours")),
        ({"hours_from": "21", "hours_to": "9"}, (("hours_from",), "hours")),
        ({"hours_from": "9" * 5000, "hours_to": "9"}, (("hours_from",), "hours")),
        ({"hours_from": "9", "hours_to": "21", "tz": "0"}, (("tz",), "two_clocks")),
        ({"minutes": "half"}, (("minutes",), "minutes")),
        ({"minutes": "9" * 5000}, (("minutes",), "minutes")),
        ({"time_at": "9:30", "clock": "Mars"}, (("time_at",), "no_such_clock")),
        ({"time_at": "9:30", "minutes": "5"}, (("time_at", "minutes"), "two_times")),
        ({"time": "0", "time_at": "9:30"}, (("time", "time_at"), "two_times")),
    ],
)
def test_what_does_not_go_together_is_said_where_it_stands(
    values: dict[str, str], found: tuple[tuple[str, ...], str]
) -> None:
    assert refused(**values) == [found]


def test_the_autumn_hour_that_comes_twice_is_asked_and_never_guessed() -> None:
    twice = {"time_at": "31.10.2027 02:30", "clock": "Europe/Berlin"}

    assert refused(**twice) == [(("time_at",), "hour_twice")]
    first, second = (options(**twice, which=one)["time"] for one in ("first", "second"))
    assert first == times.at(datetime(2027, 10, 31, 0, 30, tzinfo=UTC))
    assert second == times.at(datetime(2027, 10, 31, 1, 30, tzinfo=UTC))


def test_the_question_stands_on_the_page_only_when_the_hour_comes_twice() -> None:
    def asks(text: str) -> bool:
        form = ComposeForm(Typed({"time_at": text, "clock": "Europe/Berlin"}), now=NOW)
        return "which" in [one.name for one in form.parts["when"].first]

    assert asks("31.10.2027 02:30")
    assert not asks("31.10.2027 04:30")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("31.10.2027 02:30", "shows this hour twice"),
        ("28.03.2027 02:30", "does not exist"),
        ("28.03.2027 04:30", ""),
        ("28.03.2027 04", ""),
    ],
)
def test_while_it_is_typed_an_hour_of_a_clock_change_is_said_in_its_own_words(text: str, said: str) -> None:
    form = ComposeForm(Typed({"time_at": text, "clock": "Europe/Berlin"}), now=NOW)
    told = Preview(form).hour_problem
    assert said in told
    assert bool(told) == bool(said)


def test_the_spring_hour_that_does_not_exist_is_an_error_at_the_field() -> None:
    assert refused(time_at="28.03.2027 02:30", clock="Europe/Berlin") == [(("time_at",), "hour_skipped")]


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2038, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Berlin", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_every_moment_is_shown_so_that_it_means_the_same_again(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0)
    with timezone.override(ZoneInfo(zone)):
        typed = from_draft({"mes": "Hello", "time": times.at(moment)})

        assert (typed.values.get("time"), typed.has("time_at")) == (None, True)
        assert typed.options(NOW)[0]["time"] == times.at(moment)


def test_an_hour_of_a_draft_stays_that_of_its_writer() -> None:
    with timezone.override(ZoneInfo("Asia/Yekaterinburg")):
        stored = ComposeForm(Typed({"time_at": "26.11.2026 9:30"}), now=NOW, judge=False).draft_options()
        mine = from_draft(stored)
        assert mine.values.get("clock", "") == ""
    with timezone.override(MOSCOW):
        again = from_draft(stored)
        assert again.values["clock"] == "Asia/Yekaterinburg"
        assert again.options(NOW)[0]["time"] == moscow(2026, 11, 26, 7, 30)


def test_hours_and_minutes_of_a_mailing_are_shown_as_plain_choices_again() -> None:
    assert from_draft({"time": "+30"}).values == {"minutes": "30"}
    hours = from_draft({"time": "9-21", "tz": "2"})
    assert hours.values == {"hours_from": "9", "hours_to": "21", "clock": "Asia/Yekaterinburg"}
    assert hours.options(NOW)[0] == {"time": "9-21", "tz": "2"}


@pytest.mark.parametrize("text", ["0", "24.11.36 09:30", "10-18", "soon"])
def test_other_forms_of_the_time_stay_as_typed(text: str) -> None:
    assert from_draft({"time": text}).values["time"] == text


def test_an_hour_that_is_not_understood_is_never_shown_as_now() -> None:
    facts = Preview(ComposeForm(Typed({"time_at": "soon"}), now=NOW))

    assert (facts.when, facts.is_now, facts.due_at) == (None, False, None)


def test_a_past_hour_is_an_error_beside_the_field_that_it_was_typed_into() -> None:
    posted = QueryDict("name=x&phones=79990000001&mes=Hi&time_at=24.11.2026 9:30&clock=Europe/Moscow")
    form = ComposeForm(from_post(posted), now=NOW, check=True)

    assert "This time is past" in form.errors.as_text()
    assert "time" not in form.errors
    assert "time_at" in form.errors


@pytest.mark.parametrize(
    ("moment", "first", "last"),
    [
        (
            datetime(2026, 11, 26, 14, 0, tzinfo=MOSCOW),
            (26, 14, 0),
            (27, 1, 0),
        ),  # Magadan and Kamchatka sleep
        (datetime(2026, 11, 26, 23, 30, tzinfo=MOSCOW), (27, 0, 0), (27, 10, 0)),
    ],
)
def test_the_night_delays_the_arrival_by_each_persons_clock(
    moment: datetime, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    found = when.arrival(moment, "RU", Channel.SMS)

    assert found is not None
    days = [(one.day, one.hour, one.minute) for one in (local.astimezone(MOSCOW) for local in found)]
    assert days == [first, last]


def test_where_no_clock_is_in_its_night_nothing_is_said_of_it() -> None:
    assert when.arrival(datetime(2026, 11, 26, 10, 0, tzinfo=MOSCOW), "RU", Channel.SMS) is None


@pytest.mark.parametrize(
    ("country", "channel"),
    [("RU", Channel.HLR), ("RU", Channel.PING), ("RU", Channel.MAIL), ("DE", Channel.SMS)],
)
def test_nothing_is_said_of_the_night_where_it_wakes_nobody_or_is_another_countrys(
    country: str, channel: Channel
) -> None:
    assert when.arrival(datetime(2026, 11, 26, 2, 0, tzinfo=MOSCOW), country, channel) is None


def test_a_moment_is_shown_in_full_on_its_own_clock_moscows_and_the_readers() -> None:
    with timezone.override(BERLIN):
        shown = moments.in_full(datetime(2026, 11, 26, 6, 30, tzinfo=UTC), "Asia/Vladivostok")
        assert "Thu 26 Nov 2026, 16:30 (Asia/Vladivostok) = 09:30 (Moscow) = 07:30 (your clock)" in shown
        late = moments.in_full(datetime(2026, 11, 26, 21, 30, tzinfo=UTC))
        assert "Thu 26 Nov 2026, 22:30 (your clock) = 27 Nov 00:30 (Moscow)" in late
    with timezone.override(MOSCOW):
        assert "= " not in moments.in_full(datetime(2026, 11, 26, 6, 30, tzinfo=UTC))


def test_a_time_without_a_clock_is_refused_as_a_wire_value_alone() -> None:
    with pytest.raises(Refusal):
        when.read("10-18", MOSCOW, NOW)


def test_hours_that_are_no_whole_offset_have_no_clock_of_ours() -> None:
    assert [when.clock_of(tz) for tz in ("0", "-1", "2.5", "x", "9" * 400)] == [
        *("Europe/Moscow", "Europe/Kaliningrad", "", "", "")
    ]


def test_a_repeat_is_shown_on_both_clocks_for_its_next_ten_times() -> None:
    posted = QueryDict("name=x&phones=79990000001&mes=Hi&time_at=26.11.2026 9:30&clock=Europe/Moscow&rpt=5")
    facts = Preview(ComposeForm(from_post(posted), now=NOW))

    assert len(facts.occurrences) == 10
    assert facts.occurrences[1] - facts.occurrences[0] == timedelta(weeks=1)
