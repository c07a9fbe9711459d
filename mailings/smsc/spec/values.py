"""One reader for each type of option, from what a form or a JSON file gives to the value that a spec keeps.

Values come as text, numbers or booleans. A reader raises Refusal and does not know the other options. A check
that depends on a second option (must this sender be an address?) is a `check_*` here, called from `rules`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from mailings.smsc.spec import texts, times
from mailings.smsc.spec.addresses import is_email
from mailings.smsc.spec.catalogue import Option, Type
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.problems import N_, Refusal

_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,12}(?:[.,][0-9]{0,12})?|[.,][0-9]{1,12})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SENDER_NAME = re.compile(r"[ -~]{1,11}")
_SENDER_DIGITS = re.compile(r"[0-9]{1,15}")
_BOT = re.compile(r"@[A-Za-z][A-Za-z0-9_]*_bot", re.IGNORECASE)
_VOICE = re.compile(r"(?P<voice>[mw][2-4]?)(?:\s*,\s*(?P<language>[A-Za-z]{2}))?")
_PARAM = re.compile(r"([0-9]{1,6})\s*,\s*([0-9]{1,6})\s*,\s*([0-9]{1,6})")
_HOURS = re.compile(r"[0-9]{1,2}")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")

# The ranges of `w`, `i` and `n` in `param`. Outside of them the provider takes another value by itself.
PARAM_RANGES = ((10, 35), (10, 3600), (1, 9))


def is_blank(value: Any) -> bool:
    """Whether an option counts as not given."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (list, tuple)) and all(is_blank(item) for item in value))


def read(option: Option, value: Any) -> Any:
    """The value of `option` as a spec keeps it (text, int or float); raises Refusal."""
    return READERS[option.type](option, value)


def as_text(value: Any) -> str:
    """A text as it is, a whole number as text; raises Refusal for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    raise Refusal("not_text", N_("A text is expected here."))


def _number(value: Any) -> str:
    """A number as text, without blanks and with a plain minus; "" for values of other types.

    A boolean is not a number here: only a flag takes one.
    """
    if isinstance(value, str):
        return value.strip().replace("\u2212", "-")
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.12f}".rstrip("0")
    return str(int(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _choice(option: Option, value: Any) -> int:
    text = str(int(value)) if option.type is Type.FLAG and isinstance(value, bool) else _number(value)
    values = [choice.value for choice in option.choices]
    if text not in values:
        raise Refusal("not_a_choice", N_("Choose one of these: %(values)s."), values=", ".join(values))
    return int(text)


def _integer(option: Option, value: Any) -> int:
    text = _number(value)
    if not _WHOLE.fullmatch(text):
        raise _out_of_range(option, whole=True)
    number = int(text)
    if not _within(option, number):
        raise _out_of_range(option, whole=True)
    return number


def _decimal(option: Option, value: Any) -> int | float:
    text = _number(value)
    if not _DECIMAL.fullmatch(text):
        raise _out_of_range(option, whole=False)
    number = float(text.replace(",", "."))
    if not _within(option, number):
        raise _out_of_range(option, whole=False)
    return int(number) if number.is_integer() else number


def _within(option: Option, number: float) -> bool:
    low, high = option.minimum, option.maximum
    return (low is None or number >= low) and (high is None or number <= high)


def _out_of_range(option: Option, *, whole: bool) -> Refusal:
    template = (
        N_("Give a whole number from %(minimum)s to %(maximum)s.")
        if whole
        else N_("Give a number from %(minimum)s to %(maximum)s.")
    )
    return Refusal("out_of_range", template, minimum=option.minimum, maximum=option.maximum)


def _zone(option: Option, value: Any) -> int | float:
    number = _decimal(option, value)
    if number * 4 % 1:
        raise Refusal(
            "zone_step", N_("A time zone is given in hours from Moscow, in steps of a quarter: 2, -1 or 2.5.")
        )
    return number


def _line(option: Option, value: Any) -> str:
    text = as_text(value).strip()
    if _CONTROL.search(text):
        raise Refusal("not_one_line", N_("This must be one line without control characters."))
    if option.maximum is not None and option.type is Type.LINE and len(text) > option.maximum:
        raise Refusal(
            "line_too_long", N_("At most %(maximum)s characters, please."), maximum=int(option.maximum)
        )
    return text


def _text(_option: Option, value: Any) -> str:
    return texts.clean(as_text(value))


def _list(option: Option, value: Any) -> str | Lines:
    """A text, or its lines, each of which is cleaned when it is read."""
    return value if isinstance(value, Lines) else _text(option, value)


def _time(_option: Option, value: Any) -> str:
    return times.parse(as_text(value)).text


def _bot(option: Option, value: Any) -> str:
    text = _line(option, value)
    if not _BOT.fullmatch(text):
        raise Refusal("bot_name", N_("The name of a bot looks like @botname_bot."))
    return text


def _url(option: Option, value: Any) -> str:
    text = _line(option, value)
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or re.search(r"\s", text):
        raise Refusal("url", N_("Give the full address of the file, beginning with http:// or https://."))
    return text


def _voice(_option: Option, value: Any) -> str:
    match = _VOICE.fullmatch(as_text(value).strip().lower())
    if match is None:
        raise Refusal(
            "voice",
            N_("Choose a voice of m, m2, m3, m4, w, w2, w3, w4; a language may follow, such as “w,fr”."),
        )
    return f"{match['voice']},{match['language']}" if match["language"] else match["voice"]


def _param(_option: Option, value: Any) -> str:
    match = _PARAM.fullmatch(as_text(value).strip())
    numbers = [int(number) for number in match.groups()] if match else []
    if not match or any(
        not low <= number <= high for number, (low, high) in zip(numbers, PARAM_RANGES, strict=True)
    ):
        raise Refusal(
            "param",
            N_(
                "Give three whole numbers by commas: seconds to ring from 10 to 35, seconds until the next "
                "try from 10 to 3600, tries from 1 to 9. For example 25,60,3."
            ),
        )
    return ",".join(map(str, numbers))


def _valid(_option: Option, value: Any) -> str:
    text = as_text(value).strip()
    if _HOURS.fullmatch(text) and 1 <= int(text) <= 24:
        return str(int(text))
    match = _CLOCK.fullmatch(text)
    if match and int(match[2]) < 60 and 1 <= int(match[1]) * 60 + int(match[2]) <= 24 * 60:
        return f"{int(match[1]):02d}:{match[2]}"
    raise Refusal("valid", N_("Give whole hours from 1 to 24, or hours and minutes from 00:01 to 24:00."))


READERS: Mapping[Type, Callable[[Option, Any], Any]] = {
    Type.FLAG: _choice,
    Type.CHOICE: _choice,
    Type.INTEGER: _integer,
    Type.NUMBER: _decimal,
    Type.ZONE: _zone,
    Type.LINE: _line,
    Type.TEXT: _text,
    Type.LIST: _list,
    Type.TIME: _time,
    Type.SENDER: _line,
    Type.BOT: _bot,
    Type.URL: _url,
    Type.VOICE: _voice,
    Type.PARAM: _param,
    Type.VALID: _valid,
}


def check_sender(text: str, *, mail: bool) -> None:
    """Refuses a sender that is not an address (e-mail), or over 11 characters or 15 digits (all others)."""
    if mail:
        if not is_email(text):
            raise Refusal(
                "sender_address", N_("The sender of an e-mail is an address, such as shop@example.com.")
            )
    elif not (_SENDER_NAME.fullmatch(text) or _SENDER_DIGITS.fullmatch(text)):
        raise Refusal(
            "sender_name",
            N_("A sender has up to 11 Latin letters, digits, spaces and signs, or up to 15 digits."),
        )
