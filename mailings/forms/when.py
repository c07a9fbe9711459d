"""The hour of a mailing: as a person types it, by which clock, and as the form's controls show it.

What people type is understood here, the provider's own forms by `smsc.spec.times`. Nothing is guessed at the
change of a clock: of an hour that it shows twice the person has to say which, and one that it skips is
refused.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

from mailings.smsc.spec import times
from mailings.smsc.spec.problems import N_, Problem, Refusal
from mailings.smsc.spec.vocabulary import Channel

MOSCOW = "Europe/Moscow"
# The clocks that the page offers beside the reader's own: Moscow, the rest of Russia from west to east, and
# those of neighbours.
CLOCKS: Mapping[str, str] = {
    MOSCOW: N_("Moscow"),
    "Europe/Kaliningrad": N_("Kaliningrad"),
    "Europe/Samara": N_("Samara"),
    "Asia/Yekaterinburg": N_("Yekaterinburg"),
    "Asia/Omsk": N_("Omsk"),
    "Asia/Krasnoyarsk": N_("Krasnoyarsk"),
    "Asia/Irkutsk": N_("Irkutsk"),
    "Asia/Yakutsk": N_("Yakutsk"),
    "Asia/Vladivostok": N_("Vladivostok"),
    "Asia/Magadan": N_("Magadan"),
    "Asia/Kamchatka": N_("Kamchatka"),
    "Europe/Minsk": N_("Minsk"),
    "Asia/Almaty": N_("Almaty"),
    "Asia/Tashkent": N_("Tashkent"),
    "Asia/Tbilisi": N_("Tbilisi"),
    "Asia/Yerevan": N_("Yerevan"),
    "Asia/Baku": N_("Baku"),
    "Europe/Berlin": N_("Berlin"),
    "Europe/London": N_("London"),
    "UTC": N_("UTC"),
}
RUSSIA = tuple(CLOCKS)[:11]
# Of an hour that the clock shows twice: which of the two is meant.
FIRST, SECOND = "first", "second"
# Mass mailings are delivered between these hours of the recipient's clock.
OPENS, CLOSES = 9, 22
# Channels that wake nobody (letters, and requests that nobody sees): no night hours are kept for these.
SILENT = frozenset({Channel.MAIL, Channel.HLR, Channel.PING})
# The controls of which one gives the hour; the others (`hours_to`, `clock`, `which`, `tz`) go with it.
FIELDS = ("time", "time_at", "hours_from", "minutes")
# The codes of refusals in a night in which the clock is changed.
CLOCK_CHANGES = HOUR_SKIPPED, HOUR_TWICE = "hour_skipped", "hour_twice"

_WORDS = {
    **dict.fromkeys(("today", "сегодня"), 0),
    **dict.fromkeys(("tomorrow", "завтра"), 1),
    **dict.fromkeys(("послезавтра",), 2),
}
_MONTHS = (
    *(("jan", "янв"), ("feb", "фев"), ("mar", "мар"), ("apr", "апр"), ("may", "ма"), ("jun", "июн")),
    *(("jul", "июл"), ("aug", "авг"), ("sep", "сен"), ("oct", "окт"), ("nov", "ноя"), ("dec", "дек")),
)
_NOW = frozenset(("now", "сейчас"))
_HOUR = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
_DAYS = (
    r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})(?:\.(?P<year>[0-9]{4}|[0-9]{2}))?",
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})",
    r"(?:[^\W\d_]{2,}\.?,? )?(?P<day>[0-9]{1,2}) (?P<name>[^\W\d_]{3,})\.?(?: (?P<year>[0-9]{4}))?",
    r"(?P<word>[^\W\d_]+)",
)
_DATED = [re.compile(rf"(?:{day}(?:,? (?:в |at )?|t))?{_HOUR}") for day in _DAYS]
_HALF_A_YEAR = timedelta(days=182)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_of(clock: str) -> ZoneInfo | None:
    """The zone of a clock that was chosen; "" is the reader's own. None: there is no such clock."""
    name = clock.strip() or timezone.get_current_timezone_name()
    return ZoneInfo(name) if name in _names() else None


def clock_of(tz: str) -> str:
    """The clock of Russia that is `tz` hours from Moscow's; "" if none is. These clocks are never changed."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        wanted = timedelta(hours=float(tz.replace(",", ".")) + times.MOSCOW_OFFSET)
    except (ValueError, OverflowError):
        return ""
    return next((name for name in RUSSIA if ZoneInfo(name).utcoffset(at) == wanted), "")


def from_moscow(zone: ZoneInfo, at: datetime) -> str:
    """How many hours a clock is from Moscow's at a moment, as `tz` wants it."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    return f"{offset.total_seconds() / 3600 - times.MOSCOW_OFFSET:g}"


def read(text: str, zone: ZoneInfo, now: datetime, which: str = "") -> str:
    """What a person typed -> the wire value: `0` for now, else `0<timestamp>`; raises Refusal.

    `which`: of an hour that the clock shows twice, `first` or `second`. An hour without a day is the next one
    to come. A day without a year is the first such day from this year on that is less than half a year past.
    """
    plain = " ".join(text.lower().split())
    if plain in _NOW:
        return times.NOW
    local = _local(plain, now.astimezone(zone))
    if local is None:
        raise _no_such_hour()
    try:
        return times.at(_moment(local, zone, which))
    except (ValueError, OverflowError):
        raise _no_such_hour() from None


def _no_such_hour() -> Refusal:
    return Refusal(
        "no_such_hour",
        N_(
            "There is no such date and hour. Type it as 9:30, tomorrow 9:30, 26.11 09:30, 2026-11-26 09:30 "
            "or now."
        ),
    )


def is_twice(text: str, zone: ZoneInfo, now: datetime) -> bool:
    """Whether what was typed is an hour that the clock shows twice."""
    local = _local(" ".join(text.lower().split()), now.astimezone(zone))
    if local is None:
        return False
    first, second = _both(local, zone)
    return first < second


def _both(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _moment(local: datetime, zone: ZoneInfo, which: str) -> datetime:
    first, second = _both(local, zone)
    if first > second:
        raise Refusal(
            HOUR_SKIPPED,
            N_("This hour does not exist: that night the clock of %(zone)s is put forward over it."),
            zone=zone.key,
        )
    if first < second and which not in (FIRST, SECOND):
        raise Refusal(
            HOUR_TWICE,
            N_(
                "That night the clock of %(zone)s shows this hour twice. Say below which of the two you mean."
            ),
            zone=zone.key,
        )
    return second if which == SECOND else first


def _local(plain: str, now: datetime) -> datetime | None:
    """The day and hour that a text names, without a zone. `now`: by the clock that is meant."""
    for form in _DATED:
        if match := form.fullmatch(plain):
            found = {name: text for name, text in match.groupdict().items() if text}
            try:
                return _put_together(found, now.replace(tzinfo=None))
            except (ValueError, OverflowError):
                return None
    return None


def _put_together(found: Mapping[str, str], now: datetime) -> datetime:
    hour = time(int(found["hour"]), int(found["minute"]), int(found.get("second", 0)))
    if "word" in found:
        if found["word"] not in _WORDS:
            raise ValueError("no word for a day")
        return datetime.combine(now.date() + timedelta(days=_WORDS[found["word"]]), hour)
    if "day" not in found:
        today = datetime.combine(now.date(), hour)
        return today if today >= now.replace(second=0, microsecond=0) else today + timedelta(days=1)
    return datetime.combine(_date(found, now), hour)


def _date(found: Mapping[str, str], now: datetime) -> date:
    month = _month(found["name"]) if "name" in found else int(found["month"])
    if year := found.get("year"):
        return date(int(year) + (2000 if len(year) == 2 else 0), month, int(found["day"]))
    # Every day of the calendar comes within eight years, 29 February, too (the year 2100 has none).
    years = (_day(year, month, int(found["day"])) for year in range(now.year, now.year + 9))
    since = (now - _HALF_A_YEAR).date()
    ahead = next((day for day in years if day and day > since), None)
    if ahead is None:
        raise ValueError("no year has such a day")
    return ahead


def _day(year: int, month: int, day: int) -> date | None:
    """None if that year has no such day."""
    return date(year, month, day) if 1 <= day <= monthrange(year, month)[1] else None


def _month(name: str) -> int:
    for number, starts in enumerate(_MONTHS, 1):
        if name.startswith(starts):
            return number
    raise ValueError("no month")


# What the controls say together.


def options(values: Mapping[str, str], now: datetime) -> tuple[dict[str, str], list[Problem]]:
    """The options `time`, and `tz` where the clock decides it, from the controls; and what is wrong there.

    No option if no hour is typed: the spec then takes `0`, for now.
    """
    given = [name for name in FIELDS if values.get(name, "").strip()]
    if not values.get("hours_from", "").strip() and values.get("hours_to", "").strip():
        given.append("hours_to")
    if len(given) > 1:
        return {}, [Problem(tuple(given), "two_times", N_("The hour is given twice. Empty one of the two."))]
    if not given:
        return {}, []
    try:
        found = _READERS[given[0]](values, now)
    except Refusal as refusal:
        return {}, [refusal.at(given[0])]
    if "tz" in found and values.get("tz", "").strip():
        text = N_("The hours go by the clock that is chosen beside the hour. Empty the time zone here.")
        return {}, [Problem(("tz",), "two_clocks", text)]
    return found, []


def moment(values: Mapping[str, str], now: datetime) -> datetime:
    """The one moment that the controls name together, in UTC; raises Refusal where they name none ahead."""
    found, wrong = options(values, now)
    for problem in wrong:
        raise Refusal(problem.code, problem.template, **problem.params)
    due = times.due(times.parse(found["time"]), None, now) if found else None
    if due is None or due <= now:
        raise Refusal("not_ahead", N_("Give one hour that lies ahead, such as tomorrow 9:30."))
    return due


def _zone(values: Mapping[str, str]) -> ZoneInfo:
    zone = zone_of(values.get("clock", ""))
    if zone is None:
        raise Refusal("no_such_clock", N_("There is no such clock. Choose one beside the hour."))
    return zone


def _typed(values: Mapping[str, str], now: datetime) -> dict[str, str]:
    text, which, zone = values["time_at"], values.get("which", "").strip(), _zone(values)
    try:
        return {"time": read(text, zone, now, which)}
    except Refusal as refusal:
        wired = _wired(text) if refusal.code == "no_such_hour" else None
        if wired is None:
            raise
    if wired.local is not None:
        return {"time": times.at(_moment(wired.local, zone, which))}
    return {"time": wired.text} | ({"tz": from_moscow(zone, now)} if wired.hours else {})


def _wired(text: str) -> times.When | None:
    """A text in one of the provider's own forms; None if it is in none of them."""
    try:
        return times.parse(text)
    except Refusal:
        return None


def _technical(values: Mapping[str, str], now: datetime) -> dict[str, str]:
    """`time`, in one of the provider's forms or as people type it; what is neither the spec refuses."""
    text = values["time"]
    try:
        times.parse(text)
    except Refusal as refusal:
        if refusal.code != "time_form":
            return {"time": text}
        try:
            return {"time": read(text, _zone(values), now, values.get("which", "").strip())}
        except Refusal as why:
            if why.code != "no_such_hour":
                raise
    return {"time": text}


def _hours(values: Mapping[str, str], now: datetime) -> dict[str, str]:
    first, last = (values.get(name, "").strip() for name in ("hours_from", "hours_to"))
    window = _wired(f"{first}-{last}")
    if window is None:
        raise Refusal(
            "hours", N_("Give two whole hours from 0 to 24, the first before the last, such as 9 and 21.")
        )
    return {"time": window.text, "tz": from_moscow(_zone(values), now)}


def _minutes(values: Mapping[str, str], _now: datetime) -> dict[str, str]:
    later = _wired(f"+{values['minutes'].strip()}")
    if later is None:
        raise Refusal("minutes", N_("Give a whole number of minutes, such as 30: ten years of them at most."))
    return {"time": later.text}


_READERS = {
    "time": _technical,
    "time_at": _typed,
    "hours_from": _hours,
    "hours_to": _hours,
    "minutes": _minutes,
}


def used(values: Mapping[str, str]) -> str:
    """The control that names the hour: where an error of `time` belongs."""
    return next((name for name in FIELDS if values.get(name, "").strip()), "time")


def shown(values: dict[str, str], own: str) -> None:
    """Move a stored `time` into the controls that people use, in place, if these can name the same hour.

    A moment is shown by the reader's clock (`own`, the zone's name), hours of the day by the clock of `tz`.
    """
    if values.get("clock") == own:
        del values["clock"]
    if any(values.get(name) for name in FIELDS if name != "time"):
        return
    try:
        when = times.parse(values.get("time", ""))
    except Refusal:
        return
    if when.moment is not None:
        values |= _as_typed(when.moment, own)
    elif when.form is times.TimeForm.LATER:
        values["minutes"] = str(when.minutes)
    elif when.hours and (clock := clock_of(values.get("tz", ""))):
        values |= {"hours_from": str(when.hours[0]), "hours_to": str(when.hours[1]), "clock": clock}
        del values["tz"]
    else:
        return
    del values["time"]


def _as_typed(moment: datetime, own: str) -> dict[str, str]:
    zone = ZoneInfo(own)
    local = moment.astimezone(zone)
    text = f"{local:%d.%m.%Y %H:%M}" + (f":{local:%S}" if local.second else "")
    twice = is_twice(text, zone, moment)
    return {"time_at": text, "which": (FIRST, SECOND)[local.fold]} if twice else {"time_at": text}


# The night.


def arrival(moment: datetime, country: str, channel: Channel) -> tuple[datetime, datetime] | None:
    """When a mass mailing of `moment` arrives in Russia: the first and the last moment, over all its clocks.

    None if it is day everywhere then, for other countries, and for what wakes nobody.
    """
    if country != "RU" or channel in SILENT:
        return None
    moments = [_after_the_night(moment, ZoneInfo(name)) for name in RUSSIA]
    return None if max(moments) == moment else (min(moments), max(moments))


def _after_the_night(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if OPENS <= local.hour < CLOSES:
        return moment
    day = local if local.hour < OPENS else local + timedelta(days=1)
    return day.replace(hour=OPENS, minute=0, second=0, microsecond=0).astimezone(UTC)
