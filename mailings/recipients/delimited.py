"""Reads csv, tsv and pasted text as rows of cells, each with the line on which it begins.

The delimiter is that of a first line `sep=;`, or the one that gives most rows the same number of cells. A
quotation mark that is never closed is taken as an ordinary character.
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
# In a cell of more lines than this, the quotation mark counts as never closed.
LINES_IN_A_CELL = 40
# After so many of these, all quotation marks of the file are taken as ordinary characters.
OPEN_QUOTES = 20
# About how many characters of whole lines are parsed at once.
BLOCK = 64 * 1024
_SEP = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)

# The line, the cells, and whether a spreadsheet hides the row.
TableRow = tuple[int, list[str], bool]


class _OpenQuote(Exception):
    """The cell that began in the first line of the buffer does not end."""


class Lines:
    """The lines of a text file; can be iterated again."""

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
    """The rows of a text. `delimiter`: "" for a plain list, with one or several entries in a line."""

    def __init__(self, lines: Lines | Sequence[str], limits: Limits, notes: Iterable[Said] = ()) -> None:
        self._lines, self._limits = lines, limits
        self.notes = list(notes)
        self._told = False
        sample = list(_beginning(lines))
        named = _SEP.fullmatch(sample[0]) if sample else None
        self._skipped = 1 if named else 0
        self.delimiter = named[1] if named else delimiter(sample)

    def rows(self) -> Iterator[TableRow]:
        """All rows, also blank ones. Raises UnreadableFile beyond the limits."""
        budget, line, blocks = Budget(self._limits), self._skipped + 1, self._blocks()
        for block in blocks:
            rows = plainly_parsed(block, self.delimiter or ",")
            if rows is None:
                yield from self._closely(chain(block, chain.from_iterable(blocks)), line, budget)
                return
            budget.check(line - 1 + len(rows))
            if len(max(rows, key=len, default=[])) > COLUMNS:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            # No Python code per row: there may be a million of them.
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
        """The lines, without a first one with `sep=`, many at a time."""
        blocks = self._lines.blocks() if isinstance(self._lines, Lines) else iter([list(self._lines)])
        if self._skipped:
            blocks = chain((block[self._skipped :] for block in islice(blocks, 1)), blocks)
        return blocks

    def _closely(self, source: Iterator[str], line: int, budget: Budget) -> Iterator[TableRow]:
        """The rows of lines in which a cell may have several lines."""
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
    """The first SAMPLE_LINES lines, fewer if they are very long, but at least one."""
    left = SAMPLE_CHARACTERS
    for line in islice(lines, SAMPLE_LINES):
        yield line
        left -= len(line)
        if left < 0:
            return


def plainly_parsed(block: list[str], delimiter: str) -> list[list[str]] | None:
    """The rows of a block in which each line is one row; None if it is not so."""
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
    """Rows, each with its first line, counted from `line`. Lines of marks never closed go to `opened`."""
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
    """The lines of `source`. Those of the row that is being read are kept in `buffer`."""
    for one in source:
        buffer.append(one)
        if len(buffer) > LINES_IN_A_CELL:
            raise _OpenQuote
        yield one


def _never_closed(buffer: list[str], row: list[str]) -> bool:
    """Whether a row of several lines ended only with the file: then its last cell has the line end."""
    return bool(row) and row[-1].endswith(buffer[-1][-1:]) and "".join(buffer).count('"') % 2 == 1


def literal(line: str, delimiter: str) -> list[str]:
    """The cells of a line whose quotation marks are ordinary characters."""
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
