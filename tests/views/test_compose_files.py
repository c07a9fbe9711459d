"""Files of the compose form, and that nothing typed is ever lost."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.forms import stored, uploads
from mailings.models import Account, Attachment, Mailing, Recipient, State
from tests.views.composing import MAIL, SMS, URL, post, reposted, text_of, values_of

pytestmark = pytest.mark.usefixtures("account")


# --- files --------------------------------------------------------------------------------------------------


def file(name: str = "a.txt", content: bytes = b"some text") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_files_survive_a_form_with_errors(page: Client) -> None:
    answer = post(page, MAIL | {"subj": "", "files": [file("a.txt"), file("b.txt", b"more")]})
    assert Mailing.objects.count() == 0
    assert "a.txt" in text_of(answer)

    assert reposted(answer, "send", page, subj="Sale").status_code == 302

    assert [(one.name, one.file.read()) for one in Attachment.objects.all()] == [
        ("a.txt", b"some text"),
        ("b.txt", b"more"),
    ]


def test_a_held_file_can_be_taken_out(page: Client) -> None:
    answer = post(page, MAIL | {"files": [file("a.txt"), file("b.txt", b"more")]}, "refresh")
    tokens = values_of(answer.content.decode())["held"]

    reposted(answer, "send", page, drop=tokens[0])

    assert [one.name for one in Attachment.objects.all()] == ["b.txt"]


def test_a_drafts_files_stay_until_they_are_taken_out(page: Client) -> None:
    opened = page.get(
        post(page, MAIL | {"files": [file("a.txt"), file("b.txt", b"more")]}, "draft")["Location"]
    )
    first = Attachment.objects.order_by("id")[0]

    again = page.get(reposted(opened, "draft", page)["Location"])
    assert Attachment.objects.count() == 2
    shown = reposted(again, "refresh", page, drop=f"attachment:{first.pk}")
    assert "a.txt" not in text_of(shown)
    reposted(shown, "send", page)

    assert [one.name for one in Mailing.objects.get().attachments.all()] == ["b.txt"]


def test_a_recipients_file_survives_errors_and_counts(page: Client) -> None:
    answer = post(
        page, SMS | {"name": "", "recipients_file": file("list.csv", b"phone\n79990000002\n79990000001")}
    )
    assert answer.context["facts"].people == 2

    reposted(answer, "send", page, name="Sale")

    assert Recipient.objects.addresses(Mailing.objects.get()) == ("+79990000001", "+79990000002")


def test_a_wrong_line_of_the_file_is_named(page: Client) -> None:
    answer = post(page, SMS | {"recipients_file": file("list.txt", b"79990000002\nabc")})

    assert "1 row of the file gets no message. Correct it below" in text_of(answer)
    assert re.search(
        r'<tr data-line="2">.*value="abc".*This is no phone number', answer.content.decode(), re.DOTALL
    )
    assert Mailing.objects.count() == 0


def test_an_unreadable_file_stores_nothing(page: Client) -> None:
    answer = post(page, SMS | {"recipients_file": file("list.xlsx", b"PK\x03\x04")})

    assert "This workbook is damaged" in text_of(answer)
    assert Mailing.objects.count() == 0


def test_a_draft_keeps_an_unreadable_file_and_says_so(page: Client) -> None:
    opened = post(page, SMS | {"recipients_file": file("list.xlsx", b"PK\x03\x04")}, "draft")["Location"]

    assert "This workbook is damaged" in text_of(page.get(opened))
    assert Mailing.objects.get().state == State.DRAFT


def test_a_held_file_is_its_uploaders_alone(page: Client, operator: Any) -> None:
    token = uploads.store(file(), operator.pk).token

    assert stored(token, operator.pk) is not None
    assert stored(token, operator.pk + 1) is None
    assert stored(f"{token}x", operator.pk) is None
    assert stored(signing.dumps({"path": "../db", "owner": operator.pk}), operator.pk) is None


def test_held_files_are_cleared_away_after_two_days(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = uploads.store(file(), operator.pk)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr("mailings.forms.uploads.timezone.now", lambda: later)

    uploads.clear_away()

    monkeypatch.undo()
    assert stored(kept.token, operator.pk) is None


# --- nothing typed is lost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["send", "draft"])
def test_a_locked_database_gives_the_form_back_filled(action: str, page: Client, monkeypatch: Any) -> None:
    def locked(*_args: Any, **_fields: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(outbox, "make", locked)
    monkeypatch.setattr(outbox, "save_draft", locked)

    answer = post(page, MAIL | {"files": [file("a.txt")]}, action)

    assert answer.status_code == 503
    assert "nothing was stored" in text_of(answer)
    monkeypatch.undo()
    assert reposted(answer, "send", page).status_code == 302
    assert Attachment.objects.get().name == "a.txt"


def test_a_file_that_was_cleared_away_is_asked_for_again_and_nothing_is_sent_without_it(page: Client) -> None:
    wrong = post(page, MAIL | {"subj": "", "files": [file("a.txt")]}, "send")
    for one in wrong.context["form"].uploads.held:
        storages["default"].delete(one.path)

    answer = reposted(wrong, "send", page, subj="Subject")

    assert answer.status_code == 200
    assert "attach it again" in text_of(answer)
    assert Mailing.objects.count() == 0


def test_an_ended_session_gives_the_form_back_filled_and_names_no_account(
    client: Client, account: Account
) -> None:
    answer = post(client, SMS | {"mes": "long text"})

    assert "Your session has ended" in text_of(answer)
    assert values_of(answer.content.decode())["mes"] == ["long text"]
    assert "default" not in answer.content.decode()[answer.content.decode().index('id="panel"') :]
    assert Mailing.objects.count() == 0


def test_whoever_is_not_logged_in_sees_the_login(client: Client, db: None) -> None:
    assert client.get(URL)["Location"] == f"/accounts/login/?next={URL}"


@pytest.fixture
def strict(operator: Any, account: Account) -> Client:
    """A browser whose form token is checked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    client.get(URL)
    return client


def test_a_stale_token_gives_the_form_back_and_the_next_press_sends(strict: Client) -> None:
    stale = SMS | {"csrfmiddlewaretoken": "x" * 64}

    answer = post(strict, stale, HTTP_ORIGIN="http://testserver")

    assert "Nothing was sent: press the button again" in text_of(answer)
    assert Mailing.objects.count() == 0
    assert reposted(answer, "send", strict).status_code == 302
    assert Mailing.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"HTTP_ORIGIN": "https://evil.example"}])
def test_a_foreign_form_does_not_come_back_filled(headers: dict[str, str], strict: Client) -> None:
    answer = post(strict, SMS | {"mes": "pay here"}, **headers)

    assert answer.status_code == 403
    assert "pay here" not in answer.content.decode()
    assert Mailing.objects.count() == 0
