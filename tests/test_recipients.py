"""Recipients from pasted text and from the files that offices keep them in."""

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest

from mailings.recipients import MAX_BYTES, Unreadable, decode, gather, lines_of
from mailings.smsc.spec.addresses import kinds_for
from mailings.smsc.spec.vocabulary import Channel

SMS = kinds_for(Channel.SMS)


def lines(data: bytes, name: str = "list.txt") -> list[str]:
    return lines_of(io.BytesIO(data), name)


def workbook(*rows: list[object], sheets: int = 1) -> bytes:
    """An xlsx file whose last sheet holds `rows`."""
    book = openpyxl.Workbook()
    for _sheet in range(sheets - 1):
        book.create_sheet()
    for row in rows:
        book.worksheets[-1].append(row)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_a_text_is_read_in_the_encodings_of_offices(encoding: str) -> None:
    assert decode("Имя;79990000001\n".encode(encoding)) == "Имя;79990000001\n"


def test_line_ends_of_every_system_count_alike() -> None:
    assert lines(b"79990000001\r\n79990000002\r79990000003\n") == [
        "79990000001",
        "79990000002",
        "79990000003",
    ]


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(Unreadable, match="no text"):
        lines(b"79990000001" * 30 + b"\x00\x01\x02")


def test_a_file_beyond_the_limit_is_refused() -> None:
    with pytest.raises(Unreadable, match="64 MB"):
        lines(b"7" * (MAX_BYTES + 1))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_column_of_a_known_heading_is_taken(delimiter: str) -> None:
    rows = [
        ["Имя", "Счёт", "Телефон"],
        ["Ann", "4081781009", "79990000001"],
        ["Bob", "4081781010", "79990000002"],
    ]
    text = "\n".join(delimiter.join(row) for row in rows)

    assert lines(text.encode(), "list.csv") == ["", "79990000001", "79990000002"]


def test_without_a_heading_the_column_with_most_recipients_is_taken() -> None:
    text = b"Ann;79990000001\nBob;7999\nEve;79990000003"

    assert lines(text, "list.csv") == ["79990000001", "7999", "79990000003"]


def test_an_unknown_heading_is_no_wrong_recipient() -> None:
    assert lines(b"Who;To whom\nAnn;79990000001", "list.csv") == ["", "79990000001"]


def test_lines_keep_their_numbers_where_a_cell_spans_several() -> None:
    text = b'name;phone\n"Ann\nLee";79990000001\nBob;wrong'

    found = lines(text, "list.csv")

    assert [wrong.line for wrong in gather("", found, SMS).wrong_in_file] == [4]


def test_a_broken_table_is_refused() -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        lines(b'"' + b"7" * 200_000, "list.csv")


def test_a_workbook_gives_numbers_as_people_see_them() -> None:
    data = workbook(
        ["Name", "Phone"], ["Ann", 79990000001], ["Bob", 79990000002.0], [None, None], ["Eve", "+79990000003"]
    )

    assert lines(data, "list.xlsx") == ["", "79990000001", "79990000002", "", "+79990000003"]


def test_the_first_sheet_that_holds_anything_is_taken() -> None:
    assert lines(workbook(["79990000001"], sheets=3), "list.xlsx") == ["79990000001"]


def test_a_workbook_with_other_things_than_numbers_names_them_as_wrong() -> None:
    found = lines(workbook(["Phone"], [datetime(2026, 1, 1)], [True]), "list.xlsx")

    assert gather("", found, SMS).wrong_count == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0 old workbook", "old kind"),
        (b"PK\x03\x04 not a zip at all", "cannot be read"),
        (workbook(), "empty"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        lines(data, "list.xlsx")


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        archive.writestr("a.txt", "79990000001")

    with pytest.raises(Unreadable, match="cannot be read"):
        lines(kept.getvalue(), "list.xlsx")


def test_a_workbook_that_would_fill_the_memory_is_refused() -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/a.xml", "w") as inner:
        for _megabyte in range(MAX_BYTES * 8 // 2**20 + 1):
            inner.write(bytes(2**20))

    with pytest.raises(Unreadable, match="unpacks"):
        lines(kept.getvalue(), "list.xlsx")


def test_a_workbook_with_an_entity_bomb_is_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "79990000001">]>'
    source, kept = zipfile.ZipFile(io.BytesIO(workbook(["x"]))), io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/workbook.xml":
                content = (
                    bomb + content.partition(b"?>")[2] if content.startswith(b"<?xml") else bomb + content
                )
            archive.writestr(entry, content)

    with pytest.raises(Unreadable):
        lines(kept.getvalue(), "list.xlsx")


def test_pasted_and_filed_recipients_go_together_each_once() -> None:
    found = gather("+79990000001\nG7\nabc", ["79990000001", "", "79990000002", "x", "79990000002"], SMS)

    assert found.valid == ("+79990000001", "G7", "79990000002")
    assert (found.duplicates, found.people, found.groups, found.wrong_count) == (2, 2, 1, 2)
    assert [(wrong.line, wrong.entry) for wrong in found.wrong] == [(3, "abc")]
    assert [(wrong.line, wrong.entry) for wrong in found.wrong_in_file] == [(4, "x")]


def test_no_recipient_shows_in_a_repr() -> None:
    assert "7999" not in repr(gather("79990000001\n7999", [], SMS))
