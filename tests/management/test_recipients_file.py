"""`create` with a file of recipients: columns, rows that are not valid, and personal messages."""

from pathlib import Path
from typing import Any

import pytest

from mailings.models import Account, EventKind, Mailing, Recipient
from mailings.outbox.drafts import spec_of
from mailings.recipients import stop_list
from mailings.smsc.spec.lines import Lines
from tests.management.conftest import Run, refused

TABLE = "Имя;Телефон;Долг\nАнна;8 999 000-00-01;117\nОлег;+79990000002;80\n"
TEXT = {"name": "Debts", "mes": "Привет, {имя}! Долг {Долг} ₽"}


@pytest.fixture
def ordered(account: Account, mailings: Run, tmp_path: Path) -> Any:
    """Runs `create` with a file that holds this text; the rest is of the order."""

    def run(table: str, options: dict[str, Any] = TEXT, **order: Any) -> tuple[int, list[dict[str, Any]]]:
        path = tmp_path / "people.csv"
        path.write_text(table)
        return mailings("create", given={"options": options, "recipients_file": str(path), **order})

    return run


def made(ran: tuple[int, list[dict[str, Any]]]) -> Mailing:
    code, said = ran
    assert code == 0, said
    return Mailing.objects.get(pk=said[0]["id"])


def told(mailing: Mailing) -> list[tuple[str, str | None]]:
    rows = Recipient.objects.filter(mailing=mailing).order_by("position")
    return list(rows.values_list("address", "text"))


def wire(mailing: Mailing) -> dict[str, Any]:
    sent = spec_of(mailing).wire("K7Q2Maa")
    return {name: "\n".join(value) if isinstance(value, Lines) else value for name, value in sent}


def test_a_text_with_headings_becomes_personal_messages(ordered: Any) -> None:
    mailing = made(ordered(TABLE))

    assert told(mailing) == [
        ("+79990000001", "Привет, Анна! Долг 117 ₽"),
        ("+79990000002", "Привет, Олег! Долг 80 ₽"),
    ]
    sent = wire(mailing)
    assert sent["list"] == "+79990000001:Привет, Анна! Долг 117 ₽\n+79990000002:Привет, Олег! Долг 80 ₽"
    assert not {"mes", "phones", "nl"} & sent.keys()


def test_a_text_without_headings_goes_to_the_column_that_was_named(ordered: Any) -> None:
    table = "Phone;Phone 2\n79990000001;79990000002\n"

    assert list(refused(ordered(table, {"name": "x", "mes": "y"}))) == ["recipients_file"]
    mailing = made(ordered(table, {"name": "x", "mes": "{{y}}"}, columns={"phones": "phone 2"}))

    assert (told(mailing), mailing.options["mes"]) == ([("+79990000002", None)], "{y}")


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({"columns": {"phones": "Fax"}}, ["columns"]),
        ({"columns": {"fax": "Fax"}}, ["columns"]),
        ({"columns": {"phones": ""}}, ["columns"]),
        ({"columns": ["Fax"]}, ["columns"]),
        ({"columns": {"phones": 2}}, ["columns"]),
        ({"sheet": 1}, ["sheet"]),
        ({"wrong": "send"}, ["wrong"]),
        ({"wrong": []}, ["wrong"]),
        ({"doubtful": "include"}, ["doubtful"]),
    ],
)
def test_what_does_not_fit_the_file_is_told_by_parameter(ordered: Any, order: Any, names: list[str]) -> None:
    assert list(refused(ordered(TABLE, **order))) == names


def test_what_is_said_of_a_file_needs_a_file(account: Account, mailings: Run) -> None:
    given = {"options": {"name": "x", "mes": "y", "phones": "79990000001"}, "wrong": "skip"}

    assert list(refused(mailings("create", given=given))) == ["wrong"]


def test_an_unknown_heading_stands_under_the_text_with_the_one_that_was_meant(ordered: Any) -> None:
    errors = refused(ordered(TABLE, {"name": "x", "mes": "Привет, {Имяя}"}))

    assert errors == {"mes": ["There is no column “Имяя”. Did you mean {Имя}?"]}


def test_an_empty_cell_lists_its_row_and_stores_nothing(ordered: Any) -> None:
    errors = refused(ordered(TABLE + "Иван;+79990000003;\n"))

    assert list(errors) == ["recipients_file"]
    assert "Line 4" in errors["recipients_file"][0]
    assert "Долг" in errors["recipients_file"][0]
    assert len(told(made(ordered(TABLE + "Иван;+79990000003;\n", wrong="skip")))) == 2


WRONG, DOUBTFUL = "Вера;12345;1\n", "Глеб;+76001234567;1\n"


@pytest.mark.parametrize(("row", "name"), [(WRONG, "wrong"), (DOUBTFUL, "doubtful")])
def test_rows_that_are_not_valid_are_refused_until_they_are_skipped(
    ordered: Any, row: str, name: str
) -> None:
    assert "Line 4" in refused(ordered(TABLE + row))["recipients_file"][0]

    assert len(told(made(ordered(TABLE + row, **{name: "skip"})))) == 2


def test_doubtful_ones_are_sent_when_that_is_said(ordered: Any) -> None:
    assert len(told(made(ordered(TABLE + DOUBTFUL, doubtful="send")))) == 3


def test_a_person_twice_gets_another_text_but_never_the_same_twice(ordered: Any) -> None:
    again = "Анна;89990000001;117\nАнна;+79990000001;5\n"

    texts = [text for _address, text in told(made(ordered(TABLE + again)))]

    assert texts == [
        "Привет, Анна! Долг 117 ₽",
        "Привет, Олег! Долг 80 ₽",
        "Привет, Анна! Долг 5 ₽",
    ]


def test_a_row_may_have_its_own_sender_and_time_zone(ordered: Any) -> None:
    table = "Телефон;Отправитель;Пояс\n79990000001;SHOP;2\n79990000002;;\n"
    options = {"name": "x", "mes": "Hello", "time": "24.11.39 09:30", "tz": 0}

    assert wire(made(ordered(table, options)))["list"] == "SHOP,2|+79990000001:Hello\n+79990000002:Hello"
    plain = made(ordered(table, options, columns={"sender": "", "tz": ""}))
    assert wire(plain)["phones"] == ("+79990000001", "+79990000002")


def test_a_sender_that_is_none_and_a_text_that_is_too_long_are_told_by_row(ordered: Any) -> None:
    long = "ы" * 1001
    table = f"Телефон;sender;Текст\n79990000001;СЛИШКОМДЛИННО;a\n79990000002;;{long}\n"

    errors = refused(ordered(table, {"name": "x", "mes": "{Текст}"}))["recipients_file"]

    assert [error[:6] for error in errors] == ["Line 2", "Line 3"]


def test_line_ends_and_the_signs_for_them_arrive_as_they_stand(ordered: Any) -> None:
    table = 'Телефон;Текст\n79990000001;"two\nlines"\n79990000002;C:\\new\n'

    mailing = made(ordered(table, {"name": "x", "mes": "{Текст}: 5; ok"}))

    assert [text for _address, text in told(mailing)] == ["two\nlines: 5; ok", "C:\\new: 5; ok"]
    assert wire(mailing)["nl"] == "1"
    assert wire(mailing)["list"] == "+79990000001:two\nlines: 5; ok\n+79990000002:C:\\new: 5; ok"


def test_a_line_of_a_text_that_looks_like_a_recipient_never_becomes_one(ordered: Any) -> None:
    order = "Заказы\n1002003: готов\n+79990000009: тоже"
    table = f'Телефон;Текст\n79990000001;"{order}"\n'
    options = {"name": "x", "mes": "{Текст}"}

    assert told(made(ordered(table, options))) == [("+79990000001", order)]
    errors = refused_after(ordered(table + "79990000002;C:\\new\n", options))
    assert "Line 2" in errors["recipients_file"][0]


def refused_after(ran: tuple[int, list[dict[str, Any]]]) -> Any:
    assert ran[0] == 1
    assert Mailing.objects.count() == 1
    return ran[1][0]["errors"]


def test_braces_without_columns_are_asked_about_and_never_sent_in_silence(
    account: Account, mailings: Run
) -> None:
    options = {"name": "x", "phones": "79990000001", "mes": "Hi {name}"}

    assert list(refused(mailings("create", given={"options": options}))) == ["mes"]
    mailing = made(mailings("create", given={"options": options | {"mes": "Hi {{name}} {}"}}))

    assert mailing.options["mes"] == "Hi {name} {}"


def test_a_list_without_columns_fills_nothing(ordered: Any) -> None:
    assert list(refused(ordered("79990000001\n79990000002\n", {"name": "x", "mes": "Hi {name}"}))) == ["mes"]


def test_texts_that_are_the_same_for_all_are_not_filled(ordered: Any) -> None:
    options = TEXT | {"fl[5]": 1, "mes2": "Hi {Имя}"}

    assert list(refused(ordered(TABLE, options))) == ["mes2"]


@pytest.mark.parametrize("personal", [True, False])
def test_who_is_on_the_stop_list_is_left_out_when_it_is_stored_and_that_is_said(
    ordered: Any, personal: bool
) -> None:
    stop_list.add(["8 999 000-00-01"], country="RU")
    options = TEXT if personal else {"name": "x", "mes": "y"}

    code, said = ordered(TABLE, options, key="k")

    mailing = Mailing.objects.get()
    assert (code, said) == (0, [{"id": mailing.pk, "state": "queued", "stopped": 1}])
    assert mailing.recipients_count == 1
    assert mailing.events.get(kind=EventKind.LEFT_OUT).data == {"count": 1}
    assert "+79990000001" not in "".join(map(str, wire(mailing).values()))
    assert ordered(TABLE, options, key="k") == (code, said)


def test_a_mailing_to_nobody_but_those_on_the_stop_list_is_not_stored(ordered: Any, mailings: Run) -> None:
    stop_list.add(["89990000001", "89990000002"], country="RU")

    assert list(refused(ordered(TABLE))) == ["recipients_file"]
    pasted = {"name": "x", "mes": "y", "phones": "8 999 000-00-01"}
    assert list(refused(mailings("create", given={"options": pasted}))) == ["phones"]
    assert not Mailing.objects.exists()
