"""Opens a file as the table that it is, whatever its name: text or a workbook; or says why it is neither."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import IO, Protocol

from mailings.recipients import charset
from mailings.recipients.delimited import DelimitedTable, Lines, TableRow
from mailings.recipients.limits import Limits
from mailings.recipients.ods import MIMETYPE, Ods
from mailings.recipients.package import Package
from mailings.recipients.reasons import Trouble, UnreadableFile
from mailings.recipients.xlsx import Sheet, Xlsx

OLE = b"\xd0\xcf\x11\xe0"
ARCHIVE = b"PK"
_OTHER = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"{\\rtf",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"BM",
)
_MARKUP = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|meta|style|div|\?xml|!--)", re.IGNORECASE
)
_XML = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<\?xml(?!.{0,300}<html)", re.IGNORECASE | re.DOTALL)
_TABLE_NAMES = (".csv", ".tsv", ".tab")
SCAN = 1024 * 1024


class Workbook(Protocol):
    """Sheets, and the rows of each, which can be read again."""

    sheets: list[Sheet]

    def rows(self, sheet: Sheet) -> Iterator[TableRow]: ...


def is_table_by_name(name: str) -> bool:
    """Whether a text file of this name is a table, even if all its cells are recipients."""
    return PurePath(name).suffix.lower() in _TABLE_NAMES


def opened(file: IO[bytes], limits: Limits) -> DelimitedTable | Workbook:
    """The table in a seekable file. Raises UnreadableFile."""
    if file.seek(0, 2) > limits.bytes:
        raise limits.too_large()
    file.seek(0)
    first = file.read(charset.SAMPLE)
    if first.startswith(ARCHIVE):
        return _workbook(Package(file, limits), limits)
    if first.startswith(OLE):
        raise UnreadableFile(_in_ole(file))
    if first.startswith(_OTHER):
        raise UnreadableFile(Trouble.OTHER_DOCUMENT)
    if _MARKUP.match(first) or first.startswith(b"MIME-Version:"):
        raise UnreadableFile(Trouble.XML_WORKBOOK if _XML.match(first) else Trouble.WEB_PAGE)
    text = charset.recognise(file, limits)
    return DelimitedTable(Lines(file, text), limits, text.notes)


def pasted(lines: Sequence[str], limits: Limits) -> DelimitedTable:
    """The table in pasted lines."""
    return DelimitedTable(lines, limits)


def _workbook(package: Package, limits: Limits) -> Workbook:
    if "content.xml" in package and package.small("mimetype").strip() == MIMETYPE:
        return Ods(package, limits)
    if "xl/workbook.bin" in package:
        raise UnreadableFile(Trouble.BINARY_WORKBOOK)
    if package.has_folder("word") or package.has_folder("ppt") or not package.has_folder("xl"):
        raise UnreadableFile(Trouble.OTHER_DOCUMENT)
    return Xlsx(package, limits)


def _in_ole(file: IO[bytes]) -> Trouble:
    """What an OLE container has, by the names of its streams, which may be anywhere in it."""
    found = {
        "EncryptedPackage".encode("utf-16-le"): Trouble.PASSWORD,
        "WordDocument".encode("utf-16-le"): Trouble.OTHER_DOCUMENT,
        "PowerPoint".encode("utf-16-le"): Trouble.OTHER_DOCUMENT,
    }
    file.seek(0)
    before = b""
    while chunk := file.read(SCAN):
        for name, trouble in found.items():
            if name in before + chunk:
                return trouble
        before = chunk[-64:]
    return Trouble.OLD_WORKBOOK
