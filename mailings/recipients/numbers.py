"""Judges phone numbers in cells.

A number is valid if `phonenumbers` says so for the account's country. It is stored as `+` and digits, so that
the provider has nothing to correct. A number that is possible but not valid is doubtful if it was plainly
written as one: with `+`, the calling code or the national prefix. Otherwise it is wrong, as it may be a tax
number, say. Digits that are beside a number are never made a part of it.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

from mailings.recipients import plans
from mailings.recipients.reasons import Reason, Verdict

# A cell with more characters counts as no number.
LONGEST = 200

# Characters that people and programs write inside and around numbers, and that do not separate two of them.
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
_BLANKS = " \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_MARKS = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_FILLING = dict.fromkeys(map(ord, f"{_DASHES}{_BLANKS}{_MARKS}().[]\uff08\uff09"))
_WIDE = {ord("\uff0b"): "+"}
_ODD_BLANKS = dict.fromkeys(map(ord, _BLANKS), " ") | dict.fromkeys(map(ord, _MARKS)) | _WIDE

_DATE = re.compile(
    r"(?:\d{1,2}[./-]\d{1,2}[./-](?:\d\d){1,2}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?:[ T]+[\d:.]+)?"
)
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}")
_FRACTION = re.compile(r"(\+?\d{5,})[.,](\d+)")
_GUARD = re.compile(
    r"""=?"=?"*\s*([^"]*?)\s*"*"|['\u2019`](?=[+\d(])(.*)|tel:\s*(.+)""", re.IGNORECASE | re.DOTALL
)
# An extension belongs to the number before it, whatever stands between the two.
EXTENSION = r"(?:доб|вн|внутр|ext|extn|extension|x|добавочный)\.?[\s:]*\d"
_EXTENSION = re.compile(rf"{EXTENSION}|\d\s*#\s*\d", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;|\n\r\t/\\&]+|\s(?:и|and|или|or)\s|(?<=[\d) ])(?=\+)", re.IGNORECASE)
_NUMBER_INSIDE = re.compile(rf"\+?\(?\d[\d{re.escape(_DASHES)}().\[\] ]*")
_SPACED = re.compile(rf"(?:^|(?<= ))\+?\d[\d{re.escape(_DASHES)}().]{{9,}}(?= |$)")
_NUMBERING = re.compile(r"\d{1,4}[.)]\s+(.+)", re.DOTALL)
# `8-800-000-00-10 (123)`, and two local numbers of one shape: `3-45-67 8-91-23`.
_BRACKET_BEHIND = re.compile(r"\d[^()]*\d[^()]*\d\s*\(\d{1,6}\)\s*$")
_TWICE = re.compile(r"(\d+(?:-\d+)+) +(\d+(?:-\d+)+)")
# The usual way to write a number in groups: `8 (999) 000-00-01`. No date or price looks like it.
_SPELLED = re.compile(r"(\+?\d{1,3})[ -]?\(?(\d{3})\)?[ -]?(\d{3})[ -]?(\d{2})[ -]?(\d{2})", re.ASCII)
_HAS_DIGIT = re.compile(r"\d")


class Judged(NamedTuple):
    """One entry of a cell. `recipient`: the form that is sent, for valid and doubtful ones."""

    verdict: Verdict
    value: str
    recipient: str
    reason: Reason | None


class Numbers:
    """Judges numbers as they are written in one country. `country`: two letters."""

    def __init__(self, country: str) -> None:
        self.country = country
        home = plans.home(country)
        self._plus = f"+{home.code}" if home else ""
        self._at_home = home.match.match if home else None
        # By the first three digits after `+`: the length of `+` and the calling code, and what matches the
        # rest.
        self._codes: dict[str, tuple[int, Callable[[str], object] | None]] = {}
        # Cached, because the same word may be in thousands of rows.
        self._closely = lru_cache(maxsize=4096)(self._judge_closely)

    def valid(self, text: str) -> str | None:
        """`+` and digits, if the text is plainly one valid number; None: ask `judge`."""
        if not text.isdigit():
            if text[:1] == "+" and text[1:].isdigit():
                return self._abroad(text)
            if (spelled := _SPELLED.fullmatch(text)) is None:
                return None
            text = "".join(spelled.groups())
            if text[0] == "+":
                return self._abroad(text)
        if self._at_home is None:
            return None
        home = self._at_home(text)
        return f"{self._plus}{home[1]}" if home else self._asked(text)

    def judge(self, text: str) -> tuple[Judged, ...]:
        """The entries of a cell: one, or several where each of them is valid."""
        sent = self.valid(text)
        if sent is not None:
            return (Judged(Verdict.VALID, text, sent, None),)
        bare = text.strip()
        return self._closely(bare) if len(bare) <= LONGEST else (_wrong(bare, Reason.NO_NUMBER),)

    def _judge_closely(self, bare: str) -> tuple[Judged, ...]:
        plain, reason = _plain(bare)
        if reason is not None:
            return (_wrong(bare, reason),)
        found = self._written(bare, plain)
        if found[0].verdict is not Verdict.VALID and (listed := _NUMBERING.fullmatch(plain)):
            behind = self._written(bare, listed[1])
            return behind if behind[0].verdict is Verdict.VALID else found
        return found

    def _written(self, value: str, plain: str) -> tuple[Judged, ...]:
        """Judge a text that may have blanks, remarks and several numbers."""
        digits = plain.translate(_FILLING)
        if digits.removeprefix("+").isdecimal() and not _DATE.fullmatch(plain) and not _IP.fullmatch(plain):
            one = self._one(value, plain, _ascii(digits))
            if one.verdict is Verdict.VALID:
                return (one,)
            return self._several(value, plain) or (one,)
        if _DATE.fullmatch(plain):
            return (_wrong(value, Reason.DATE),)
        if not _HAS_DIGIT.search(plain) or _IP.fullmatch(plain):
            return (_wrong(value, Reason.NO_NUMBER),)
        if (behind := _EXTENSION.search(plain)) and sum(map(str.isdecimal, plain[: behind.start() + 1])) >= 5:
            return (_wrong(value, Reason.EXTENSION),)
        several = self._several(value, plain)
        return several or (_wrong(value, Reason.SEVERAL if _BETWEEN.search(plain) else Reason.NO_NUMBER),)

    def _several(self, value: str, plain: str) -> tuple[Judged, ...]:
        """The numbers in a text, if all its parts with digits are valid; else ()."""
        found: list[Judged] = []
        for piece in _BETWEEN.split(plain):
            if not _HAS_DIGIT.search(piece):
                continue
            inside = _NUMBER_INSIDE.findall(piece)
            if len(inside) != 1:
                return ()
            whole = self._quick(inside[0])
            spaced = [whole] if whole else [self._quick(one) for one in _spaced(inside[0])]
            if not spaced or None in spaced:
                return ()
            found += [Judged(Verdict.VALID, value, one, None) for one in spaced if one]
        return tuple(found)

    def _quick(self, text: str) -> str | None:
        digits = _ascii(text.translate(_FILLING))
        one = self._one(text, text, digits)
        return one.recipient if one.verdict is Verdict.VALID else None

    def _one(self, value: str, plain: str, digits: str) -> Judged:
        """The verdict on one number: `digits`, written as `plain`; by the library if need be."""
        if _BRACKET_BEHIND.search(plain):
            return _wrong(value, Reason.EXTENSION)
        if (twice := _TWICE.fullmatch(plain)) and _shape(twice[1]) == _shape(twice[2]):
            return _wrong(value, Reason.SEVERAL)
        found = self.valid(digits)
        if found is not None:
            return Judged(Verdict.VALID, value, found, None)
        verdict, recipient, reason = _asked(digits, self.country)
        return Judged(verdict, value, recipient, reason)

    def _abroad(self, text: str) -> str | None:
        first = text[1:4]
        if (known := self._codes.get(first)) is None and first.isascii():
            code = plans.calling_code(first)
            known = self._codes[first] = (len(code) + 1, plans.international(code).match if code else None)
        if known and known[1] and known[1](text[known[0] :]):
            return text
        return self._asked(text)

    def _asked(self, digits: str) -> str | None:
        if not digits.isascii():
            return None
        verdict, recipient, _reason = _asked(digits, self.country)
        return recipient if verdict is Verdict.VALID else None


@lru_cache(maxsize=4096)
def _asked(digits: str, country: str) -> tuple[Verdict, str, Reason | None]:
    """The library's verdict, form to send and reason for digits, with `+` or as written in `country`."""
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        return Verdict.WRONG, "", _REFUSED.get(error.error_type, Reason.NO_NUMBER)
    if phonenumbers.is_valid_number(number):
        return Verdict.VALID, phonenumbers.format_number(number, PhoneNumberFormat.E164), None
    possible = phonenumbers.is_possible_number_with_reason(number)
    sent = phonenumbers.format_number(number, PhoneNumberFormat.E164) if possible in _POSSIBLE else ""
    if sent and _meant(digits, country, sent):
        return Verdict.DOUBTFUL, sent, Reason.UNKNOWN_RANGE
    return Verdict.WRONG, "", _IMPOSSIBLE.get(possible, Reason.NOT_ASSIGNED)


_POSSIBLE = (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
_REFUSED = {
    NumberParseException.INVALID_COUNTRY_CODE: Reason.NO_COUNTRY,
    NumberParseException.TOO_SHORT_AFTER_IDD: Reason.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: Reason.TOO_SHORT,
    NumberParseException.TOO_LONG: Reason.TOO_LONG,
}
_IMPOSSIBLE = {
    ValidationResult.TOO_SHORT: Reason.TOO_SHORT,
    ValidationResult.TOO_LONG: Reason.TOO_LONG,
    ValidationResult.INVALID_LENGTH: Reason.NOT_ASSIGNED,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: Reason.TOO_SHORT,
}


def _meant(digits: str, country: str, sent: str) -> bool:
    """Whether digits were plainly written as a number: with `+`, a calling code or a national prefix."""
    if digits[0] == "+":
        return True
    plan = PhoneMetadata.metadata_for_region(country, None)
    return plan is not None and f"+{plan.country_code}{digits}" != sent


def _plain(text: str) -> tuple[str, Reason | None]:
    """The text without what spreadsheets put around numbers, and the reason if it cannot be a number."""
    plain = text.translate(_ODD_BLANKS).strip()
    if (guard := _GUARD.fullmatch(plain)) is not None:
        plain = next(part for part in guard.groups() if part is not None).strip()
    if _SCIENTIFIC.fullmatch(plain):
        return _spelled_out(plain)
    if (fraction := _FRACTION.fullmatch(plain)) is not None:
        if set(fraction[2]) != {"0"}:
            # A comma may also separate two numbers; a fraction has fewer digits than a number.
            return (plain, Reason.FRACTION) if len(fraction[2]) < 5 else (plain, None)
        plain = fraction[1]
    return plain, None


def _spelled_out(text: str) -> tuple[str, Reason | None]:
    """The digits of a number like `7.9990000001E+10`; a reason if some are lost, as in `7,9E+10`."""
    mantissa, _, exponent = text.upper().replace(",", ".").partition("E")
    kept = len(mantissa.lstrip("+-").replace(".", ""))
    try:
        value = Decimal(f"{mantissa}E{exponent}")
    except InvalidOperation:
        return text, Reason.DROPPED
    if not 0 < int(exponent) < 20 or kept < int(exponent) or value != value.to_integral_value():
        return text, Reason.DROPPED
    return str(int(value)), None


def _spaced(text: str) -> list[str]:
    """Numbers that are separated by blanks and have none inside; [] if there are other digits too."""
    found = _SPACED.findall(text)
    rest = _SPACED.sub("", text)
    return found if len(found) > 1 and not _HAS_DIGIT.search(rest) else []


def _shape(text: str) -> list[int]:
    return [len(part) for part in re.split(r"\D+", text)]


def _ascii(digits: str) -> str:
    """The text with digits of other scripts (Arabic, full-width) as ASCII digits."""
    if digits.isascii():
        return digits
    return "".join(str(int(one)) if one.isdecimal() else one for one in digits)


def _wrong(value: str, reason: Reason) -> Judged:
    return Judged(Verdict.WRONG, value, "", reason)
