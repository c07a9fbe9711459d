"""Personal messages of the compose page: `{Heading}` filled from the file's columns, and a row as it is read.

Braces that nothing fills are asked about beside the text: a switch says that they are meant as they stand.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import IO, Any, cast

from django.utils.translation import gettext as _

from mailings.forms.typed import Typed
from mailings.forms.uploads import StoredUpload
from mailings.recipients import messages
from mailings.recipients.columns import SENDER, ZONE
from mailings.recipients.messages import Template
from mailings.recipients.personal import Addressed, Rule, Wanted, address
from mailings.recipients.reader import Choices, Reading, read
from mailings.recipients.reasons import Unreadable, Verdict
from mailings.smsc.spec.problems import N_, Problem

LONGEST, GAP = "longest", "gap"
"""Rows that are asked for by what they are, beside numbers."""


@dataclass(frozen=True)
class Row:
    """What one recipient reads. `number`: among those who get it, from 1; `line`: in the file."""

    number: int
    line: int
    recipient: str
    text: str
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class Rows:
    """The row that is shown, and the numbers of others: None where there is no such row."""

    shown: Row
    count: int
    longest: int
    gap: int | None

    @property
    def before(self) -> int | None:
        return self.shown.number - 1 if self.shown.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.shown.number + 1 if self.shown.number < self.count else None


@dataclass(frozen=True)
class Personal:
    """`held`: the file of recipients. `stopped`: whether a recipient is on the stop list."""

    typed: Typed
    held: StoredUpload | None
    country: str
    stopped: Callable[[str], bool] | None = None

    @property
    def text(self) -> str:
        return self.typed.values.get("mes", "")

    @property
    def as_they_stand(self) -> bool:
        """Whether braces were said to be meant."""
        return self.typed.has("braces")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The headings that may stand in the text; none without a file that has columns."""
        with self._read() as reading:
            return reading.names if reading and reading.layout.recipients is not None else ()

    @cached_property
    def chips(self) -> tuple[str, ...]:
        """Those that a person may want in a text: a heading, not the number of a column without one."""
        return tuple(name for name in self.names if not name.isdecimal() and not set("{}\n") & set(name))

    @cached_property
    def template(self) -> Template:
        return messages.template(self.text, self.names)

    @property
    def asks(self) -> bool:
        """Whether the switch for braces is shown: something in them is filled by no column."""
        return self.as_they_stand or bool(self.template.problems)

    @property
    def applies(self) -> bool:
        """Whether each recipient gets a text of its own."""
        return self.template.is_personal and not self.as_they_stand

    @cached_property
    def addressed(self) -> Addressed | None:
        """The lines of the list; None while the file asks something, which is told beside it."""
        values = self.typed.values
        leave_out = Rule.SKIP if self.typed.has("skip_wrong") else Rule.REFUSE
        options, _problems = self.typed.options(None)
        wanted = Wanted(
            text=self.text,
            channel=self.typed.channel,
            time=options.get("time", ""),
            nl=values.get("nl", "").strip() == "1",
            wrong=leave_out,
            doubtful=leave_out,
        )
        with self._read() as reading:
            try:
                return address(reading, wanted) if reading else None
            except Unreadable:
                return None

    @property
    def problems(self) -> Iterator[Problem]:
        if self.as_they_stand:
            return
        if self.template.problems:
            yield from self.template.problems if self.names else self._unfilled()
        elif self.applies:
            if self.typed.has("phones"):
                said = N_(
                    "These have no columns that fill the text: put them into the file, or take them out."
                )
                yield Problem(("phones",), "phones_without_columns", said)
            yield from self.addressed.problems if self.addressed else ()

    @property
    def unfilled(self) -> list[str]:
        """What is said beside the text of names that no column fills."""
        return [one.message(_) for one in self.problems if "mes" in one.fields]

    def _unfilled(self) -> Iterator[Problem]:
        said = N_("Nothing fills {%(name)s}. Bring a file with columns, or say below that braces are meant.")
        for name in messages.names_in(self.text):
            yield Problem(("mes",), "braces", said, {"name": name})

    def given(self, options: dict[str, Any]) -> dict[str, Any]:
        """The create options with the personal messages, or the text as all get it."""
        if self.as_they_stand or self.template.problems or "mes" not in options:
            return options
        if not self.applies:
            return options | {"mes": messages.braced(options["mes"])}
        if self.addressed is None or self.addressed.problems or not self.addressed.lines:
            return options
        rest = {name: value for name, value in options.items() if name not in ("mes", "phones", "nl")}
        nl = {"nl": "1"} if self.addressed.nl else {}
        return rest | {"list": "\n".join(self.addressed.lines)} | nl

    def placed(self, problem: Problem) -> Problem:
        """A problem of the list that the text became, beside the text."""
        if not self.applies or "list" not in problem.fields:
            return problem
        return replace(problem, fields=tuple("mes" if name == "list" else name for name in problem.fields))

    # --- one row ------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> Rows | None:
        """The row that was asked for, else the first; None where there is nothing personal to read."""
        if not self.applies:
            return None
        with self._read() as reading:
            return _rows(reading, self.template, self.typed.row) if reading else None

    @contextmanager
    def _read(self) -> Iterator[Reading | None]:
        """The file, open for a walk; None for one that is not there or cannot be read."""
        if self.held is None:
            yield None
            return
        choices = Choices(channel=self.typed.channel, country=self.country)
        with self.held.open() as held:
            try:
                made = read(cast("IO[bytes]", held.file), self.held.ref.name, choices, stopped=self.stopped)
            except Unreadable:
                made = None
            yield made

    @property
    def own_columns(self) -> dict[str, str]:
        """The columns of senders and time zones that rows go out with, by their role."""
        with self._read() as reading:
            found = reading.layout.columns if reading and self.applies else {}
        return {role: name for role, name in found.items() if role in (SENDER, ZONE)}


def _rows(reading: Reading, template: Template, wanted: str) -> Rows | None:
    reading.says(template.fill)
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else 1
    first = shown = longest = gap = None
    count = 0
    try:
        for entry in reading:
            if entry.verdict is not Verdict.VALID:
                continue
            count += 1
            gaps = template.gaps(entry.cells)
            row = Row(count, entry.line, entry.recipient, template.fill(entry.cells), gaps)
            first = first or row
            shown = row if count == number else shown
            longest = row if longest is None or len(row.text) > len(longest.text) else longest
            gap = gap or (row if gaps else None)
    except Unreadable:
        return None
    if first is None or longest is None:
        return None
    chosen = {LONGEST: longest, GAP: gap}.get(wanted) or shown or first
    return Rows(chosen, count, longest.number, gap.number if gap else None)
