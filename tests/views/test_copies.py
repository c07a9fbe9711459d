"""A copy of a mailing from a file has the file's rows, columns and text, whether it was sent off or not."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.accounts import ensure_sandbox_account
from mailings.models import Import, Mailing, Recipient, State
from mailings.recipients import imports, stop_list
from tests.views.composing import post, reposted, text_of, values_of

pytestmark = pytest.mark.django_db
TABLE = "Имя;Телефон;Долг\nАнна;79990000001;117\nОлег;12345;80\nВера;79990000003;9\n"
TEXT = {"name": "Debts", "mes": "Hi {Имя}, you owe {Долг} ₽", "key": "k1", "skip_wrong": "1"}
GO_OUT = [("+79990000001", "Hi Анна, you owe 117 ₽"), ("+79990000003", "Hi Вера, you owe 9 ₽")]


@pytest.fixture(autouse=True)
def surroundings(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    ensure_sandbox_account("http://127.0.0.1:9/sys/")


@pytest.fixture
def reviewed(page: Client) -> Mailing:
    file = SimpleUploadedFile("people.csv", TABLE.encode("cp1251"))
    assert post(page, TEXT | {"recipients_file": file}, "review").status_code == 302
    return Mailing.objects.get()


def send_off(mailing: Mailing) -> Mailing:
    return outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest, hold_seconds=10)


def pass_a_month() -> None:
    then = timezone.now() - timedelta(days=31)
    Import.objects.update(made_at=then)
    Mailing.objects.update(state_at=then, due_at=then)
    imports.clear_away()


def goes_out(mailing: Mailing) -> list[tuple[str, str]]:
    rows = Recipient.objects.filter(mailing=mailing).order_by("position")
    return list(rows.values_list("address", "text"))


def opened_as_before(page: Client, copy: Mailing) -> None:
    """The copy's form has the text with its headings and the file; its review has the same messages."""
    answer = page.get(f"/mailings/new/?draft={copy.pk}")
    values = values_of(answer.content.decode())
    assert (values["mes"], values["skip_wrong"]) == ([TEXT["mes"]], ["1"])
    assert not any(values.get("list", []) + values.get("phones", []))
    assert b'data-line="3"' in answer.content
    assert reposted(answer, "review", page).status_code == 302
    assert goes_out(copy) == GO_OUT


@pytest.mark.parametrize("copied", [outbox.duplicate, outbox.next_month])
def test_a_copy_of_what_was_sent_a_month_ago_has_rows_fields_and_text(
    copied: Any, reviewed: Mailing, page: Client
) -> None:
    send_off(reviewed)
    pass_a_month()

    copy = copied(reviewed.pk)

    opened_as_before(page, copy)
    assert goes_out(reviewed) == GO_OUT


def test_a_copy_of_a_draft_has_them_too(reviewed: Mailing, page: Client) -> None:
    opened_as_before(page, outbox.duplicate(reviewed.pk))


def test_what_was_held_in_time_is_the_draft_that_it_was(reviewed: Mailing, page: Client) -> None:
    send_off(reviewed)

    outbox.hold(reviewed.pk)

    opened_as_before(page, reviewed)


def test_what_was_refused_is_changed_with_its_file(reviewed: Mailing, page: Client) -> None:
    send_off(reviewed)
    Mailing.objects.update(state=State.REFUSED)

    outbox.reopen(reviewed.pk)

    opened_as_before(page, reviewed)


@pytest.mark.parametrize("back", ["held", "refused"])
def test_a_copy_of_what_came_back_and_was_changed_since_has_the_new_text(
    back: str, reviewed: Mailing, page: Client
) -> None:
    send_off(reviewed)
    if back == "held":
        outbox.hold(reviewed.pk)
    else:
        Mailing.objects.update(state=State.REFUSED)
        outbox.reopen(reviewed.pk)
    answer = page.get(f"/mailings/new/?draft={reviewed.pk}")
    reposted(answer, "draft", page, mes="Hi {Имя}, only {Долг} ₽")

    for state in (State.DRAFT, State.WITHDRAWN):
        Mailing.objects.filter(pk=reviewed.pk).update(state=state)
        copy = outbox.duplicate(reviewed.pk)
        assert copy.draft["mes"] == "Hi {Имя}, only {Долг} ₽"
        assert copy.imports.count() == 1


def test_a_draft_made_in_the_form_of_one_that_was_sent_takes_no_file_from_it(reviewed: Mailing) -> None:
    send_off(reviewed)
    (sent,) = reviewed.imports.all()

    other = outbox.save_draft({"name": "Other"}, account=reviewed.account, imported=sent)

    assert reviewed.imports.get() == sent
    assert other.imports.get() != sent
    assert outbox.duplicate(reviewed.pk).draft["mes"] == TEXT["mes"]
    assert outbox.duplicate(other.pk).draft["name"] == "Other (copy)"


def test_what_was_refused_opens_by_the_stop_list_of_now(reviewed: Mailing, page: Client) -> None:
    send_off(reviewed)
    Mailing.objects.update(state=State.REFUSED)
    stop_list.add(["79990000003"], country="RU")

    outbox.reopen(reviewed.pk)

    assert "1 person" in text_of(page.get(f"/mailings/new/?draft={reviewed.pk}"))
    imported = Import.objects.get()
    assert (imported.valid, imported.stopped) == (1, 1)


def test_after_some_months_the_file_goes_and_a_copy_has_the_messages_as_they_were_sent(
    reviewed: Mailing, page: Client
) -> None:
    send_off(reviewed)
    then = timezone.now() - timedelta(days=101)
    Import.objects.update(made_at=then)
    Mailing.objects.update(state_at=then)

    imports.clear_away()

    assert not Import.objects.exists()
    copy = outbox.duplicate(reviewed.pk)
    (typed,) = values_of(page.get(f"/mailings/new/?draft={copy.pk}").content.decode())["list"]
    assert typed.splitlines() == [":".join(one) for one in GO_OUT]
