"""Personal messages on the compose page: headings in the text, and a row as its recipient reads it."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mailings.accounts import ensure_sandbox_account
from mailings.models import Import, Mailing, Recipient, State
from mailings.recipients import imports, stop_list
from tests.views.composing import post, reposted, text_of, values_of
from tests.views.rows import row

ANNA = "+79990000001"

pytestmark = pytest.mark.django_db

TABLE = "Имя;Телефон;Долг\nАнна;79990000001;117\nОлег;79990000002;80\nВиктория-Александра;79990000003;9\n"
TEXT = {"name": "Debts", "mes": "Hi {Имя}, you owe {Долг} ₽", "key": "k1"}


@pytest.fixture(autouse=True)
def surroundings(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    ensure_sandbox_account("http://127.0.0.1:9/sys/")


def table(text: str = TABLE, encoding: str = "cp1251") -> dict[str, Any]:
    return {"recipients_file": SimpleUploadedFile("people.csv", text.encode(encoding))}


def shown_row(answer: Any) -> str:
    html = answer.content.decode()
    assert 'data-fact="row"' in html
    found = re.search(r'class="as-seen-text">(.*?)</div>', html, re.DOTALL)
    assert found
    return found[1]


def test_headings_of_the_file_are_filled_for_each_person_and_sent(page: Client) -> None:
    answer = post(page, TEXT | table())

    assert answer.status_code == 302
    rows = Recipient.objects.filter(mailing=Mailing.objects.get()).order_by("position")
    assert list(rows.values_list("address", "text"))[:2] == [
        ("+79990000001", "Hi Анна, you owe 117 ₽"),
        ("+79990000002", "Hi Олег, you owe 80 ₽"),
    ]
    assert "Hi Анна, you owe 117 ₽" in text_of(page.get(answer["Location"]))


def test_the_page_offers_the_headings_and_puts_one_behind_the_text(page: Client) -> None:
    answer = post(page, {"name": "x", "mes": "Hi ", "key": "k"} | table(), "refresh")
    assert re.findall(r'data-insert="([^"]*)"', answer.content.decode()) == ["Имя", "Телефон", "Долг"]

    again = reposted(answer, "insert:Имя", page)

    assert values_of(again.content.decode())["mes"] == ["Hi {Имя}"]
    assert shown_row(again) == "Hi Анна"


def test_an_unknown_heading_is_told_beside_the_text_and_nothing_is_sent(page: Client) -> None:
    answer = post(page, TEXT | {"mes": "Hi {Имяя}"} | table())

    assert answer.status_code == 200
    assert "Did you mean {Имя}?" in str(answer.context["form"].errors["mes"])
    assert not Mailing.objects.exists()


def test_it_is_told_there_while_the_text_is_typed_and_stands_in_the_row_as_it_is(page: Client) -> None:
    answer = post(page, TEXT | {"mes": "Hi {Имяя}, {Долг}"} | table(), "refresh")

    assert "Did you mean {Имя}?" in text_of(answer)
    assert shown_row(answer) == "Hi {Имяя}, 117"


def test_braces_that_nothing_fills_are_asked_about_and_go_as_they_stand_when_that_is_said(
    page: Client,
) -> None:
    typed = {"name": "x", "phones": "79990000001", "mes": "Hi {name}", "key": "k"}
    answer = post(page, typed)
    assert "mes" in answer.context["form"].errors
    assert 'name="braces"' in answer.content.decode()

    assert reposted(answer, "send", page, braces="1").status_code == 302

    assert Mailing.objects.get().options["mes"] == "Hi {name}"


def test_a_text_without_braces_asks_nothing(page: Client) -> None:
    answer = post(page, {"name": "x", "mes": "Hi", "key": "k"} | table(), "refresh")

    assert 'name="braces"' not in answer.content.decode()
    assert 'data-fact="row"' not in answer.content.decode()


def test_any_row_is_shown_as_its_recipient_reads_it(page: Client) -> None:
    first = post(page, TEXT | table(), "refresh")
    assert shown_row(first) == "Hi Анна, you owe 117 ₽"

    second = reposted(first, "row:2", page)
    assert shown_row(second) == "Hi Олег, you owe 80 ₽"
    assert shown_row(reposted(second, "refresh", page)) == "Hi Олег, you owe 80 ₽"
    assert shown_row(reposted(second, "row:longest", page)).startswith("Hi Виктория")
    assert shown_row(reposted(second, "row:shortest", page)) == "Hi Олег, you owe 80 ₽"
    assert shown_row(reposted(second, "row:99", page)) == "Hi Анна, you owe 117 ₽"


def test_the_shortest_and_the_longest_text_are_counted(page: Client) -> None:
    said = text_of(post(page, TEXT | table(), "refresh"))
    assert "The shortest: 21 characters, 1 part" in said
    assert "The longest: " in said

    own = {"name": "x", "key": "k", "list": f"79990000001:Hi\n79990000002:{'я' * 71}"}
    said = text_of(post(page, own, "refresh"))
    assert "The shortest: 2 characters, 1 part The longest: 71 characters, 2 parts" in said


def test_the_first_row_with_a_gap_is_one_press_away_and_stops_the_sending(page: Client) -> None:
    answer = post(page, TEXT | table(TABLE + "Пётр;79990000004;\n"))
    assert "Line 5" in str(answer.context["form"].errors["recipients_file"])

    gap = reposted(answer, "row:gap", page)
    assert shown_row(gap) == "Hi Пётр, you owe  ₽"
    assert "Line 5 of the file has nothing in: Долг." in text_of(gap)

    assert reposted(answer, "send", page, skip_wrong="1").status_code == 302
    assert Recipient.objects.count() == 3


def test_pasted_recipients_have_nothing_to_fill_the_text_with(page: Client) -> None:
    answer = post(page, TEXT | {"phones": "79990000009"} | table())

    assert "phones" in answer.context["form"].errors
    assert not Mailing.objects.exists()


def test_the_panel_alone_shows_a_row_and_the_headings_too(page: Client) -> None:
    held = values_of(post(page, TEXT | table(), "refresh").content.decode())

    panel = page.post("/mailings/new/preview/", held | {"action": "row:2"})

    assert shown_row(panel) == "Hi Олег, you owe 80 ₽"
    assert 'data-insert="Имя"' in panel.content.decode()
    assert "people: 3" in text_of(panel).lower() or ">3<" in panel.content.decode()


def test_what_does_not_fit_a_message_is_told_beside_the_text(page: Client) -> None:
    answer = post(page, TEXT | {"bin": "2"} | table())

    assert "mes" in answer.context["form"].errors


def test_a_person_twice_gets_another_text_but_the_same_one_once(page: Client) -> None:
    again = "Анна;8 999 000-00-01;117\nАнна;79990000001;5\n"

    assert post(page, TEXT | table(TABLE + again)).status_code == 302

    texts = Recipient.objects.filter(address="+79990000001").order_by("position")
    assert list(texts.values_list("text", flat=True)) == ["Hi Анна, you owe 117 ₽", "Hi Анна, you owe 5 ₽"]


def test_somebody_on_the_stop_list_gets_no_other_text_either(page: Client) -> None:
    stop_list.add(["79990000001"], country="RU")

    assert post(page, TEXT | table(TABLE + "Анна;79990000001;5\n")).status_code == 302

    assert not Recipient.objects.filter(address="+79990000001").exists()


def test_of_a_long_file_the_first_rows_are_looked_at_while_one_types_and_all_are_sent(page: Client) -> None:
    rows = "".join(f"Анна;7999{number:07};{number}\n" for number in range(2_500))
    held = post(page, TEXT | table("Имя;Телефон;Долг\n" + rows), "refresh")
    assert Import.objects.get().state == Import.State.WAITING
    assert 'name="braces"' not in held.content.decode()
    imports.read_import(Import.objects.get().pk)

    read = reposted(held, "refresh", page)
    assert "2,500 people" in text_of(read)
    assert shown_row(reposted(read, "row:2400", page)) == "Hi Анна, you owe 2399 ₽"
    assert reposted(read, "send", page).status_code == 302

    assert Recipient.objects.count() == 2_500
    assert Recipient.objects.get(address="+79990002499").text == "Hi Анна, you owe 2499 ₽"


def test_whom_another_mailing_tells_the_same_is_said_beside_the_form(page: Client) -> None:
    row(name="Debt 1", state=State.UNKNOWN, due_at=timezone.now(), options={"phones": ANNA, "mes": "Pay"})
    typed = {"name": "x", "key": "k", "phones": "79990000009"}

    pasted = post(page, typed | {"mes": "Pay", "phones": ANNA}, "refresh")
    filed = post(page, typed | {"mes": "Pay"} | table(), "refresh")
    personal = post(
        page, {"name": "x", "key": "k", "mes": "{Имя}"} | table(TABLE.replace("Анна", "Pay")), "refresh"
    )
    other = post(page, typed | {"mes": "Hello", "phones": ANNA}, "refresh")

    for answer in (pasted, filed, personal):
        assert "1 of them gets the same text from “Debt 1”" in text_of(answer)
    assert 'data-fact="repeat"' not in other.content.decode()
    panel = page.post("/mailings/new/preview/", typed | {"mes": "Pay", "phones": ANNA})
    assert "1 of them gets the same text from “Debt 1”" in text_of(panel)


def test_in_a_long_file_the_longest_text_and_the_first_gap_are_one_press_away(page: Client) -> None:
    rows = [f"Анна;7999{number:07};{number:04}" for number in range(2_500)]
    rows[700] = "Виктория-Александра;79990000700;700"
    rows[900] = "Я;79990000900;"
    held = post(page, TEXT | table("Имя;Телефон;Долг\n" + "\n".join(rows)), "refresh")
    imports.read_import(Import.objects.get().pk)

    first = reposted(held, "refresh", page)
    assert shown_row(first) == "Hi Анна, you owe 0000 ₽"
    assert "of the first 100; the review looks at all" in text_of(first)

    longest = reposted(first, "row:longest", page)
    assert shown_row(longest) == "Hi Виктория-Александра, you owe 700 ₽"
    assert "701 of 2,500" in text_of(longest)
    assert "of the first 100" not in text_of(longest)
    shortest = reposted(first, "row:shortest", page)
    assert shown_row(shortest) == "Hi Я, you owe  ₽"
    gap = reposted(first, "row:gap", page)
    assert "Line 902 of the file has nothing in: Долг." in text_of(gap)
    assert "901 of 2,500" in text_of(gap)


def test_where_no_row_of_a_long_file_has_a_gap_none_is_offered_once_asked(page: Client) -> None:
    rows = "".join(f"Анна;7999{number:07};{number}\n" for number in range(150))
    first = post(page, TEXT | table("Имя;Телефон;Долг\n" + rows), "refresh")
    assert 'value="row:gap"' in first.content.decode()

    assert 'value="row:gap"' not in reposted(first, "row:gap", page).content.decode()


def test_in_a_long_file_rows_of_one_person_are_numbered_one_by_one_and_all_are_reached(page: Client) -> None:
    rows = [f"Анна;7999{number:07};{number:04}" for number in range(150)]
    rows[50:50] = ["Анна;79990000000;другой"]
    rows[120:120] = ["Я;79990000001;5", "Анна;79990000000;0000"]
    held = post(page, TEXT | table("Имя;Телефон;Долг\n" + "\n".join(rows)), "refresh")
    last = reposted(held, "row:100", page)
    assert "row 100 of 153" in text_of(last)
    assert shown_row(last) == "Hi Анна, you owe 0098 ₽"
    following = reposted(last, "row:101", page)
    assert (shown_row(following), "row 101 of 153" in text_of(following)) == ("Hi Анна, you owe 0099 ₽", True)
    assert shown_row(reposted(held, "row:121", page)) == "Hi Я, you owe 5 ₽"
    again = reposted(held, "row:122", page)
    assert "This row sends nothing" in text_of(again)
    assert "This row sends nothing" not in text_of(last)
    assert shown_row(reposted(held, "row:153", page)) == "Hi Анна, you owe 0149 ₽"

    shortest = reposted(held, "row:shortest", page)

    assert (shown_row(shortest), "row 121 of 153" in text_of(shortest)) == ("Hi Я, you owe 5 ₽", True)
    assert shown_row(reposted(held, "row:longest", page)) == "Hi Анна, you owe другой ₽"


def test_a_doubtful_person_who_is_not_wanted_gets_no_other_text_either(page: Client) -> None:
    doubtful = "Иван;+71230000001;5\nИван;+71230000001;6\n"
    skipped = TEXT | {"skip_wrong": "1"}

    shown = post(page, skipped | table(TABLE + doubtful), "refresh")
    assert "This row sends nothing" in text_of(reposted(shown, "row:4", page))
    assert post(page, skipped | table(TABLE + doubtful)).status_code == 302

    assert Recipient.objects.count() == 3


def test_of_a_file_beyond_the_rows_that_are_looked_at_all_people_are_counted(page: Client) -> None:
    rows = "".join(f"Анна;7999{number:07};5\n" for number in range(148))
    twice = "Анна;79990000000;5\nАнна;79990000000;5\n"
    answer = post(page, TEXT | table("Имя;Телефон;Долг\n" + twice + rows), "refresh")

    assert "148 people" in text_of(answer)


@pytest.mark.parametrize("count", [2, 150])
def test_people_are_counted_though_a_row_is_wrong_or_has_a_gap(page: Client, count: int) -> None:
    """Given a file that cannot be sent yet, so that nothing of it is a mailing."""
    rows = "".join(f"Анна;7999{number:07};5\n" for number in range(count))

    for wrong in ("Олег;12345;7\n", ";79990009999;7\n"):
        answer = post(page, TEXT | table("Имя;Телефон;Долг\n" + rows + wrong), "check")
        people = count + ("12345" not in wrong)
        assert f"Review: {people} people" in text_of(answer)


WITH_SENDERS = "Телефон;Отправитель;tz\n79990000001;SHOP;2\n79990000002;;\n79990000001;SHOP;2\n"


@pytest.mark.parametrize("said", [{}, {"mes": "Sale {today}", "braces": "on"}])
def test_senders_of_a_column_count_without_a_heading_in_the_text_too(
    page: Client, said: dict[str, str]
) -> None:
    answer = post(page, {"name": "x", "mes": "Sale", "key": "k"} | said | table(WITH_SENDERS))

    assert answer.status_code == 302
    rows = Recipient.objects.filter(mailing=Mailing.objects.get()).order_by("position")
    told = said.get("mes", "Sale")
    assert list(rows.values_list("address", "front", "text")) == [
        ("+79990000001", "SHOP|", told),
        ("+79990000002", "", told),
    ]


def test_a_time_zone_of_a_column_goes_with_an_hour(page: Client) -> None:
    at = {"time_at": "2035-11-26T09:30", "clock": "Europe/Moscow"}
    post(page, {"name": "x", "mes": "Sale", "key": "k"} | at | table("Телефон;tz\n79990000001;2\n"))

    assert Recipient.objects.get().front == ",2|"
