"""Who an entry means, for a channel: numbers, addresses, Telegram names and the provider's groups."""

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
    """Judges cells for a channel (None: not known which, so any kind will do) and an account's country."""

    def __init__(self, channel: Channel | None, country: str) -> None:
        self.kinds = kinds_for(channel)
        self._numbers = Numbers(country)
        self.quick: Callable[[str], str | None] = (
            self._numbers.valid if Kind.NUMBER in self.kinds else emails.normal
        )
        """The sent form of a plain entry, or None where `entries` must look closer."""

    def entries(self, text: str) -> tuple[Judged, ...]:
        """What a cell comes to: one entry, or several that are all valid."""
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
        """Whether a cell says plainly who is meant, and nothing else; a bare word never does."""
        if Kind.NICKNAME in self.kinds and not _numeric(text) and not telegram.plainly(text.strip()):
            return False
        return all(entry.verdict is Verdict.VALID for entry in self.entries(text))


def person(recipient: str) -> str:
    """Equal for two recipients in their sent form that reach one person."""
    return recipient if recipient[0] == "+" and recipient[1:].isdecimal() else recipient.casefold()


def _numeric(text: str) -> bool:
    return text.lstrip(" '=\"+(")[:1].isdecimal()


def split(line: str) -> list[str]:
    """What stands between the commas and semicolons of a line."""
    return [piece for piece in _BETWEEN.split(line) if piece.strip()]


def pieces(line: str, judge: Judge) -> tuple[Judged, ...]:
    """The entries of a line of a list, each judged by itself; the line as one where none of them is valid."""
    found = [entry for piece in split(line) for entry in judge.entries(piece)]
    if any(entry.verdict is not Verdict.WRONG for entry in found):
        return tuple(found)
    return judge.entries(line)
