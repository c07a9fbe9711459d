"""Amounts and numbers are written as Django writes them, in each language."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from hypothesis import given
from hypothesis import strategies as st

from mailings.wording import money

LANGUAGES = st.sampled_from([code for code, _name in settings.LANGUAGES])


@given(value=st.decimals(Decimal(-(10**10)), Decimal(10**10), places=4), language=LANGUAGES)
def test_an_amount_is_written_as_django_writes_it(value: Decimal, language: str) -> None:
    with translation.override(language):
        assert money.amount(value) == number_format(value, decimal_pos=2, use_l10n=True, force_grouping=True)


@given(value=st.integers(-(10**12), 10**12), language=LANGUAGES)
def test_a_number_is_written_as_django_writes_it(value: int, language: str) -> None:
    with translation.override(language):
        assert money.count(value) == number_format(value, use_l10n=True, force_grouping=True)


@pytest.mark.parametrize(
    ("value", "shown"), [("-0.001", "0.00"), ("0.009", "0.00"), ("-1.999", "-1.99"), ("1E+3", "1,000.00")]
)
def test_what_is_less_than_a_cent_is_left_out(value: str, shown: str) -> None:
    assert money.amount(Decimal(value)) == shown
