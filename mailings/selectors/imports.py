"""A file of recipients on the compose page: progress, how it is read, its counts and its problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.forms import filed
from mailings.forms.row_fixes import Shown
from mailings.models import Import, ImportedRow
from mailings.recipients.columns import RECIPIENTS, SENDER, ZONE
from mailings.recipients.corrections import CORRECTABLE, in_one_line
from mailings.recipients.reasons import Ask, Note, Reason, Verdict

A_PAGE = 20
REFRESH_SECONDS = 1


class Option(NamedTuple):
    """One option of a menu."""

    value: str
    label: str
    chosen: bool


class Menu(NamedTuple):
    """A control for how the file is read. `asked`: an open question, without whose answer nothing is sent."""

    name: str
    label: str
    options: list[Option]
    asked: bool


class Tab(NamedTuple):
    """A tab with the problems of one verdict; `rows`: how many."""

    verdict: str
    label: str
    rows: int
    chosen: bool


class ProblemRow(NamedTuple):
    """One problem. `correctable`: a person can type a correction for it."""

    position: int
    line: int
    value: str
    verdict: str
    reason: str
    correctable: bool


@dataclass(frozen=True)
class Part:
    """A file of recipients as the page shows it. `shown`: which problems, as `verdict:page`."""

    imported: Import
    shown: str = ""

    # --- how far it is ----------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        return self.imported.state in filed.BUSY

    @property
    def refresh_seconds(self) -> int:
        return REFRESH_SECONDS

    @property
    def percent(self) -> int:
        """How much of the file's bytes was read, 0 to 99."""
        return min(99, 100 * self.imported.bytes_read // max(self.imported.size, 1))

    @property
    def time_left(self) -> str:
        """The time left in words; "" while it cannot be estimated."""
        seconds = seconds_left(self.imported, timezone.now())
        if seconds is None:
            return ""
        if seconds < 60:
            return _("about {n} s left").format(n=max(seconds, 1))
        return _("about {n} min left").format(n=round(seconds / 60))

    @property
    def trouble(self) -> str:
        return "" if self.busy or self.imported.questions else filed.trouble(self.imported)

    @property
    def can_be_read_as_at_first(self) -> bool:
        said = self.imported.state == Import.State.FAILED and bool(self.imported.choices)
        return said or self.imported.state == Import.State.STOPPED

    @property
    def rows(self) -> int:
        """How many recipients were found, valid or not."""
        return sum(getattr(self.imported, verdict.value) for verdict in Verdict)

    @property
    def questions(self) -> list[str]:
        return [filed.said(Ask, one) for one in self.imported.questions]

    @property
    def notes(self) -> list[str]:
        return [filed.said(Note, one) for one in self.imported.notes]

    # --- how it is read ---------------------------------------------------------------------------

    @property
    def menus(self) -> list[Menu]:
        """The controls for sheet, columns and hidden rows, with what is used now selected."""
        asked = {one["code"] for one in self.imported.questions}
        return [*self._sheet(asked), *self._columns(asked), *self._hidden(asked)]

    @property
    def heading(self) -> int | None:
        """The line of the headings, 0 if it has none; None for a file without columns."""
        return (self.imported.heading_line or 0) if self.imported.headings else None

    def _sheet(self, asked: set[str]) -> Iterator[Menu]:
        if len(self.imported.sheets) < 2:
            return
        open_question = Ask.SHEET.code in asked
        options = [
            Option(
                name,
                _("{name} (hidden)").format(name=name) if hidden else name,
                name == self.imported.sheet and not open_question,
            )
            for name, hidden in self.imported.sheets
        ]
        yield self._menu(filed.SHEET, _("Sheet"), options, asked=open_question)

    def _columns(self, asked: set[str]) -> Iterator[Menu]:
        headings = self.imported.headings
        if len(headings) < 2:
            return
        roles = {
            RECIPIENTS: _("E-mail addresses") if self.imported.channel == "mail" else _("Numbers"),
            SENDER: _("Sender"),
            ZONE: _("Time zone"),
        }
        for role, label in roles.items():
            found = self.imported.columns.get(role)
            options = [Option(name, name, index == found) for index, name in enumerate(headings)]
            if role != RECIPIENTS:
                options.insert(0, Option("", _("no column"), found is None))
            open_question = role == RECIPIENTS and Ask.COLUMN.code in asked
            yield self._menu(filed.COLUMN[role], label, options, asked=open_question)

    def _hidden(self, asked: set[str]) -> Iterator[Menu]:
        said, open_question = self.imported.choices.get("hidden_rows"), Ask.HIDDEN_ROWS.code in asked
        if said is None and not open_question:
            return
        options = [
            Option("leave_out", _("leave them out"), said is False),
            Option("include", _("send to them too"), said is True),
        ]
        yield self._menu(filed.HIDDEN, _("Hidden rows"), options, asked=open_question)

    def _menu(self, name: str, label: str, options: list[Option], *, asked: bool) -> Menu:
        """A menu; without a selected option it gets "choose…" as its first."""
        if not any(option.chosen for option in options):
            options = [Option("", _("choose…"), True), *options]
        return Menu(name, label, options, asked)

    # --- what is wrong ----------------------------------------------------------------------------

    @property
    def tabs(self) -> list[Tab]:
        """A tab for each verdict that rows have, the most serious first."""
        labels = in_words()
        counts = {verdict: int(getattr(self.imported, verdict.value)) for verdict in labels}
        there = [verdict for verdict, count in counts.items() if count]
        wanted = self.shown.partition(":")[0]
        chosen = wanted if wanted in there else next(iter(there), "")
        return [Tab(one.value, labels[one], counts[one], one == chosen) for one in there]

    @property
    def tab(self) -> Tab | None:
        return next((tab for tab in self.tabs if tab.chosen), None)

    @property
    def pages(self) -> int:
        return -(-self.tab.rows // A_PAGE) if self.tab else 0

    @property
    def page(self) -> int:
        """The number of the page shown, from 1."""
        wanted = self.shown.partition(":")[2]
        return min(int(wanted) if wanted.isdecimal() and len(wanted) < 7 else 1, self.pages) or 1

    @property
    def before(self) -> int | None:
        return self.page - 1 if self.page > 1 else None

    @property
    def after(self) -> int | None:
        return self.page + 1 if self.page < self.pages else None

    @property
    def problems(self) -> list[ProblemRow]:
        """The problems of the chosen verdict on this page."""
        return list(map(described, self._shown))

    @property
    def fix_rows(self) -> str:
        """The rows that can be corrected here, for the post that may do so."""
        rows = {row.position: (row.line, row.value) for row in self._shown if row.verdict in CORRECTABLE}
        return Shown(self.imported.reading, self.imported.sheet, rows).as_json()

    @cached_property
    def _shown(self) -> list[ImportedRow]:
        if self.tab is None:
            return []
        found = problem_rows(self.imported, self.tab.verdict)
        return list(found[(self.page - 1) * A_PAGE : self.page * A_PAGE])


def in_words() -> dict[Verdict, str]:
    """The word for each verdict but "valid", the most serious first."""
    return {
        Verdict.WRONG: _("wrong"),
        Verdict.DOUBTFUL: _("doubtful"),
        Verdict.STOPPED: _("on the stop list"),
        Verdict.DUPLICATE: _("twice"),
    }


def seconds_left(imported: Import, now: datetime) -> int | None:
    """Estimated from the speed so far; None before the first bytes."""
    if not imported.bytes_read or imported.began_at is None:
        return None
    passed = (now - imported.began_at).total_seconds()
    return round(passed * (imported.size - imported.bytes_read) / imported.bytes_read)


def problem_rows(imported: Import, verdict: str) -> QuerySet[ImportedRow]:
    """The rows with a verdict, in the file's order."""
    return ImportedRow.objects.problems().filter(imported=imported, verdict=verdict).order_by("position")


def described(row: ImportedRow) -> ProblemRow:
    """A row with its reason in words."""
    said = _(Reason[row.reason.upper()].value) if row.reason else ""
    return ProblemRow(
        row.position, row.line, in_one_line(row.value), row.verdict, said, row.verdict in CORRECTABLE
    )


def every_problem(imported: Import) -> Iterator[ProblemRow]:
    """All problems of a file, the most serious first."""
    for verdict in in_words():
        for row in problem_rows(imported, verdict).iterator(chunk_size=2000):
            yield described(row)
