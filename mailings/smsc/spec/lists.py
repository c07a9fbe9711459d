"""Personal messages: the `list` option, read line by line.

Source: the provider's line on `list`. A line is `phones:mes` or `phones;mes`, several numbers by
commas, perhaps with `sender|` or `sender,tz|` in front; `\\n` inside a text stands for a line end. With
`nl` a text may have several lines. How the provider finds its end is not published. Here a line that begins
with recipients and a separator starts the next message; any other line belongs to the text above it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from mailings.smsc.spec import addresses, values
from mailings.smsc.spec.addresses import Kind, is_group
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.problems import N_, Problem, Refusal
from mailings.smsc.spec.texts import MAX_CHARACTERS, clean

_DIGITS_FIRST = re.compile(r"\s*\+?[0-9]{5}")
LF, ESCAPED = "\n", "\\n"
_LINE = re.compile(r"(?:(?P<prefix>[^|:;]*)\|)?(?P<phones>[^|:;]*)(?P<mark>[:;])(?P<text>.*)", re.DOTALL)


class Entry(NamedTuple):
    """One message of a list. `line` counts from 1; `text`: as the person gets it; `zone`: hours from Moscow.

    `source`: the message as it is kept and sent, its recipients cleaned.
    """

    line: int
    sender: str | None
    zone: int | float | None
    phones: tuple[str, ...]
    text: str
    source: str

    def __repr__(self) -> str:
        return f"Entry(line={self.line})"


@dataclass(frozen=True)
class Scan:
    """A list that was read. `text`: cleaned, as it is kept and sent. `zones`: those of its messages, None for
    one without. `senders`: whether every message has one. `problems`: the first ten, and one that counts the
    rest."""

    text: str | Lines
    messages: int
    numbers: int
    groups: int
    zones: frozenset[int | float | None]
    senders: bool
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        return f"Scan({self.messages} messages, {len(self.problems)} problems)"


def entries(
    text: str | Lines, *, nl: bool, kinds: frozenset[Kind], read: Callable[[str], str] | None = None
) -> Iterator[Entry | Problem]:
    """The messages of `text` in order, with a problem in place of each that cannot be read.

    `read` turns a recipient as typed into the form that is sent (or several, joined by commas); it raises
    Refusal. Without it the entry must have the shape of one of `kinds`.
    """
    for number, chunk in _messages(text, kinds, nl=nl):
        if chunk.strip():
            try:
                whole = clean(chunk) if isinstance(text, Lines) else chunk
                yield _entry(number, whole, kinds, read, escaped=not nl)
            except Refusal as refusal:
                yield _at_line(number, refusal)


def _messages(text: str | Lines, kinds: frozenset[Kind], *, nl: bool) -> Iterator[tuple[int, str]]:
    """Each message, or blank line, with the number of its first line."""
    if isinstance(text, Lines):
        return iter(enumerate(text, 1))
    return _chunks(text, kinds) if nl else iter(enumerate(text.split("\n"), 1))


def scan(
    text: str | Lines,
    *,
    nl: bool,
    kinds: frozenset[Kind],
    mail: bool = False,
    check_text: Callable[[str], object] | None = None,
) -> Scan:
    """Reads the whole list once. `check_text` raises Refusal for a text that the channel does not take."""
    kept: list[str] = []
    found: list[Problem] = []
    messages = numbers = groups = 0
    zones: set[int | float | None] = set()
    senders = True
    for entry in entries(text, nl=nl, kinds=kinds):
        if isinstance(entry, Entry):
            trouble = _trouble(entry, mail, check_text)
            messages += 1
            kept += [entry.source] if isinstance(text, str) else []
            in_groups = sum(map(is_group, entry.phones))
            groups += in_groups
            numbers += len(entry.phones) - in_groups
            zones.add(entry.zone)
            senders = senders and entry.sender is not None
        else:
            trouble = entry
        if trouble is not None:
            found.append(trouble)
    if not messages and not found:
        found.append(Problem(("list",), "list_empty", N_("The list has no message.")))
    return Scan(
        "\n".join(kept) if isinstance(text, str) else text,
        messages,
        numbers,
        groups,
        frozenset(zones),
        senders and messages > 0,
        tuple(first_of(found)),
    )


def _trouble(entry: Entry, mail: bool, check_text: Callable[[str], object] | None) -> Problem | None:
    try:
        if entry.sender is not None:
            values.check_sender(entry.sender, mail=mail)
        if check_text is not None:
            check_text(entry.text)
    except Refusal as refusal:
        return _at_line(entry.line, refusal)
    return None


def _at_line(line: int, refusal: Refusal) -> Problem:
    why = refusal.at("list")
    return Problem(("list",), why.code, N_("Line %(line)s: %(why)s"), {"line": line, "why": why})


def first_of(found: list[Problem]) -> Iterable[Problem]:
    """The first ten problems, and one more that counts the rest."""
    if len(found) <= addresses.SHOWN:
        return found
    more = Problem(
        ("list",),
        "list_more",
        N_("And %(count)s more lines are wrong."),
        {"count": len(found) - addresses.SHOWN},
    )
    return [*found[: addresses.SHOWN], more]


def _chunks(text: str, kinds: frozenset[Kind]) -> Iterator[tuple[int, str]]:
    """The messages of a list with `nl`: the number of its first line (from 1), and all its lines."""
    first, lines = 1, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if lines and not begins(line, kinds):
            lines.append(line)
        elif lines:
            yield first, "\n".join(lines)
            first, lines = number, [line]
        elif line.strip():
            first, lines = number, [line]
    if lines:
        yield first, "\n".join(lines).rstrip("\n")


def begins(line: str, kinds: frozenset[Kind] = frozenset(Kind)) -> bool:
    """Whether a line starts a message: a separator after recipients, or after what was meant as numbers.

    A nickname needs its @ here: "Hello: …" inside a text names nobody.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        return False
    certain = kinds - {Kind.NICKNAME}
    return all(
        addresses.clean(one, kinds if one.strip().startswith("@") else certain) is not None
        or addresses.looks_like_number(one)
        or _DIGITS_FIRST.match(one)
        for one in match["phones"].split(",")
    )


def _entry(
    number: int, chunk: str, kinds: frozenset[Kind], read: Callable[[str], str] | None, *, escaped: bool
) -> Entry:
    match = _LINE.fullmatch(chunk)
    if match is None:
        raise Refusal("list_line", N_("Write a number, a colon and the text: 79990000001:Hello."))
    prefix, phones, mark, text = match.groups()
    if not text.strip():
        raise Refusal("list_text", N_("The text after the number is missing."))
    if read is None and Kind.NUMBER in kinds and addresses.NUMBER.fullmatch(phones):
        read_phones: tuple[str, ...] = (phones,)
    else:
        read_one = read or partial(_shaped, kinds=kinds)
        read_phones = tuple(dict.fromkeys(",".join(map(read_one, phones.split(","))).split(",")))
    sender, zone = _prefix(prefix)
    said = text.replace(ESCAPED, LF) if escaped else text
    if len(said) > MAX_CHARACTERS:
        raise Refusal(
            "list_text_long",
            N_("The text has %(length)s characters; at most %(maximum)s can be sent. Shorten it."),
            length=len(said),
            maximum=MAX_CHARACTERS,
        )
    before = front(sender, zone)
    return Entry(number, sender, zone, read_phones, said, f"{before}{','.join(read_phones)}{mark}{text}")


def _shaped(text: str, kinds: frozenset[Kind]) -> str:
    phone = addresses.clean(text, kinds)
    if phone is None:
        raise Refusal(
            "list_phone",
            N_("“%(entry)s” is no recipient for this channel."),
            entry=addresses.shorten(text.strip()),
        )
    return phone


def _prefix(prefix: str | None) -> tuple[str | None, int | float | None]:
    """`sender` or `sender,tz`; either may be left out."""
    if prefix is None:
        return None, None
    sender, comma, zone = prefix.rpartition(",")
    if not comma:
        return prefix.strip() or None, None
    return sender.strip() or None, values.read(OPTIONS["tz"], zone)


def without(entry: Entry, addresses_left: Collection[str], *, nl: bool) -> str:
    """An entry's line without the addresses that are left out; "" if no recipient remains."""
    phones = [phone for phone in entry.phones if phone not in addresses_left]
    if len(phones) == len(entry.phones):
        return entry.source
    before = front(entry.sender, entry.zone)
    return line(before, ",".join(phones), entry.text, nl=nl) if phones else ""


def front(sender: str | None, zone: int | float | str | None) -> str:
    """What stands before the recipients of a line: `sender|` or `sender,tz|`; "" without either."""
    if not sender and zone is None:
        return ""
    return f"{sender or ''}{'' if zone is None else f',{zone}'}|"


def line(before: str, address: str, text: str, *, nl: bool) -> str:
    """One message as a line. `before`: its `front`. Without `nl` a line end in the text is sent as `\\n`."""
    return f"{before}{address}:{text if nl else text.replace(LF, ESCAPED)}"
