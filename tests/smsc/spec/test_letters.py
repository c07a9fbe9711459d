"""Characters that deceive the eye are named, and a text without visible characters is refused."""

from datetime import UTC, datetime

import pytest

from mailings.smsc.spec import letters
from mailings.smsc.spec.spec import SpecError, validate

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
UNSEEN = [
    "\u200b",
    "\u00a0 \u00a0",
    "\ufeff",
    "\u00ad\n",
    "\u2800",
    "\u3164",
    "\u2060\u200d",
    "\ufe0f",
    "\u202e",
]


def codes(**options: str) -> list[tuple[tuple[str, ...], str]]:
    given = {"name": "Sale", "phones": "79990000001", "mes": "Hello"} | options
    try:
        validate(given, now=NOW)
    except SpecError as error:
        return [(problem.fields, problem.code) for problem in error.problems]
    return []


@pytest.mark.parametrize("text", UNSEEN)
def test_a_text_of_nothing_visible_is_refused_beside_it(text: str) -> None:
    found = codes(mes=text)

    assert found in ([(("mes",), "text_unseen")], [(("mes",), "mes_missing")])
    assert codes(mes2=text, viber="1", **{"fl[5]": "1"}) in ([(("mes2",), "text_unseen")], [])


def test_a_personal_message_of_nothing_visible_is_refused_at_its_line() -> None:
    found = codes(phones="", mes="", list="79990000001:Hello\n79990000002:\u200b")

    assert found == [(("list",), "text_unseen")]


@pytest.mark.parametrize("text", [".", "👍", "👨\u200d👩\u200d👧", "\u200bHello", "❤\ufe0f"])
def test_whatever_can_be_seen_may_be_sent(text: str) -> None:
    assert codes(mes=text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, world\n", {}),
        ("10\u00a0000\u00a0rub", {"\u00a0": 2}),
        ("\ufeffHi\u200b\u00ad", {"\ufeff": 1, "\u200b": 1, "\u00ad": 1}),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", {}),
        ("a\u200db", {"\u200d": 1}),
    ],
)
def test_invisible_characters_are_counted_but_not_those_of_an_emoji(text: str, found: dict[str, int]) -> None:
    assert letters.unseen(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sаle in our shop", [("Sаle", ("а",), True)]),
        ("Скидкa", [("Скидкa", ("a",), False)]),
        ("Sale Скидка SMSка", []),
        ("x", []),
    ],
)
def test_a_letter_of_the_other_alphabet_in_a_word_is_found(
    text: str, found: list[tuple[str, tuple[str, ...], bool]]
) -> None:
    assert list(letters.mixed(text)) == found


def test_the_look_alikes_are_pairs_of_a_latin_and_a_cyrillic_letter() -> None:
    assert len(letters.LATIN) == len(letters.CYRILLIC)
    assert all(char.isascii() for char in letters.LATIN)
    assert not any(char.isascii() for char in letters.CYRILLIC)


def looked(*texts: str, known: str = "") -> list[str]:
    lookout = letters.Lookout(known)
    for text in texts:
        lookout.look(text, "")
    return [text for text, _address in lookout.found]


def test_of_many_texts_the_first_with_anything_new_that_deceives_are_kept() -> None:
    texts = ["Anna", "Bоb", "Bоb again", "Bоb\u00a0", "SMSка", "Eve\u200b"]

    assert looked(*texts) == ["Bоb", "Bоb\u00a0", "Eve\u200b"]
    assert looked(*texts, known="Dear\u00a0Bоb") == ["Eve\u200b"]
    assert looked(*(f"Bоb{chr(97 + n)}" for n in range(20))) == [f"Bоb{chr(97 + n)}" for n in range(5)]


def test_a_joiner_deceives_outside_an_emoji_alone() -> None:
    assert looked("Family 👨\u200d👩\u200d👧", "Bo\u200db", "Again 👨\u200d👩", "Bo\u200db") == ["Bo\u200db"]
    assert looked("\u200dBob") == ["\u200dBob"]
