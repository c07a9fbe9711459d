"""Files of recipients as real programs write them, made anew from their bytes, and what is right for each.

All numbers and addresses are made up: `N1` is +79990000001, and so on.
"""

import codecs
import io
import zipfile
from collections.abc import Callable
from typing import NamedTuple

import openpyxl

from mailings.smsc.spec.vocabulary import Channel


class Case(NamedTuple):
    """`right`: the recipients, in order. `wrong`: the lines that are refused. `said`: codes of notes, questions
    or of the trouble that makes the file unreadable (then nobody is a recipient)."""

    name: str
    data: bytes
    right: tuple[str, ...]
    wrong: tuple[int, ...] = ()
    said: tuple[str, ...] = ()
    channel: Channel = Channel.SMS
    duplicates: int = 0


def n(*numbers: int) -> tuple[str, ...]:
    return tuple(f"+7999{number:07d}" for number in numbers)


def marked(text: str) -> bytes:
    return codecs.BOM_UTF8 + text.encode()


def workbook(*rows: list[object], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """A workbook with one sheet of `rows`, changed before it is saved."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def with_part(data: bytes, part: str, *changes: tuple[bytes, bytes]) -> bytes:
    """The same archive with parts of its text replaced; `part` "" stands for every part."""
    source, kept = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in source.infolist():
            content = source.read(entry)
            if part in ("", entry.filename):
                for old, new in changes:
                    content = content.replace(old, new)
            archive.writestr(entry.filename, content)
    return kept.getvalue()


def archive(**parts: str) -> bytes:
    """An archive with these parts; `__` in a name is a slash, `_` a dot."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return kept.getvalue()


def ods(rows: str, styles: str = "") -> bytes:
    """A spreadsheet of LibreOffice with a table of these rows."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    tables = rows if "<table:table " in rows else f'<table:table table:name="S">{rows}</table:table>'
    return archive(
        mimetype="application/vnd.oasis.opendocument.spreadsheet",
        content_xml=f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
    )


def ods_row(*cells: str, attributes: str = "") -> str:
    inside = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f"<table:table-row {attributes}>{inside}</table:table-row>"


def ole(*streams: str) -> bytes:
    """An OLE container, as far as its names go."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"".join(
        name.encode("utf-16-le") + bytes(64) for name in streams
    )


def _report(book: openpyxl.Workbook) -> None:
    book.active.merge_cells("A1:C1")


def _hidden_first(book: openpyxl.Workbook) -> None:
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Ноябрь")
    for row in (["Телефон"], [79990000001], [79990000002]):
        shown.append(row)
    book.active = 1


def _two_shown(book: openpyxl.Workbook) -> None:
    book.create_sheet("B").append([79990000002])


def _filtered(book: openpyxl.Workbook) -> None:
    book.active.auto_filter.ref = "A1:B4"
    book.active.auto_filter.add_filter_column(1, ["да"])
    book.active.row_dimensions[3].hidden = True


def _scientific(book: openpyxl.Workbook) -> None:
    for row in (2, 3):
        book.active.cell(row, 1).number_format = "0.00E+00"


THREE: tuple[list[object], ...] = (
    ["Клиент", "Телефон"],
    ["Анна", 79990000001],
    ["Олег", 79990000002],
    ["Яна", 79990000003],
)
SHEET = "xl/worksheets/sheet1.xml"
STRICT = (
    (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    ),
    (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    ),
)
TWO_IN_A_CELL = """Клиент;Телефон
1;+7 999 000-00-01, +7 999 000-00-02
2;"8 (999) 000-00-03; 8 (999) 000-00-04"
3;+79990000005/+79990000006
4;8 999 000-00-07/08
5;8 (495) 000-00-09 доб. 123
6;8-800-000-00-10 (123)
7;345-67-89 345-67-90
8;"+79990000011
+79990000012"
9;89990000013 (Анна)
""".replace("\n", "\r\n").replace("11\r\n", "11\n")
EMAILS = """Anna Ivanova <anna@example.com>
"Петров, Олег" <oleg@example.com>
mailto:yana@example.com
ANNA@example.com
user+tag@example.com
o'brien@example.com
a..b@example.com
.a@example.com
a.@example.com
a@-example.com
a@example.com.
a@exa_mple.com
почта@пример.рф
a@пример.рф
a@xn--e1afmkfd.xn--p1ai
ivan@example,com
a@example
a@[192.0.2.1]
{long}@example.com
<b@example.com>
c@example.com;
d@example.c
""".format(long="x" * 65)

TEXTS = [
    Case(
        "excel_ru.csv",
        "ФИО;Адрес;Телефон;Сумма\r\nИванова Анна;г. Пермь, ул. Мира, д. 5, кв. 10;8 (999) 000-00-01;1500,50\r\n"
        "Петров Олег;г. Уфа, д. 7, корп. 2;+7-999-000-00-02;200,00\r\nЯна;г. Омск, оф. 3;9990000003;75,90\r\n".encode(
            "cp1251"
        ),
        n(1, 2, 3),
    ),
    Case(
        "unicode.txt",
        codecs.BOM_UTF16_LE
        + "ФИО\tТелефон\tГород\r\nАнна\t+7 999 000-00-01\tПермь\r\nОлег\t8 (999) 000-00-02\tУфа\r\n".encode(
            "utf-16-le"
        ),
        n(1, 2),
    ),
    Case(
        "pandas.csv",
        b"name,phone\nAnna,79990000001.0\nOleg,\nYana,79990000002.0\n",
        n(1, 2),
        said=("empty_cells",),
    ),
    Case(
        "1c.csv",
        marked(
            '"Контрагент";"Телефон"\r\n"ООО ""Ромашка""";"=""79990000001"""\r\n"ИП";"\'79990000002"\r\n'
            '"Сидорова";"79\u00a0990\u00a0000\u00a0003"\r\n"Котов";"79990000004,00"\r\n'
        ),
        n(1, 2, 3, 4),
    ),
    Case(
        "orders.csv",
        marked(
            "Номер заказа;Телефон;Дата\r\n1002003;+79990000001;01.11.2026\r\n1002004;+79990000002;02.11.2026\r\n"
        ),
        n(1, 2),
    ),
    Case("contact.csv", b"Contact,Email,Phone\r\nAnna,a@example.com,+79990000001\r\n", n(1)),
    Case(
        "contact.csv",
        b"Contact,Email,Phone\r\nAnna,a@example.com,+79990000001\r\n",
        ("a@example.com",),
        channel=Channel.MAIL,
    ),
    Case(
        "scientific.csv",
        "Клиент;Телефон\r\nАнна;7,9999E+10\r\nОлег;7,9999E+10\r\nЯна;+79990000003\r\n".encode("cp1251"),
        n(3),
        (2, 3),
    ),
    Case("scientific.csv", b"name,phone\r\nAnna,7.9999E+10\r\nYana,+79990000003\r\n", n(3), (2,)),
    Case("cell.csv", marked(TWO_IN_A_CELL), n(1, 2, 3, 4, 5, 6, 11, 12, 13), (5, 6, 7, 8)),
    Case("sep.csv", b"sep=;\r\nname;phone\r\nAnna;+79990000001\r\nOleg;+79990000002\r\n", n(1, 2)),
    Case("mac.txt", b"+79990000001\r+79990000002\r+79990000003\r", n(1, 2, 3)),
    Case(
        "marks.txt",
        "\u202a+7 999 000-00-01\u202c\n8\u2011999\u2011000\u201100\u201102\n8\u2212999\u2212000\u221200\u221203\n"
        "8\u00ad999\u00ad0000004\n8\u2007999\u2007000\u20070005\n8\u3000999\u3000000\u30000006\n＋７９９９００００００７\n"
        "tel:+7-999-000-00-08\n8\t999\t0000009\n٧٩٩٩٠٠٠٠٠١٠\n".encode(),
        n(1, 2, 3, 4, 5, 6, 7, 8, 10),
        (9,),
    ),
    Case(
        "not_numbers.txt",
        b"0000000\n1111111\n12.05.1987\n1002003\n7707083893\n+7912345678\n+89990000001\n0079990000001\n192.168.10.20\n",
        (),
        tuple(range(1, 10)),
    ),
    Case(
        "spellings.txt",
        b"8 (999) 000-00-01\n79990000001\n+79990000001\n9990000001\n7 999 000 00 01\n+79990000002\n",
        n(1, 2),
        duplicates=4,
    ),
    Case(
        "emails.txt",
        EMAILS.encode(),
        (
            *("anna@example.com", "oleg@example.com", "yana@example.com", "user+tag@example.com"),
            *("o'brien@example.com", "почта@xn--e1afmkfd.xn--p1ai", "a@xn--e1afmkfd.xn--p1ai"),
            *("b@example.com", "c@example.com"),
        ),
        (7, 8, 9, 10, 11, 12, 16, 17, 18, 19, 22),
        channel=Channel.MAIL,
        duplicates=2,
    ),
    Case(
        "telegram.txt",
        b"https://t.me/anna_petrova\nt.me/oleg12345\n@yana_k\n#123456789\n@ab\n@5star\n@_anna\n@anna__\n+79990000001\n",
        ("@anna_petrova", "@oleg12345", "@yana_k", "#123456789", "+79990000001"),
        (5, 6, 7, 8),
        channel=Channel.BOT,
    ),
    Case(
        "quotes.csv",
        marked(
            'Клиент;Телефон\r\n"ООО "Ромашка";+79990000001\r\n"Магазин 5";+79990000002\r\nСклад 24" экран;+79990000003\r\n'
        ),
        n(1, 2, 3),
    ),
    Case(
        "open_quote.csv",
        (
            'Клиент;Телефон\n"ООО Ромашка;+79990000001\n' + "".join(f"К;+7999{i:07d}\n" for i in range(2, 99))
        ).encode(),
        n(*range(1, 99)),
        said=("open_quote",),
    ),
    Case("headings.csv", b"Name;Phone number;Address\r\nAnna;+79990000001;Main St. 5\r\n", n(1)),
    Case("headings.csv", marked("Имя;Тел.;Адрес\r\nАнна;+79990000001;ул. Мира, 5\r\n"), n(1)),
    Case("headings.csv", marked("Имя;Сотовый;Город\r\nАнна;+79990000001;Пермь\r\n"), n(1)),
    Case("headings.csv", marked("Имя;Mobile Phone;E-mail\r\nАнна;+79990000001;a@example.com\r\n"), n(1)),
    Case(
        "headings.csv", marked("Адрес доставки;Имя;Телефон\r\nПермь, ул. Мира, 5;Анна;+79990000001\r\n"), n(1)
    ),
    Case("headings.csv", b"Phone;Phone 2\r\n;+79990000001\r\n", n(1)),
    Case("headings.csv", b"Phone;Phone 2\r\n+79990000001;+79990000002\r\n", (), said=("column",)),
    Case("none.csv", b"a;b\r\nx;y\r\n", (), said=("column",)),
    Case(
        "wide.csv", ";".join([*("x" * 54), "Телефон"]).encode() + b"\n" + b";" * 54 + b"+79990000001\n", n(1)
    ),
    Case(
        "odd_byte.csv",
        "Имя;Телефон\r\nАнна".encode("cp1251") + b"\x98;+79990000001\r\n",
        n(1),
        said=("replaced",),
    ),
    Case(
        "sparse.csv",
        (
            "Имя;Заметка;Связь\r\n"
            + "".join(f"Клиент {i};;\r\n" for i in range(3000))
            + "Клиент;;+79990000001\r\n"
        ).encode(),
        n(1),
        said=("empty_cells",),
    ),
    Case(
        "cut.csv",
        "Имя;Телефон\r\nАнна;+79990000001\r\nОлег;+79990000002\r\nЯна".encode()[:-1],
        n(1, 2),
        said=("cut", "empty_cells"),
    ),
    Case("empty.csv", b"", (), said=("empty",)),
    Case("heading.csv", b"phone\r\n", (), said=("no_recipient",)),
    Case("blank.csv", b"\r\n ; ; \r\n\r\n", (), said=("no_recipient",)),
    Case("mark.txt", codecs.BOM_UTF8, (), said=("no_recipient",)),
    Case("one_line.csv", b"79990000001,79990000002;79990000003", n(1, 2, 3)),
    Case("dashes.csv", "Имя;Телефон\nАнна;—\nОлег;79990000001\n".encode(), n(1), said=("empty_cells",)),
    Case("text.txt", "1002003: готов\n1. 8 999 000-00-01\nAnn +79990000002".encode(), n(1, 2), (1,)),
    Case("image.csv", b"\x89PNG\r\n\x1a\n" + bytes(40), (), said=("other_document",)),
    Case("zeros.txt", b"79990000001" * 30 + b"\x00\x01\x02", (), said=("no_text",)),
    Case("paper.pdf", b"%PDF-1.7\n", (), said=("other_document",)),
]
BOOKS = [
    Case(
        "report.xlsx",
        workbook(
            ["Клиенты на 25.11.2026"],
            [],
            ["№", "Клиент", "Телефон"],
            [1, "Анна", 79990000001],
            [2, "Олег", "8 999 000-00-02"],
            ["Итого", 2],
            change=_report,
        ),
        n(1, 2),
        said=("empty_cells",),
    ),
    Case(
        "hidden.xlsx",
        workbook(["Телефон"], [79991110001], change=_hidden_first),
        n(1, 2),
        said=("hidden_sheets",),
    ),
    Case("sheets.xlsx", workbook([79990000001], change=_two_shown), n(1), said=("sheet",)),
    Case(
        "formulas.xlsx",
        workbook(["Клиент", "Номер", "Телефон"], ["Анна", "0000001", '="7"&B2'], ["Яна", "", "79990000003"]),
        n(3),
        (2,),
        ("formulas",),
    ),
    Case(
        "dimension.xlsx",
        with_part(workbook(*THREE), SHEET, (b'<dimension ref="A1:B4" />', b'<dimension ref="A1" />')),
        n(1, 2, 3),
    ),
    Case(
        "no_dimension.xlsx",
        with_part(workbook(*THREE), SHEET, (b'<dimension ref="A1:B4" />', b"")),
        n(1, 2, 3),
    ),
    Case("scientific.xlsx", workbook(["Телефон"], [79990000001], [79990000002], change=_scientific), n(1, 2)),
    Case(
        "strict.xlsx",
        with_part(workbook(["Телефон"], ["+79990000001"], ["+79990000002"]), "", *STRICT),
        n(1, 2),
    ),
    Case(
        "filtered.xlsx",
        workbook(
            ["Телефон", "Согласие"],
            ["+79990000001", "да"],
            ["+79990000002", "нет"],
            ["+79990000003", "да"],
            change=_filtered,
        ),
        n(1, 3),
        said=("hidden_left_out", "hidden_rows"),
    ),
    Case("wide.xlsx", workbook([*("x" * 54), "Телефон"], [*("x" * 54), "+79990000001"]), n(1)),
    Case(
        "odd_cells.xlsx",
        workbook(["Телефон"], [True], ["#N/A"], [79990000001.5], [79990000002]),
        n(2),
        (2, 3, 4),
    ),
    Case("empty.xlsx", workbook(), (), said=("no_recipient",)),
    Case(
        "web.xls",
        b"<html><body><table><tr><td>+79990000001</td></tr></table></body></html>",
        (),
        said=("web_page",),
    ),
    Case("xml.xls", b'<?xml version="1.0"?><Workbook xmlns="x"></Workbook>', (), said=("xml_workbook",)),
    Case("old.xls", ole("Workbook"), (), said=("old_workbook",)),
    Case("password.xlsx", ole("EncryptionInfo", "EncryptedPackage"), (), said=("password",)),
    Case("broken.xlsx", b"PK\x03\x04 not a zip", (), said=("broken_workbook",)),
    Case("cut.xlsx", workbook(*THREE)[:2000], (), said=("broken_workbook",)),
    Case("binary.xlsb", archive(xl__workbook_bin="x"), (), said=("binary_workbook",)),
    Case("letter.docx", archive(word__document_xml="<a/>"), (), said=("other_document",)),
    Case("table.ods", ods(ods_row("Имя", "Телефон") + ods_row("Анна", "8 999 000-00-01")), n(1)),
    Case(
        "hidden.ods",
        ods(
            ods_row("Телефон")
            + ods_row("79990000001", attributes='table:visibility="filter"')
            + '<table:table-row table:number-rows-repeated="1000000"/>'
            + '<table:table-row><table:table-cell office:value-type="float" office:value="79990000002"/></table:table-row>'
        ),
        n(2),
        said=("hidden_left_out", "hidden_rows"),
    ),
    Case(
        "sheet.ods",
        ods(
            f'<table:table table:name="Old" table:style-name="h">{ods_row("79991110001")}</table:table>'
            f'<table:table table:name="New">{ods_row("79990000001")}</table:table>',
            '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>',
        ),
        n(1),
        said=("hidden_sheets",),
    ),
]
CASES = TEXTS + BOOKS
