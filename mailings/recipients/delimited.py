"""Text tables: csv, tsv and pasted text -> rows of cells, with the line on which each begins.

The delimiter is the one that gives the rows the same number of cells, quoted cells and a first line `sep=;`
obeyed. A quotation mark that is never closed does not swallow the rest of the file.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import IO

from mailings.recipients.charset import Text
from mailings.recipients.limits import CHECK_EVERY, COLUMNS, Budget, Limits
from mailings.recipients.reasons import Note, Said, Trouble, UnreadableFile

DELIMITERS = ";,\t|"
SAMPLE_LINES = 400
SAMPLE_CHARACTERS = 1_000_000
LINES_IN_A_CELL = 40
"""A quoted cell over more lines than this is a quotation mark that nobody closed."""
OPEN_QUOTES = 20
"""After so many of them quotation marks mean nothing in this file."""
_SEP = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)

TableRow = tuple[int, list[str], bool]
"""The line, the cells, and whether a spreadsheet hides the row."""


class _OpenQuote(Exception):
    """The cell that began in the first line of the buffer does not end."""


class Lines:
    """The lines of a text file, as often as wanted."""

    def __init__(self, file: IO[bytes], text: Text) -> None:
        self._file, self._text = file, text

    def __iter__(self) -> Iterator[str]:
        self._file.seek(self._text.start)
        stream = io.TextIOWrapper(self._file, self._text.encoding, errors="replace", newline="")
        try:
            # Not `yield from`: a generator that ends early would close the file.
            while line := next(stream, ""):
                yield line
        finally:
            stream.detach()


class DelimitedTable:
    """Rows of a text. `delimiter` is "" for a plain list, one entry or several a line."""

    def __init__(self, lines: Iterable[str], limits: Limits, notes: Iterable[Said] = ()) -> None:
        self._lines, self._limits = lines, limits
        self.notes = list(notes)
        self._told = False
        sample = list(_beginning(lines))
        named = _SEP.fullmatch(sample[0]) if sample else None
        self._skipped = 1 if named else 0
        self.delimiter = named[1] if named else delimiter(sample)

    def rows(self) -> Iterator[TableRow]:
        """Every row, blank ones too."""
        budget = Budget(self._limits)
        for count, (line, cells) in enumerate(self._cells()):
            if count % CHECK_EVERY == 0:
                budget.check(count)
            if len(cells) > COLUMNS:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            yield line, cells, False

    def as_list(self) -> Iterator[TableRow]:
        """Every line as one cell."""
        budget = Budget(self._limits)
        for count, line in enumerate(islice(self._lines, self._skipped, None)):
            if count % CHECK_EVERY == 0:
                budget.check(count)
            yield count + self._skipped + 1, [line.rstrip("\r\n")], False

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        source, opened = iter(self._lines), list[int]()
        for _line in islice(source, self._skipped):
            pass
        for row in parsed(source, self.delimiter or ",", self._skipped + 1, opened):
            if opened and not self._told:
                self._told = True
                self.notes.append(Said(Note.OPEN_QUOTE, {"line": opened[0]}))
            yield row


def _beginning(lines: Iterable[str]) -> Iterator[str]:
    """The first lines; of very long ones few, but one at least."""
    left = SAMPLE_CHARACTERS
    for line in islice(lines, SAMPLE_LINES):
        yield line
        left -= len(line)
        if left < 0:
            return


def parsed(
    source: Iterator[str], delimiter: str, line: int, opened: list[int]
) -> Iterator[tuple[int, list[str]]]:
    """Rows with their first lines, counted from `line`; the lines of marks never closed go to `opened`."""
    while len(opened) < OPEN_QUOTES:
        buffer: list[str] = []
        try:
            for row in csv.reader(_fed(source, buffer), delimiter=delimiter):
                if len(buffer) > 1 and _never_closed(buffer, row):
                    break
                yield line, row
                line += len(buffer)
                buffer.clear()
            else:
                return
        except (_OpenQuote, csv.Error):
            pass
        opened.append(line)
        yield line, literal(buffer[0], delimiter)
        line += 1
        source = chain(buffer[1:], source)
    for number, one in enumerate(source, line):
        yield number, literal(one, delimiter)


def _fed(source: Iterator[str], buffer: list[str]) -> Iterator[str]:
    """The lines of `source`, those of the row being read kept in `buffer`."""
    for one in source:
        buffer.append(one)
        if len(buffer) > LINES_IN_A_CELL:
            raise _OpenQuote
        yield one


def _never_closed(buffer: list[str], row: list[str]) -> bool:
    """Whether a row over several lines ended only because the file did: its last cell holds the line end."""
    return bool(row) and row[-1].endswith(buffer[-1][-1:]) and "".join(buffer).count('"') % 2 == 1


def literal(line: str, delimiter: str) -> list[str]:
    """The cells of a line whose quotation marks mean nothing."""
    return line.rstrip("\r\n").split(delimiter)


def delimiter(sample: list[str]) -> str:
    """The delimiter that gives most of the sample's rows one and the same number of cells; "" for none."""
    best, found = (0.0, 0), ""
    for candidate in DELIMITERS:
        score = _evenness(sample, candidate)
        if score > best:
            best, found = score, candidate
    return found if best[0] >= 0.5 else ""


def _evenness(sample: list[str], candidate: str) -> tuple[float, int]:
    """The share of rows that have the usual number of cells (more than one), and that number."""
    rows = [row for _line, row in parsed(iter(sample), candidate, 1, []) if any(map(str.strip, row))]
    widths = Counter(len(row) for row in rows)
    several = [(count, width) for width, count in widths.items() if width > 1]
    if not several:
        return (0.0, 0)
    count, width = max(several)
    return (round(count / len(rows), 2), width)
