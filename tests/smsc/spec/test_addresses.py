"""Recipients as people paste them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.spec import addresses
from mailings.smsc.spec.addresses import TO_MAIL, TO_PHONES, TO_TELEGRAM, Kind, read
from mailings.smsc.spec.catalogue import Channel


@pytest.mark.parametrize(
    ("entry", "kept"),
    [
        ("+79990000001", "+79990000001"),
        ("79990000001", "79990000001"),
        ("89990000001", "89990000001"),
        ("9990000001", "9990000001"),
        ("+7 (999) 000-00-01", "+79990000001"),
        (" 8 999 000.00.01 ", "89990000001"),
        ("+7\u00a0999\u202f000\u201100\u201301", "+79990000001"),
        ("\u202a+79990000001\u202c", "+79990000001"),
        ("\ufeff79990000001", "79990000001"),
        ("G15", "G15"),
        ("g15", "G15"),
    ],
)
def test_numbers_and_groups_are_kept_as_they_are_sent(entry: str, kept: str) -> None:
    assert read(entry, TO_PHONES).valid == (kept,)


@pytest.mark.parametrize(
    "entry",
    [
        "abc",
        "12",
        "123456",
        "1234567890123456",
        "+0123456789",
        "++79990000001",
        "7999+0000001",
        "G",
        "G 1",
        "ann@example.com",
        "@nickname",
        "#123",
        "٧٩٩٩٠٠٠٠٠٠١",
        "79990000001 79990000002",
        "79990000001\t79990000002",
    ],
)
def test_what_is_no_number_is_wrong_for_an_sms(entry: str) -> None:
    found = read(entry, TO_PHONES)
    assert not found.valid
    assert [one.entry for one in found.wrong] == [entry]


@pytest.mark.parametrize(
    "entry",
    [
        "ann@example.com",
        "a.b+c@mail.example.co.uk",
        "анна@почта.рф",
        "o'neil@example.com",
        "ann@xn--80a1acny.xn--p1ai",
        "G7",
    ],
)
def test_an_email_goes_to_addresses_and_groups(entry: str) -> None:
    assert read(entry, TO_MAIL).valid == (entry,)


@pytest.mark.parametrize(
    "entry",
    [
        "+79990000001",
        "ann@",
        "@example.com",
        "ann@example",
        "ann@@example.com",
        "a b@example.com",
        "ann@example..com",
        "Ann <ann@example.com>",
        "ann@127.0.0.1",
        "an\x01n@example.com",
        "ann@exam\x00ple.com",
    ],
)
def test_what_is_no_address_is_wrong_for_an_email(entry: str) -> None:
    assert len(read(entry, TO_MAIL).wrong) == 1


@pytest.mark.parametrize("entry", ["@nickname", "nick_name1", "#123456789", "#-100123", "+79990000001", "G3"])
def test_telegram_takes_nicknames_and_ids_as_well(entry: str) -> None:
    assert read(entry, TO_TELEGRAM).valid == (entry,)


@pytest.mark.parametrize("entry", ["@ab", "#", "#abc", "@1nick", "ann@example.com", "nick-name"])
def test_other_things_are_no_telegram_names(entry: str) -> None:
    assert len(read(entry, TO_TELEGRAM).wrong) == 1


def test_commas_semicolons_and_line_ends_separate() -> None:
    found = read(
        "79990000001,79990000002; 79990000003\n79990000004\r\n79990000005\r79990000006,,\n\n", TO_PHONES
    )
    assert found.valid == tuple(f"7999000000{number}" for number in range(1, 7))
    assert found.wrong == ()


def test_doubles_are_removed_in_order_and_counted() -> None:
    found = read("79990000002\n+79990000001\n79990000001\n+79990000002, 7 999 000 00 02", TO_PHONES)
    assert found.valid == ("79990000002", "+79990000001")
    assert found.duplicates == 3


def test_entries_that_differ_in_case_or_the_at_sign_are_one_recipient() -> None:
    assert read("Ann@Example.com ; ann@example.com", TO_MAIL).valid == ("Ann@Example.com",)
    assert read("@NickName, nickname", TO_TELEGRAM).valid == ("@NickName",)


def test_an_address_that_begins_with_a_plus_is_another_address() -> None:
    assert len(read("+ann@example.com, ann@example.com", TO_MAIL).valid) == 2


def test_a_wrong_entry_is_found_by_its_line_and_position() -> None:
    found = read("79990000001, oops\n\n79990000002\nno; 79990000003", TO_PHONES)
    assert [(one.line, one.position, one.entry) for one in found.wrong] == [(1, 2, "oops"), (4, 4, "no")]


def test_a_json_list_is_read_entry_by_entry() -> None:
    found = read([79990000001, "79990000002,79990000003", None, True, 1.5], TO_PHONES)
    assert found.valid == ("79990000001", "79990000002", "79990000003")
    assert [one.line for one in found.wrong] == [4, 5]
    assert read([None, True], TO_TELEGRAM).valid == ()


def test_groups_are_counted_apart() -> None:
    assert read("79990000001,G1,G2", TO_PHONES).groups == 2


@pytest.mark.parametrize("channel", Channel)
def test_every_channel_takes_groups_and_only_mail_takes_no_numbers(channel: Channel) -> None:
    kinds = addresses.kinds_for(channel)
    assert Kind.GROUP in kinds
    assert (Kind.NUMBER in kinds) is (channel is not Channel.MAIL)
    assert (Kind.EMAIL in kinds) is (channel is Channel.MAIL)
    assert (Kind.NICKNAME in kinds) is (channel in (Channel.TELEGRAM, Channel.BOT))


def test_any_recipient_will_do_while_the_channel_is_not_clear() -> None:
    assert addresses.kinds_for(None) == set(Kind)


def test_the_first_ten_wrong_ones_are_named_and_the_others_counted() -> None:
    found = addresses.problems(read("\n".join(f"x{n}" for n in range(13)), TO_PHONES).wrong, Channel.SMS)
    assert len(found) == 11
    assert found[0].message() == "Line 1: “x0” is no phone number. Correct it or take it out."
    assert found[-1].message() == "And 3 more recipients are wrong."


@pytest.mark.parametrize(
    ("channel", "word"), [(Channel.MAIL, "address"), (Channel.BOT, "nickname"), (Channel.VIBER, "phone")]
)
def test_the_message_speaks_of_what_the_channel_takes(channel: Channel, word: str) -> None:
    [problem] = addresses.problems(read("?", addresses.kinds_for(channel)).wrong, channel)
    assert word in problem.message()


def test_no_representation_shows_a_number() -> None:
    found = read("79990000001, 7999000000x", TO_PHONES)
    assert "7999" not in f"{found!r} {found.wrong!r} {addresses.problems(found.wrong, Channel.SMS)!r}"


def test_a_long_or_unprintable_entry_is_shown_short_and_plain() -> None:
    assert addresses.shorten("a" * 50) == "a" * 39 + "…"
    assert addresses.shorten("a\x1b[1m\u202eb") == "a?[1m?b"


number = st.from_regex(r"\+?[1-9][0-9]{6,14}", fullmatch=True)


@given(st.lists(number), st.sampled_from([",", ";", "\n", "\r\n", " , "]))
def test_clean_numbers_come_through_as_they_are(numbers: list[str], separator: str) -> None:
    found = read(separator.join(numbers), TO_PHONES)
    assert not found.wrong
    assert len(found.valid) + found.duplicates == len(numbers)
    assert len({one.lstrip("+") for one in found.valid}) == len(found.valid)
    assert list(found.valid) == [one for one in dict.fromkeys(numbers) if one in found.valid]


@given(st.text(), st.sampled_from([TO_PHONES, TO_MAIL, TO_TELEGRAM, frozenset(Kind)]))
def test_reading_what_was_read_changes_nothing(text: str, kinds: frozenset[Kind]) -> None:
    found = read(text, kinds)
    assert read(list(found.valid), kinds) == addresses.Recipients(found.valid, 0, ())
    assert all(not set(one) & set(",;\n\r\t ") for one in found.valid)


def test_a_million_numbers_take_seconds_not_minutes() -> None:
    text = "\n".join(f"+7999{number:07d}" for number in range(1_000_000))
    begin = time.process_time()
    found = read(text, TO_PHONES)
    assert len(found.valid) == 1_000_000
    assert time.process_time() - begin < 10
