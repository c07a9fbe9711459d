"""Numbers: the library's own verdicts, at many times its speed, and nothing glued together."""

import random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat

from mailings.recipients.numbers import Numbers
from mailings.recipients.reasons import Reason, Verdict

COUNTRIES = (
    *(
        "RU",
        "KZ",
        "BY",
        "UA",
        "UZ",
        "AM",
        "GE",
        "DE",
        "FR",
        "GB",
        "IT",
        "ES",
        "PL",
        "CZ",
        "TR",
        "IL",
        "IN",
        "CN",
    ),
    *(
        "JP",
        "KR",
        "BR",
        "AR",
        "MX",
        "US",
        "CA",
        "BS",
        "AU",
        "NO",
        "EG",
        "ZA",
        "TH",
        "CI",
        "SM",
        "FI",
        "HU",
        "ID",
    ),
)
RUSSIA = Numbers("RU")


def by_library(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except NumberParseException:
        return None
    return (
        phonenumbers.format_number(number, PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number)
        else None
    )


def near_number(country: str, seed: int) -> str:
    """A number of the country with some digits changed, in one of the ways to write it."""
    rng = random.Random(seed)
    plan = PhoneMetadata.metadata_for_region(country)
    kinds = (plan.mobile, plan.fixed_line, plan.toll_free, plan.general_desc)
    digits = list(rng.choice([kind.example_number for kind in kinds if kind and kind.example_number]))
    for _change in range(rng.randrange(6)):
        digits[rng.randrange(len(digits))] = rng.choice("0123456789")
    if rng.random() < 0.2:
        digits = digits[1:] if rng.random() < 0.5 else [*digits, "7"]
    fronts = (
        "",
        f"+{plan.country_code}",
        str(plan.country_code),
        plan.national_prefix or "",
        f"00{plan.country_code}",
    )
    return rng.choice(fronts) + "".join(digits)


@given(country=st.sampled_from(COUNTRIES), seed=st.integers(0, 2**32))
@settings(max_examples=3000)
def test_a_number_is_valid_when_the_library_says_so_and_in_its_form(country: str, seed: int) -> None:
    text = near_number(country, seed)

    assert Numbers(country).valid(text) == by_library(text, country)


@given(country=st.sampled_from(COUNTRIES), text=st.from_regex(r"\+?[0-9]{2,16}", fullmatch=True))
def test_any_digits_are_judged_as_by_the_library(country: str, text: str) -> None:
    assert Numbers(country).valid(text) == by_library(text, country)


@given(text=st.text(max_size=60))
def test_nothing_breaks_the_judge_and_valid_ones_stay_valid(text: str) -> None:
    for entry in RUSSIA.judge(text):
        assert (entry.verdict is Verdict.WRONG) == (entry.recipient == "")
        if entry.verdict is Verdict.VALID:
            assert RUSSIA.valid(entry.recipient) == entry.recipient
            assert sum(map(str.isdigit, text)) >= 10


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.NO_NUMBER),
        ("abc", Reason.NO_NUMBER),
        ("x12", Reason.NO_NUMBER),
        ("12345", Reason.TOO_SHORT),
        ("7999000000112345678", Reason.TOO_LONG),
        ("+89990000001", Reason.NO_COUNTRY),
        ("7707083893", Reason.NOT_ASSIGNED),
        ("01.11.2026", Reason.DATE),
        ("2026-11-01 09:30", Reason.DATE),
        ("7,9E+10", Reason.DROPPED),
        ("79990000001.5", Reason.FRACTION),
        ("8 495 000-00-09 доб. 123", Reason.EXTENSION),
        ("8 495 000-00-09 #12", Reason.EXTENSION),
        ("345-67-89 (123)", Reason.EXTENSION),
        ("3-45-67 8-91-23", Reason.SEVERAL),
        ("8 999 000-00-07/08", Reason.SEVERAL),
        ("8 916 123-45-67 до 18:00", Reason.NO_NUMBER),
        ("7" * 300, Reason.NO_NUMBER),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(text: str, reason: Reason) -> None:
    [entry] = RUSSIA.judge(text)

    assert (entry.verdict, entry.reason) == (Verdict.WRONG, reason)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+7 916 123-45-67 Мама", ["+79161234567"]),
        ("1) 8 916 123-45-67", ["+79161234567"]),
        ("+79161234567 +79161234568", ["+79161234567", "+79161234568"]),
        ("дом. 8 495 123-45-67, моб. 8 916 123-45-67", ["+74951234567", "+79161234567"]),
        ("7.9990000001E+10", ["+79990000001"]),
        ('="79990000001"', ["+79990000001"]),
        ("810380501234567", ["+380501234567"]),
    ],
)
def test_numbers_are_found_among_what_people_write_around_them(text: str, found: list[str]) -> None:
    assert [entry.recipient for entry in RUSSIA.judge(text)] == found


@pytest.mark.parametrize("text", ["+79300000001", "89300000001", "79300000001"])
def test_a_possible_number_that_nobody_has_is_doubtful(text: str) -> None:
    [entry] = RUSSIA.judge(text)

    assert (entry.verdict, entry.recipient) == (Verdict.DOUBTFUL, "+79300000001")
