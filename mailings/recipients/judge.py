"""Judges entries for a channel: numbers, e-mail addresses, Telegram names and the provider's groups."""

import re
from collections.abc import Callable

from mailings.recipients import emails, telegram
from mailings.recipients.numbers import EXTENSION, Judged, Numbers
from mailings.recipients.reasons import Verdict
from mailings.smsc.spec.addresses import Kind, kinds_for
from mailings.smsc.spec.vocabulary import Channel

_GROUP = re.compile(r"\s*[Gg]([0-9]{1,12})\s*")

# Between two entries of a line, unless it stands within quotation marks or before an extension.
_BETWEEN = re.compile(rf"""[,;\t](?!\s*{EXTENSION})(?=(?:[^"]*"[^"]*")*[^"]*$)""", re.IGNORECASE)


class Judge:
    """Judges cells for a channel (None: any kind of recipient is valid) and an account's country."""

    def __init__(self, channel: Channel | None, country: str) -> None:
        self.kinds = kinds_for(channel)
        self._numbers = Numbers(country)
        self.quick: Callable[[str], str | None] = (
            self._numbers.valid if Kind.NUMBER in self.kinds else emails.normal
        )
        """Gives the form in which a plain entry is sent; None: ask `entries`."""

    def entries(self, text: str) -> tuple[Judged, ...]:
        """The entries of a cell: several only if all are valid, else one."""
        group = _GROUP.fullmatch(text)
        if group is not None:
            return (Judged(Verdict.VALID, text, f"G{group[1]}", None),)
        if Kind.EMAIL in self.kinds and (Kind.NUMBER not in self.kinds or "@" in text[1:]):
            return emails.judge(text)
        if Kind.NICKNAME not in self.kinds:
            return self._numbers.judge(text)
        found = self._numbers.judge(text)
        if found[0].verdict is Verdict.WRONG and not _numeric(text):
            return (telegram.judge(text),)
        return found

    def valid(self, text: str) -> bool:
        """Whether a cell has valid recipients and nothing else. A bare word is no Telegram name here."""
        if Kind.NICKNAME in self.kinds and not _numeric(text) and not telegram.plainly(text.strip()):
            return False
        return all(entry.verdict is Verdict.VALID for entry in self.entries(text))


def person(recipient: str) -> str:
    """A text that is equal for two recipients (in the form in which they are sent) who are one person."""
    return recipient if recipient[0] == "+" and recipient[1:].isdecimal() else recipient.casefold()


def _numeric(text: str) -> bool:
    return text.lstrip(" '=\"+(")[:1].isdecimal()


def split(line: str) -> list[str]:
    """The parts of a line between commas, semicolons and tabs."""
    return [piece for piece in _BETWEEN.split(line) if piece.strip()]


def pieces(line: str, judge: Judge) -> tuple[Judged, ...]:
    """The entries of a line of a list, each judged by itself; or of the whole line if all are wrong."""
    found = [entry for piece in split(line) for entry in judge.entries(piece)]
    if any(entry.verdict is not Verdict.WRONG for entry in found):
        return tuple(found)
    return judge.entries(line)
