"""Every option and every listed value, from the page and from the command line, to the bytes that arrive."""

import io
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from mailings import outbox
from mailings.models import Mailing, State
from mailings.smsc.spec.catalogue import OPTIONS
from tests.helpers.catalogue import CASES, Case
from tests.helpers.people import person
from tests.helpers.recorder import Recorder, parameters, parts, recording

OURS = {
    "login": None,
    "psw": None,
    "apikey": None,
    "add": b"1",
    "charset": b"utf-8",
    "cost": b"1",
    "fmt": b"3",
}


@pytest.fixture
def provider(db: None, redis_url: str, settings: Any) -> Iterator[Recorder]:
    settings.SAME_REQUEST_SECONDS = 0.01
    with recording() as recorder:
        yield recorder


@pytest.fixture
def page(client: Client, db: None) -> Client:
    client.force_login(person("ann"))
    return client


def sent_by_page(page: Client, posted: dict[str, Any]) -> Mailing:
    answer = page.post("/mailings/new/", {"action": "send", "key": secrets.token_hex(8)} | posted)
    assert answer.status_code == 302, answer.context["form"].errors.as_text()
    mailing = Mailing.objects.get()
    assert answer["Location"] == f"/mailings/{mailing.pk}/"
    return handed_over(mailing)


def handed_over(mailing: Mailing) -> Mailing:
    assert mailing.state == State.QUEUED
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    return mailing


def check(received: dict[str, bytes], case: Case, mailing: Mailing) -> None:
    """The option arrived as it should, under our reference, and nothing arrived that was not typed."""
    assert received[case.name] == case.expected
    assert received["name"].decode() == f"{mailing.code}a {case.options['name']}"
    assert received.keys() - OURS.keys() == case.options.keys() | {"time"}
    assert received["time"] == case.options.get("time", "0").encode()
    for name, value in OURS.items():
        assert value is None or received[name] == value


def test_the_walk_goes_by_every_option_and_every_listed_value() -> None:
    walked = {
        (case.name, case.typed.partition(",")[0] if case.name == "voice" else case.typed) for case in CASES
    }

    assert OPTIONS.keys() == {name for name, _value in walked} | {"name"}
    for option in OPTIONS.values():
        assert {choice.value for choice in option.choices} <= {
            value for name, value in walked if name == option.name
        }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_the_page_posts_is_what_arrives(case: Case, provider: Recorder, page: Client) -> None:
    mailing = sent_by_page(page, case.options)

    check(provider.only(), case, mailing)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_the_command_line_reads_is_what_arrives(
    case: Case, provider: Recorder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = io.TextIOWrapper(io.BytesIO(json.dumps({"options": case.options}).encode()))
    monkeypatch.setattr("sys.stdin", order)

    call_command("mailings", "create", "-")

    mailing = handed_over(Mailing.objects.get(pk=json.loads(capsys.readouterr().out)["id"]))
    check(provider.only(), case, mailing)


@pytest.mark.parametrize("flag", ["viber", "whatsapp", "soc", "mms", "call"])
def test_a_channel_chosen_by_its_button_sets_its_parameter(
    flag: str, provider: Recorder, page: Client
) -> None:
    sent_by_page(
        page, {"channel": flag, "shown": flag, "name": "Sale", "phones": "79990000001", "mes": "Hello"}
    )

    assert provider.only()[flag] == b"1"


def test_a_picked_hour_arrives_as_a_timestamp(provider: Recorder, page: Client) -> None:
    page.cookies["timezone"] = "Asia/Yekaterinburg"
    posted = {
        "name": "Sale",
        "phones": "79990000001",
        "mes": "Hello",
        "time_at": "2032-01-31T14:30",
        "time": "",
    }

    sent_by_page(page, posted)

    assert provider.only()["time"] == b"01959154200"


def test_a_voice_and_its_language_arrive_as_one(provider: Recorder, page: Client) -> None:
    posted = {"name": "Sale", "phones": "79990000001", "mes": "Hello", "channel": "call", "voice": "w"}

    sent_by_page(page, posted | {"voice_language": "fr"})

    assert provider.only()["voice"] == b"w,fr"


FILES = {"photo.jpg": bytes(range(256)) * 5, "music.mp3": b"\r\n--x\r\n\x00\xff"}


@pytest.mark.parametrize("channel", ["mms", "mail"])
def test_files_of_the_page_arrive_byte_for_byte(channel: str, provider: Recorder, page: Client) -> None:
    posted = {"name": "Фото", "phones": "+79990000001", "mes": "Привет", channel: "1"}
    if channel == "mail":
        posted |= {"phones": "ann@example.com", "sender": "shop@example.com", "subj": "Тема"}
    uploads = [SimpleUploadedFile(name, content) for name, content in FILES.items()]

    sent_by_page(page, posted | {"files": uploads})

    (request,) = provider.requests
    assert [(name, content) for _part, name, content in parts(request) if name] == list(FILES.items())
    received = parameters(request)
    assert received["mes"].decode() == "Привет"
    assert (received["phones"].decode(), received[channel]) == (posted["phones"], b"1")


def test_a_sound_file_of_the_command_line_arrives_byte_for_byte(
    provider: Recorder, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = tmp_path / "hello.wav"
    sound.write_bytes(b"RIFF\x00\r\n\xff")
    order = {"options": {"name": "Call", "phones": "79990000001", "call": 1}, "files": [str(sound)]}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(order).encode())))

    call_command("mailings", "create", "-")
    handed_over(Mailing.objects.get(pk=json.loads(capsys.readouterr().out)["id"]))

    (request,) = provider.requests
    assert [(name, content) for _part, name, content in parts(request) if name] == [
        ("hello.wav", sound.read_bytes())
    ]
