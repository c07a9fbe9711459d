"""Text tables: csv, tsv and pasted text -> rows of cells, with the line on which each begins.

The delimiter is the one that gives the rows the same number of cells, quoted cells and a first line `sep=;`
obeyed. A quotation mark that is never closed does not swallow the rest of the file.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice, repeat
from typing import IO

from mailings.recipients.charset import Text
from mailings.recipients.limits import CHECK_EVERY, COLUMNS, Budget, Limits
from mailings.recipients.reasons import Note, Said, Trouble, UnreadableFile

DELIMITERS = ";,\t|"
SAMPLE_LINES = 400
SAMPLE_CHARACTERS = 1_000_000
# A quoted cell over more lines than this is a quotation mark that nobody closed.
LINES_IN_A_CELL = 40
# After so many of them quotation marks mean nothing in this file.
OPEN_QUOTES = 20
# Characters of lines that are looked at together.
BLOCK = 64 * 1024
_SEP = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)

# The line, the cells, and whether a spreadsheet hides the row.
TableRow = tuple[int, list[str], bool]


class _OpenQuote(Exception):
    """The cell that began in the first line of the buffer does not end."""


class Lines:
    """The lines of a text file, as often as wanted."""

    def __init__(self, file: IO[bytes], text: Text) -> None:
        self._file, self._text = file, text

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[list[str]]:
        """The same lines, many at a time."""
        self._file.seek(self._text.start)
        stream = io.TextIOWrapper(self._file, self._text.encoding, errors="replace", newline="")
        try:
            while block := stream.readlines(BLOCK):
                yield block
        finally:
            if not self._file.closed:
                stream.detach()


class DelimitedTable:
    """Rows of a text. `delimiter` is "" for a plain list, one entry or several a line."""

    def __init__(self, lines: Lines | Sequence[str], limits: Limits, notes: Iterable[Said] = ()) -> None:
        self._lines, self._limits = lines, limits
        self.notes = list(notes)
        self._told = False
        sample = list(_beginning(lines))
        named = _SEP.fullmatch(sample[0]) if sample else None
        self._skipped = 1 if named else 0
        self.delimiter = named[1] if named else delimiter(sample)

    def rows(self) -> Iterator[TableRow]:
        """Every row, blank ones too."""
        budget, line, blocks = Budget(self._limits), self._skipped + 1, self._blocks()
        for block in blocks:
            rows = plainly_parsed(block, self.delimiter or ",")
            if rows is None:
                yield from self._closely(chain(block, chain.from_iterable(blocks)), line, budget)
                return
            budget.check(line - 1 + len(rows))
            if len(max(rows, key=len, default=[])) > COLUMNS:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            # No step of Python for a row: a million of them pass here.
            yield from zip(count(line), rows, repeat(False), strict=False)
            line += len(rows)

    def as_list(self) -> Iterator[TableRow]:
        """Every line as one cell."""
        budget, line = Budget(self._limits), self._skipped + 1
        for block in self._blocks():
            budget.check(line - 1 + len(block))
            for number, text in enumerate(block, line):
                yield number, [text.rstrip("\r\n")], False
            line += len(block)

    def _blocks(self) -> Iterator[list[str]]:
        """The lines behind `sep=`, many at a time."""
        blocks = self._lines.blocks() if isinstance(self._lines, Lines) else iter([list(self._lines)])
        if self._skipped:
            blocks = chain((block[self._skipped :] for block in islice(blocks, 1)), blocks)
        return blocks

    def _closely(self, source: Iterator[str], line: int, budget: Budget) -> Iterator[TableRow]:
        """The rows of lines in which a cell goes on over several of them."""
        opened = list[int]()
        for row, (number, cells) in enumerate(parsed(source, self.delimiter or ",", line, opened), line):
            if row % CHECK_EVERY == 0:
                budget.check(row)
            if len(cells) > COLUMNS:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            if opened and not self._told:
                self._told = True
                self.notes.append(Said(Note.OPEN_QUOTE, {"line": opened[0]}))
            yield number, cells, False


def _beginning(lines: Iterable[str]) -> Iterator[str]:
    """The first lines; of very long ones few, but one at least."""
    left = SAMPLE_CHARACTERS
    for line in islice(lines, SAMPLE_LINES):
        yield line
        left -= len(line)
        if left < 0:
            return


def plainly_parsed(block: list[str], delimiter: str) -> list[list[str]] | None:
    """The rows of lines each of which is one; None where that is not so."""
    try:
        rows = list(csv.reader(block, delimiter=delimiter))
    except csv.Error:
        return None
    if len(rows) != len(block):
        return None
    last = rows[-1] if rows else []
    return None if last and last[-1].endswith(("\n", "\r")) else rows


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
