"""Times in words: how long ago and exactly when, in the reader's time zone and language."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dateformat, timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from mailings.wording.phrases import markup

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = 3600
DAY = 86400
# Unit, its length in seconds, and the age in seconds from which the next unit is used.
STEPS = (("s", 1, 60.0), ("min", 60, HOUR), ("h", HOUR, 36 * HOUR), ("d", DAY, float("inf")))

NOW = gettext_lazy("just now")
AGO = {
    "s": gettext_lazy("{n} s ago"),
    "min": gettext_lazy("{n} min ago"),
    "h": gettext_lazy("{n} h ago"),
    "d": gettext_lazy("{n} d ago"),
}
AHEAD = {
    "s": gettext_lazy("in {n} s"),
    "min": gettext_lazy("in {n} min"),
    "h": gettext_lazy("in {n} h"),
    "d": gettext_lazy("in {n} d"),
}

FORMS = {
    "hour": "H:i",
    # Translators: a format of Django's `date` filter: j day, M or E month, Y year, H:i hour.
    "day": pgettext_lazy("date format", "j M H:i"),
    "year": pgettext_lazy("date format", "j M Y H:i"),
    "second": pgettext_lazy("date format", "j M Y H:i:s"),
}
# What of such a format is a number, for str.format. The month alone is a word.
_NUMBERS = {
    "j": "{0.day}",
    "Y": "{0.year:04}",
    "H": "{0.hour:02}",
    "i": "{0.minute:02}",
    "s": "{0.second:02}",
}
TIME = '<time datetime="{}" title="{}">{}</time>'
COUNTED = (
    '<time datetime="{0}" title="{1}" data-age><span>{2}</span>'
    '<span class="visually-hidden"> ({1})</span></time>'
)


def written(local: datetime, form: str) -> str:
    """A moment in the zone it has, in one of FORMS; as Django's `date_format`, which reads formats anew."""
    return _with_places(form, local.month, get_language()).format(local)


@lru_cache(maxsize=500)
def _with_places(form: str, month: int, language: str | None) -> str:
    """A format with the name of the month, and places for the numbers. `language`: the present one."""
    parts = re.split(r"(?<!\\)([jYHis])", str(FORMS[form]))
    some_day = date(2000, month, 1)
    return "".join(
        _NUMBERS[part] if part in _NUMBERS else dateformat.format(some_day, part) for part in parts
    )


def age_words() -> dict[str, Any]:
    """The words for ages, by unit; static/mailroom.js uses them too, to keep ages on the page up to date."""
    return {"now": NOW, "ago": AGO, "ahead": AHEAD}


def age(seconds: float) -> str:
    """How long ago something was, in one unit; negative `seconds` are in the future."""
    if 0 <= seconds < 5:
        return str(NOW)
    span = abs(seconds)
    unit, size = next((unit, size) for unit, size, limit in STEPS if span < limit)
    words = AGO if seconds >= 0 else AHEAD
    return str(words[unit]).replace("{n}", str(int(span // size)))


class Clock:
    """Writes moments for the present reader, whose zone and language are looked up once for many of them."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or timezone.now()
        self._zone, self._language = timezone.get_current_timezone(), get_language()
        self._name = str(self._zone)
        self._today = self._now.astimezone(self._zone).date()
        # What it writes depends on, besides the moment and its age.
        self.place = (self._language, self._name, self._today)

    def short(self, moment: datetime) -> str:
        """`14:05` today, else `24 Nov 14:05`, with the year when it is another."""
        return self._short(moment.astimezone(self._zone))

    def exact(self, moment: datetime) -> str:
        """To the second, with the name of the zone."""
        return self._exact(moment.astimezone(self._zone))

    def at(self, moment: datetime) -> SafeString:
        """A `<time>` with `short`; on hover `exact`."""
        local = moment.astimezone(self._zone)
        return markup(TIME, moment.isoformat(), self._exact(local), self._short(local))

    def hour(self, moment: datetime) -> SafeString:
        """A `<time>` with hour and minute only, for lists that are grouped by day."""
        local = moment.astimezone(self._zone)
        return markup(TIME, moment.isoformat(), self._exact(local), self._written(local, "hour"))

    def ago(self, moment: datetime) -> SafeString:
        """A `<time>` with an age that the page keeps counting; `exact` on hover and for screen readers."""
        told = age((self._now - moment).total_seconds())
        return markup(COUNTED, moment.isoformat(), self.exact(moment), told)

    def _short(self, local: datetime) -> str:
        if local.date() == self._today:
            return self._written(local, "hour")
        return self._written(local, "day" if local.year == self._today.year else "year")

    def _exact(self, local: datetime) -> str:
        return f"{self._written(local, 'second')} ({self._name})"

    def _written(self, local: datetime, form: str) -> str:
        return _with_places(form, local.month, self._language).format(local)


def short(moment: datetime, now: datetime | None = None) -> str:
    return Clock(now).short(moment)


def exact(moment: datetime) -> str:
    return Clock().exact(moment)


def ago(moment: datetime, now: datetime | None = None) -> SafeString:
    return Clock(now).ago(moment)


def at(moment: datetime, now: datetime | None = None) -> SafeString:
    return Clock(now).at(moment)


def hour(moment: datetime) -> SafeString:
    return Clock().hour(moment)


def both_clocks(moment: datetime, now: datetime | None = None) -> SafeString:
    """A moment in the reader's zone and, if that differs, in Moscow's, which the provider counts in."""
    local, moscow = timezone.localtime(moment), moment.astimezone(MOSCOW)
    shown = at(moment, now)
    if local.utcoffset() == moscow.utcoffset():
        return shown
    form = "hour" if local.date() == moscow.date() else "day"
    return markup("{} ({})", shown, _("Moscow {time}").format(time=written(moscow, form)))


def in_full(moment: datetime, clock: str = "") -> SafeString:
    """A moment in full in the zone that it was typed in, then in Moscow's and in the reader's.

    `clock`: the name of a zone; "" is the reader's own. Zones with the same offset are named once.
    """
    own = timezone.get_current_timezone_name()
    names = {clock or own: clock or own, MOSCOW.key: _("Moscow"), own: _("your clock")}
    first = moment.astimezone(ZoneInfo(clock or own))
    shown, seen = [_on_clock(first, names[clock or own], first)], {first.utcoffset()}
    for name, words in names.items():
        local = moment.astimezone(ZoneInfo(name))
        if local.utcoffset() not in seen:
            shown.append(_on_clock(local, words, first))
        seen.add(local.utcoffset())
    text = " = ".join(shown)
    return markup('<time datetime="{}">{}</time>', moment.isoformat(), text)


def _on_clock(local: datetime, words: str, first: datetime) -> str:
    if local is first:
        form = pgettext("date format", "D j M Y, H:i")
        return f"{date_format(local, form)} ({words})"
    return f"{written(local, 'hour' if local.date() == first.date() else 'day')} ({words})"
