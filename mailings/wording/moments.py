"""Times in words: how long ago and exactly when, in the reader's time zone and language."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR = 3600
DAY = 86400
# Unit, its length in seconds, and the age in seconds from which the next unit is used.
STEPS = (("s", 1, 60.0), ("min", 60, HOUR), ("h", HOUR, 36 * HOUR), ("d", DAY, float("inf")))


def age_words() -> dict[str, Any]:
    """The words for ages, by unit; static/mailroom.js uses them too, to keep ages on the page up to date."""
    return {
        "now": _("just now"),
        "ago": {"s": _("{n} s ago"), "min": _("{n} min ago"), "h": _("{n} h ago"), "d": _("{n} d ago")},
        "ahead": {"s": _("in {n} s"), "min": _("in {n} min"), "h": _("in {n} h"), "d": _("in {n} d")},
    }


def age(seconds: float) -> str:
    """How long ago something was, in one unit; negative `seconds` are in the future."""
    words = age_words()
    span = abs(seconds)
    if 0 <= seconds < 5:
        return str(words["now"])
    unit, size = next((unit, size) for unit, size, limit in STEPS if span < limit)
    form = words["ago"] if seconds >= 0 else words["ahead"]
    return str(form[unit]).replace("{n}", str(int(span // size)))


def short(moment: datetime, now: datetime | None = None) -> str:
    """A moment in the reader's zone: `14:05` today, else `24 Nov 14:05`, with the year when it is another."""
    local, today = timezone.localtime(moment), timezone.localtime(now or timezone.now())
    if local.date() == today.date():
        return date_format(local, "H:i")
    if local.year == today.year:
        return date_format(local, _day_and_hour())
    return date_format(local, pgettext("date format", "j M Y H:i"))


def _day_and_hour() -> str:
    # Translators: a format of Django's `date` filter: j day, M or E month, Y year, H:i hour.
    return pgettext("date format", "j M H:i")


def exact(moment: datetime) -> str:
    """A moment to the second, with the name of its zone."""
    local = timezone.localtime(moment)
    shown = date_format(local, pgettext("date format", "j M Y H:i:s"))
    return f"{shown} ({timezone.get_current_timezone_name()})"


def ago(moment: datetime, now: datetime | None = None) -> SafeString:
    """A `<time>` with an age that the page keeps counting; the exact time on hover and for screen readers."""
    seconds = ((now or timezone.now()) - moment).total_seconds()
    return format_html(
        '<time datetime="{}" title="{}" data-age><span>{}</span>'
        '<span class="visually-hidden"> ({})</span></time>',
        moment.isoformat(),
        exact(moment),
        age(seconds),
        exact(moment),
    )


def at(moment: datetime, now: datetime | None = None) -> SafeString:
    """A `<time>` with `short`; on hover `exact`."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), short(moment, now)
    )


def hour(moment: datetime) -> SafeString:
    """A `<time>` with hour and minute only, for lists that are grouped by day."""
    text = date_format(timezone.localtime(moment), "H:i")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact(moment), text)


def both_clocks(moment: datetime, now: datetime | None = None) -> SafeString:
    """A moment in the reader's zone and, if that differs, in Moscow's, which the provider counts in."""
    local, moscow = timezone.localtime(moment), moment.astimezone(MOSCOW)
    shown = at(moment, now)
    if local.utcoffset() == moscow.utcoffset():
        return shown
    form = "H:i" if local.date() == moscow.date() else _day_and_hour()
    return format_html("{} ({})", shown, _("Moscow {time}").format(time=date_format(moscow, form)))


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
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), text)


def _on_clock(local: datetime, words: str, first: datetime) -> str:
    if local is first:
        form = pgettext("date format", "D j M Y, H:i")
    else:
        form = "H:i" if local.date() == first.date() else _day_and_hour()
    return f"{date_format(local, form)} ({words})"
