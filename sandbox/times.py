"""The formats of `time`, `rpt` and days on the provider's page. Moments are floats: seconds since 1970."""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

MOSCOW_HOURS = 3.0
DAY = 86400.0
_COMPACT = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_DOTTED = re.compile(r"(\d\d)\.(\d\d)\.(\d\d) (\d\d): ?(\d\d)", re.ASCII)
_WINDOW = re.compile(r"(\d{1,2})-(\d{1,2})", re.ASCII)
_STAMP = re.compile(r"0(\d{10})", re.ASCII)
_OFFSET = re.compile(r"\+(\d{1,7})", re.ASCII)
_DAY = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})", re.ASCII)


class BadTimeError(ValueError):
    """A time or day that cannot be read: error 5."""


def zone(hours_from_moscow: float) -> timezone:
    """The time zone for a `tz`: hours from Moscow, which is UTC+3 without daylight saving."""
    return timezone(timedelta(hours=MOSCOW_HOURS + hours_from_moscow))


def is_dated(text: str) -> bool:
    """Whether `time` is a date and hour: only then may a `list` line have its own zone."""
    return bool(_COMPACT.fullmatch(text) or _DOTTED.fullmatch(text))


def due(text: str, now: float, hours_from_moscow: float) -> float:
    """The moment of the first sending for a `time`, at the earliest `now`. BadTimeError if unreadable."""
    if text in ("", "0"):
        return now
    if match := _OFFSET.fullmatch(text):
        return now + 60.0 * int(match[1])
    if match := _STAMP.fullmatch(text):
        return max(now, float(match[1]))
    if match := _WINDOW.fullmatch(text):
        return _in_window(int(match[1]), int(match[2]), now, hours_from_moscow)
    match = _COMPACT.fullmatch(text) or _DOTTED.fullmatch(text)
    if not match:
        raise BadTimeError("time")
    day, month, year, hour, minute = (int(part) for part in match.groups())
    try:
        asked = datetime(2000 + year, month, day, hour, minute, tzinfo=zone(hours_from_moscow))
    except ValueError:
        raise BadTimeError("time") from None
    return max(now, asked.timestamp())


def _in_window(first: int, last: int, now: float, hours_from_moscow: float) -> float:
    if not 0 <= first < last <= 24:
        raise BadTimeError("time")
    here = datetime.fromtimestamp(now, zone(hours_from_moscow))
    opens = here.replace(hour=first, minute=0, second=0, microsecond=0)
    if here < opens:
        return opens.timestamp()
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    if here < midnight + timedelta(hours=last):
        return now
    return (opens + timedelta(days=1)).timestamp()


def day(text: str, name: str) -> date:
    """A `start` or `end` day, dd.mm.yyyy. BadTimeError, with `name`, if unreadable."""
    match = _DAY.fullmatch(text)
    if not match:
        raise BadTimeError(name)
    try:
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        raise BadTimeError(name) from None


def on_day(moment: float, hours_from_moscow: float) -> date:
    """The day of a moment in the account's zone."""
    return datetime.fromtimestamp(moment, zone(hours_from_moscow)).date()


def midnight(first: date, hours_from_moscow: float) -> float:
    """The moment at which a day begins in the account's zone."""
    return datetime(first.year, first.month, first.day, tzinfo=zone(hours_from_moscow)).timestamp()


def two_months_before(today: date) -> date:
    """The same day two months ago, or that month's last day."""
    year, month = divmod(today.year * 12 + today.month - 3, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def occurrences(first: float, rpt: int, rptn: int | None, hours_from_moscow: float) -> Iterator[float]:
    """The moments of a job's sendings: the first, then `rptn` repetitions (None: without end)."""
    yield first
    made = 0
    while rpt and (rptn is None or made < rptn):
        made += 1
        yield _repetition(first, rpt, made, hours_from_moscow)


def _repetition(first: float, rpt: int, number: int, hours_from_moscow: float) -> float:
    if rpt in (1, 2, 5):
        return first + number * {1: 3600.0, 2: DAY, 5: 7 * DAY}[rpt]
    begin = datetime.fromtimestamp(first, zone(hours_from_moscow))
    if rpt in (3, 4):
        return first + DAY * _days_until(begin.weekday(), number, range(5) if rpt == 3 else range(5, 7))
    year, month = divmod(begin.year * 12 + begin.month - 1 + number * (1 if rpt == 6 else 12), 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return begin.replace(year=year, month=month + 1, day=min(begin.day, last_day)).timestamp()


def _days_until(weekday: int, number: int, wanted: range) -> int:
    """Days from a weekday (0: Monday) to the `number`th following day that is one of the wanted."""
    weeks, rest = divmod(number - 1, len(wanted))
    days = 0
    for _ in range(rest + 1):
        days += 1
        while (weekday + days) % 7 not in wanted:
            days += 1
    return weeks * 7 + days


def show(moment: float, hours_from_moscow: float) -> str:
    """A moment as the sandbox prints it: dd.mm.yyyy hh:mm:ss in the account's zone."""
    return datetime.fromtimestamp(moment, zone(hours_from_moscow)).strftime("%d.%m.%Y %H:%M:%S")
