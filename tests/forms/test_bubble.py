"""The message is shown as people will get it, and what deceives the eye is named."""

import pytest
from django.http import QueryDict

from mailings.forms import ComposeForm, Preview, from_post
from mailings.forms.bubble import Bubble, named
from mailings.smsc.spec.vocabulary import Channel
from tests.forms.test_when import NOW

# A form without an account asks for the one that there is: its country reads the numbers.
pytestmark = pytest.mark.django_db


def facts(**typed: str) -> Preview:
    posted = QueryDict(mutable=True)
    posted.update(typed)
    return Preview(ComposeForm(from_post(posted), now=NOW))


def bubble(**typed: str) -> Bubble:
    return facts(**typed).bubble


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_has_a_shape_and_a_name(channel: Channel) -> None:
    shown = bubble(channel=channel, mes="Hello")

    assert shown.shape == {"mail": "mail", "call": "call", "hlr": "none", "ping": "none"}.get(channel, "chat")
    assert shown.channel_name == channel.label


def test_an_email_has_its_subject_and_the_rest_does_not() -> None:
    assert bubble(channel="mail", subj="Sale", sender="shop@example.com").subject == "Sale"
    assert bubble(channel="sms", subj="Sale", sender="Shop").subject == ""
    assert bubble(channel="bot", bot="@shop_bot").sender == "@shop_bot"


def test_a_call_says_whose_voice_reads_and_how_long() -> None:
    shown = bubble(channel="call", mes="a" * 140, voice="w2")

    assert (shown.voice, shown.seconds) == ("Woman 2", 10)
    assert bubble(channel="call", mes="a").voice == "Man 3"


def test_an_sms_that_is_tried_after_a_failure_is_shown_with_its_own_text_or_the_same() -> None:
    assert bubble(viber="1", mes="Hi", **{"fl[5]": "1", "mes2": "Hi by SMS"}).fallback == "Hi by SMS"
    assert bubble(viber="1", mes="Hi", **{"fl[5]": "1"}).fallback == "Hi"
    assert bubble(viber="1", mes="Hi", **{"fl[5]": "0"}).fallback == ""


def test_personal_messages_show_the_first() -> None:
    shown = bubble(name="x", list="79990000001:Hello, Ann\n79990000002:Hello, Bob")

    assert shown.text == "Hello, Ann"


def test_what_changes_on_the_way_is_an_estimate() -> None:
    link = "https://example.com/" + "a" * 200

    assert list(bubble(mes="Привет", translit="1").on_the_way) == [
        "Russian letters become Latin ones on the way."
    ]
    assert list(bubble(mes=f"See {link}", tinyurl="1").on_the_way) == [
        "Its links become short ones on the way: then about 1 part each."
    ]
    assert list(bubble(mes=f"See {link}").on_the_way) == []


def test_invisible_characters_are_named_instead_of_shown() -> None:
    assert [named(char) for char in "ё\u00a0\u200b\ufeff\u00ad\u200a"] == [
        "«ё»",
        "no-break space (U+00A0)",
        "zero-width space (U+200B)",
        "byte order mark (U+FEFF)",
        "soft hyphen (U+00AD)",
        "U+200A",
    ]
    assert facts(mes="a" * 160 + "\u200b").culprits == "zero-width space (U+200B)"


def test_what_deceives_the_eye_is_said() -> None:
    said = facts(mes="Sаle\u00a0Скидкa\u00a0").deceptions

    assert said == [
        "Invisible in the text: no-break space (U+00A0) × 2.",
        "In “Sаle” «а» is Cyrillic among Latin letters, and only looks like one of them.",
        "In “Скидкa” «a» is Latin among Cyrillic letters, and only looks like one of them.",
    ]
    assert facts(mes="Plain text, обычный текст 👨\u200d👩\u200d👧").deceptions == []


def test_only_the_first_few_deceptions_are_said() -> None:
    assert len(facts(mes=" ".join(f"Sаle{chr(98 + n)}" for n in range(20))).deceptions) == 5


def test_the_sms_after_a_failure_the_sender_and_the_subject_are_looked_at_too() -> None:
    typed = {"channel": "viber", "mes": "Hi", "sender": "SHОP", "fl[5]": "1", "mes2": "Sаle"}

    assert facts(**typed).deceptions == [
        "In “Sаle” «а» is Cyrillic among Latin letters, and only looks like one of them.",
        "Sender: In “SHОP” «О» is Cyrillic among Latin letters, and only looks like one of them.",
    ]
    letter = facts(channel="mail", mes="Hi", subj="Sale\u00ad")
    assert letter.deceptions == ["Subject: Invisible in the text: soft hyphen (U+00AD) × 1."]


def test_typed_messages_are_all_looked_at() -> None:
    lines = "79990000001:Hello, Ann\n79990000002:Hello, Bоb\n79990000003:Hello, Bartholomew"

    assert facts(name="x", list=lines).deceptions == [
        "+79990000002: In “Bоb” «о» is Cyrillic among Latin letters, and only looks like one of them."
    ]
