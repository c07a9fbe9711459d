"""A job's date and time ("hour") as the provider names it. How it is spelt is not published: ALL is assumed.

Without a zone of its own it is read as Moscow time, by which the provider counts.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

MOSCOW = timezone(timedelta(hours=3))
# A figure that names another year is not the time of a mailing: it means something else.
FIRST_YEAR, LAST_YEAR = 2000, 2099

_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4}|\d{2})"
    r"[\s,T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?",
    re.ASCII,
)
_DIGITS = re.compile(
    r"(?P<day>\d{2})(?P<month>\d{2})(?P<year>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})", re.ASCII
)
_STAMP = re.compile(r"0?([1-9]\d{8,9})(?:\.\d+)?", re.ASCII)


def hour_of(value: Any) -> datetime | None:
    """The moment in UTC that a value names; None where it cannot be told.

    A number is a Unix timestamp. Ten digits in a text are read as the provider's own `DDMMYYhhmm` where that
    is a date, else as a timestamp.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = str(value).strip()
    try:
        found = _stamp(text) if not isinstance(value, str) else _day_first(text) or _stamp(text) or _iso(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and FIRST_YEAR <= found.year <= LAST_YEAR else None


def _day_first(text: str) -> datetime | None:
    match = _DAY_FIRST.fullmatch(text) or _DIGITS.fullmatch(text)
    if match is None:
        return None
    parts = {name: int(digits) for name, digits in match.groupdict().items() if digits}
    parts["year"] += 2000 if parts["year"] < 100 else 0
    try:
        return datetime(**parts, tzinfo=MOSCOW).astimezone(UTC)
    except ValueError:
        return None


def _stamp(text: str) -> datetime | None:
    match = _STAMP.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _iso(text: str) -> datetime | None:
    """`2025-11-26 09:30`; seconds and a zone may follow. None for a day alone."""
    if not re.match(r"\d{4}-\d{2}-\d{2}[ T]\d", text, re.ASCII):
        return None
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=MOSCOW)).astimezone(UTC)
