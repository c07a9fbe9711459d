"""What a person can choose about a file, the stop list, personal texts; both readers of XML agree."""

import io
from typing import Any

import pytest

from mailings.recipients import sheet_rows
from mailings.recipients.limits import Limits
from mailings.recipients.messages import template
from mailings.recipients.reader import Choices, Reading, read
from mailings.recipients.reasons import Reason, UnreadableFile, Verdict
from mailings.smsc.spec.vocabulary import Channel
from tests.recipients.cases import BOOKS, workbook

TWO_PHONES = "Имя;Телефон;Рабочий телефон\nАнна;79990000001;79990000002\nОлег;79990000003;—\n".encode()


def reading(data: bytes, name: str = "list.csv", limits: Limits | None = None, **choices: Any) -> Reading:
    return read(io.BytesIO(data), name, Choices(**choices), limits)


def people(found: Reading) -> list[str]:
    return [entry.recipient for entry in found if entry.verdict is Verdict.VALID]


def test_two_columns_are_asked_about_and_nobody_is_met_until_answered() -> None:
    found = reading(TWO_PHONES)

    [question] = found.questions
    assert (question.role, question.options) == ("phones", ("Телефон", "Рабочий телефон"))
    assert list(found) == []


@pytest.mark.parametrize(
    ("column", "right"),
    [
        ("телефон", ["+79990000001", "+79990000003"]),
        ("Рабочий телефон", ["+79990000002"]),
        ("3", ["+79990000002"]),
    ],
)
def test_a_column_is_chosen_by_its_heading_or_number(column: str, right: list[str]) -> None:
    found = reading(TWO_PHONES, columns={"phones": column})

    assert people(found) == right
    assert found.questions == []


def test_a_file_in_utf_8_with_broken_names_is_not_taken_for_windows_1251() -> None:
    """Read so, all other names would be written in letters that nobody knows."""
    data = "Имя;Телефон\nАнна;79990000001\n".encode() + b"\xff\xfe;79990000002\n"
    found = reading(data)

    assert people(found) == ["+79990000001", "+79990000002"]
    assert found.names == ("Имя", "Телефон")
    assert [note.what.name for note in found.notes] == ["REPLACED"]


def test_an_unknown_column_or_sheet_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UnreadableFile) as column:
        reading(TWO_PHONES, columns={"phones": "Мобильный"})
    with pytest.raises(UnreadableFile) as sheet:
        reading(workbook(["79990000001"]), "a.xlsx", sheet="May")

    assert "Имя, Телефон, Рабочий телефон" in column.value.said.message()
    assert "It has: Sheet." in sheet.value.said.message()


def test_sender_and_time_zone_are_found_by_their_headings() -> None:
    found = reading("Телефон;Отправитель;Часовой пояс;Имя\n79990000001;SHOP;3;Анна\n".encode())

    assert found.layout.columns == {"phones": "Телефон", "sender": "Отправитель", "tz": "Часовой пояс"}
    assert found.names == ("Телефон", "Отправитель", "Часовой пояс", "Имя")


def test_the_heading_row_can_be_chosen_or_denied() -> None:
    data = b"phone;x\nphone;y\n79990000001;z\n"

    assert reading(data).layout.heading_line == 2
    assert reading(data, heading_line=1).layout.heading_line == 1
    assert reading(data, heading_line=0, columns={"phones": "1"}).layout.heading_line is None


def test_hidden_rows_are_read_when_a_person_says_so() -> None:
    data = next(case.data for case in BOOKS if case.name == "filtered.xlsx")
    found = reading(data, "a.xlsx", hidden_rows=True)

    assert people(found) == ["+79990000001", "+79990000002", "+79990000003"]
    assert (found.questions, [note.what.code for note in found.notes]) == ([], ["hidden_included"])


def test_a_sheet_is_chosen_by_name_even_a_hidden_one() -> None:
    data = next(case.data for case in BOOKS if case.name == "hidden.xlsx")

    assert people(reading(data, "a.xlsx", sheet="Sheet")) == ["+79991110001"]


def test_who_is_on_the_stop_list_is_left_out_with_the_reason() -> None:
    stopped = {79990000001}
    found = read(
        io.BytesIO(b"79990000001\n8 999 000-00-01\n79990000002"), "a.txt", Choices(), stopped=stopped
    )

    assert [entry.verdict.value for entry in found] == ["stopped", "duplicate", "valid"]
    assert found.counts[Verdict.STOPPED] == 1


def test_another_text_to_the_same_person_is_no_duplicate_but_is_said() -> None:
    data = "Телефон;Имя\n79990000001;Анна\n89990000001;Анна\n79990000001;Яна\n".encode()
    made = template("Привет, {Имя}", ("Телефон", "Имя"))
    found = read(io.BytesIO(data), "a.csv", Choices(), text_of=made.fill)

    assert [(one.verdict, one.reason) for one in found] == [
        (Verdict.VALID, None), (Verdict.DUPLICATE, Reason.BEFORE), (Verdict.VALID, Reason.OTHER_TEXT),
    ]  # fmt: skip
    assert [note.what.code for note in found.notes] == ["other_texts"]


def test_one_address_in_several_spellings_is_one_person() -> None:
    data = "Anna@Example.com\nanna@EXAMPLE.com\na@пример.рф\na@xn--e1afmkfd.xn--p1ai\n".encode()
    found = reading(data, "a.txt", channel=Channel.MAIL)

    assert people(found) == ["Anna@example.com", "a@xn--e1afmkfd.xn--p1ai"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(megabytes=0), "too_large"), (Limits(rows=3), "too_many_rows"), (Limits(seconds=-1), "too_slow")],
)
def test_a_limit_is_told_in_a_sentence(limits: Limits, code: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        list(reading(b"79990000001\n" * 5000, "a.txt", limits))

    assert refusal.value.said.what.code == code


@pytest.mark.parametrize(
    "case", [one for one in BOOKS if one.name.endswith(".xlsx")], ids=lambda case: case.name
)
def test_the_expression_and_the_parser_read_the_same_rows(case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def entries() -> object:
        try:
            return list(reading(case.data, case.name))
        except UnreadableFile as refusal:
            return refusal.said.what

    quickly = entries()
    monkeypatch.setattr(sheet_rows.SheetRows, "_plainly", lambda *_row: False)

    assert entries() == quickly


def test_no_recipient_shows_in_a_repr() -> None:
    found = reading(TWO_PHONES)

    assert "7999" not in f"{found!r} {found.questions!r} {found.notes!r}"
