"""Pasted recipients and those of a file, as one form has them."""

import io

import pytest

from mailings.recipients.gather import gather, problems
from mailings.smsc.spec.vocabulary import Channel


@pytest.mark.parametrize(
    ("pasted", "channel", "valid", "wrong"),
    [
        ("@nickname, #1234567", Channel.BOT, ("@nickname", "#1234567"), ()),
        ("@username", Channel.BOT, ("@username",), ()),
        ("79990000001, 12\n79990000002, 13", Channel.SMS, ("+79990000001", "+79990000002"), ("12", "13")),
        ("79990000001,x,,\n\nG7", Channel.SMS, ("+79990000001", "G7"), ("x",)),
        ("Имя\tТелефон\nАнна\t79990000001", Channel.SMS, ("+79990000001",), ()),
        ("Телефон\r79990000001", Channel.SMS, ("+79990000001",), ()),
        (" \n", Channel.SMS, (), ()),
        ("1002003: готов", Channel.SMS, (), ("1002003: готов",)),
        (
            "8 495 000-00-09, доб. 5; +79990000001",
            Channel.SMS,
            ("+79990000001",),
            ("8 495 000-00-09, доб. 5",),
        ),
        ("+74950000009, ext 12", Channel.SMS, (), ("+74950000009, ext 12",)),
    ],
)
def test_every_entry_of_a_paste_is_a_recipient_or_wrong(
    pasted: str, channel: Channel, valid: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    found = gather(pasted, channel, country="RU")

    assert (found.valid, tuple(one.entry.strip() for one in found.wrong)) == (valid, wrong)


def test_pasted_and_filed_recipients_go_together_each_once() -> None:
    file = io.BytesIO(b"8 999 000-00-01\n79990000002\n79990000002\nx")
    found = gather("+79990000001\nG7", Channel.SMS, file, "list.txt", country="RU")

    assert found.valid == ("+79990000001", "G7", "+79990000002")
    assert (found.pasted, found.duplicates, found.people, found.groups) == (2, 2, 2, 1)
    assert [(one.line, one.entry) for one in found.wrong_in_file] == [(4, "x")]


def test_a_question_of_a_file_is_a_refusal_that_names_the_columns() -> None:
    file = io.BytesIO(b"Phone;Phone 2\n79990000001;79990000002\n")
    found = gather("", Channel.SMS, file, "list.csv", country="RU")

    assert found.valid == ()
    assert "(Phone, Phone 2)" in found.unreadable.message()


def test_the_first_ten_wrong_ones_are_named_and_the_others_counted() -> None:
    said = problems(gather("\n".join(f"x{n}" for n in range(13)), Channel.SMS, country="RU").wrong)

    assert len(said) == 11
    assert said[0].message() == "Line 1: “x0”. This is no phone number. Correct it or leave it out."
    assert said[-1].message() == "And 3 more recipients are wrong."


def test_no_recipient_shows_in_a_repr() -> None:
    found = gather("79990000001\n7999", Channel.SMS, country="RU")

    assert "7999" not in f"{found!r} {found.wrong!r}"
