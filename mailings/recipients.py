"""Recipients from files: txt, csv and xlsx, in the encodings that offices use -> one entry a line.

What an entry must look like is the provider's business (`smsc.addresses`); here it is only found: which bytes
are text, which column holds the numbers, which line is the heading.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, Any

import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml import DEFUSEDXML

from mailings.smsc.spec.addresses import Kind, Recipients, Wrong, clean, is_group, read

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is read; a workbook may unpack to eight times that."""
MAX_COLUMNS = 50
SAMPLE = 200
"""So many rows decide which column holds the recipients."""

HEADINGS = frozenset(
    (
        *("phone", "phones", "number", "numbers", "mobile", "tel", "msisdn", "contact"),
        *("email", "e-mail", "mail", "address", "recipient", "recipients"),
        *("телефон", "телефоны", "номер", "номера", "моб", "мобильный", "контакт"),
        *("почта", "адрес", "получатель", "получатели"),
    )
)


class Unreadable(Exception):
    """The file holds no recipients that can be found; the text is a sentence for the operator."""


@dataclass(frozen=True)
class Gathered:
    """Recipients of one mailing: pasted, and from a file (`wrong_in_file` counts the lines of the file)."""

    valid: tuple[str, ...] = ()
    duplicates: int = 0
    wrong: tuple[Wrong, ...] = ()
    wrong_in_file: tuple[Wrong, ...] = ()
    unreadable: str = ""
    groups: int = field(default=0)

    def __repr__(self) -> str:
        return f"Gathered({len(self.valid)} valid, {self.wrong_count} wrong)"

    @property
    def wrong_count(self) -> int:
        return len(self.wrong) + len(self.wrong_in_file)

    @property
    def people(self) -> int:
        """Recipients that are no groups: how many people a group holds only the provider knows."""
        return len(self.valid) - self.groups


def gather(pasted: str, lines: Sequence[str], kinds: frozenset[Kind]) -> Gathered:
    """Pasted recipients and the lines of a file, together: in this order, each once."""
    typed = read(pasted, kinds)
    if not lines:
        return Gathered(typed.valid, typed.duplicates, typed.wrong, groups=typed.groups)
    filed = read(lines, kinds)
    valid = _joined(typed, filed)
    doubles = typed.duplicates + filed.duplicates + len(typed.valid) + len(filed.valid) - len(valid)
    return Gathered(valid, doubles, typed.wrong, filed.wrong, groups=sum(map(is_group, valid)))


def _joined(first: Recipients, second: Recipients) -> tuple[str, ...]:
    together: dict[str, str] = {}
    for entry in (*first.valid, *second.valid):
        together.setdefault(entry.lstrip("+@").casefold(), entry)
    return tuple(together.values())


def lines_of(file: IO[bytes], name: str) -> list[str]:
    """The recipients in a file, index n for its line n + 1; lines without one are empty. Raises Unreadable.

    Of several columns, the one under a known heading is taken, else the one with the most recipients.
    """
    file.seek(0)
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(_("The file is larger than 64 MB. Divide it."))
    if data.startswith(b"PK\x03\x04"):
        return _one_column(_workbook(data))
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("This is a workbook of an old kind (.xls). Save it as .xlsx or .csv."))
    text = decode(data)
    if name.lower().endswith((".csv", ".tsv")):
        return _one_column(_table(text))
    return text.splitlines()


def decode(data: bytes) -> str:
    """The text in a file: UTF-8 or UTF-16 by mark, UTF-16 by its zero bytes, UTF-8, else windows-1251."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if b"\x00" in data:
        return _decoded(data, _utf_16(data[:4000]))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decoded(data, "cp1251")


def _utf_16(sample: bytes) -> str:
    """Which UTF-16 has its zero bytes where this has: those of digits are the second of two, or the first."""
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if min(first, second) > 0 or max(first, second) * 20 < len(sample):
        return "ascii"  # too few, or in both places: no text
    return "utf-16-le" if second else "utf-16-be"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise Unreadable(_("This is no text file. Recipients come as .txt, .csv or .xlsx."))
    return text


def _table(text: str) -> list[list[str]]:
    """The rows of a csv text, so that index n is line n + 1 even where a quoted cell spans lines."""
    delimiter = max(";,\t|", key=text[:20_000].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.extend([] for _line in range(reader.line_num - len(rows) - 1))
            rows.append(row)
    except csv.Error:
        raise Unreadable(_("The table in this file cannot be read. Save it anew as .csv or .xlsx.")) from None
    return rows


def _workbook(data: bytes) -> list[list[str]]:
    """The rows of a workbook's first sheet that holds any."""
    if not DEFUSEDXML:
        raise RuntimeError("defusedxml is missing: workbooks must not be read without it")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 8 * MAX_BYTES:
                raise Unreadable(_("This workbook unpacks to far more than it should. Save it as .csv."))
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = [
                [_cell(value) for value in row]
                for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
            ]
            if any(map(any, rows)):
                return rows
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError):
        raise Unreadable(_("This workbook cannot be read. Save it anew as .xlsx or .csv.")) from None
    raise Unreadable(_("This workbook is empty."))


def _cell(value: Any) -> str:
    """A cell as text: a number without the fraction and the exponent that a spreadsheet gives it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _one_column(rows: list[list[str]]) -> list[str]:
    sample = list(islice(filter(any, rows), SAMPLE))
    column = _heading(sample[:1])
    if column is None:
        column = _fullest(sample)
    entries = [row[column].strip() if column < len(row) else "" for row in rows]
    for index, entry in enumerate(entries):
        if entry:
            if _is_heading(entry):
                entries[index] = ""
            break
    return entries


def _heading(first: Sequence[Sequence[str]]) -> int | None:
    for row in first:
        for column, cell in enumerate(row):
            if _words(cell) & HEADINGS:
                return column
    return None


def _words(cell: str) -> set[str]:
    return set(cell.casefold().replace("_", " ").replace(".", " ").split())


def _is_heading(entry: str) -> bool:
    """Whether the first entry of a column names it: it has no digit, no @ and no #."""
    return bool(_words(entry) & HEADINGS) or not any(char.isdigit() or char in "@#" for char in entry)


def _fullest(rows: Iterable[Sequence[str]]) -> int:
    """The column with the most recipients; nicknames do not count, since any name would be one."""
    kinds = frozenset(Kind) - {Kind.NICKNAME}
    counts = [0] * MAX_COLUMNS
    for row in rows:
        for column, cell in enumerate(row[:MAX_COLUMNS]):
            counts[column] += clean(cell, kinds) is not None
    return counts.index(max(counts))
