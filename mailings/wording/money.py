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


def count(value: int | None) -> str:
    """A whole number with its digits grouped; a dash for None."""
    return "–" if value is None else number_format(value, use_l10n=True, force_grouping=True)
