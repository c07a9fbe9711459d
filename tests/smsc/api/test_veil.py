"""A leaked password is veiled, but ordinary words that happen to equal it stay readable."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest

from mailings.smsc.api.client import Credentials
from mailings.smsc.api.errors import VEIL

ODD = "Pa$$ wörd+/'1"
SPELLINGS = (
    ODD,
    quote(ODD),
    quote(ODD, safe=""),
    quote_plus(ODD),
    "Pa%24%24%20w%c3%b6rd%2b/%271",
    html.escape(ODD),
    html.escape(ODD, quote=False),
    json.dumps(ODD)[1:-1],
    json.dumps(ODD)[1:-1].replace("/", "\\/"),
)


def hidden(text: str, password: str) -> str:
    return Credentials(login="someone-else", password=password).hide(text)


@pytest.mark.parametrize(
    "text",
    [
        "sandbox fault",
        "ERROR = 1 (sandbox fault)",
        '{"error": "sandbox fault", "error_code": 1}',
        "the sandbox is away",
        "sandboxes",
        "/sandbox2/",
    ],
)
def test_words_that_only_look_like_the_password_stay_readable(text: str) -> None:
    assert hidden(text, "sandbox") == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sandbox", VEIL),
        ("login=x&psw=sandbox&fmt=3", f"login=x&psw={VEIL}&fmt=3"),
        ("login=x&psw=sandbox", f"login=x&psw={VEIL}"),
        ('{"psw": "sandbox", "error": "sandbox fault"}', f'{{"psw": "{VEIL}", "error": "sandbox fault"}}'),
        ("<psw>sandbox</psw>", f"<psw>{VEIL}</psw>"),
        ("ERROR = 2 (sandbox)", f"ERROR = 2 ({VEIL})"),
        ("ERROR = 2 (wrong password sandbox for you)", f"ERROR = 2 (wrong password {VEIL} for you)"),
        ("psw: sandbox is wrong", f"psw: {VEIL} is wrong"),
        ("неверный пароль «sandbox» у вас", f"неверный пароль «{VEIL}» у вас"),
        ("one\nsandbox\ntwo", f"one\n{VEIL}\ntwo"),
        ("someone,sandbox,sandbox,79", f"someone,{VEIL},{VEIL},79"),
    ],
)
def test_a_password_that_is_a_word_is_veiled_where_it_is_a_value(text: str, said: str) -> None:
    assert hidden(text, "sandbox") == said


@pytest.mark.parametrize("spelt", SPELLINGS)
@pytest.mark.parametrize("frame", ["{}", "not {} here", "glued{}glued", "psw={}&x", '"{}"'])
def test_a_password_that_is_no_word_is_veiled_wherever_and_however_it_stands(frame: str, spelt: str) -> None:
    assert hidden(frame.format(spelt), ODD) == frame.format(VEIL)


def test_a_short_password_does_not_eat_into_numbers() -> None:
    assert hidden("job 4123490, psw 1234, 1234 again", "1234") == f"job 4123490, psw {VEIL}, {VEIL} again"


def test_a_login_that_is_a_word_stays_readable_too() -> None:
    login = Credentials(login="operator", password="x-y-z-1-2-3")
    assert login.hide("no operator takes it; login=operator") == f"no operator takes it; login={VEIL}"
