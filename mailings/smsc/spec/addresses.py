"""Recipients: what a person pastes -> clean entries in order, doubles removed, wrong ones with their line.

Source: the provider's line on `phones`. Numbers with + (sent exactly so) or without (the provider may
correct them), groups as `G<number>`, addresses for e-mail, nicknames and `#ID` for Telegram; separated
by commas, semicolons or line ends. The page gives no form for a number beyond "international format", so this
is no stricter than 7 to 15 digits: it says what can be sent. Who is meant, and whether there is such a
number, is said before by `mailings.recipients`, which every entry asks and whose forms pass here as they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailings.smsc.spec.catalogue import Channel
from mailings.smsc.spec.problems import N_, Problem


class Kind(StrEnum):
    """What a recipient is."""

    NUMBER = "number"
    GROUP = "group"
    EMAIL = "email"
    NICKNAME = "nickname"
    TELEGRAM_ID = "telegram_id"


TO_PHONES = frozenset({Kind.NUMBER, Kind.GROUP})
TO_MAIL = frozenset({Kind.EMAIL, Kind.GROUP})
TO_TELEGRAM = TO_PHONES | {Kind.NICKNAME, Kind.TELEGRAM_ID}

# How many wrong entries are named one by one; the rest are only counted.
SHOWN = 10

# A phone number without blanks and punctuation.
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{7,15}")

_GROUP = re.compile(r"[Gg]([0-9]{1,12})")
_WORD = r"[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\|/]"
_LABEL = r"[^\s\x00-\x20\x7f@\"(),:;<>\[\]\\|/.]"
# The last label is a word or punycode (xn--p1ai), never a number.
_EMAIL = re.compile(rf"(?:{_WORD}|/){{1,64}}@(?:{_LABEL}+\.)+(?![0-9]){_LABEL}{{2,}}")
_NICKNAME = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{3,31}")
_TELEGRAM_ID = re.compile(r"#-?[0-9]{1,20}")
_SEPARATOR = re.compile(r"[,;]")
# Characters that people write inside numbers, and invisible marks that address books put around them.
_FILLING = re.compile(
    r"[ \u00a0\u2009\u202f()./\-\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_NUMBER_LIKE = re.compile(r"\+?[0-9]+")


@dataclass(frozen=True)
class WrongAddress:
    """An entry that cannot be a recipient. `line` counts from 1, `position` too, among all entries."""

    line: int
    position: int
    entry: str

    def __repr__(self) -> str:
        return f"WrongAddress(line={self.line}, position={self.position})"


@dataclass(frozen=True)
class Recipients:
    """`valid`: cleaned, in order, each once. `duplicates`: how many entries repeat an earlier one."""

    valid: tuple[str, ...]
    duplicates: int
    wrong: tuple[WrongAddress, ...]

    @property
    def groups(self) -> int:
        """How many of the valid are groups, whose size only the provider knows."""
        return sum(map(is_group, self.valid))

    def __repr__(self) -> str:
        return f"Recipients({len(self.valid)} valid, {self.duplicates} duplicates, {len(self.wrong)} wrong)"


def kinds_for(channel: Channel | None) -> frozenset[Kind]:
    """The kinds of recipients that `channel` takes; all of them for None (channel not known)."""
    if channel is None:
        return frozenset(Kind)
    if channel is Channel.MAIL:
        return TO_MAIL
    if channel in (Channel.TELEGRAM, Channel.BOT):
        return TO_TELEGRAM
    return TO_PHONES


def is_group(entry: str) -> bool:
    """Whether a cleaned entry is a group. A nickname that looks like one was read as a group."""
    return entry[:1] == "G" and entry[1:].isdigit()


def is_email(text: str) -> bool:
    """Whether `text` has the shape of a bare e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def clean(entry: str, kinds: frozenset[Kind]) -> str | None:
    """One recipient in the form that is sent; None if it is of none of `kinds`."""
    entry = entry.strip().strip("\ufeff\u200b")
    if Kind.GROUP in kinds and (group := _GROUP.fullmatch(entry)):
        return f"G{group[1]}"
    if Kind.NUMBER in kinds:
        number = _FILLING.sub("", entry)
        if NUMBER.fullmatch(number):
            return number
    if Kind.EMAIL in kinds and _EMAIL.fullmatch(entry):
        return entry
    if Kind.TELEGRAM_ID in kinds and _TELEGRAM_ID.fullmatch(entry):
        return entry
    if Kind.NICKNAME in kinds and _NICKNAME.fullmatch(entry):
        return entry
    return None


def looks_like_number(text: str) -> bool:
    """Whether `text` was meant as a phone number: at least five characters, all of them usual in numbers."""
    bare = _FILLING.sub("", text.strip())
    return _NUMBER_LIKE.fullmatch(bare) is not None and len(bare) >= 5


def read(value: str | Iterable[Any], kinds: frozenset[Kind]) -> Recipients:
    """The recipients in a pasted text, or in a sequence of entries (each counts as one line).

    A number with and without + is one recipient; so are addresses and nicknames that differ in case only.
    """
    valid: dict[str, str] = {}
    wrong: list[WrongAddress] = []
    position = 0
    numbers = Kind.NUMBER in kinds
    for line, entry in _entries(value):
        if numbers and NUMBER.fullmatch(entry):  # fast path for nearly all entries of a long list
            position += 1
            valid.setdefault(entry[1:] if entry[0] == "+" else entry, entry)
        elif entry.strip():
            position += 1
            cleaned = clean(entry, kinds)
            if cleaned is None:
                wrong.append(WrongAddress(line, position, entry.strip()))
            else:
                valid.setdefault(_key(cleaned), cleaned)
    return Recipients(tuple(valid.values()), position - len(wrong) - len(valid), tuple(wrong))


def _key(cleaned: str) -> str:
    """A key that is equal for two entries that mean the same recipient."""
    if cleaned[0] in "+@" and "@" not in cleaned[1:]:
        cleaned = cleaned[1:]
    return cleaned.casefold()


def _entries(value: str | Iterable[Any]) -> Iterator[tuple[int, str]]:
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n") if isinstance(value, str) else value
    for number, line in enumerate(lines, 1):
        text = line if isinstance(line, str) else _text(line)
        if "," in text or ";" in text or "\n" in text:
            for entry in _SEPARATOR.split(text.replace("\n", ",")):
                yield number, entry
        else:
            yield number, text


def _text(value: Any) -> str:
    """An item of a JSON list that is no text: None is blank, a whole number is read, others are wrong."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else "?"


def problems(wrong: Sequence[WrongAddress], channel: Channel | None, field: str = "phones") -> list[Problem]:
    """The wrong entries as problems: one for each of the first ten, and one that counts the rest."""
    template = _template(channel)
    found = [
        Problem(
            (field,),
            "recipient_wrong",
            template,
            {"line": one.line, "position": one.position, "entry": shorten(one.entry)},
        )
        for one in wrong[:SHOWN]
    ]
    if len(wrong) > SHOWN:
        found.append(
            Problem(
                (field,),
                "recipients_wrong_more",
                N_("And %(count)s more recipients are wrong."),
                {"count": len(wrong) - SHOWN},
            )
        )
    return found


def _template(channel: Channel | None) -> str:
    if channel is Channel.MAIL:
        return N_("Line %(line)s: “%(entry)s” is no e-mail address. Correct it or take it out.")
    if channel in (Channel.TELEGRAM, Channel.BOT):
        return N_(
            "Line %(line)s: “%(entry)s” is no number, nickname or # and an ID. Correct it or take it out."
        )
    return N_("Line %(line)s: “%(entry)s” is no phone number. Correct it or take it out.")


def shorten(text: str) -> str:
    """At most 40 characters, for a message; unprintable characters become question marks."""
    text = text if len(text) <= 40 else text[:39] + "…"
    return "".join(char if char.isprintable() else "?" for char in text)
