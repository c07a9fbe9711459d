"""The recipients of a paste and a file together, each person once."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from mailings.recipients import tables
from mailings.recipients.limits import Limits
from mailings.recipients.numbers import EXTENSION
from mailings.recipients.reader import Choices, Entry, Reading, Shape, key_of, read
from mailings.recipients.reasons import Reason, Said, Trouble, UnreadableFile, Verdict
from mailings.smsc.spec.addresses import SHOWN, is_group, shorten
from mailings.smsc.spec.problems import N_, Problem
from mailings.smsc.spec.vocabulary import Channel

# Between recipients of one line.
SEPARATOR = re.compile(rf"[,;\r\n]+(?!\s*{EXTENSION})", re.IGNORECASE)

# Delimiters that separate recipients in a paste without a heading: as columns they would hide wrong ones.
BETWEEN_ENTRIES = (",", ";")


@dataclass(frozen=True)
class LeftOut:
    """An entry that is left out as wrong or doubtful. `line`: from 1."""

    line: int
    entry: str
    reason: Reason

    def __repr__(self) -> str:
        return f"LeftOut(line={self.line})"


@dataclass(frozen=True)
class Gathered:
    """`valid`: as they are sent, in order; the first `pasted` of them are pasted, the others from the file.

    `stopped`: how many are on the stop list. `unreadable`: why nothing of the file counts, or its question.
    """

    valid: tuple[str, ...] = ()
    duplicates: int = 0
    stopped: int = 0
    wrong: tuple[LeftOut, ...] = ()
    wrong_in_file: tuple[LeftOut, ...] = ()
    unreadable: Said | None = None
    notes: tuple[Said, ...] = ()
    groups: int = 0
    pasted: int = 0

    def __repr__(self) -> str:
        return f"Gathered({len(self.valid)} valid, {self.wrong_count} wrong)"

    @property
    def wrong_count(self) -> int:
        return len(self.wrong) + len(self.wrong_in_file)

    @property
    def people(self) -> int:
        """Recipients that are no groups: how many people a group holds only the provider knows."""
        return len(self.valid) - self.groups


class _Sorted:
    """Sorts entries by their verdict, each person once."""

    def __init__(self) -> None:
        self.valid: dict[int, str] = {}
        self.duplicates = self.stopped = 0

    def add(self, entries: Iterator[Entry]) -> tuple[LeftOut, ...]:
        """Add entries; returns those that are left out as wrong or doubtful."""
        wrong = []
        for entry in entries:
            if entry.verdict is Verdict.DUPLICATE:
                self.duplicates += 1
            elif entry.verdict is Verdict.VALID:
                key = entry.key or key_of(entry.recipient)
                self.duplicates += key in self.valid
                self.valid.setdefault(key, entry.recipient)
            elif entry.verdict is Verdict.STOPPED:
                self.stopped += 1
            elif entry.reason is not None:
                wrong.append(LeftOut(entry.line, entry.value, entry.reason))
        return tuple(wrong)


def gather(
    pasted: str,
    channel: Channel | None,
    file: IO[bytes] | None = None,
    name: str = "",
    *,
    country: str,
    stopped: Container[int] = frozenset(),
) -> Gathered:
    """Read pasted recipients and those of a file. `stopped`: the keys of the stop list.

    `channel`: None for recipients of any kind. A file that cannot be read is noted in `unreadable`.
    """
    choices = Choices(channel=channel, country=country)
    found = _Sorted()
    wrong = found.add(iter(_pasted(pasted, choices, stopped))) if pasted.strip() else ()
    pasted_valid = len(found.valid)
    filed: tuple[LeftOut, ...] = ()
    notes: tuple[Said, ...] = ()
    unreadable = None
    if file is not None:
        try:
            filed, notes = _filed(found, read(file, name, choices, stopped=stopped))
        except UnreadableFile as refusal:
            unreadable = refusal.said
    valid = tuple(found.valid.values())
    groups = sum(map(is_group, valid))
    return Gathered(
        valid, found.duplicates, found.stopped, wrong, filed, unreadable, notes, groups, pasted_valid
    )


def _pasted(text: str, choices: Choices, stopped: Container[int]) -> list[Entry]:
    """All entries of a paste: those of a table's column, or of all lines if that is in doubt."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    table = tables.pasted(lines, Limits())
    try:
        reading = Reading(table, choices, stopped=stopped)
        if reading.questions or (reading.layout.heading_line is None and table.delimiter in BETWEEN_ENTRIES):
            reading = Reading(table, choices, form=Shape.LIST, stopped=stopped)
        return list(reading)
    except UnreadableFile as refusal:
        if refusal.said.what is not Trouble.TOO_WIDE:
            return []
    # No table is that wide: many recipients stand in one line.
    return list(
        Reading(tables.pasted(SEPARATOR.split(text), Limits()), choices, form=Shape.LIST, stopped=stopped)
    )


def _filed(found: _Sorted, reading: Reading) -> tuple[tuple[LeftOut, ...], tuple[Said, ...]]:
    """Add a file's entries; returns those left out, and its notes. UnreadableFile: it has a question."""
    entries = list(reading)
    if reading.questions:
        asked = reading.questions[0]
        raise UnreadableFile(Trouble.ASKED, question=asked, options=", ".join(asked.options))
    return found.add(iter(entries)), tuple(reading.notes)


def problems(wrong: Sequence[LeftOut], field: str = "phones") -> list[Problem]:
    """The wrong entries as problems of a form: the first SHOWN by line, and how many more there are."""
    said = N_("Line %(line)s: “%(entry)s”. %(why)s")
    found = [
        Problem(
            (field,),
            "recipient_wrong",
            said,
            {"line": one.line, "entry": shorten(one.entry), "why": Problem((), "", one.reason.value)},
        )
        for one in wrong[:SHOWN]
    ]
    if len(wrong) > SHOWN:
        more = N_("And %(count)s more recipients are wrong.")
        found.append(Problem((field,), "recipients_wrong_more", more, {"count": len(wrong) - SHOWN}))
    return found
