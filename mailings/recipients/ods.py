"""Reads spreadsheets of LibreOffice (.ods) as rows of text, in one pass and in constant memory."""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

from mailings.recipients import cells
from mailings.recipients.cells import Odd
from mailings.recipients.delimited import TableRow
from mailings.recipients.limits import COLUMNS, Budget, Limits
from mailings.recipients.package import DEEPEST, LocalNames, Package, attribute, feed, parser
from mailings.recipients.reasons import Reason, Trouble, UnreadableFile
from mailings.recipients.xlsx import Sheet

CONTENT = "content.xml"
MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_NUMBERS = ("float", "currency", "percentage")


class Ods:
    """A spreadsheet. `sheets`: in their order."""

    def __init__(self, package: Package, limits: Limits) -> None:
        if b"encryption-data" in package.small("META-INF/manifest.xml"):
            raise UnreadableFile(Trouble.PASSWORD)
        self._package, self._limits = package, limits
        self.sheets = _sheets(package)

    def rows(self, sheet: Sheet) -> Iterator[TableRow]:
        """The rows of a sheet that are not blank; a repeated row comes as often as it is repeated."""
        made = parser()
        walk = _Walk(sheet.part)
        walk.follow(made)
        budget, count = Budget(self._limits), 0
        for _fed in feed(made, self._package.chunks(CONTENT)):
            for times, row in walk.found:
                for line in range(row[0], row[0] + times):
                    count += 1
                    if count % 1024 == 0:
                        budget.check(count)
                    yield line, row[1], row[2]
            budget.check(count)
            walk.found.clear()


def _sheets(package: Package) -> list[Sheet]:
    """The sheets. `Sheet.part` is the number of the table in the file, from 0."""
    made, local = parser(), LocalNames()
    hidden_styles: set[str] = set()
    found: list[Sheet] = []
    style = ""

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal style
        name = local[name]
        if name == "style":
            style = attribute(attributes, "name")
        elif name == "table-properties" and attribute(attributes, "display") == "false":
            hidden_styles.add(style)
        elif name == "table":
            hidden = attribute(attributes, "style-name") in hidden_styles
            found.append(Sheet(attribute(attributes, "name"), hidden, str(len(found))))

    made.StartElementHandler = start
    for _fed in feed(made, package.chunks(CONTENT)):
        pass
    return found


class _Walk:
    """Collects the rows of one table. `found`: how often a row is repeated, and its first occurrence."""

    def __init__(self, table: str) -> None:
        self.found: list[tuple[int, TableRow]] = []
        self._wanted = int(table)
        self._table = -1
        self._line = 1
        self._row: list[str] = []
        self._row_times = 1
        self._row_hidden = False
        self._cell: dict[str, str] = {}
        self._text: list[str] = []
        self._inside = self._aside = self._depth = 0
        self._local = LocalNames()

    def follow(self, made: Any) -> None:
        made.StartElementHandler, made.EndElementHandler = self._start, self._end
        made.CharacterDataHandler = self._data

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK)
        name = self._local[name]
        if name == "table":
            self._table += 1
        elif self._table != self._wanted:
            return
        elif name == "table-row":
            self._row, self._row_times = [], _times(attributes, "number-rows-repeated")
            self._row_hidden = attribute(attributes, "visibility") in ("collapse", "filter")
        elif name in ("table-cell", "covered-table-cell"):
            self._cell, self._text = attributes, []
        elif name == "annotation":
            self._aside += 1
        elif name == "p":
            self._inside += 1
            if self._text:
                self._text.append("\n")
        elif name in ("s", "tab", "line-break") and self._inside:
            self._text.append({"s": " ", "tab": "\t"}.get(name, "\n"))

    def _end(self, name: str) -> None:
        self._depth -= 1
        name = self._local[name]
        if self._table != self._wanted:
            return
        if name == "annotation":
            self._aside -= 1
        elif name == "p":
            self._inside -= 1
        elif name in ("table-cell", "covered-table-cell"):
            self._end_cell()
        elif name == "table-row":
            while self._row and self._row[-1] == "" and type(self._row[-1]) is str:
                self._row.pop()
            if self._row:
                self.found.append((self._row_times, (self._line, self._row, self._row_hidden)))
            self._line += self._row_times
        elif name == "table":
            self._table += 10_000_000  # what follows is other tables

    def _data(self, text: str) -> None:
        if self._inside and not self._aside:
            self._text.append(text)

    def _end_cell(self) -> None:
        times, value = _times(self._cell, "number-columns-repeated"), _value(self._cell, "".join(self._text))
        if times > COLUMNS or len(self._row) + times > COLUMNS:
            if value:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            times = max(0, COLUMNS - len(self._row))
        self._row.extend(repeat(value, times))


def _value(cell: dict[str, str], text: str) -> str:
    kind = attribute(cell, "value-type")
    if kind in _NUMBERS:
        return cells.number(attribute(cell, "value"))
    if kind in ("date", "time"):
        return Odd(cells.iso_date(attribute(cell, "date-value")) or text, Reason.DATE)
    if kind == "boolean":
        return Odd(text, Reason.BOOLEAN)
    if attribute(cell, "formula"):
        if not text:
            return Odd("", Reason.FORMULA)
        if text.startswith(("#", "Err:")):
            return Odd(text, Reason.CELL_ERROR)
    return text


def _times(attributes: dict[str, str], name: str) -> int:
    given = attribute(attributes, name)
    return int(given) if given.isdecimal() and len(given) < 9 else 1
