"""The review names everything that will happen, and nothing that was not chosen."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mailings.models import Account
from tests.helpers.factories import PHONE
from tests.views.composing import MAIL, text_of
from tests.views.rows import account as account_row
from tests.views.test_review import priced, reviewed

pytestmark = pytest.mark.django_db

TOMORROW = {"time_at": "tomorrow 9:30"}
VIBER = {"channel": "viber", "shown": "viber"}


@pytest.fixture(autouse=True)
def account() -> Account:
    account = account_row()
    Account.objects.filter(pk=account.pk).update(currency="RUR")
    return account


def facts(answer: Any, name: str) -> list[str]:
    """What stands under one heading of the page, by its `data-fact`."""
    found = re.findall(rf'data-fact="{name}">(.*?)</(?:div|dd|p)>', answer.content.decode(), re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", one)).split()) for one in found]


def test_a_repeat_is_named_with_its_end_and_on_the_button(page: Client):
    answer = reviewed(page, rpt="5", rptn="10", **TOMORROW)
    assert facts(answer, "rhythm") == ["Every week: after the first time at most 10 times more."]
    assert "Send to 3 people each time for a price not known yet" in text_of(answer)

    priced()
    said = text_of(page.get(answer.request["PATH_INFO"]))

    assert "Send to 3 people for 4.20 ₽ each time" in said.replace("\u00a0", " ")


def test_a_repeat_without_an_end_says_so(page: Client):
    assert facts(reviewed(page, rpt="2", **TOMORROW), "rhythm") == ["Every day, until somebody ends it."]


def test_a_spread_and_a_window_are_named(page: Client):
    spread = reviewed(page, period="2.5", freq="15")
    assert facts(spread, "rhythm") == ["Spread over 2.5 h: a group of people every 15 min."]

    window = text_of(reviewed(page, key="k2", hours_from="9", hours_to="21", clock="Asia/Vladivostok"))
    assert "At once if it is between 9:00 and 21:00" in window
    assert "by the clock of UTC+10" in window


def test_the_hour_stands_on_the_clock_that_it_was_typed_by(page: Client):
    said = text_of(reviewed(page, time_at="tomorrow 9:30", clock="Asia/Vladivostok"))

    assert "09:30 (Asia/Vladivostok) = " in said


def test_the_sender_that_people_see_is_always_named(page: Client):
    assert "SMS · from the account's own sender" in text_of(reviewed(page))
    assert "SMS · from SHOP" in text_of(reviewed(page, key="k2", sender="SHOP"))
    assert "from" not in facts(reviewed(page, key="k3", channel="hlr", shown="hlr", mes=""), "what")[0]


def test_the_account_that_pays_is_named(page: Client, account: Account):
    assert facts(reviewed(page), "account") == [f"Paid by the account “{account.name}”"]


def test_further_options_are_named_in_words(page: Client):
    said = facts(reviewed(page, flash="1", valid="01:30"), "option")

    assert said == ["Give up after: 01:30", "Flash. The SMS opens on the screen at once."]
    assert facts(reviewed(page, key="k2"), "option") == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"valid": "12"}, "Give up after: 12 hours"),
        ({"bin": "2", "mes": "0048"}, "Binary SMS: Yes, sent as hexadecimal digits"),
        (
            {"channel": "call", "shown": "call", "param": "25,60,3"},
            "Ringing: 25 s a try, 60 s until the next, at most 3 tries",
        ),
        (
            {"channel": "bot", "shown": "bot", "bot": "@shop_bot", "smsreq": "30"},
            "Confirmed within: 30 days",
        ),
        (
            VIBER | {"fileurl": "https://example.com/picture.jpg"},
            "Link to a file: https://example.com/picture.jpg",
        ),
    ],
)
def test_values_are_said_with_their_units(page: Client, typed: Any, said: str):
    assert facts(reviewed(page, **typed), "option") == [said]


def test_the_sms_after_a_failure_is_shown_with_its_sender(page: Client):
    own = {"fl[5]": "1", "mes2": "By SMS instead", "sender2": "SHOP2"}

    said = text_of(reviewed(page, **VIBER, **own))

    assert "If it fails, an SMS from SHOP2 By SMS instead" in said
    same = text_of(reviewed(page, key="k2", **VIBER, **{"fl[5]": "1"}))
    assert "If it fails, an SMS With the same text." in same
    assert "If it fails" not in text_of(reviewed(page, key="k3", **VIBER))


def test_a_call_says_who_reads_it(page: Client):
    answer = reviewed(page, channel="call", shown="call", voice="w2,fr")

    assert facts(answer, "voice") == ["Read aloud: Woman 2 (fr), about 1 s."]


def test_what_changes_on_the_way_is_said(page: Client):
    text = "Привет https://example.com/" + "a" * 60

    answer = reviewed(page, mes=text, translit="1", tinyurl="1")

    assert facts(answer, "change") == [
        "Russian letters become Latin ones on the way.",
        "Its links become short ones on the way: then about 1 part each.",
    ]
    assert facts(reviewed(page, key="k2", mes=text), "change") == []


def test_what_deceives_the_eye_is_named(page: Client):
    answer = reviewed(page, mes="Hello\u00a0you\u200b, Sаle")

    assert facts(answer, "deception") == [
        "Invisible in the text: no-break space (U+00A0) × 1, zero-width space (U+200B) × 1.",
        "In “Sаle” «а» is Cyrillic among Latin letters, and only looks like one of them.",
    ]
    assert "«\u00a0»" not in answer.content.decode()
    assert "alphabet of SMS (no-break space (U+00A0), zero-width space (U+200B), «а»)" in text_of(answer)


def test_what_deceives_in_the_sms_after_a_failure_and_in_personal_texts_is_named_too(page: Client):
    after = reviewed(page, **VIBER, **{"fl[5]": "1", "mes2": "Hello\u200b"})
    assert facts(after, "deception") == ["Invisible in the text: zero-width space (U+200B) × 1."]

    lines = f"{PHONE}:Hi Ann\n79990000002:Hi\u200b Bartholomew"
    personal = reviewed(page, key="k2", phones="", mes="", list=lines)
    assert facts(personal, "deception") == [
        "+79990000002: Invisible in the text: zero-width space (U+200B) × 1."
    ]


def test_every_personal_message_is_looked_at_and_what_stands_in_all_is_said_once(page: Client):
    """Given a text with a no-break space, and values that deceive in rows neither first nor longest."""
    rows = ["79990000001;Anna", "79990000002;Bоb", "79990000003;Bartholomew", "79990000004;Eve\u200b"]
    file = SimpleUploadedFile("people.csv", "\n".join(["Phone;Name", *rows, "79990000005;Bоb"]).encode())
    typed = {"phones": "", "mes": "Hi\u00a0{Name}", "recipients_file": file}

    assert facts(reviewed(page, **typed), "deception") == [
        "Invisible in the text: no-break space (U+00A0) × 1.",
        "+79990000002: In “Bоb” «о» is Cyrillic among Latin letters, and only looks like one of them.",
        "+79990000004: Invisible in the text: zero-width space (U+200B) × 1.",
    ]


def test_what_makes_personal_messages_unicode_is_named(page: Client):
    lines = f"{PHONE}:Hi Ann\n79990000002:Hi Bartholomew, 5 ₽\n79990000003:Hi ✓"

    said = text_of(reviewed(page, phones="", mes="", list=lines))

    assert "The text is not all in the alphabet of SMS («✓», «₽»), so a part holds 70 characters." in said
    assert "alphabet of SMS" not in text_of(reviewed(page, key="k2", phones="", mes="", list=f"{PHONE}:Hi"))


def test_what_deceives_in_the_subject_is_named_too(page: Client):
    letter = reviewed(page, **MAIL | {"subj": "Sale\u00ad"})
    assert facts(letter, "deception") == ["Subject: Invisible in the text: soft hyphen (U+00AD) × 1."]


def test_personal_messages_show_the_shortest_too(page: Client):
    lines = f"{PHONE}:Hi Anna\n79990000002:Hi Bartholomew\n79990000003:Hi Al"

    said = text_of(reviewed(page, phones="", mes="", list=lines))

    assert "The shortest · +79990000003 Hi Al" in said
    assert "The longest · +79990000002 Hi Bartholomew" in said


def test_a_plain_mailing_says_nothing_of_what_was_not_chosen(page: Client):
    answer = reviewed(page)

    for name in ("option", "rhythm", "change", "deception", "voice", "fallback", "extreme"):
        assert facts(answer, name) == []


def test_an_email_has_its_address_as_the_sender(page: Client):
    answer = reviewed(page, **MAIL)

    assert "E-mail · from shop@example.com Sale" in text_of(answer)
