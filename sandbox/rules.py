"""Checks of an add or a price request: error 1 or 5 for what is outside the ranges of the provider's page.

Where the page gives no range, only what makes no sense is refused (docs/sandbox.md).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox import texts, times
from sandbox.forms import File, Form

CHANNELS = ("hlr", "ping", "mms", "mail", "soc", "viber", "whatsapp", "tg", "bot", "call")
FLAGS = ("tinyurl", "flash", "push", "nl", "fl[5]", *(name for name in CHANNELS if name != "bot"))
CHOICES = {"translit": "012", "bin": "012", "rpt": "01234567", "cost": "01", "fmt": "0123"}
CHOICES |= dict.fromkeys(FLAGS, "01")
_OTHERS = (
    "login psw apikey name phones mes sender sender2 time rptn tz period freq bot smsreq fileurl mes2 "
    "voice param subj charset list tpl valid add del cancel get get_all id start end cur get_group "
    "get_messages phone email format cnt prev_id all"
)
KNOWN = frozenset(CHOICES) | frozenset(_OTHERS.split())
MMS_FILES = frozenset({"txt", "jpg", "jpeg", "gif", "png", "wav", "amr", "mp3", "mid", "mp4", "3gp"})
WITH_FILES = frozenset({"mms", "mail", "call"})
WITHOUT_TEXT = frozenset({"hlr", "ping"})
LONGEST_TEXT = 1000
TAIL = "\n~~~\n"

_NUMBERS = re.compile(r"\s*(?:\+?\d{7,15}\s*[,;\n]\s*)*(?:\+?\d{7,15}\s*)?", re.ASCII)
_NUMBER = re.compile(r"\+?\d{7,15}", re.ASCII)
_GROUP = re.compile(r"G(\d+)", re.ASCII)
_ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")
_NICKNAME = re.compile(r"(?:#-?\d+|@?[A-Za-z]\w{2,40})", re.ASCII)
_PUNCTUATION = re.compile(r"[ ()\-]")
_SENDER = re.compile(r"[ -~]{1,11}|\d{1,15}", re.ASCII)
_BOT = re.compile(r"@\w+_bot", re.ASCII)
_VOICE = re.compile(r"(?:m|m2|m3|m4|w|w2|w3|w4)(?:,[a-z]{2})?", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d)", re.ASCII)
_URL = re.compile(r"https?://[^\s/]+\S*")
_PID_DCS = re.compile(r"pid: \d+, dcs: \d+", re.ASCII)
_LIST_LINE = re.compile(r"(?:([^|:;]*)\|)?([^:;|]+)[:;](.*)", re.DOTALL)


class RefusedError(Exception):
    """One of the provider's errors. The reason never contains phone numbers or texts."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Wanted:
    """What is stored of an accepted add. `due_at`: seconds since 1970. `zone`: hours from Moscow.

    `stretch`, `step`: see `Job`.
    """

    name: str
    channel: str
    recipients: int
    paid_parts: int
    time: str
    due_at: float
    zone: float
    rpt: int
    rptn: int | None
    stretch: float
    step: float


@dataclass(frozen=True)
class Surroundings:
    """What an add can refer to. `groups`: group id to how many numbers. `templates`: id to text."""

    now: float
    zone: float
    groups: Mapping[int, int]
    templates: Mapping[int, str]


def wrong(name: str) -> RefusedError:
    return RefusedError(1, f"wrong parameters: {name}")


def check_add(form: Form, around: Surroundings, *, named: bool = True) -> Wanted:
    """Check an add; RefusedError with code 1 or 5. `named`: False for a price request, which needs no name.

    UndecodableError for a text that is not in the request's charset.
    """
    _check_choices(form)
    given = form.texts
    if named and not form.get("name").strip():
        raise wrong("name")
    channel = _channel(form)
    zone = _zone(form, around.zone)
    time = form.get("time")
    _check_files(channel, form.files)
    _check_ranges(form, channel)
    if given.get("list"):
        recipients, paid = _from_list(form, channel, around)
    else:
        recipients = _count(form.get("phones"), channel, around.groups, "phones")
        paid = recipients * _parts(form, channel, around)
    stretch, step = _stretch(form)
    rpt, rptn = int(form.get("rpt") or 0), form.get("rptn")
    return Wanted(
        name=form.get("name"),
        channel=channel,
        recipients=recipients,
        paid_parts=paid,
        time=time,
        due_at=_due(time, around.now, zone),
        zone=zone,
        rpt=rpt,
        rptn=int(rptn) if rptn and int(rptn) else None,
        stretch=stretch,
        step=step,
    )


def _due(time: str, now: float, zone: float) -> float:
    try:
        return times.due(time, now, zone)
    except times.BadTimeError:
        raise RefusedError(5, "wrong date format: time") from None


def _check_choices(form: Form) -> None:
    given = form.texts
    for name, allowed in CHOICES.items():
        value = given.get(name, "")
        if value and (len(value) != 1 or value not in allowed):
            raise wrong(name)


def _channel(form: Form) -> str:
    chosen = [name for name in CHANNELS if form.get(name) not in ("", "0")]
    if len(chosen) > 1:
        raise wrong(" and ".join(chosen))
    if "bot" in chosen and not _BOT.fullmatch(form.get("bot")):
        raise wrong("bot")
    return chosen[0] if chosen else "sms"


def _zone(form: Form, account: float) -> float:
    text = form.get("tz")
    return account if text == "" else _number(text, "tz", -15, 11)


def _number(text: str, name: str, least: float, most: float) -> float:
    if not re.fullmatch(r"[+-]?\d{1,9}(\.\d{1,9})?", text, re.ASCII) or not least <= float(text) <= most:
        raise wrong(name)
    return float(text)


def _whole(text: str, name: str, least: int, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise wrong(name)
    return int(text)


def _check_files(channel: str, files: tuple[File, ...]) -> None:
    if files and channel not in WITH_FILES:
        raise wrong("files")
    if channel == "mms" and any(file.name.rpartition(".")[2].lower() not in MMS_FILES for file in files):
        raise wrong("files")


def _check_ranges(form: Form, channel: str) -> None:
    for name, check in _RANGES.items():
        value = form.get(name)
        if value and not check(value):
            raise wrong(name)
    sender = form.get("sender")
    if channel == "mail":
        if not _ADDRESS.fullmatch(sender):
            raise wrong("sender")
        if not form.get("subj"):
            raise wrong("subj")
    elif channel == "sms" and sender and not _SENDER.fullmatch(sender):
        raise wrong("sender")


def _is_valid(text: str) -> bool:
    if match := _CLOCK.fullmatch(text):
        hours, minutes = int(match[1]), int(match[2])
        return minutes < 60 and 1 <= hours * 60 + minutes <= 24 * 60
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 24


def _is_whole(least: int, most: int) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdigit() and least <= int(text) <= most


_RANGES: dict[str, Callable[[str], bool]] = {
    "smsreq": _is_whole(10, 999),
    "rptn": _is_whole(0, 1_000_000),
    "valid": _is_valid,
    "voice": lambda text: bool(_VOICE.fullmatch(text)),
    "fileurl": lambda text: bool(_URL.fullmatch(text)),
    "sender2": lambda text: bool(_SENDER.fullmatch(text)),
    "mes2": lambda text: len(text) <= LONGEST_TEXT,
}


def _stretch(form: Form) -> tuple[float, float]:
    """`period` and `freq` in seconds; (0, 0) without them."""
    period, freq = form.get("period"), form.get("freq")
    if not period:
        return 0.0, 0.0
    if not freq:
        raise wrong("freq")
    return _number(period, "period", 0.1, 720) * 3600, _number(freq, "freq", 1, 1440) * 60


def _parts(form: Form, channel: str, around: Surroundings) -> int:
    """Check the text; how many parts are paid for each recipient."""
    mes, template = form.get("mes"), form.get("tpl")
    if template:
        number = _whole(template, "tpl", 1, 10**9)
        if mes or number not in around.templates:
            raise wrong("mes" if mes else "tpl")
        mes = around.templates[number]
    if form.get("bin") in ("1", "2"):
        return _binary_parts(mes, form.get("bin"))
    if not mes and not _may_be_empty(form, channel):
        raise wrong("mes")
    if len(mes) > LONGEST_TEXT:
        raise wrong("mes")
    if form.get("push") == "1" and not re.fullmatch(r"\S+\n.+", mes, re.DOTALL):
        raise wrong("mes")
    return _text_parts(mes, channel, form.get("translit"))


def _may_be_empty(form: Form, channel: str) -> bool:
    if channel in WITHOUT_TEXT:
        return True
    attached = bool(form.files or form.get("fileurl"))
    return (channel == "mms" and bool(attached or form.get("subj"))) or (channel == "call" and attached)


def _text_parts(text: str, channel: str, translit: str) -> int:
    return texts.parts(texts.transliterate(text, int(translit or 0))) if channel == "sms" else 1


def _binary_parts(mes: str, kind: str) -> int:
    text = bytes.fromhex(mes).decode("latin-1") if kind == "1" else mes
    body, tail, rest = text.partition(TAIL)
    if tail and not _PID_DCS.fullmatch(rest):
        raise wrong("mes")
    if kind == "2" and not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", body):
        raise wrong("mes")
    content = body.encode("latin-1") if kind == "1" else bytes.fromhex(body)
    if not content or content[0] + 1 > len(content):
        raise wrong("mes")
    return texts.byte_parts(len(content))


def _count(phones: str, channel: str, groups: Mapping[int, int], name: str) -> int:
    """How many recipients `phones` has. Plain numbers are counted in one pass, for a million of them."""
    if channel != "mail" and _NUMBERS.fullmatch(phones):
        count = len(re.findall(r"\d+", phones))
    else:
        items = [item.strip() for item in re.split(r"[,;\n]", phones)]
        count = sum(_recipients(item, channel, groups, name) for item in items if item)
    if not count:
        raise wrong(name)
    return count


def _recipients(item: str, channel: str, groups: Mapping[int, int], name: str) -> int:
    if group := _GROUP.fullmatch(item):
        if int(group[1]) not in groups:
            raise wrong(name)
        return groups[int(group[1])]
    if channel == "mail":
        known = _ADDRESS.fullmatch(item)
    elif channel in ("tg", "bot", "soc") and _NICKNAME.fullmatch(item):
        return 1
    else:
        known = _NUMBER.fullmatch(_PUNCTUATION.sub("", item))
    if not known:
        raise wrong(name)
    return 1


def _from_list(form: Form, channel: str, around: Surroundings) -> tuple[int, int]:
    """Recipients and paid parts of a `list`, whose lines are `sender[,tz]|phones:mes`."""
    if form.get("phones") or form.get("mes"):
        raise wrong("list")
    recipients = paid = 0
    for line in _list_lines(form.get("list"), form.get("nl") == "1"):
        match = _LIST_LINE.fullmatch(line)
        if not match or not match[3]:
            raise wrong("list")
        _check_prefix(match[1], form.get("time"))
        text = match[3].replace("\\n", "\n")
        if len(text) > LONGEST_TEXT:
            raise wrong("list")
        count = _count(match[2], channel, around.groups, "list")
        recipients += count
        paid += count * _text_parts(text, channel, form.get("translit"))
    if not recipients:
        raise wrong("list")
    return recipients, paid


def list_entries(text: str, multiline: bool) -> list[tuple[str, str]]:
    """The entries of an accepted list, as pairs of numbers and text."""
    entries = (_LIST_LINE.fullmatch(line) for line in _list_lines(text, multiline))
    return [(entry[2], entry[3].replace("\\n", "\n")) for entry in entries if entry]


def _list_lines(text: str, multiline: bool) -> list[str]:
    """The entries of a list. With nl=1, a line that cannot begin an entry continues the text before it."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if multiline and lines and not _LIST_LINE.fullmatch(line):
            lines[-1] += "\n" + line
        elif line.strip():
            lines.append(line)
    return lines


def _check_prefix(prefix: str | None, time: str) -> None:
    if prefix is None:
        return
    sender, comma, zone = prefix.partition(",")
    if sender and not _SENDER.fullmatch(sender):
        raise wrong("list")
    if comma:
        _number(zone, "list", -15, 11)
        if not times.is_dated(time):
            raise wrong("list")
