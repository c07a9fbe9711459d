"""Small files that want to become large ones; run as a program it reads one and tells what that took."""

import io
import re
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from mailings.recipients.reader import Choices, read
from mailings.recipients.reasons import UnreadableFile
from tests.recipients.cases import archive, ods, ods_row

MEGABYTE = 2**20
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas'
    '.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="b" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
PHONE = "<row><c t='str'><v>79990000001</v></c></row>"

ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


def book(pieces: Iterable[str], strings: Iterable[str] = ()) -> bytes:
    """A workbook whose sheet holds the pieces; written bit by bit, since it may be large."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        made.writestr("xl/workbook.xml", BOOK)
        made.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        with made.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write(HEAD.encode())
            for piece in pieces:
                part.write(piece.encode())
            part.write(TAIL.encode())
        with made.open("xl/sharedStrings.xml", "w") as part:
            part.write(b"<sst>")
            for piece in strings:
                part.write(piece.encode())
            part.write(b"</sst>")
    return kept.getvalue()


def times(piece: str, count: int) -> Iterator[str]:
    """The piece so many times, some thousands together."""
    many = 10_000
    for _block in range(count // many):
        yield piece * many
    yield piece * (count % many)


BOMBS: dict[str, Callable[[], bytes]] = {
    "row_number": lambda: book(
        iter(['<row r="5000000"><c r="A5000000" t="str"><v>79990000001</v></c></row>'])
    ),
    "empty_rows": lambda: book(times("<row/>", 1_000_000)),
    "far_cells": lambda: book(times('<row><c r="XFD1" t="str"><v>79990000001</v></c></row>', 20_000)),
    "far_plain_cells": lambda: book(times('<row r="1"><c r="XFD1"><v>79990000001</v></c></row>', 20_000)),
    "zeros": lambda: book(iter([PHONE, *(" " * MEGABYTE for _n in range(600))])),
    "many_cells": lambda: book(iter(["<row>", *times("<c/>", 3_000_000), "</row>"])),
    "long_value": lambda: book(
        iter(["<row><c t='str'><v>", *("7" * MEGABYTE for _n in range(100)), "</v></c></row>"])
    ),
    "deep": lambda: book(times("<a>", 3_000_000)),
    "strings": lambda: book(iter([PHONE]), times("<si><t>x</t></si>", 9_000_000)),
    "odd_strings": lambda: book(iter([PHONE]), times("<si><t>x</t><r/></si>", 2_000_000)),
    "one_string": lambda: book(
        iter([PHONE]), iter(["<si><t>", *("x" * MEGABYTE for _n in range(200)), "</t></si>"])
    ),
    "attributes": lambda: book(iter(["<row ", *(f'a{n}="1" ' for n in range(500_000)), "/>"])),
    "entities": lambda: archive(xl__workbook_xml=f"<!DOCTYPE a [{ENTITIES}]><workbook>&a11;</workbook>"),
    "ods_rows": lambda: ods(ods_row("79990000001", attributes='table:number-rows-repeated="99999999"')),
    "ods_cells": lambda: ods(
        ods_row("x", attributes='table:number-rows-repeated="2000"').replace(
            "<table:table-cell ", '<table:table-cell table:number-columns-repeated="16384" '
        )
    ),
    "ods_deep": lambda: ods("<text:p>" * 1_000_000),
    "line_ends": lambda: b"\n" * (8 * MEGABYTE),
    "returns": lambda: b"\r" * (8 * MEGABYTE),
    "commas": lambda: b"," * (8 * MEGABYTE),
    "quotes": lambda: b'a;"\n' * (2 * MEGABYTE),
    "open_quote": lambda: b'"' + b"7\n" * (8 * MEGABYTE),
    "one_line": lambda: b"7" * (60 * MEGABYTE),
    "wide_lines": lambda: ("я;" * 2_000_000 + "\n").encode("cp1251") * 15,
    "wide_rows": lambda: (b";".join([b"x"] * 16_000) + b"\n") * 1000,
    "same_headings": lambda: b";".join([b"x"] * 16_000) + b"\n" + b"79990000001;" * 16_000,
    "numbers_in_a_cell": lambda: b"a;b\n" + (b'x;"' + b"+79990000001," * 10_000 + b'"\n') * 60,
    "at_signs": lambda: b"phone\n" + (b"8(" * 90 + b"\n") * 100_000,
    "markup": lambda: b" " * (8 * MEGABYTE) + b"<html>",
    "names": lambda: archive(**{f"xl__{n}": "" for n in range(5_000)}),
}


def sparse(size: int) -> IO[bytes]:
    """A file of so many bytes that takes no room."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (its caller closes it)
    file.write(b"79990000001\n")
    file.truncate(size)
    return file


def main(name: str) -> None:
    """Reads one; prints the seconds of CPU, the most megabytes ever held, and what came of it."""

    data = sys.stdin.buffer.read()
    file: IO[bytes] = sparse(2 * 1024 * MEGABYTE) if name == "sparse" else io.BytesIO(data)
    begin = time.process_time()
    try:
        came = str(sum(1 for _entry in read(file, name, Choices())))
    except UnreadableFile as refusal:
        came = refusal.said.what.code
    seconds = time.process_time() - begin
    [held] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    sys.stdout.write(f"{seconds:.1f} {int(held) // 1024} {came}\n")


if __name__ == "__main__":
    main(sys.argv[1])
