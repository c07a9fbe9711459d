"""A person's corrections outlive the rows of a file: they are made again when it is read anew."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

from mailings.models import Account, Import, ImportedRow, StopEntry
from mailings.recipients import imports
from mailings.recipients.corrections import correct
from tests.recipients.cases import workbook

pytestmark = pytest.mark.django_db
PEOPLE = "Телефон;Второй;Имя\n+7 999 000-00-01;;Анна\n12345;нет;Борис\n12345;;Вера\n89990000004;нет;Глеб\n"
MADE = "corrected_again"
WAIT = "corrections_wait"


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="default", kind=Account.Kind.SANDBOX)


def bring(account: Account, content: bytes, name: str = "clients.csv", **choices: Any) -> Import:
    path = storages["default"].save("pending/test", File(BytesIO(content)))
    about: dict[str, Any] = {"path": path, "name": name, "size": len(content), "channel": "sms"}
    imported = imports.begin(**about, owner=None, account=account)
    return read_anew(imported, choices=choices)


def read_anew(imported: Import, **changes: Any) -> Import:
    imports.begin_again(imported, **changes)
    assert imports.read_at_once(imported)
    return imported


@pytest.fixture
def people(account: Account) -> Import:
    return bring(account, PEOPLE.encode(), columns={"phones": "Телефон"})


def two_sheets(first: str, second: str) -> bytes:
    """A workbook with the same two lines on both of its sheets."""

    def another(book: openpyxl.Workbook) -> None:
        book.worksheets[0].title = "One"
        sheet = book.create_sheet("Two")
        sheet.append([first])
        sheet.append([second])

    return workbook([first], [second], change=another)


def rows(imported: Import) -> list[tuple[int, str, str]]:
    found = ImportedRow.objects.filter(imported=imported).order_by("position")
    return [(row.line, row.verdict, row.address or row.value) for row in found]


def notes(imported: Import) -> dict[str, int]:
    return {note["code"]: note["params"]["count"] for note in imported.notes if note["code"] in (MADE, WAIT)}


def test_a_correction_is_made_again_where_line_and_value_are_the_same(people: Import) -> None:
    correct(people, 1, "8 999 000-00-02")
    before = rows(people)
    assert before[1] == (3, "valid", "+79990000002")

    read_anew(people)

    assert rows(people) == before
    assert (people.valid, people.wrong) == (3, 1)
    assert notes(people) == {MADE: 1}


def test_a_row_that_was_corrected_twice_is_led_the_same_way_again(people: Import) -> None:
    correct(people, 1, "8 999")
    correct(people, 1, "8 999 000-00-02")

    read_anew(people)

    assert rows(people)[1] == (3, "valid", "+79990000002")
    assert notes(people) == {MADE: 2}


def test_by_another_column_it_waits_and_counts_again_once_the_first_is_chosen(people: Import) -> None:
    correct(people, 1, "8 999 000-00-02")

    read_anew(people, choices={"columns": {"phones": "Второй"}})

    assert "valid" not in [verdict for _line, verdict, _value in rows(people)]
    assert notes(people) == {WAIT: 1}

    read_anew(people, choices={"columns": {"phones": "Телефон"}})

    assert rows(people)[1] == (3, "valid", "+79990000002")
    assert notes(people) == {MADE: 1}


def test_on_another_sheet_the_same_line_is_another_row(account: Account) -> None:
    book = bring(account, two_sheets("12345", "+79990000001"), "clients.xlsx", sheet="One")
    assert rows(book)[0] == (1, "wrong", "12345")
    correct(book, 0, "+79990000002")

    read_anew(book, choices={"sheet": "Two"})
    assert rows(book)[0] == (1, "wrong", "12345")
    assert notes(book) == {WAIT: 1}

    read_anew(book, choices={"sheet": "One"})
    assert rows(book)[0] == (1, "valid", "+79990000002")


def test_it_is_judged_by_today(people: Import, account: Account) -> None:
    correct(people, 1, "8 999 000-00-02")
    StopEntry.objects.create(account=account, address="+79990000002")

    read_anew(people)

    assert rows(people)[1][:2] == (3, "stopped")


def test_a_worker_that_is_killed_while_it_reads_anew_takes_none_along(
    people: Import, monkeypatch: Any
) -> None:
    correct(people, 1, "8 999 000-00-02")
    imports.begin_again(people)
    assert imports.claim(people.pk)
    Import.objects.filter(pk=people.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    imports.read_import(people.pk)

    people.refresh_from_db()
    assert rows(people)[1] == (3, "valid", "+79990000002")
    assert notes(people) == {MADE: 1}


def test_a_row_that_another_correction_brought_back_keeps_its_own(account: Account) -> None:
    twice = bring(account, b"+79990000001\n+71230000001\n+71230000001\n+71230000001\n", "numbers.txt")
    correct(twice, 1, "+79990000002")
    correct(twice, 2, "+79990000003")
    correct(twice, 3, "+79990000004")
    before = rows(twice)
    assert [verdict for _line, verdict, _value in before] == ["valid"] * 4

    read_anew(twice)

    assert rows(twice) == before
    assert (twice.valid, twice.duplicate, twice.doubtful) == (4, 0, 0)
    assert notes(twice) == {MADE: 3}


def test_a_file_that_was_never_corrected_says_nothing_of_it(people: Import) -> None:
    read_anew(people)

    assert notes(people) == {}


def test_a_copy_keeps_them(people: Import) -> None:
    correct(people, 1, "8 999 000-00-02")

    copied = imports.copy(people, None)
    assert rows(copied) == rows(people)
    read_anew(copied)

    assert rows(copied)[1] == (3, "valid", "+79990000002")
