"""What was typed in the place of a row on a page older than the file's rows, or with another choice."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from mailings.models import Import, Mailing
from tests.views.composing import reposted, text_of, values_of
from tests.views.test_compose_to import addresses, brought, counts, file, place

TWO = "Телефон;Второй телефон\n12345;54321\n+79990000001;+79990000005\n"
FITS_NONE = "fits no row of the file as it stands now"

pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture
def first(page: Client) -> Any:
    """The page of a file with two columns, read by the first of them."""
    return reposted(brought(page, TWO), "refresh", page, file_phones="Телефон")


def test_a_correction_typed_together_with_another_choice_is_kept(first: Any, page: Client) -> None:
    typed = {place(first, 0): "+79990000003"}

    other = reposted(first, "refresh", page, file_phones="Второй телефон", **typed)

    assert counts(other) == {"valid": "1", "wrong": "1"}
    assert "corrections that fit no row as it is read now: 1" in text_of(other)
    back = reposted(other, "refresh", page, file_phones="Телефон")
    assert counts(back) == {"valid": "2"}
    reposted(back, "send", page)
    assert addresses() == ("+79990000003", "+79990000001")


def test_what_an_older_page_corrects_is_made_where_the_same_still_stands(first: Any, page: Client) -> None:
    reposted(first, "refresh", page, file_heading="0")
    reposted(first, "refresh", page, file_heading="1")
    typed = {place(first, 0): "+79990000003"}

    stale = reposted(first, "refresh", page, **typed)

    assert place(first, 0) not in stale.content.decode()
    assert counts(stale) == {"valid": "2"}
    assert FITS_NONE not in text_of(stale)


def test_what_fits_no_row_of_a_newer_reading_is_said_kept_and_nothing_goes_out(
    first: Any, page: Client
) -> None:
    other = reposted(first, "refresh", page, file_phones="Второй телефон")
    typed = {place(first, 0): "+79990000003", "fix:0": "+79990000003", "file_phones": "Второй телефон"}

    stale = reposted(first, "send", page, skip_wrong="1", **typed)

    assert "Line 2 (“+79990000003”): what you typed there" in text_of(stale)
    assert FITS_NONE in text_of(stale)
    assert not Mailing.objects.exists()
    assert counts(stale) == counts(other) == {"valid": "1", "wrong": "1"}
    assert place(stale, 0) == place(other, 0) != place(first, 0)
    assert counts(reposted(stale, "refresh", page, file_phones="Телефон")) == {"valid": "2"}


def test_what_an_older_page_only_shows_is_no_correction(first: Any, page: Client) -> None:
    reposted(first, "refresh", page, **{place(first, 0): "abc"})

    again = reposted(first, "refresh", page)

    assert 'value="abc"' in again.content.decode()
    assert FITS_NONE not in text_of(again)
    assert Import.objects.get().corrections.count() == 1


def test_a_row_that_somebody_corrected_meanwhile_is_said_and_a_second_press_is_none(
    first: Any, page: Client
) -> None:
    typed = {place(first, 0): "+79990000003"}
    reposted(first, "refresh", page, **typed)

    twice = reposted(first, "refresh", page, **typed)
    other = reposted(first, "refresh", page, **{place(first, 0): "+79990000004"})

    assert FITS_NONE not in text_of(twice)
    assert FITS_NONE in text_of(other)
    assert counts(twice) == counts(other) == {"valid": "2"}


def test_what_is_typed_while_the_file_is_being_read_counts_when_it_was(page: Client) -> None:
    answer = brought(page)
    Import.objects.update(state=Import.State.STOPPED)

    waiting = reposted(answer, "refresh", page, **{place(answer, 1): "+79990000003"})

    assert FITS_NONE not in text_of(waiting)
    assert counts(reposted(waiting, "file_anew", page))["valid"] == "2"


def test_what_was_typed_for_a_file_that_another_replaces_is_said_and_nothing_goes_out(
    first: Any, page: Client
) -> None:
    typed = {place(first, 0): "+79990000003", "skip_wrong": "1"}

    other = reposted(first, "send", page, recipients_file=file("Телефон\n+79990000007\n"), **typed)

    assert "Line 2 (“+79990000003”): what you typed there was for the file before" in text_of(other)
    assert counts(other) == {"valid": "1"}
    assert not Mailing.objects.exists()
    plain = reposted(other, "refresh", page, recipients_file=file("Телефон\n+79990000008\n"))
    assert "was for the file before" not in text_of(plain)


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x",
        "[]",
        "[1, 2, 3]",
        '["{r}", "", {{"0": [1e999, 1]}}]',
        '["{r}", "", {{"0": [-1, ""]}}]',
        "[" * 9999,
    ],
)
def test_rows_that_cannot_be_read_name_none(odd: str, first: Any, page: Client) -> None:
    reading = re.findall(r"fix:([^:]+):", place(first, 0))[0]
    [shown] = values_of(first.content.decode())["fix_rows"]
    assert json.loads(shown) == [reading, "", {"0": [2, "12345"]}]

    answer = reposted(first, "refresh", page, fix_rows=odd.format(r=reading) if "{r}" in odd else odd)

    assert counts(answer) == {"valid": "1", "wrong": "1"}
