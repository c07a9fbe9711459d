"""What the options of a mailing do, in sentences for its review. What is not set is not said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.forms import bubble
from mailings.smsc.spec.catalogue import OPTIONS, Section
from mailings.smsc.spec.spec import Spec
from mailings.smsc.spec.times import MOSCOW_OFFSET
from mailings.smsc.spec.vocabulary import Channel, Option, Type

# Options that the review shows elsewhere: with the sender, and with the message.
ELSEWHERE = frozenset({"sender", "tpl", "translit", "tinyurl", "fl[5]", "mes2", "sender2", "voice"})


@dataclass(frozen=True)
class Fallback:
    """The SMS that is tried after a failure. `text`: "" if it has the message's own; `sender`: may be ""."""

    text: str
    sender: str


def sender(spec: Spec) -> str:
    """Whom people see as the sender, in words; "" where nobody is seen."""
    if named := spec.options.get("bot") or spec.options.get("sender"):
        return str(named)
    if spec.channel not in OPTIONS["sender"].channels or spec.channel is Channel.PING:
        return ""
    return _("the account's own sender")


def options(spec: Spec) -> list[str]:
    """A sentence for every further option that is set, in the order of the catalogue."""
    given = {
        name: option
        for name, option in OPTIONS.items()
        if option.section is Section.MORE and name not in ELSEWHERE
    }
    return [
        _option(option, spec.options[name])
        for name, option in given.items()
        if name in spec.options and str(spec.options[name]) != option.default
    ]


def _option(option: Option, value: Any) -> str:
    if option.type is Type.FLAG:
        return f"{_(option.label)}. {_(option.help)}"
    said = _VALUES[option.name](str(value)) if option.name in _VALUES else _chosen(option, str(value))
    return _("{what}: {value}").format(what=_(option.label), value=said)


def _chosen(option: Option, value: str) -> str:
    return next((_(one.label) for one in option.choices if one.value == value), value)


def _valid(value: str) -> str:
    hours = int(value) if value.isdigit() else None
    return value if hours is None else ngettext("{n} hour", "{n} hours", hours).format(n=hours)


def _days(value: str) -> str:
    return ngettext("{n} day", "{n} days", int(value)).format(n=value)


def _ringing(value: str) -> str:
    rings, pause, tries = value.split(",")
    text = _("{rings} s a try, {pause} s until the next, at most {tries} tries")
    return text.format(rings=rings, pause=pause, tries=tries)


_VALUES: Mapping[str, Callable[[str], str]] = {"valid": _valid, "smsreq": _days, "param": _ringing}


def rhythm(spec: Spec) -> list[str]:
    """How often it goes out again, and how it is spread."""
    found, given = [], spec.options
    if repeats := given.get("rpt"):
        how = _chosen(OPTIONS["rpt"], str(repeats))
        if most := given.get("rptn"):
            text = ngettext(
                "{how}: after the first time at most {n} time more.",
                "{how}: after the first time at most {n} times more.",
                most,
            )
            found.append(text.format(how=how, n=most))
        else:
            found.append(_("{how}, until somebody ends it.").format(how=how))
    if given.get("period"):
        text = _("Spread over {hours} h: a group of people every {minutes} min.")
        found.append(text.format(hours=given["period"], minutes=given["freq"]))
    return found


def clock(spec: Spec) -> str:
    """By whose clock hours of the day are meant."""
    if "tz" not in spec.options:
        return _("by the clock of the account at SMS Centre, which is not known here.")
    offset = MOSCOW_OFFSET + float(spec.options["tz"])
    return _("by the clock of UTC{offset}").format(offset=f"{offset:+g}")


def fallback(spec: Spec) -> Fallback | None:
    """None if no SMS is tried after a failure."""
    if not spec.options.get("fl[5]"):
        return None
    return Fallback(str(spec.options.get("mes2", "")), str(spec.options.get("sender2", "")))


def voice(spec: Spec, text: str) -> str:
    """Who reads a call aloud, and for how long; "" if nobody does."""
    if spec.channel is not Channel.VOICE or not text:
        return ""
    said = _("Read aloud: {voice}, about {n} s.")
    named = bubble.voice_named(str(spec.options.get("voice", "")))
    return said.format(voice=named, n=bubble.seconds_of(text))


def changes(spec: Spec, text: str) -> list[str]:
    """What happens to a text on the way; see `bubble.changes`."""
    given = spec.options
    found = bubble.changes(
        text, spec.channel, translit=given.get("translit", 0), short_links=bool(given.get("tinyurl"))
    )
    return list(found)
