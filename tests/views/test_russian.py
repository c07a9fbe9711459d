"""The pages in Russian: nothing of ours is left in English, and numbers and rules speak as Russian does."""

import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mailings.forms import ComposeForm, Files, Preview, from_draft
from mailings.models import EventKind, Result, State, record
from mailings.models.states import HeldReason
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import reasons, sentences
from mailings.wording.deliveries import status_word
from scripts import translations
from tests.views.composing import SMS
from tests.views.rows import account, row

COMPOSE = "/mailings/new/"
SHOWN_ATTRIBUTES = re.compile(r'\s(?:title|aria-label|placeholder|alt)="([^"]*)"')
HIDDEN = re.compile(r"<(script|style|pre|code)\b.*?</\1>", re.DOTALL)
OTHER_LANGUAGE = re.compile(r'<button[^>]* lang="[^"]*"[^>]*>.*?</button>', re.DOTALL)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A page leaves its language to the thread; the tests that follow want their own back."""
    with translation.override("en"):
        yield


@pytest.fixture
def russian(chief_page: Client) -> Client:
    chief_page.cookies["django_language"] = "ru"
    return chief_page


@pytest.fixture
def english(chief_page: Client, chief: Any) -> Client:
    page = Client()
    page.force_login(chief)
    page.cookies["django_language"] = "en"
    return page


@cache
def english_texts() -> tuple[frozenset[str], re.Pattern[str]]:
    """Texts of ours that Russian says otherwise: whole ones, and a pattern for the sentences among them."""
    whole, sentences = set(), []
    for message in translations.read("ru"):
        for text in translations.texts(message.id):
            if not text or text in translations.texts(message.string):
                continue
            if translations.PLACEHOLDER.search(text):
                parts = translations.PLACEHOLDER.split(text)
                if max(len(part.split()) for part in parts) > 2:
                    sentences.append(".{1,80}?".join(map(re.escape, parts)))
            else:
                whole.add(text)
                if len(text.split()) > 2:
                    sentences.append(re.escape(text))
    return frozenset(whole), re.compile("|".join(sentences))


def untranslated(html: str) -> list[str]:
    """What a reader sees of our English texts on a page."""
    whole, sentences = english_texts()
    html = OTHER_LANGUAGE.sub("", HIDDEN.sub("", html))
    texts = [*re.sub(r"<[^>]*>", "\n", html).split("\n"), *SHOWN_ATTRIBUTES.findall(html)]
    clean = [" ".join(unescape(text).split()) for text in texts]
    flowing = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    return [text for text in clean if text in whole] + sentences.findall(unescape(flowing))


def a_mailing_in_trouble() -> int:
    """One with every kind of event, whose page says about all that a page can say."""
    mailing = row(State.UNKNOWN, name="Распродажа", looks=1, options={"mes": "Привет"})
    for kind in EventKind:
        record(kind, mailing, reason="timeout", wish="cancel", note="ten_rows")
    return mailing.pk


def test_today_and_the_history_are_russian(russian: Client) -> None:
    for state in State:
        reason = HeldReason.RESTORED if state == State.HELD else ""
        row(state, name="Распродажа", held_reason=reason)

    for path in (reverse("today"), reverse("history"), reverse("history") + "?q=zzz"):
        assert untranslated(russian.get(path).content.decode()) == []


@pytest.mark.parametrize("state", State)
def test_a_mailing_is_russian_in_every_state(russian: Client, state: State) -> None:
    mailing = row(state, name="Распродажа", options={"mes": "Привет", "rpt": 2})

    assert untranslated(russian.get(reverse("mailing", args=[mailing.pk])).content.decode()) == []


@pytest.mark.parametrize("name", ["mailing", "resolve", "cancel", "delete"])
def test_whatever_has_happened_is_told_in_russian(russian: Client, name: str) -> None:
    html = russian.get(reverse(name, args=[a_mailing_in_trouble()])).content.decode()

    assert untranslated(html) == []


@pytest.mark.parametrize("channel", Channel)
def test_the_form_is_russian_for_every_channel(russian: Client, channel: Channel) -> None:
    account()

    posted = {"channel": channel.value, "shown": channel.value, "action": "show_all"}
    html = russian.post(COMPOSE, posted).content.decode()

    assert untranslated(html) == []


def test_what_is_not_there_is_said_in_russian(russian: Client) -> None:
    assert untranslated(russian.get("/nowhere/").content.decode()) == []


def test_the_login_is_russian(client: Client, db: None) -> None:
    html = client.get("/accounts/login/", headers={"accept-language": "ru"}).content.decode()

    assert untranslated(html) == []


def test_the_account_s_form_is_russian(admin_client: Client) -> None:
    account()
    admin_client.cookies["django_language"] = "ru"

    for path in ("", "add/"):
        html = admin_client.get(f"/admin/mailings/account/{path}").content.decode()
        assert untranslated(html) == []
        assert not re.search(r"Breaker|Login|Password|Events", html.split("<body", 1)[1])


@pytest.mark.parametrize("name", ["today", "history", "compose", "mailing"])
def test_english_would_be_noticed(english: Client, name: str) -> None:
    args = [a_mailing_in_trouble()] if name == "mailing" else []

    assert len(untranslated(english.get(reverse(name, args=args)).content.decode())) > 5


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("phones", "abc", "Строка 1: «abc». Это не номер телефона. Исправьте или исключите его."),
        ("mes", "я" * 1001, "Длина текста — 1001 симв.; отправить можно не больше 1000. Сократите его."),
        ("rptn", "0", "Укажите целое число от 1 до 999999."),
        ("list", "1", "Строка 1: Напишите номер, двоеточие и текст: 79990000001:Здравствуйте."),
    ],
)
def test_what_is_wrong_stands_in_russian_beside_its_field(
    russian: Client, option: str, value: str, sentence: str
) -> None:
    account()
    given = {"name": "Распродажа", "phones": "79990000001", "mes": "Привет", "action": "send"}
    if option == "list":
        given |= {"phones": "", "mes": ""}

    html = russian.post(COMPOSE, given | {option: value}).content.decode()

    beside = re.search(rf'id="id_{option}_error".*?</div>\s*</div>', html, re.DOTALL)
    assert beside is not None
    assert sentence in unescape(beside[0])


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, "– получателей"),
        (0, "0 получателей"),
        (1, "1 получатель"),
        (2, "2 получателя"),
        (5, "5 получателей"),
        (11, "11 получателей"),
        (21, "21 получатель"),
        (1022, "1\N{NO-BREAK SPACE}022 получателя"),
    ],
)
def test_recipients_are_counted_in_three_forms(count: int | None, said: str) -> None:
    with translation.override("ru"):
        assert sentences.people(count) == said


@pytest.mark.parametrize(
    ("people", "button"),
    [
        (1, "Проверить: 1 получатель"),
        (2, "Проверить: 2 получателя"),
        (5, "Проверить: 5 получателей"),
        (21, "Проверить: 21 получатель"),
    ],
)
def test_the_button_counts_whom_it_leads_to(db: None, people: int, button: str) -> None:
    phones = "\n".join(f"7999000{number:04}" for number in range(people))
    typed = from_draft({"name": "Распродажа", "phones": phones, "mes": "Привет"})

    with translation.override("ru"):
        form = ComposeForm(typed, now=account().created_at, files=Files([]), accounts=[account()])

        assert Preview(form).button == button


def test_a_reason_is_told_in_words_and_the_provider_s_own_text_as_it_came() -> None:
    with translation.override("ru"):
        assert reasons.words("timeout") == "SMS-центр не ответил вовремя"
        assert reasons.words("http_502") == "SMS-центр ответил статусом HTTP 502"
        assert reasons.words("sender is not allowed") == "sender is not allowed"


def test_a_message_that_was_read_is_not_said_to_be_checked() -> None:
    with translation.override("ru"):
        assert str(Result.READ.label) == "прочитано"
        assert status_word(2) == "прочитано"


def test_the_review_is_headed_by_a_noun(russian: Client) -> None:
    account()
    made: Any = russian.post(COMPOSE, SMS | {"action": "review"})

    assert ">Проверка: Spring sale</h1>" in russian.get(made.url).content.decode()
