"""Personal messages that were typed one by one: their recipients are judged as all others are."""

import pytest

from mailings.recipients import listed
from mailings.smsc.spec.vocabulary import Channel


def read(text: str, *, nl: bool = False, channel: Channel = Channel.SMS) -> listed.Listed:
    return listed.read(text, channel, "RU", nl=nl)


def test_every_recipient_gets_its_one_form_and_the_rest_of_the_line_stays() -> None:
    found = read("8 (999) 000-00-01, 9990000002;Hi: you\nSHOP,2|79990000003:two\\nlines\nG12:All of you")

    assert found.text == (
        "+79990000001,+79990000002;Hi: you\nSHOP,2|+79990000003:two\\nlines\nG12:All of you"
    )
    assert (found.problems, found.duplicates, found.notes) == ((), 0, ())


@pytest.mark.parametrize("line", ["1002003: готов", "1234567:a", "01.11.2026:b", "+79990000001 доб. 5:c"])
@pytest.mark.parametrize("nl", [False, True])
def test_a_line_that_only_looks_like_a_recipient_is_told_and_never_sent_to(line: str, nl: bool) -> None:
    [problem] = read(f"79990000001:Заказы\n{line}", nl=nl).problems

    assert problem.fields == ("list",)
    assert "Line 2" in problem.message()
    assert line.partition(":")[0] in problem.message()


def test_the_same_text_to_the_same_person_is_sent_once_and_another_one_is_said() -> None:
    found = read("79990000001:Hi\n8 999 000-00-01,79990000002:Hi\n+79990000001:Bye")

    assert found.text == "+79990000001:Hi\n+79990000002:Hi\n+79990000001:Bye"
    assert found.duplicates == 1
    assert [note.message() for note in found.notes] == [
        "Recipients that get more than one message, with different texts: 1."
    ]


def test_what_is_wrong_besides_recipients_is_left_to_the_spec() -> None:
    text = "Hello\n79990000001:\n79990000001:Hi"

    assert (read(text).problems, read(text).text) == ((), text)
    assert read("a\x00b").text == "a\x00b"


def test_ten_problems_are_told_and_the_others_counted() -> None:
    problems = read("\n".join(f"{number}:a" for number in range(10000, 10015))).problems

    assert len(problems) == 11
    assert "5 more" in problems[-1].message()


def test_addresses_and_names_go_by_their_own_rules() -> None:
    assert read("mailto:Ann@Example.com:Hi", channel=Channel.MAIL).problems
    assert read("Ann@EXAMPLE.com:Hi", channel=Channel.MAIL).text == "Ann@example.com:Hi"
    assert read("@ann_smith:Hi", channel=Channel.TELEGRAM).text == "@ann_smith:Hi"
