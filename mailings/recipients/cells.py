"""Cells of workbooks as the text that a person sees in them, and why some can be no recipient."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from mailings.recipients.reasons import Reason

_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_FRACTION = re.compile(r"-?\d{1,12}\.\d{0,3}[1-9]")
# A workbook counts days of a calendar, without a zone. In UTC all of them have 24 hours.
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30, tzinfo=UTC), datetime(1904, 1, 1, tzinfo=UTC)


class Odd(str):
    """The text of a cell that cannot be a recipient, with the reason."""

    __slots__ = ("reason",)
    reason: Reason

    def __new__(cls, text: str, reason: Reason) -> "Odd":
        made = super().__new__(cls, text)
        made.reason = reason
        return made


def is_date_format(number: int, code: str) -> bool:
    """Whether a number format of a workbook shows a date or an hour."""
    if number in _BUILT_IN_DATES:
        return True
    bare = _NOT_FORMAT.sub("", code.partition(";")[0]).lower()
    return "general" not in bare and any(letter in bare for letter in "ymdhs")


def number(text: str) -> str:
    """A number as a person sees it: a whole one without `.0` and exponent."""
    if (text.isdecimal() and len(text) < 20) or _FRACTION.fullmatch(text):
        return text
    try:
        value = Decimal(text)
        if abs(value.adjusted()) > 30:
            return text
        if value == value.to_integral_value():
            return str(int(value))
        return format(Decimal(repr(float(value))), "f")
    except (InvalidOperation, ValueError, OverflowError):
        return text


def date(text: str, *, from_1904: bool) -> str:
    """A date from a workbook's count of days, as `01.11.2026`, `01.11.2026 09:30` or `09:30`."""
    try:
        days = float(text)
        moment = (_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(seconds=round(days * 86400))
    except (ValueError, OverflowError):
        return text
    if 0 <= days < 1:
        return f"{moment:%H:%M}"
    return f"{moment:%d.%m.%Y}" if days.is_integer() else f"{moment:%d.%m.%Y %H:%M}"


def iso_date(text: str) -> str:
    """A date from `2026-11-01T00:00:00`, as `01.11.2026` or `01.11.2026 09:30`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%d.%m.%Y}" if not (moment.hour or moment.minute) else f"{moment:%d.%m.%Y %H:%M}"
