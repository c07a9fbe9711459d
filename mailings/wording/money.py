"""Amounts of money and whole numbers, formatted for the reader's language."""

from decimal import ROUND_DOWN, Decimal
from functools import cache

from django.utils.formats import get_format
from django.utils.translation import get_language

SIGNS = {"RUR": "₽", "RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "UAH": "₴", "BYN": "Br"}
CENT, NOTHING = Decimal("0.01"), Decimal("0.00")


def amount(value: Decimal | None, currency: str = "") -> str:
    """`13,473.00 ₽`; a dash for None. A currency that is not in SIGNS is named as the provider does."""
    if value is None:
        return "–"
    rounded = value.quantize(CENT, rounding=ROUND_DOWN) or NOTHING  # never `-0.00`
    digits = f"{rounded:,f}".translate(_separators(get_language()))
    sign = SIGNS.get(currency.upper(), currency)
    return f"{digits}\N{NO-BREAK SPACE}{sign}" if sign else digits


def plain(value: Decimal | None) -> str | None:
    """`13473.00`, for files and programs: with at least two decimals, and no more than it has."""
    if value is None:
        return None
    whole, _, decimals = f"{value:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def count(value: int | None) -> str:
    """A whole number with its digits grouped; a dash for None."""
    return "–" if value is None else f"{value:,}".translate(_separators(get_language()))


@cache
def _separators(language: str | None) -> dict[int, str]:
    """What stands in a language for the separators of Python's own format, as Django's formats have it."""
    return {
        ord(","): get_format("THOUSAND_SEPARATOR", language, use_l10n=True),
        ord("."): get_format("DECIMAL_SEPARATOR", language, use_l10n=True),
    }
