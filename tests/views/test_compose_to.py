"""The part "To" of the compose page: a file of recipients is read once, shown as read, corrected in place."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import outbox
from mailings.models import Import, Mailing, Recipient, State
from mailings.recipients import imports
from tests.helpers.people import person
from tests.views.composing import SMS, URL, post, reposted, text_of, values_of

PEOPLE = (
    "Телефон;Имя\n+7 999 000-00-02;Анна\n12345;Борис\n89990000002;Анна снова\nabc;Вера\n+71230000001;Глеб\n"
)
ALONE = SMS | {"phones": ""}


pytestmark = pytest.mark.usefixtures("account")


def file(text: str = PEOPLE, name: str = "clients.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode("cp1251"))


def brought(page: Client, text: str = PEOPLE, name: str = "clients.csv", **fields: Any) -> Any:
    """The page as it comes back once a file was chosen."""
    return post(page, ALONE | {"recipients_file": file(text, name)} | fields, "refresh")


def counts(answer: Any) -> dict[str, str]:
    found = re.findall(
        r'data-count="(\w+)"[^>]*>(.*?)</(?:strong|button)>', answer.content.decode(), re.DOTALL
    )
    return {name: re.sub(r"<[^>]*>|\s+", " ", text).split()[0] for name, text in found}


def place(answer: Any, row: int) -> str:
    """The name of the field, and of the button beside it, in which a row is corrected."""
    (found,) = re.findall(rf'name="(fix:[^"]*:{row})"', answer.content.decode())
    return str(found)


def addresses() -> tuple[str, ...]:
    return Recipient.objects.addresses(Mailing.objects.get())


def many(count: int) -> str:
    return "".join(f"+7999{number:07}\n" for number in range(count))


# --- shown as read ------------------------------------------------------------------------------------------


def test_what_was_found_is_shown_counted_and_the_rest_of_the_form_stays(page: Client) -> None:
    answer = brought(page)

    assert counts(answer) == {"valid": "1", "wrong": "2", "doubtful": "1", "duplicate": "1"}
    html = answer.content.decode()
    assert re.search(r'name="file_phones".*?<option value="Телефон" selected', html, re.DOTALL)
    assert 'value="12345"' in html
    assert "The number has too few digits" in html
    assert values_of(html)["mes"] == ["Hello"]
    assert answer.context["facts"].people == 1


def test_later_posts_and_previews_never_open_the_file(page: Client) -> None:
    answer = brought(page)
    storages["default"].delete(Import.objects.get().path)

    again = reposted(answer, "refresh", page)
    assert counts(again)["valid"] == "1"
    typed = values_of(again.content.decode())
    assert page.post(f"{URL}preview/", typed).context["facts"].people == 1
    assert reposted(again, "send", page, skip_wrong="1").status_code == 302


def test_another_column_reads_the_file_anew(page: Client) -> None:
    answer = brought(page, "Телефон;Второй телефон\n+79990000001;+79990000005\n+79990000002;\n")
    assert "Several columns may hold the recipients" in text_of(answer)
    assert "Several columns" in text_of(reposted(answer, "send", page))
    assert Mailing.objects.count() == 0

    chosen = reposted(answer, "refresh", page, file_phones="Второй телефон")

    assert counts(chosen) == {"valid": "1"}
    assert "Several columns" not in text_of(chosen)
    reposted(chosen, "send", page)
    assert addresses() == ("+79990000005",)


def test_another_heading_line_reads_the_file_anew(page: Client) -> None:
    answer = brought(page, "Телефон;Имя\n+79990000001;Анна\n")

    without = reposted(answer, "refresh", page, file_heading="0")

    assert counts(without) == {"valid": "1", "wrong": "1"}


def test_another_channel_judges_the_file_anew(page: Client) -> None:
    answer = brought(page, "Телефон;E-mail\n+79990000001;ann@example.com\n;bob@example.com\n")
    assert counts(answer)["valid"] == "1"

    mail = reposted(answer, "refresh", page, channel="mail")

    assert counts(mail)["valid"] == "2"


def test_a_file_that_is_not_kept_any_more_is_asked_for_anew(page: Client) -> None:
    answer = brought(page)
    storages["default"].delete(Import.objects.get().path)

    refused = reposted(answer, "refresh", page, file_phones="Имя")

    assert "not kept any more" in text_of(refused)
    assert counts(refused)["valid"] == "1"


def test_a_file_can_be_taken_out(page: Client) -> None:
    answer = reposted(brought(page), "drop_file", page)

    assert "clients.csv" not in text_of(answer)
    assert not Import.objects.exists()


def test_a_file_of_somebody_else_is_none(page: Client, client: Client) -> None:
    answer = brought(page)
    pk = Import.objects.get().pk
    other = Client()
    other.force_login(person("other"))

    assert "clients.csv" not in text_of(reposted(answer, "refresh", other))
    assert other.get(reverse("import_problems", args=[pk])).status_code == 404
    assert other.get(reverse("import_progress", args=[pk])).status_code == 404
    assert "attach it again" in text_of(reposted(answer, "send", other))


# --- problems -----------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_wrong_rows_are_left_out_by_a_word(page: Client) -> None:
    answer = reposted(brought(page), "send", page)
    assert "3 rows of the file get no message" in text_of(answer)
    assert Mailing.objects.count() == 0

    reposted(answer, "send", page, skip_wrong="1")

    assert addresses() == ("+79990000002",)


def test_doubtful_ones_go_where_the_operator_says_so(page: Client) -> None:
    answer = reposted(brought(page), "check", page, with_doubtful="1")
    assert "2 rows of the file get no message" in text_of(answer)
    assert answer.context["facts"].people == 2

    reposted(answer, "send", page, skip_wrong="1")

    assert addresses() == ("+79990000002", "+71230000001")


def test_a_row_is_corrected_in_place(page: Client) -> None:
    answer = brought(page)
    storages["default"].delete(Import.objects.get().path)

    fixed = reposted(answer, place(answer, 1), page, **{place(answer, 1): "8 999 000 00 03"})

    assert counts(fixed) == {"valid": "2", "wrong": "1", "doubtful": "1", "duplicate": "1"}
    assert values_of(fixed.content.decode())["mes"] == ["Hello"]
    reposted(fixed, "send", page, skip_wrong="1")
    assert addresses() == ("+79990000002", "+79990000003")


def test_what_was_typed_in_a_rows_place_counts_whichever_button_is_pressed(page: Client) -> None:
    answer = brought(page)
    typed = {place(answer, 1): "8 999 000 00 03", place(answer, 3): "+79990000004"}

    assert reposted(answer, "send", page, skip_wrong="1", **typed).status_code == 302

    assert addresses() == ("+79990000002", "+79990000003", "+79990000004")


def test_a_correction_leaves_the_places_of_the_other_rows_as_they_are(page: Client) -> None:
    answer = brought(page)
    fixed = reposted(answer, "refresh", page, **{place(answer, 1): "+79990000003"})

    assert place(fixed, 3) == place(answer, 3)


def test_lines_of_a_cell_are_not_glued_by_its_text_box(page: Client) -> None:
    answer = brought(page, 'Телефон;Имя\n+79990000001;Анна\n"9990\n000002";Борис\n')

    assert 'value="9990 000002"' in answer.content.decode()
    assert counts(reposted(answer, "refresh", page)) == {"valid": "1", "wrong": "1"}


@pytest.mark.parametrize(
    "action", ["fix:", "fix:x", "fix:99", "fix:0", "fix:99999999999999999999", "problems:x:y"]
)
def test_odd_buttons_change_nothing(action: str, page: Client) -> None:
    answer = brought(page)
    reading = place(answer, 1).rpartition(":")[0]
    action = action.replace("fix", reading)
    answer = reposted(answer, action, page, **{action: "+79990000003"})

    assert answer.status_code == 200
    assert counts(answer) == {"valid": "1", "wrong": "2", "doubtful": "1", "duplicate": "1"}


def test_problems_are_shown_by_verdict_and_page(page: Client) -> None:
    text = "".join(f"abc{number}\n" for number in range(45)) + "+79990000001\n+79990000001\n"
    answer = brought(page, text, "list.txt")

    def lines(answer: Any) -> list[int]:
        return [int(line) for line in re.findall(r'data-line="(\d+)"', answer.content.decode())]

    assert lines(answer) == list(range(1, 21))
    third = reposted(answer, "problems:wrong:3", page)
    assert lines(third) == list(range(41, 46))
    fixed = reposted(third, place(third, 44), page, **{place(third, 44): "+79990000009"})
    assert lines(fixed) == list(range(41, 45))
    assert lines(reposted(answer, "problems:duplicate", page)) == [47]


def test_problems_are_downloaded_and_no_cell_is_a_formula(page: Client) -> None:
    brought(page, "+79990000001\n=HYPERLINK(1)\n+79990000001\n", "list.txt")

    answer: Any = page.get(reverse("import_problems", args=[Import.objects.get().pk]))

    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[0] == '"line","value","verdict","reason"'
    assert rows[1].startswith('"2","\'=HYPERLINK(1)","wrong",')
    assert rows[2].startswith('"3","+79990000001","twice",') or rows[2].startswith('"3","\'+79990000001"')


# --- a long file --------------------------------------------------------------------------------------------


def test_a_long_file_is_told_to_a_worker_and_its_progress_survives_a_reload(
    page: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[Any] = []
    monkeypatch.setattr("celery.current_app.send_task", lambda name, args, **_: told.append((name, *args)))
    with django_capture_on_commit_callbacks(execute=True):
        answer = brought(page, many(2100), "long.txt")
    imported = Import.objects.get()
    assert told == [("mailings.tasks.read_import", imported.pk)]
    assert "The file waits to be read" in text_of(answer)
    assert "still being read" in text_of(reposted(answer, "send", page))

    now = timezone.now()
    reading = {"state": "reading", "rows_read": 1000, "bytes_read": imported.size // 2, "lease_until": now}
    Import.objects.update(**reading, began_at=now - timedelta(seconds=30))
    part = text_of(page.get(reverse("import_progress", args=[imported.pk])))
    assert "1,000 rows read · 50 %" in part
    assert re.search(r"about (29|30|31) s left", part)
    assert "1,000 rows read" in text_of(reposted(answer, "refresh", page))

    Import.objects.update(lease_until=now - timedelta(seconds=1))
    imports.read_import(imported.pk)
    done = page.get(reverse("import_progress", args=[imported.pk])).content.decode()
    assert 'hx-trigger="load"' in done
    assert counts(reposted(answer, "refresh", page)) == {"valid": "2,100"}
    reposted(answer, "send", page)
    assert len(addresses()) == Mailing.objects.get().recipients_count == 2100


def test_a_long_file_can_be_stopped_and_read_after_all(page: Client) -> None:
    answer = brought(page, many(2100), "long.txt")

    stopped = reposted(answer, "stop_reading", page)
    assert "Reading the file was stopped" in text_of(stopped)
    assert "Reading the file was stopped" in text_of(reposted(stopped, "send", page))
    assert Mailing.objects.count() == 0

    assert "waits to be read" in text_of(reposted(stopped, "file_anew", page))


# --- sending and keeping ------------------------------------------------------------------------------------


def test_pasted_ones_and_those_of_the_file_each_get_one_message(page: Client) -> None:
    text = "+79990000003\n+79990000001\n+79990000004\n"
    answer = brought(page, text, "list.txt", phones="79990000001, 79990000003")

    assert (answer.context["facts"].people, answer.context["facts"].duplicates) == (3, 2)
    reposted(answer, "send", page)

    assert addresses() == ("+79990000001", "+79990000003", "+79990000004")
    assert Mailing.objects.get().recipients_count == 3


def test_a_second_press_makes_no_second_mailing(page: Client) -> None:
    answer = brought(page, many(3), "list.txt")

    first, second = (reposted(answer, "send", page) for _press in range(2))

    assert first["Location"] == second["Location"]
    assert Mailing.objects.count() == 1


def test_a_draft_keeps_its_file_read_and_corrected_for_whoever_opens_it(page: Client) -> None:
    answer = brought(page)
    fixed = reposted(answer, "refresh", page, **{place(answer, 1): "+79990000003"})
    opened = reposted(fixed, "draft", page, skip_wrong="1")["Location"]
    assert Mailing.objects.get().draft.get("phones", "") == ""
    Import.objects.update(made_at=timezone.now() - timedelta(days=3))
    imports.clear_away()
    colleague = Client()
    colleague.force_login(person("colleague"))

    again = colleague.get(opened)
    assert counts(again)["valid"] == "2"
    assert counts(reposted(again, "refresh", colleague, file_phones="Имя"))["wrong"] == "5"
    back = reposted(again, "refresh", colleague, file_phones="Телефон")
    reposted(back, "send", colleague)

    assert addresses() == ("+79990000002", "+79990000003")


def test_a_drafts_file_stays_until_the_draft_is_saved_without_it(page: Client) -> None:
    opened = reposted(brought(page), "draft", page)["Location"]

    reposted(page.get(opened), "drop_file", page)
    reposted(page.get(opened), "refresh", page, recipients_file=file(many(2), "other.txt"))

    assert counts(page.get(opened)) == {"valid": "1", "wrong": "2", "doubtful": "1", "duplicate": "1"}


def test_a_draft_whose_file_was_taken_out_has_none(page: Client) -> None:
    opened = page.get(reposted(brought(page), "draft", page)["Location"])
    again = reposted(reposted(opened, "drop_file", page), "draft", page)["Location"]

    assert "clients.csv" not in text_of(page.get(again))


def test_a_copy_of_a_draft_has_the_file_too(page: Client, operator: Any) -> None:
    reposted(brought(page), "draft", page, skip_wrong="1")

    copy = outbox.duplicate(Mailing.objects.get().pk, operator)

    answer = page.get(f"{URL}?draft={copy.pk}")
    assert counts(answer)["valid"] == "1"
    reposted(answer, "send", page)
    assert Mailing.objects.get(state=State.QUEUED).pk == copy.pk
    assert Mailing.objects.get(state=State.DRAFT).imports.get().valid == 1


def test_names_from_the_file_are_escaped(page: Client) -> None:
    answer = brought(page, "+79990000001\n<script>alert(1)</script>\n", "<b>.txt")

    assert "<script>alert" not in answer.content.decode()
    assert "<b>.txt" in unescape(answer.content.decode())
    assert "<strong><b>" not in answer.content.decode()
