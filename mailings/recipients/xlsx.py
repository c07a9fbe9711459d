"""Reads workbooks of Excel (.xlsx, also Strict ones) as rows of text, in one pass and in constant memory.

The XML is read while it is unpacked. Row numbers, sizes and gaps that the file names reserve no memory.
Hidden sheets and rows, formulas without results, dates and errors are recognised, which libraries would not
show.
"""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from mailings.recipients import cells
from mailings.recipients.cells import Odd
from mailings.recipients.delimited import TableRow
from mailings.recipients.limits import Budget, Limits
from mailings.recipients.package import LocalNames, Package, attribute, feed, parser
from mailings.recipients.reasons import Reason
from mailings.recipients.shared_strings import SharedStrings
from mailings.recipients.sheet_rows import TRUE, SheetRows


class Sheet(NamedTuple):
    """One sheet of a workbook. `part`: where it is in the file."""

    name: str
    hidden: bool
    part: str


class Xlsx:
    """A workbook. `sheets`: in their order."""

    def __init__(self, package: Package, limits: Limits) -> None:
        self._package, self._limits = package, limits
        book = _office_document(package)
        self._folder = posixpath.dirname(book)
        relations = _relations(package, book)
        self._from_1904 = False
        self.sheets: list[Sheet] = []
        for name, attributes in _elements(package, book):
            if name == "workbookPr":
                self._from_1904 = attributes.get("date1904", "") in TRUE
            elif name == "sheet":
                kind, part = relations.get(attribute(attributes, "id"), ("", ""))
                if kind == "worksheet" and part in package:
                    hidden = attributes.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), hidden, part))
        parts = {kind: part for kind, part in relations.values() if part in package}
        self._strings = SharedStrings(package, parts.get("sharedStrings", ""))
        self._dates = _date_styles(package, parts.get("styles", ""))

    def rows(self, sheet: Sheet) -> Iterator[TableRow]:
        """The rows in a sheet, by their own numbers. Rows that the file leaves out are left out here too."""
        budget, count = Budget(self._limits), 0
        for found in SheetRows(self._value).read(self._package.chunks(sheet.part)):
            count += len(found)
            budget.check(count)
            yield from found

    def _value(self, kind: str, style: str, text: str, formula: bool) -> str:
        """A cell's text. `kind` and `style` are its attributes t and s."""
        if kind == "s":
            return self._strings[int(text)] if text else ""
        if not kind or kind == "n":
            if not text:
                return Odd("", Reason.FORMULA) if formula else ""
            if style and int(style) in self._dates:
                return Odd(cells.date(text, from_1904=self._from_1904), Reason.DATE)
            return cells.number(text)
        if not text and formula:
            return Odd("", Reason.FORMULA)
        if kind == "b":
            return Odd("TRUE" if text.strip() == "1" else "FALSE", Reason.BOOLEAN)
        if kind == "e":
            return Odd(text, Reason.CELL_ERROR)
        return Odd(cells.iso_date(text), Reason.DATE) if kind == "d" else text


def _office_document(package: Package) -> str:
    for kind, part in _relations(package, "").values():
        if kind == "officeDocument":
            return part
    return "xl/workbook.xml"


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """By ID, the kind and the name of each part to which this part refers."""
    folder, name = posixpath.split(part)
    found = {}
    for element, attributes in _elements(package, posixpath.join(folder, "_rels", f"{name}.rels")):
        if element == "Relationship":
            target = attributes.get("Target", "").replace("\\", "/")
            place = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], place)
    return found


def _date_styles(package: Package, part: str) -> frozenset[int]:
    """The cell styles that show a number as a date or an hour."""
    codes: dict[str, str] = {}
    found: set[int] = set()
    within, count = False, 0
    for name, attributes in _elements(package, part):
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyles", "cellStyleXfs"):
            within = name == "cellXfs"
        elif name == "xf" and within:
            number = attributes.get("numFmtId", "0")
            if number.isdecimal() and cells.is_date_format(int(number), codes.get(number, "")):
                found.add(count)
            count += 1
    return frozenset(found)


def _elements(package: Package, part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small part, without their texts."""
    content = package.small(part)
    if not content:
        return []
    made, found, local = parser(), list[tuple[str, dict[str, str]]](), LocalNames()
    made.StartElementHandler = lambda name, attributes: found.append((local[name], attributes))
    for _fed in feed(made, iter([content])):
        pass
    return found
