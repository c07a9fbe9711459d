"""Alphabets and parts, binary messages, wap-push and codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings.smsc.spec import texts
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.texts import Parts, message_parts


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "per_part", "parts"),
    [
        ("", "gsm", 0, 160, 0),
        ("a" * 160, "gsm", 160, 160, 1),
        ("a" * 161, "gsm", 161, 153, 2),
        ("a" * 306, "gsm", 306, 153, 2),
        ("a" * 307, "gsm", 307, 153, 3),
        ("ж" * 70, "unicode", 70, 70, 1),
        ("ж" * 71, "unicode", 71, 67, 2),
        ("ж" * 134, "unicode", 134, 67, 2),
        ("ж" * 135, "unicode", 135, 67, 3),
        ("€" * 80, "gsm", 160, 160, 1),
        ("€" * 81, "gsm", 162, 153, 2),
        ("😀" * 35, "unicode", 70, 70, 1),
        ("😀" * 36, "unicode", 72, 67, 2),
        ("Ünïcode".replace("ï", "i"), "gsm", 7, 160, 1),
        ("a\nb", "gsm", 3, 160, 1),
    ],
)
def test_parts_by_the_numbers_of_the_page(
    text: str, alphabet: str, units: int, per_part: int, parts: int
) -> None:
    assert message_parts(text) == Parts(
        alphabet, units, per_part, parts, ("ж",) * ("ж" in text) + ("😀",) * ("😀" in text)
    )


@pytest.mark.parametrize("char", "^{}\\[~]|€")
def test_characters_of_the_extension_take_two_places(char: str) -> None:
    assert message_parts(char).units == 2
    assert message_parts(char).alphabet == "gsm"


def test_a_character_of_two_places_is_not_cut_in_the_middle() -> None:
    assert message_parts("a" * 152 + "€" + "a" * 151).parts == 2  # 305 units
    assert message_parts("a" * 152 + "€" + "a" * 152).parts == 3  # 306 units, one place lost
    assert message_parts("ж" * 66 + "😀" + "ж" * 66).parts == 3  # 134 units, one place lost


def test_the_characters_that_force_unicode_are_named_once_in_order() -> None:
    assert message_parts("Hello ё “you” ё").culprits == ("ё", "“", "”")


def test_transliteration_makes_an_estimate_only_where_there_is_something_to_transliterate() -> None:
    assert message_parts("Hello", translit=1).estimate is False
    found = message_parts("ж" * 80, translit=1)
    assert (found.alphabet, found.units, found.estimate) == ("gsm", 160, True)
    assert message_parts("Щука", translit=2).estimate is True
    assert message_parts("Привет ¿“", translit=1).culprits == ("“",)


@given(st.text(max_size=1200))
def test_parts_are_as_many_as_the_units_need_and_hardly_more(text: str) -> None:
    found = message_parts(text)
    assert found.parts >= -(-found.units // found.per_part)
    assert found.parts <= -(-found.units // (found.per_part - 1))
    assert (found.alphabet == "unicode") is bool(found.culprits)
    assert set(found.culprits) <= set(text)


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_longer_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert message_parts(text + more).parts >= message_parts(text).parts


def test_line_ends_become_one_and_nothing_is_stripped() -> None:
    assert texts.clean(" a\r\nb\rc\n ") == " a\nb\nc\n "


@pytest.mark.parametrize(("text", "code"), [("a\x00b", "text_nul"), ("a\ud83d", "text_surrogate")])
def test_what_cannot_be_sent_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        texts.clean(text)
    assert refusal.value.code == code


@given(st.text())
def test_cleaning_changes_line_ends_only_and_only_once(text: str) -> None:
    if "\x00" in text:
        return
    cleaned = texts.clean(text)
    assert texts.clean(cleaned) == cleaned
    assert cleaned == text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_thousand_code_points_pass_and_one_more_does_not() -> None:
    texts.check_length("😀" * 1000)
    with pytest.raises(Refusal) as refusal:
        texts.check_length("a" * 1001)
    assert refusal.value.params == {"length": 1001, "maximum": 1000}


def test_a_binary_message_is_its_bytes_and_its_tail() -> None:
    kept = texts.binary_text("06 05 04 0B 84 23 F0\nAA bb\n~~~\npid: 0, dcs: 245\n")
    assert kept == "0605040B8423F0AAbb\n~~~\npid: 0, dcs: 245"
    binary = texts.parse_binary(kept)
    assert binary.data == bytes.fromhex("0605040B8423F0AABB")
    assert binary.raw == binary.data + b"\n~~~\npid: 0, dcs: 245"


@pytest.mark.parametrize("text", ["00", "00FF", "01AA", "02AABB", "00" * 140])
def test_a_header_that_fits_passes(text: str) -> None:
    assert texts.parse_binary(text).data.hex().upper() == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bin_hex"),
        ("0", "bin_hex"),
        ("00F", "bin_hex"),
        ("0x00", "bin_hex"),
        ("Hello", "bin_hex"),
        ("٠٠", "bin_hex"),
        ("01", "bin_header"),
        ("05AABB", "bin_header"),
        ("FF00", "bin_header"),
        ("00AA\n~~~\npid: 0,dcs: 0", "bin_tail"),
        ("00AA\n~~~\npid:0, dcs: 0", "bin_tail"),
        ("00AA\n~~~\npid: 0, dcs: 256", "bin_tail"),
        ("00AA\n~~~\npid: 0", "bin_tail"),
        ("00AA\n~~~\nPID: 0, DCS: 0", "bin_tail"),
        ("00AA\n~~~", "bin_tail"),
        ("00AA\n~~~~\npid: 0, dcs: 0", "bin_tail"),
        ("00AA\n~~~\npid: 0, dcs: 0 ", "bin_tail"),
    ],
)
def test_an_invalid_binary_message_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        texts.parse_binary(text)
    assert refusal.value.code == code


@given(st.binary(min_size=1, max_size=200))
def test_bytes_are_taken_exactly_when_the_header_fits(data: bytes) -> None:
    if data[0] <= len(data) - 1:
        assert texts.parse_binary(data.hex()).raw == data
    else:
        with pytest.raises(Refusal, match="bin_header"):
            texts.parse_binary(data.hex())


@pytest.mark.parametrize(("size", "parts"), [(1, 1), (140, 1), (141, 2), (268, 2), (269, 3)])
def test_binary_parts_go_by_bytes(size: int, parts: int) -> None:
    assert texts.parse_binary("00" * size).parts == parts


@pytest.mark.parametrize(
    "text", ["https://example.com/\nA title", "http://a.ru/x?y=1\nЗаголовок\n", "example.com\nTitle"]
)
def test_a_link_and_a_title_make_a_wap_push(text: str) -> None:
    texts.check_push(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/",
        "A title\nhttps://example.com/",
        "\nTitle",
        "https://a.ru/\n ",
        "https://a.ru/\na\nb",
        "a b.ru\nTitle",
    ],
)
def test_anything_else_is_no_wap_push(text: str) -> None:
    with pytest.raises(Refusal):
        texts.check_push(text)


def test_a_code_has_a_digit() -> None:
    texts.check_code("Your code: 1234")
    with pytest.raises(Refusal):
        texts.check_code("Your code: ١٢٣")
