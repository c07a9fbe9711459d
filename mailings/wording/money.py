"""Amounts of money and whole numbers, formatted for the reader's language."""

from decimal import Decimal

from django.utils.formats import number_format

SIGNS = {"RUR": "₽", "RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "UAH": "₴", "BYN": "Br"}


def amount(value: Decimal | None, currency: str = "") -> str:
    """`13,473.00 ₽`; a dash for None. A currency that is not in SIGNS is named as the provider does."""
    if value is None:
        return "–"
    digits = number_format(value, decimal_pos=2, use_l10n=True, force_grouping=True)
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
    return "–" if value is None else number_format(value, use_l10n=True, force_grouping=True)
