"""The moments of a mailing: every form of `time`, the zone `tz`, and when a recurring one goes out next.

Source: the provider's lines on `time`, `tz`, `rpt` and `rptn`. The forms, told apart by shape alone:

`0`                                  now
`DDMMYYhhmm` or `DD.MM.YY hh:mm`   a date and hour; ten digits are always a date, even when the first is 0
`h1-h2`                              hours of the day
`0<timestamp>`                       a moment: 0 and ten digits; our form for a picked moment
`+m`                                 minutes from the moment when the provider takes the mailing

A date is read in `tz`; without it the provider reads it in the account's own zone, which nobody here knows.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from itertools import count, islice

from mailings.smsc.spec.problems import N_, Refusal

# Hours from UTC to Moscow, where `tz` begins to count; there is no daylight saving.
MOSCOW_OFFSET = 3.0
MOSCOW = timezone(timedelta(hours=MOSCOW_OFFSET))
NOW = "0"
MAX_MINUTES = 5_256_000  # ten years; more must be a typing mistake

_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
_DOTTED = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{2})\s+([0-9]{2}):\s?([0-9]{2})")
_HOURS = re.compile(r"([0-9]{1,2})\s*-\s*([0-9]{1,2})")
_STAMP = re.compile(r"0([1-9][0-9]{9})")
_LATER = re.compile(r"\+\s?([0-9]{1,9})")


class TimeForm(StrEnum):
    """Which of the forms a `time` has."""

    NOW = "now"
    DATED = "dated"
    HOURS = "hours"
    MOMENT = "moment"
    LATER = "later"


@dataclass(frozen=True)
class When:
    """A `time` that was read.

    `text`: the wire value. `local`: DATED only, without a zone. `moment`: MOMENT only, in UTC.
    `hours`: HOURS only, first and last. `minutes`: LATER only.
    """

    form: TimeForm
    text: str
    local: datetime | None = None
    moment: datetime | None = None
    hours: tuple[int, int] | None = None
    minutes: int = 0


def at(moment: datetime) -> str:
    """The wire value for a moment that a person picked (aware): `0<timestamp>`, whole seconds."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    text = f"0{int(moment.timestamp())}"
    if not _STAMP.fullmatch(text):
        raise ValueError("the moment does not fit the ten digits of a timestamp")
    return text


def parse(text: str) -> When:
    """Reads a `time`; raises Refusal. It may be past: see `is_past`."""
    text = text.strip()
    if text == NOW:
        return When(TimeForm.NOW, NOW)
    if match := _STAMP.fullmatch(text):
        return When(TimeForm.MOMENT, text, moment=datetime.fromtimestamp(int(match[1]), UTC))
    if match := _DIGITS.fullmatch(text):
        return When(TimeForm.DATED, text, local=_local(match))
    if match := _DOTTED.fullmatch(text):
        return When(TimeForm.DATED, "{}.{}.{} {}:{}".format(*match.groups()), local=_local(match))
    if match := _HOURS.fullmatch(text):
        return _hours(match)
    if match := _LATER.fullmatch(text):
        return _later(int(match[1]))
    raise Refusal(
        "time_form",
        N_(
            "This is no time. Give 0 for now, a date and hour such as 24.11.25 09:30 or 2411250930, hours of "
            "the day such as 10-18, +30 for half an hour from now, or 0 and a timestamp of ten digits."
        ),
    )


def _local(match: re.Match[str]) -> datetime:
    day, month, year, hour, minute = map(int, match.groups())
    try:
        return datetime(2000 + year, month, day, hour, minute, tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        raise Refusal(
            "time_no_such_date",
            N_(
                "There is no such date and hour. Ten digits mean day, month, year, hour and minute; "
                "a timestamp needs a 0 in front."
            ),
        ) from None


def _hours(match: re.Match[str]) -> When:
    first, last = int(match[1]), int(match[2])
    if not first < last <= 24:
        raise Refusal(
            "time_hours",
            N_("The hours of the day go from 0 to 24, and the first comes before the last: 10-18."),
        )
    return When(TimeForm.HOURS, f"{match[1]}-{match[2]}", hours=(first, last))


def _later(minutes: int) -> When:
    if minutes > MAX_MINUTES:
        raise Refusal(
            "time_too_late",
            N_("That is too many minutes from now: at most %(maximum)s."),
            maximum=MAX_MINUTES,
        )
    return When(TimeForm.LATER, f"+{minutes}", minutes=minutes)


def absolute(local: datetime, zone: float) -> datetime:
    """A date and hour in the zone `zone` hours from Moscow -> UTC."""
    return (local - timedelta(hours=MOSCOW_OFFSET + zone)).replace(tzinfo=UTC)


def due(when: When, zone: float | None, now: datetime) -> datetime | None:
    """The moment asked for, in UTC; None for hours of the day, and for a date without a known time zone."""
    if when.form is TimeForm.NOW:
        return now.astimezone(UTC)
    if when.form is TimeForm.LATER:
        return now.astimezone(UTC) + timedelta(minutes=when.minutes)
    if when.local is not None and zone is not None:
        return absolute(when.local, zone)
    return when.moment


def is_past(when: When, zone: float | None, now: datetime) -> bool:
    """Whether the time is past, so that the provider would send the mailing at once.

    A date without a zone is taken as Moscow time, the provider's own, though the account may have another
    zone: better to ask a person for the zone once too often than to send at once a mailing that should wait.
    """
    moment = absolute(when.local, zone or 0) if when.local is not None else when.moment
    return moment is not None and moment < now


# Recurrences. What the provider does exactly is not published; assumed here, and said on the page:
# the first sending is at `time` whatever day that is, the later ones at the same hour of the days that
# `rpt` names; a month without the 29th, 30th or 31st, and a year without 29 February, use its last day;
# `rptn` counts the repeats after the first sending. Days are days in `tz`, without it in Moscow.

_STEPS = {1: timedelta(hours=1), 2: timedelta(days=1), 5: timedelta(weeks=1)}
_WEEKDAYS = {3: range(5), 4: range(5, 7)}
_MONTHS = {6: 1, 7: 12}


def occurrences(
    when: When,
    zone: float | None,
    repeat: tuple[int, int | None],
    now: datetime,
    limit: int = 10,
    *,
    begun: datetime | None = None,
) -> list[datetime]:
    """The next sendings from `now` on, in UTC, at most `limit`; [] if the first moment is not known.

    `repeat`: `rpt` and `rptn` (None: without end). `begun`: from when a relative time
    counts, if not from `now`.
    """
    rpt, rptn = repeat
    base = begun or now
    first = due(when, zone, base) if when.form is not TimeForm.HOURS else _next_in_hours(when, zone, base)
    if first is None:
        return []
    if rpt == 0:
        return [first] if first >= now else []
    local = first.astimezone(timezone(timedelta(hours=MOSCOW_OFFSET + (zone or 0))))
    sendings = _series(local, rpt) if rptn is None else islice(_series(local, rpt), rptn + 1)
    upcoming = (sending.astimezone(UTC) for sending in sendings if sending >= now)
    return list(islice(upcoming, limit))


def _next_in_hours(when: When, zone: float | None, now: datetime) -> datetime | None:
    if when.hours is None or zone is None:
        return None
    local = now.astimezone(timezone(timedelta(hours=MOSCOW_OFFSET + zone)))
    opening = local.replace(hour=when.hours[0], minute=0, second=0, microsecond=0)
    if local < opening:
        return opening.astimezone(UTC)
    if local.hour < when.hours[1]:
        return local.astimezone(UTC)
    return (opening + timedelta(days=1)).astimezone(UTC)


def _series(first: datetime, rpt: int) -> Iterator[datetime]:
    """All sendings from the first on; ends with the year 9999."""
    if rpt in _MONTHS:
        return _by_months(first, _MONTHS[rpt])
    if rpt in _WEEKDAYS:
        return _by_weekdays(first, _WEEKDAYS[rpt])
    return _by_steps(first, _STEPS[rpt])


def _by_steps(first: datetime, step: timedelta) -> Iterator[datetime]:
    try:
        for number in count():
            yield first + number * step
    except OverflowError:
        return


def _by_weekdays(first: datetime, weekdays: range) -> Iterator[datetime]:
    for sending in _by_steps(first, timedelta(days=1)):
        if sending == first or sending.weekday() in weekdays:
            yield sending


def _by_months(first: datetime, months: int) -> Iterator[datetime]:
    for number in count():
        year, month = divmod(first.year * 12 + first.month - 1 + number * months, 12)
        if year > 9999:
            return
        yield first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))
