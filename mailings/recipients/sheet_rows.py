"""Reads the XML of one sheet as rows of text, piece by piece.

In nearly all workbooks the cells have a few plain forms, which an expression reads many times faster than an
XML parser. If a row has anything else, which the number of `<` shows, the parser reads it. Both give the
same.
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any
from xml.parsers import expat

from mailings.recipients.delimited import TableRow
from mailings.recipients.limits import COLUMNS
from mailings.recipients.package import CHUNK, DEEPEST, LocalNames, feed, parser
from mailings.recipients.reasons import Trouble, UnreadableFile
from mailings.recipients.shared_strings import is_plain

TRUE = ("1", "true", "on")
# The most cells in the rows of one chunk of XML: so many can only be gaps between cells.
MOST_CELLS_AT_ONCE = 4_000_000
# A longer piece without the end of a row is read by the parser.
LONGEST_ROW = 4 * 1024 * 1024
_HEAD = b"<worksheet><sheetData>"
_ENDS = b"</row>"
_ROW = re.compile(r"\s*<row(?: [^<>]*[^/<>])?>")
_NUMBER = re.compile(r' r="(\d+)"')
_HIDDEN = re.compile(r' hidden="(1|true|on)"')
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?'
    r'(?:/>|>(?:<v>([^<&]+)</v>|<is><t(?: xml:space="preserve")?>([^<&]+)</t></is>)</c>)'
)
_TAGS, _TAGS_ALONE, _TAGS_INLINE = 4, 1, 6

# Makes what a person sees of a cell: its type, style, text, and whether it has a formula.
Value = Callable[[str, str, str, bool], str]


class SheetRows:
    """Reads one sheet, once."""

    def __init__(self, value: Value) -> None:
        self._value = value
        self.columns = _Columns()
        self.line = 0

    def read(self, chunks: Iterator[bytes]) -> Iterator[list[TableRow]]:
        """The rows in their order, several at a time. Raises UnreadableFile."""
        rest = b""
        for chunk in chunks:
            rest += chunk
            if b"<sheetData" in rest or len(rest) > LONGEST_ROW:
                break
        begin = rest.find(b"<sheetData>")
        if begin < 0 or not is_plain(rest):
            yield from self._slowly(chain([rest], chunks))
            return
        rest = rest[begin + len(b"<sheetData>") :]
        for chunk in chain([b""], chunks):
            rest += chunk
            cut = rest.rfind(_ENDS) + len(_ENDS)
            if not is_plain(rest) or len(rest) > LONGEST_ROW or b"</sheetData>" in chunk:
                break
            if cut >= len(_ENDS):
                yield self._whole(rest[:cut])
                rest = rest[cut:]
        rest = _HEAD + rest
        pieces = (rest[at : at + CHUNK] for at in range(0, len(rest), CHUNK))
        yield from self._slowly(chain(pieces, chunks))

    def _whole(self, piece: bytes) -> list[TableRow]:
        """The rows of a piece that ends where a row ends."""
        found: list[TableRow] = []
        for row in piece.decode("utf-8", "replace").split("</row>")[:-1]:
            if not self._plainly(row, found):
                made = parser()
                self._follow(made, found)
                try:
                    made.Parse(_HEAD.decode() + row + "</row>", False)
                except (expat.ExpatError, ValueError, IndexError):
                    raise UnreadableFile(Trouble.BROKEN_WORKBOOK) from None
        return found

    def _plainly(self, text: str, found: list[TableRow]) -> bool:
        """Add a row of plain cells to `found`; False: the parser must read it."""
        opening = _ROW.match(text)
        if opening is None:
            return False
        cells = _CELL.findall(text, opening.end())
        if text.count("<") != 1 + _TAGS * len(cells) and text.count("<") != 1 + sum(map(_tags, cells)):
            return False
        number = _NUMBER.search(opening[0])
        self.line = int(number[1]) if number else self.line + 1
        row: list[str] = []
        for letters, style, kind, text_in_v, text_inline in cells:
            gap = self.columns[letters] - len(row)
            if gap:
                if gap < 0:
                    return False
                row.extend([""] * gap)
            row.append(self._value(kind, style, text_in_v or text_inline, False))
        found.append((self.line, row, "hidden" in opening[0] and _HIDDEN.search(opening[0]) is not None))
        return True

    def _slowly(self, chunks: Iterator[bytes]) -> Iterator[list[TableRow]]:
        made, found = parser(), list[TableRow]()
        self._follow(made, found)
        for _fed in feed(made, chunks):
            yield found
            found.clear()

    def _follow(self, made: Any, found: list[TableRow]) -> None:
        walk = _Walk(self, self._value, found)
        made.StartElementHandler, made.EndElementHandler = walk.start, walk.end
        made.CharacterDataHandler = walk.text.append


class _Walk:
    """Makes rows of the parser's events."""

    def __init__(self, sheet: SheetRows, value: Value, found: list[TableRow]) -> None:
        self.text: list[str] = []
        self._sheet, self._value, self._found = sheet, value, found
        self._local = LocalNames()
        self._row: list[str] = []
        self._hidden = self._formula = False
        self._kind = self._style = ""
        self._column = self._depth = self._held = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = self._local[name]
        if name == "c":
            place = attributes.get("r")
            self._column = self._sheet.columns[place.rstrip("0123456789")] if place else len(self._row)
            self._kind, self._style = attributes.get("t", ""), attributes.get("s", "")
            if self._column >= COLUMNS:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            self._formula = False
            self.text.clear()
        elif name in ("v", "is"):
            self.text.clear()
        elif name == "f":
            self._formula = True
        elif name == "row":
            self._sheet.line = int(attributes.get("r") or self._sheet.line + 1)
            self._hidden, self._row = attributes.get("hidden", "") in TRUE, []
        elif self._depth > DEEPEST:
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK)

    def end(self, name: str) -> None:
        self._depth -= 1
        name = self._local[name]
        if name == "c":
            self._end_cell()
        elif name == "f":
            self.text.clear()
        elif name == "row" and self._row:
            self._held = self._held + len(self._row) if self._found else len(self._row)
            if self._held > MOST_CELLS_AT_ONCE:
                raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
            self._found.append((self._sheet.line, self._row, self._hidden))

    def _end_cell(self) -> None:
        said = self._value(self._kind, self._style, "".join(self.text), self._formula)
        gap = self._column - len(self._row)
        if gap > 0:
            self._row.extend([""] * gap)
        if gap >= 0:
            self._row.append(said)
        else:
            self._row[self._column] = said


class _Columns(dict[str, int]):
    """Maps the letters of a column to its index: A is 0."""

    def __missing__(self, letters: str) -> int:
        index = 0
        for letter in letters.upper():
            index = index * 26 + ord(letter) - 64
        if not (letters.isascii() and letters.isalpha()) or index > COLUMNS:
            raise UnreadableFile(Trouble.TOO_WIDE, columns=COLUMNS)
        self[letters] = index - 1
        return index - 1


def _tags(cell: tuple[str, ...]) -> int:
    if cell[3]:
        return _TAGS
    return _TAGS_INLINE if cell[4] else _TAGS_ALONE
