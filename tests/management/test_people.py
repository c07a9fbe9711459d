"""The command line on files of recipients, the stop list and people."""

import json
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from mailings.management.cli import people
from mailings.models import Account, StopEntry
from tests.views.rows import row

pytestmark = pytest.mark.django_db

TABLE = "Имя;Телефон\nАнна;8 (999) 000-00-01\nОлег;+7 999 000-00-02\nЕва;12345\nАнна;79990000001\n"


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "clients.csv"
    path.write_bytes(TABLE.encode("windows-1251"))
    return str(path)


def test_a_file_is_read_as_the_page_does_and_nothing_is_stored(
    mailings, account: Account, table: str
) -> None:
    code, said = mailings("recipients", table, "--valid", "--problems")

    assert code == 0
    assert said[0] == {
        "rows": 4,
        "valid": 2,
        "duplicate": 1,
        "stopped": 0,
        "doubtful": 0,
        "wrong": 1,
        "sheet": None,
        "columns": {"phones": "Телефон"},
        "notes": [],
    }
    assert [line["recipient"] for line in said if "recipient" in line] == ["+79990000001", "+79990000002"]
    problems = {line["verdict"]: line for line in said if "verdict" in line}
    assert (problems["wrong"]["line"], problems["wrong"]["value"]) == (4, "12345")
    assert problems["duplicate"]["line"] == 5


def test_a_sheet_and_columns_are_named_for_a_workbook_that_leaves_doubt(
    mailings, account: Account, tmp_path: Path
) -> None:
    book, path = Workbook(), tmp_path / "clients.xlsx"
    for name, numbers in (("Oct", ("9990000001", "9990000002")), ("Nov", ("9990000003", "9990000004"))):
        sheet = book.create_sheet(name)
        sheet.append(["Phone", "Mobile"])
        sheet.append(list(numbers))
    book.save(path)

    _, doubtful = mailings("recipients", str(path))
    chosen = ("--sheet", "Nov", "--column", "phones=Mobile", "--column", "sender=Phone")
    code, said = mailings("recipients", str(path), *chosen, "--valid")

    assert (doubtful[0]["rows"], len(doubtful[0]["notes"])) == (0, 2)
    assert code == 0
    assert (said[0]["sheet"], said[0]["columns"]) == ("Nov", {"phones": "Mobile", "sender": "Phone"})
    assert said[1:] == [{"line": 2, "recipient": "+79990000004"}]


def test_who_is_on_the_stop_list_is_counted_apart(mailings, account: Account, table: str) -> None:
    mailings("stop", "add", "89990000001", "--reason", "asked us to stop")

    _, said = mailings("recipients", table)

    assert (said[0]["valid"], said[0]["stopped"]) == (1, 1)


def test_a_file_that_cannot_be_read_is_said_by_its_field(mailings, account: Account, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")

    code, said = mailings("recipients", str(empty))

    assert code == 1
    assert list(said[0]["errors"]) == ["recipients_file"]


def test_the_stop_list_knows_a_person_in_any_spelling(mailings, account: Account) -> None:
    assert mailings("stop", "add", "8 999 000-00-01", "Anna@Example.com")[0] == 0
    mailings("stop", "add", "+79990000001")

    _, listed = mailings("stop", "list")
    assert {line["value"] for line in listed} == {"+79990000001", "anna@example.com"}

    assert mailings("stop", "remove", "9990000001") == (0, [{"removed": 1}])
    assert StopEntry.objects.count() == 1


def test_of_several_values_one_that_is_no_address_stops_none(mailings, account: Account) -> None:
    code, said = mailings("stop", "add", "+79990000001", "12")

    assert code == 1
    assert "12" in json.dumps(said, ensure_ascii=False)
    assert StopEntry.objects.count() == 0


def test_a_file_is_taken_into_the_stop_list(mailings, account: Account, table: str) -> None:
    assert mailings("stop", "import", table) == (0, [{"added": 2}])


@pytest.mark.parametrize("spelling", ["89990000001", "+7 (999) 000-00-01", "9990000001", "79990000001"])
def test_any_spelling_finds_every_mailing_of_a_person(mailings, spelling: str) -> None:
    old = row(options={"phones": "79990000001", "mes": "Hello"})
    new = row(options={"phones": "", "mes": "", "list": "79990000001:Hi Anna\n79990000002:Hi Oleg"})

    _, said = mailings("person", spelling)

    assert [(line["id"], line["text"]) for line in said] == [(new.pk, "Hi Anna"), (old.pk, "Hello")]
    assert {line["status"] for line in said} == {None}


def test_until_a_message_is_heard_of_its_hour_is_the_one_at_which_the_provider_sends_it(mailings) -> None:
    """An hour without a zone is read in the account's: only the provider names the moment."""
    scheduled = row(remote_send_at=datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    unread = row(created_at=datetime(2026, 11, 28, 7, 5, 4, tzinfo=UTC))

    _, said = mailings("person", "+79990000001")

    assert [(line["id"], line["at"]) for line in said] == [
        (unread.pk, "2026-11-28T07:05:04Z"),
        (scheduled.pk, "2026-12-01T09:00:00Z"),
    ]


def test_nobody_is_no_error_and_nonsense_is(mailings, account: Account) -> None:
    assert mailings("person", "+79990000009") == (0, [])
    assert mailings("person", "12")[0] == 1


def test_what_is_stopped_is_committed_before_it_is_said(account: Account) -> None:
    """Given a reader that goes away after the first line."""
    said = people.stop(Namespace(deed="add", values=["+79990000001", "+79990000002"], reason="", by=None))

    next(said)
    del said

    assert StopEntry.objects.count() == 2
