"""Personal messages, line by line."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.spec import lists, texts
from mailings.smsc.spec.addresses import TO_MAIL, TO_PHONES, TO_TELEGRAM, Kind
from mailings.smsc.spec.lists import Entry


def scan(
    text: str, *, nl: bool = False, kinds: frozenset[Kind] = TO_PHONES, mail: bool = False
) -> lists.Scan:
    return lists.scan(text, nl=nl, kinds=kinds, mail=mail)


def read(text: str, *, nl: bool = False, kinds: frozenset[Kind] = TO_PHONES) -> list[Entry]:
    return [entry for entry in lists.entries(text, nl=nl, kinds=kinds) if isinstance(entry, Entry)]


def codes(found: lists.Scan) -> list[str]:
    return [problem.code for problem in found.problems]


@pytest.mark.parametrize(
    ("line", "sender", "zone", "phones", "text"),
    [
        ("79990000001:Hello", None, None, ("79990000001",), "Hello"),
        ("79990000001;Hello", None, None, ("79990000001",), "Hello"),
        ("+79990000001:", None, None, (), ""),
        ("79990000001,79990000002:Hi", None, None, ("79990000001", "79990000002"), "Hi"),
        ("79990000001: 10:30; Hall | 5", None, None, ("79990000001",), " 10:30; Hall | 5"),
        ("79990000001:Two\\nlines", None, None, ("79990000001",), "Two\nlines"),
        ("Shop|79990000001:Hello", "Shop", None, ("79990000001",), "Hello"),
        ("Shop,2|79990000001:Hello", "Shop", 2, ("79990000001",), "Hello"),
        ("My shop, -1.5|79990000001;Hello", "My shop", -1.5, ("79990000001",), "Hello"),
        (",0|79990000001:Hello", None, 0, ("79990000001",), "Hello"),
        ("G5:Hello", None, None, ("G5",), "Hello"),
    ],
)
def test_a_line_is_taken_apart(
    line: str, sender: str | None, zone: float | None, phones: tuple[str, ...], text: str
) -> None:
    found = read(line)
    if not text:
        assert found == []
    else:
        [entry] = found
        assert (entry.sender, entry.zone, entry.phones, entry.text) == (sender, zone, phones, text)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Hello", "list_line"),
        ("79990000001 Hello", "list_line"),
        ("79990000001:", "list_text"),
        ("79990000001:   ", "list_text"),
        ("abc:Hello", "list_phone"),
        ("79990000001,12:Hello", "list_phone"),
        (":Hello", "list_phone"),
        ("Shop|:Hello", "list_phone"),
        ("Shop,x|79990000001:Hello", "out_of_range"),
        ("Shop,99|79990000001:Hello", "out_of_range"),
        ("Very long sender|79990000001:Hello", "sender_name"),
        ("Магазин|79990000001:Hello", "sender_name"),
        ("79990000001:" + "a" * 1001, "list_text_long"),
    ],
)
def test_a_wrong_line_is_reported_with_its_number(line: str, code: str) -> None:
    found = scan(f"79990000009:Good\n\n{line}")
    assert codes(found) == [code]
    assert found.problems[0].message().startswith("Line 3: ")


def test_an_empty_list_is_wrong() -> None:
    assert codes(scan("\n\n")) == ["list_empty"]


def test_what_is_kept_is_clean_and_reads_the_same() -> None:
    found = scan(" +7 (999) 000-00-01 , 79990000002:Hi \n\nShop , 2|79990000003;A\\nb:c")
    assert found.text == "+79990000001,79990000002:Hi \nShop,2|79990000003;A\\nb:c"
    assert scan(found.text) == found


def test_numbers_groups_zones_and_senders_are_counted() -> None:
    found = scan("Shop,2|79990000001,79990000002:a\nShop|G7:b")
    assert (found.messages, found.numbers, found.groups) == (2, 2, 1)
    assert found.zones == {2, None}
    assert found.senders is True
    assert scan("79990000001:a\nShop|79990000002:b").senders is False


def test_a_sender_of_an_email_line_is_an_address() -> None:
    line = "shop@example.com|ann@example.com:Hello"
    assert codes(scan(line, kinds=TO_MAIL, mail=True)) == []
    assert codes(scan("Shop|ann@example.com:Hello", kinds=TO_MAIL, mail=True)) == ["sender_address"]


def test_the_check_of_the_channel_sees_each_text() -> None:
    found = lists.scan(
        "79990000001:1234\n79990000002:no code", nl=False, kinds=TO_PHONES, check_text=texts.check_code
    )
    assert codes(found) == ["tg_code"]
    assert found.problems[0].params["line"] == 2


def test_a_backslash_n_counts_as_one_character() -> None:
    assert codes(scan("79990000001:" + "a" * 998 + "\\nb")) == []


def test_with_nl_a_text_goes_on_over_lines() -> None:
    text = "79990000001:Dear Ann,\n\nat 12:30 in hall 5\n79990000002:Bye\\n\n"
    entries = read(text, nl=True)
    assert [(entry.line, entry.text) for entry in entries] == [
        (1, "Dear Ann,\n\nat 12:30 in hall 5"),
        (4, "Bye\\n"),
    ]
    assert scan(text, nl=True).text == text.rstrip("\n")


def test_with_nl_a_wrong_number_is_no_text_of_the_person_above() -> None:
    found = scan("79990000001:Hello Ann\n799900:Hello Bob", nl=True)
    assert codes(found) == ["list_phone"]
    assert found.problems[0].params["line"] == 2


def test_with_nl_the_first_line_must_begin_a_message() -> None:
    assert codes(scan("Hello\n79990000001:Ann", nl=True)) == ["list_line"]


def test_with_nl_a_nickname_begins_a_message_only_with_its_at_sign() -> None:
    entries = read("@annsmith:Code 1\nHello: 2\n@bobsmith:Code 3", nl=True, kinds=TO_TELEGRAM)
    assert [entry.text for entry in entries] == ["Code 1\nHello: 2", "Code 3"]


def test_the_first_ten_wrong_lines_are_named_and_the_others_counted() -> None:
    found = scan("\n".join(["oops"] * 14))
    assert len(found.problems) == 11
    assert found.problems[-1].message() == "And 4 more lines are wrong."


def test_no_representation_shows_a_number() -> None:
    found = scan("79990000001:Hi\n7999000000x:Hi")
    assert "7999" not in f"{found!r} {found.problems!r} {read('79990000001:Hi')!r}"


phone = st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True)
said = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80).filter(str.strip)
sender = st.none() | st.from_regex(r"[A-Za-z0-9]{1,11}", fullmatch=True)


@given(
    st.lists(
        st.tuples(st.lists(phone, min_size=1, max_size=3, unique=True), said, sender, st.sampled_from(":;")),
        min_size=1,
    )
)
def test_any_list_that_is_written_by_the_rules_is_read_as_it_was_meant(
    messages: list[tuple[list[str], str, str | None, str]],
) -> None:
    lines = [
        f"{'' if by is None else by + '|'}{','.join(phones)}{mark}{text}"
        for phones, text, by, mark in messages
    ]
    found = scan("\n".join(lines))
    assert found.problems == ()
    assert found.text == "\n".join(lines)
    assert [(entry.phones, entry.text, entry.sender) for entry in read(found.text)] == [
        (tuple(phones), text.replace("\\n", "\n"), by) for phones, text, by, _ in messages
    ]


@given(st.text(), st.booleans(), st.sampled_from([TO_PHONES, TO_MAIL, TO_TELEGRAM]))
def test_what_is_kept_is_read_again_as_the_same(text: str, nl: bool, kinds: frozenset[Kind]) -> None:
    found = scan(text.replace("\r", "\n"), nl=nl, kinds=kinds)
    if not found.problems:
        assert scan(str(found.text), nl=nl, kinds=kinds).text == found.text


def test_a_hundred_thousand_messages_take_seconds_not_minutes() -> None:
    text = "\n".join(f"7999{number:07d}:Hello, number {number}" for number in range(100_000))
    begin = time.process_time()
    assert scan(text).numbers == 100_000
    assert time.process_time() - begin < 5
