"""`{Heading}` in a text, and the lines that go out for it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.recipients import messages
from mailings.recipients.messages import template
from mailings.smsc.spec.addresses import TO_PHONES
from mailings.smsc.spec.lists import Entry, entries
from mailings.smsc.spec.problems import Refusal

HEADINGS = ("Телефон", "Имя", "Долг")
ROW = ("79990000001", "Анна", "")


def test_a_heading_is_filled_from_its_column_whatever_its_case() -> None:
    made = template("Привет, {имя} и {ИМЯ}! Долг {Долг}.", HEADINGS)

    assert made.fill(ROW) == "Привет, Анна и Анна! Долг ."
    assert made.gaps(ROW) == ("Долг",)
    assert made.gaps(("1",)) == ("Имя", "Долг")


def test_doubled_braces_are_braces() -> None:
    made = template("{{Имя}} {", HEADINGS)

    assert (made.fill(ROW), made.is_personal) == ("{Имя} {", False)
    assert messages.names_in("{{a}} {b} {b}") == ["b"]


def test_an_unknown_heading_is_told_once_with_the_one_that_was_meant() -> None:
    [problem] = template("{Имя} {Имяя} {Имяя}", HEADINGS).problems
    assert problem.message() == "There is no column “Имяя”. Did you mean {Имя}?"

    [other] = template("{zzz}", HEADINGS).problems
    assert other.message() == "There is no column “zzz”. The columns are: Телефон, Имя, Долг."


@pytest.mark.parametrize(
    ("recipient", "text", "more"),
    [
        ("+79990000001", " ", {}),
        ("+7999;0", "a", {}),
        ("+79990000001", "a", {"sender": "x|y"}),
        ("+7", "C:\\new", {}),
    ],
)
def test_what_a_line_cannot_carry_is_refused(recipient: str, text: str, more: Any) -> None:
    with pytest.raises(Refusal):
        messages.line(recipient, text, **more)


@given(
    text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=80)
)
def test_a_line_is_read_back_as_the_text_that_was_meant(text: str) -> None:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if not plain.strip() or messages.needs_nl([text]):
        return

    [entry] = entries(messages.line("+79990000001", text, sender="SHOP", zone="3"), nl=False, kinds=TO_PHONES)

    assert isinstance(entry, Entry)
    assert (entry.text, entry.phones, entry.sender, entry.zone) == (plain, ("+79990000001",), "SHOP", 3)
