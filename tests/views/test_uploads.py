"""What may be uploaded: so large, so much a day, what its name says; and none of it stays unused."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.forms import clear_away, store, stored, uploads
from mailings.models import Account, Attachment, Import, Mailing
from mailings.outbox import quota

pytestmark = pytest.mark.django_db

URL = "/mailings/new/"
MMS = {"name": "Sale", "phones": "79990000001", "mes": "Hello", "subj": "Sale", "mms": "1", "key": "k1"}
CALL = {"name": "Sale", "phones": "79990000001", "mes": "", "call": "1", "key": "k1"}
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20
WAV = b"RIFF\x00\x00\x00\x00WAVEfmt "
MB = 1024 * 1024


@pytest.fixture(autouse=True)
def account(db: None) -> Account:
    return Account.objects.create(name="default", kind=Account.Kind.SANDBOX)


def pending() -> list[str]:
    """Every file that is held."""
    found: list[str] = []

    def walk(folder: str) -> None:
        if storages["default"].exists(folder):
            folders, files = storages["default"].listdir(folder)
            found.extend(f"{folder}/{name}" for name in files)
            for inner in folders:
                walk(f"{folder}/{inner}")

    walk(uploads.FOLDER)
    return found


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def post(page: Client, posted: dict[str, Any], name: str, content: bytes, action: str = "send") -> Any:
    file = SimpleUploadedFile(name, content, content_type="audio/wav")
    return page.post(URL, posted | {"files": file, "action": action})


@pytest.mark.parametrize("action", ["send", "draft", "refresh"])
@pytest.mark.parametrize(
    ("posted", "name", "content"),
    [
        (MMS, "a.png", b"MZ\x90\x00program"),
        (MMS, "a.jpg", PNG),
        (MMS, "a.txt", b"\x7fELF\x02\x01"),
        (MMS, "a.txt", PNG),
        (CALL, "a.wav", b"MZ\x90\x00program"),
        (CALL, "a.mp3", PNG),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_an_error_and_is_not_kept(
    page: Client, action: str, posted: dict[str, Any], name: str, content: bytes
) -> None:
    answer = post(page, posted, name, content, action)

    assert "is not what its name says" in str(answer.context["form"].errors["files"])
    assert not Mailing.objects.exists()
    assert not pending()


@pytest.mark.parametrize(
    ("posted", "name", "content", "kind"),
    [
        (MMS, "a.png", PNG, "image/png"),
        (CALL, "a.wav", WAV, "audio/x-wav"),
        (MMS, "a.txt", b"text", "text/plain"),
    ],
)
def test_a_file_that_is_what_its_name_says_goes_with_the_kind_of_its_content(
    page: Client, posted: dict[str, Any], name: str, content: bytes, kind: str
) -> None:
    assert post(page, posted, name, content).status_code == 302

    assert Attachment.objects.get().content_type == kind
    assert not pending()


def test_a_file_that_is_too_large_is_an_error_and_is_not_kept(page: Client, settings: Any) -> None:
    settings.UPLOAD_MB = 1
    for field in ("files", "recipients_file"):
        file = SimpleUploadedFile("a.txt", b"7" * (MB + 1))
        answer = page.post(URL, MMS | {field: file, "action": "send"})
        assert "is larger than 1 MB" in str(answer.context["form"].errors[field])

    assert not Mailing.objects.exists()
    assert not pending()


def test_one_person_brings_so_much_a_day_used_or_not(
    page: Client, operator: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MB = 1
    monkeypatch.setattr(quota, "FILES_A_DAY", 2)
    assert post(page, MMS, "a.txt", b"7" * MB).status_code == 302
    assert post(page, MMS, "b.txt", b"7" * MB, "refresh").status_code == 200

    answer = post(page, MMS, "c.txt", b"7")

    assert "you may bring 2 MB a day" in str(answer.context["form"].errors["files"])
    other = store(SimpleUploadedFile("d.txt", b"7"), operator.pk + 1)
    assert stored(other.token, operator.pk + 1)
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("mailings.forms.uploads.timezone.now", lambda: tomorrow)
    assert store(SimpleUploadedFile("e.txt", b"7"), operator.pk)


NUMBERS = b"79990000001\n".ljust(MB)


@pytest.mark.parametrize("action", ["draft", "review"])
def test_a_file_of_recipients_counts_once_wherever_it_is_kept(
    page: Client, operator: Any, action: str, django_capture_on_commit_callbacks: Any
) -> None:
    typed = {"name": "Sale", "mes": "Hello", "key": "k1"}
    file = SimpleUploadedFile("people.txt", NUMBERS)
    held = page.post(URL, typed | {"recipients_file": file, "action": "refresh"})
    assert quota.brought_today(operator.pk) == len(NUMBERS)

    pk = held.context["form"].uploads.recipients.pk
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(URL, typed | {"held_recipients": pk, "action": action})

    assert answer.status_code == 302
    assert not pending()
    assert quota.brought_today(operator.pk) == len(NUMBERS)
    assert not quota.brought_today(operator.pk + 1)


def test_copies_of_a_mailing_with_its_files_are_of_what_one_may_bring_a_day(
    page: Client, operator: Any, settings: Any, monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    settings.UPLOAD_MB = 2
    monkeypatch.setattr(quota, "FILES_A_DAY", 1)
    file = SimpleUploadedFile("people.txt", NUMBERS)
    posted = {"name": "Sale", "mes": "Hello", "key": "k1", "recipients_file": file, "action": "review"}
    with django_capture_on_commit_callbacks(execute=True):
        assert page.post(URL, posted).status_code == 302
    sent = Mailing.objects.get()
    outbox.send_off(sent.pk, spec_digest=sent.spec_digest, hold_seconds=10, by=operator)
    copy = f"/mailings/{sent.pk}/duplicate/"
    assert "draft=" in page.post(copy)["Location"]
    assert quota.brought_today(operator.pk) == 2 * MB

    said = page.post(copy, follow=True).content.decode()

    assert "“people.txt” was not taken: you may bring 2 MB a day, and they are used up." in said
    assert "So the mailing was not copied" in said
    assert (Mailing.objects.count(), Import.objects.count()) == (2, 2)
    assert len(list(Path(settings.MEDIA_ROOT, "imports").iterdir())) == 2
    assert outbox.duplicate(sent.pk)  # nobody's


def test_files_that_a_copy_sends_on_are_of_the_day_too(
    page: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_MB = 1
    monkeypatch.setattr(quota, "FILES_A_DAY", 1)
    assert post(page, MMS, "a.txt", b"7" * MB).status_code == 302
    mailing = Mailing.objects.get()

    said = page.post(f"/mailings/{mailing.pk}/duplicate/", follow=True).content.decode()

    assert "“a.txt” was not taken" in said
    assert Mailing.objects.count() == 1


def test_the_panel_keeps_no_file(page: Client) -> None:
    page.post(f"{URL}preview/", MMS | {"files": BytesIO(b"text"), "recipients_file": BytesIO(b"79990000001")})

    assert not pending()


def test_what_is_taken_out_or_replaced_is_held_no_longer(page: Client) -> None:
    def again(change: Callable[[Any], dict[str, Any]], answer: Any) -> Any:
        form = answer.context["form"].uploads
        kept = {"held": [one.token for one in form.held]}
        kept |= {"held_recipients": form.recipients.pk} if form.recipients else {}
        return page.post(URL, MMS | kept | {"action": "refresh"} | change(form))

    first = page.post(
        URL, MMS | {"files": BytesIO(b"a"), "recipients_file": BytesIO(b"79990000001"), "action": "refresh"}
    )
    assert len(pending()) == 2

    replaced = again(lambda _form: {"recipients_file": BytesIO(b"79990000002")}, first)
    assert len(pending()) == 2

    again(lambda form: {"drop": [form.held[0].token, "recipients"]}, replaced)
    assert not pending()


def test_what_is_never_used_is_cleared_away(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store(SimpleUploadedFile("a.txt", b"7"), operator.pk)
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr("mailings.forms.uploads.timezone.now", lambda: later)

    clear_away()

    assert not pending()
