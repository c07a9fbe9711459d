"""Reads a file of recipients: entries with verdicts, and notes and questions about the file.

`Reading` first finds the sheet, the headings and the column, by the beginning of the file or, if that is not
enough, by all of it. Iterating over it then gives an entry for each recipient, valid or not. Counts and notes
are complete when the iteration has ended.
"""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b
from itertools import dropwhile, islice
from typing import IO, NamedTuple

from mailings.recipients import tables
from mailings.recipients.cells import Odd
from mailings.recipients.columns import RECIPIENTS, Layout, Profile, list_heading
from mailings.recipients.delimited import DelimitedTable, TableRow
from mailings.recipients.judge import Judge, person, pieces
from mailings.recipients.limits import Limits
from mailings.recipients.numbers import Judged
from mailings.recipients.reasons import Ask, Note, Question, Reason, Said, Trouble, UnreadableFile, Verdict
from mailings.recipients.xlsx import Sheet
from mailings.smsc.spec.addresses import Kind
from mailings.smsc.spec.vocabulary import Channel

SAMPLE_ROWS = 1000
# The beginning of a file has SAMPLE_ROWS rows, but not many more cells than this.
SAMPLE_CELLS = 500_000
# How many visible sheets are searched for recipients.
SHEETS_SAMPLED = 30
_BEFORE = (Verdict.DUPLICATE, Reason.BEFORE)
_ON_STOP_LIST = (Verdict.STOPPED, Reason.STOPPED)
# An empty cell, or one with a dash or the like.
_EMPTY = re.compile(r"[\W_]*")


class Shape(Enum):
    """What a text is, if that is known beforehand: a table, or a plain list."""

    TABLE = "table"
    LIST = "list"


@dataclass(frozen=True)
class Choices:
    """What a person has chosen for a file. What is None or missing is found out, or asked.

    `columns`: by role (`phones`, `sender`, `tz`), headings or numbers. `heading_line`: 0 for no heading.
    `hidden_rows`: whether to read rows that a spreadsheet hides.
    """

    channel: Channel | None = Channel.SMS
    country: str = "RU"
    sheet: str | None = None
    heading_line: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    hidden_rows: bool | None = None


class Entry(NamedTuple):
    """One recipient of one row. `value`: as in the file. `recipient`: as it is sent, "" for a wrong one.

    `cells`: all cells of the row, named by `Reading.names`. `key`: that of the person (`key_of`), None for a
    wrong one.
    """

    line: int
    verdict: Verdict
    value: str
    recipient: str
    reason: Reason | None
    cells: Sequence[str]
    key: int | None = None


class Reading:
    """A file being read. Here and while iterating, UnreadableFile is raised if no recipients can be found.

    `stopped`: the keys of the stop list. `text_of`: makes a recipient's text of the row's cells, for personal
    messages, among which another text to the same person is no duplicate.
    """

    def __init__(
        self, table: DelimitedTable | tables.Workbook, choices: Choices, *, form: Shape | None = None,
        stopped: Container[int] = frozenset(), text_of: Callable[[Sequence[str]], str] | None = None,
    ) -> None:  # fmt: skip
        self.counts: Counter[Verdict] = Counter()
        self.questions: list[Question] = []
        self.sheet: str | None = None
        self.sheets: list[Sheet] = []
        self._notes: list[Said] = []
        self._table, self._choices = table, choices
        self._judge = Judge(choices.channel, choices.country)
        self._stopped, self._text_of = stopped, text_of
        self._tally = _Tally()
        self._source = self._chosen_source()
        self.layout = self._layout(form)
        if self.layout.question:
            self.questions.append(self.layout.question)

    def says(self, text_of: Callable[[Sequence[str]], str] | None) -> None:
        """Set `text_of` before iterating; it can be made only when the columns are known."""
        self._text_of = text_of

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, which `{…}` in a text may have; () for a plain list."""
        return self.layout.names

    @property
    def roles(self) -> Mapping[str, int]:
        """The columns' indexes by role."""
        return self.layout.roles

    @property
    def rows(self) -> int:
        """How many recipients were met so far, valid or not."""
        return self.counts.total()

    @property
    def notes(self) -> list[Said]:
        """What the operator should know; complete when the iteration has ended."""
        own = self._table.notes if isinstance(self._table, DelimitedTable) else []
        return [*own, *self._notes, *self._tally.notes(included=bool(self._choices.hidden_rows))]

    # --- finding sheet and column -----------------------------------------------------------------

    def _chosen_source(self) -> Callable[[], Iterator[TableRow]]:
        if isinstance(self._table, DelimitedTable):
            if self._choices.sheet:
                raise UnreadableFile(Trouble.NO_SUCH_SHEET, name=self._choices.sheet, names="–")
            return self._table.rows
        sheet = self._chosen_sheet(self._table)
        self.sheet = sheet.name
        book = self._table
        return lambda: book.rows(sheet)

    def _chosen_sheet(self, book: tables.Workbook) -> Sheet:
        self.sheets = list(book.sheets)
        wanted = self._choices.sheet
        if wanted is not None:
            for sheet in book.sheets:
                if sheet.name == wanted:
                    return sheet
            names = ", ".join(sheet.name for sheet in book.sheets)
            raise UnreadableFile(Trouble.NO_SUCH_SHEET, name=wanted, names=names)
        hidden = [sheet.name for sheet in book.sheets if sheet.hidden]
        if hidden:
            self._notes.append(Said(Note.HIDDEN_SHEETS, {"names": ", ".join(hidden)}))
        return self._visible_sheet(book, [sheet for sheet in book.sheets if not sheet.hidden])

    def _visible_sheet(self, book: tables.Workbook, visible: list[Sheet]) -> Sheet:
        """The sheet with recipients (if several have any, a question is added), else the first with rows."""
        filled, telling = list[Sheet](), list[Sheet]()
        for sheet in visible[:SHEETS_SAMPLED] if len(visible) > 1 else []:
            profile = Profile(self._judge)
            profile.add(beginning(book.rows(sheet)))
            if not profile.is_blank:
                filled.append(sheet)
            if profile.holds_recipients:
                telling.append(sheet)
        if len(telling) > 1:
            self.questions.append(Question(Ask.SHEET, {}, tuple(sheet.name for sheet in telling)))
        for sheets in (telling, filled, visible):
            if sheets:
                return sheets[0]
        raise UnreadableFile(Trouble.NO_RECIPIENT)

    def _layout(self, form: Shape | None) -> Layout:
        sample = list(beginning(self._source()))
        if isinstance(self._table, DelimitedTable) and self._is_list(self._table, sample, form):
            self._source = self._table.as_list
            return Layout(list_heading(self._source(), self._judge), (), 0)
        profile = Profile(self._judge)
        profile.add(sample)
        chosen, line = self._choices.columns, self._choices.heading_line
        more = islice(self._source(), len(sample), None)
        complete = next(more, None) is None
        found = None if profile.is_blank else profile.layout(chosen, line, whole=complete)
        if found is None and not complete:
            profile.add(islice(self._source(), len(sample), None))
            found = None if profile.is_blank else profile.layout(chosen, line, whole=True)
        if found is None:
            raise UnreadableFile(Trouble.NO_RECIPIENT)
        return found

    def _is_list(self, table: DelimitedTable, sample: list[TableRow], form: Shape | None) -> bool:
        """Whether the lines have only recipients, one or several each, and so no columns."""
        if form is Shape.LIST or RECIPIENTS in self._choices.columns or self._choices.heading_line:
            return form is Shape.LIST
        if not sum(any(map(str.strip, cells)) for _line, cells, _hidden in sample) > 1:
            return True
        if form is Shape.TABLE:
            return False
        filled = [cell for _line, cells, _hidden in sample for cell in cells if cell.strip()]
        return not table.delimiter or (bool(filled) and all(map(self._judge.valid, filled)))

    # --- the entries ------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Entry]:
        """An entry for each recipient, in the order of the file; none while the column is not known."""
        self.counts, self._tally = Counter(), _Tally()
        self.questions = [one for one in self.questions if one.what is not Ask.HIDDEN_ROWS]
        if self.layout.recipients is None:
            return
        seen: set[int] = set()
        texts: set[int] | None = set() if self._text_of else None
        quick = self._judge.quick if texts is None else _never_quickly
        key_quickly = int if Kind.NUMBER in self._judge.kinds else key_of
        stopped, valid = self._stopped, 0
        for line, cell, cells in self._filled():
            found = quick(cell) if type(cell) is str else None
            if found is None:
                yield from self._slowly(line, cell, cells, seen, texts)
                continue
            # Nearly all of a million recipients are plain ones, so this is kept fast.
            key = key_quickly(found)
            if key not in seen and key not in stopped:
                seen.add(key)
                valid += 1
                yield Entry(line, Verdict.VALID, cell, found, None, cells, key)
                continue
            verdict, reason = _BEFORE if key in seen else _ON_STOP_LIST
            seen.add(key)
            self.counts[verdict] += 1
            yield Entry(line, verdict, cell, found, reason, cells, key)
        self.counts[Verdict.VALID] += valid
        self._end()

    def _filled(self) -> Iterator[tuple[int, str, Sequence[str]]]:
        """Line, recipient's cell and all cells of each row below the heading that has a recipient."""
        index, heading = self.layout.recipients or 0, self.layout.heading_line or 0
        includes_hidden, tally = bool(self._choices.hidden_rows), self._tally
        for line, cells, hidden in dropwhile(lambda row: row[0] <= heading, self._source()):
            cell = cells[index] if index < len(cells) else ""
            if not cell and type(cell) is str:
                tally.blank(line, cells)
                continue
            if hidden:
                tally.hidden.see(line)
                if not includes_hidden:
                    continue
            yield line, cell, cells

    def _slowly(
        self, line: int, cell: str, cells: Sequence[str], seen: set[int], texts: set[int] | None
    ) -> Iterator[Entry]:
        """The entries of a cell that is not just one plain recipient."""
        found = self._entries(cell)
        if not found:
            self._tally.blank(line, cells)
        for judged in found:
            entry = self._entry(line, judged, cells, seen, texts)
            self.counts[entry.verdict] += 1
            yield entry

    def _entries(self, cell: str) -> Sequence[Judged]:
        if isinstance(cell, Odd):
            return (Judged(Verdict.WRONG, str(cell), "", cell.reason),)
        if _EMPTY.fullmatch(cell):
            return ()
        return self._judge.entries(cell) if self.names else pieces(cell, self._judge)

    def _entry(
        self, line: int, judged: Judged, cells: Sequence[str], seen: set[int], texts: set[int] | None
    ) -> Entry:
        verdict, value, recipient, reason = judged
        if verdict is Verdict.WRONG:
            self._tally.formulas.see(line, reason is Reason.FORMULA)
            return Entry(line, verdict, value, recipient, reason, cells)
        key = key_of(recipient)
        again = key in seen
        seen.add(key)
        if self._got_this(key, cells, texts) if texts is not None else again:
            return Entry(line, Verdict.DUPLICATE, value, recipient, Reason.BEFORE, cells, key)
        if key in self._stopped:
            return Entry(line, Verdict.STOPPED, value, recipient, Reason.STOPPED, cells, key)
        self._tally.other_texts.see(line, again)
        return Entry(line, verdict, value, recipient, Reason.OTHER_TEXT if again else reason, cells, key)

    def _got_this(self, key: int, cells: Sequence[str], texts: set[int]) -> bool:
        """Whether the person gets this very text already. Notes that from now on it does."""
        both = _digest(f"{key}:{self._text_of(cells) if self._text_of else ''}")
        known = both in texts
        texts.add(both)
        return known

    def _end(self) -> None:
        if not self.counts.total() and not self._tally.hidden.count:
            raise UnreadableFile(Trouble.NO_RECIPIENT)
        if self._tally.hidden.count and self._choices.hidden_rows is None:
            self.questions.append(Question(Ask.HIDDEN_ROWS, {}, ("leave_out", "include")))


class _Seen:
    """Counts something, and keeps the line where it was first."""

    def __init__(self) -> None:
        self.count = self.line = 0

    def see(self, line: int, met: bool = True) -> None:
        if met:
            self.count += 1
            self.line = self.line or line


class _Tally:
    """Counts what the notes tell: rows that were passed over, and the like."""

    def __init__(self) -> None:
        self.hidden, self.blanks, self.formulas, self.other_texts = _Seen(), _Seen(), _Seen(), _Seen()

    def blank(self, line: int, cells: Sequence[str]) -> None:
        """Count a row without a recipient, unless it is blank."""
        self.blanks.see(line, any(not _EMPTY.fullmatch(cell) for cell in cells))

    def notes(self, *, included: bool) -> list[Said]:
        counted = (
            (Note.HIDDEN_INCLUDED if included else Note.HIDDEN_LEFT_OUT, self.hidden),
            (Note.FORMULAS, self.formulas),
            (Note.EMPTY_CELLS, self.blanks),
            (Note.OTHER_TEXTS, self.other_texts),
        )
        return [Said(note, {"count": met.count, "line": met.line}) for note, met in counted if met.count]


def beginning(rows: Iterator[TableRow]) -> Iterator[TableRow]:
    """The first rows, by which the columns are found."""
    left = SAMPLE_CELLS
    for row in islice(rows, SAMPLE_ROWS):
        yield row
        left -= len(row[1])
        if left < 0:
            return


def read(
    file: IO[bytes], name: str, choices: Choices, limits: Limits | None = None, *,
    stopped: Container[int] = frozenset(), text_of: Callable[[Sequence[str]], str] | None = None,
) -> Reading:  # fmt: skip
    """The reading of a seekable file. `name`: that of the file. Raises UnreadableFile."""
    table = tables.opened(file, limits or Limits())
    form = Shape.TABLE if tables.is_table_by_name(name) else None
    return Reading(table, choices, form=form, stopped=stopped, text_of=text_of)


def key_of(recipient: str) -> int:
    """A signed 64-bit number, equal for two recipients (as they are sent) who are one person."""
    if recipient[0] == "+" and recipient[1:].isdigit():
        return int(recipient)
    return _digest(person(recipient))


def _digest(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return -(int.from_bytes(digest, "big") >> 1) - 1


def _never_quickly(_text: str) -> None:
    """In place of `Judge.quick`, to have all cells judged slowly."""
