"""Judges e-mail addresses, with `email-validator` and without the network.

Nearly all addresses have a plain name and a domain that has occurred before. So name and domain are judged
apart, plain names by an expression, and the results for domains are cached.
"""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from mailings.recipients.numbers import Judged
from mailings.recipients.reasons import Reason, Verdict

LONGEST = 320
_DISPLAYED = re.compile(r"(?:[^<>]*)<\s*(?:mailto:)?([^<>\s]+)\s*>", re.IGNORECASE)
_SPREADSHEET_MARK = re.compile(r"^['\u2019]|^=?\"+|\"+$")
_MARKS = dict.fromkeys(
    map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff")
)
_PLAIN_NAME = re.compile(
    r"(?=.{1,64}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z"
)
_BETWEEN = re.compile(r"""[,;\n\r\t]+(?=(?:[^"]*"[^"]*")*[^"]*$)|\s+(?=[^<>]*@)""")


def judge(text: str) -> tuple[Judged, ...]:
    """The entries of a cell: several only if each of them is valid, else one."""
    one = _one(text)
    if one.verdict is Verdict.VALID or text.count("@") < 2:
        return (one,)
    pieces = [_one(piece) for piece in _BETWEEN.split(text.strip()) if piece.strip()]
    return tuple(pieces) if all(piece.verdict is Verdict.VALID for piece in pieces) else (one,)


def normal(text: str) -> str | None:
    """The address in the form that is sent (its domain in lower case ASCII), if `text` is plainly one."""
    name, at, domain = text.rpartition("@")
    if at and len(text) <= LONGEST and _PLAIN_NAME.match(name):
        sent = _domain(domain)
        return f"{name}@{sent}" if sent and len(name) + len(sent) < 254 else None
    return None


def _one(text: str) -> Judged:
    found = normal(text)
    if found is not None:
        return Judged(Verdict.VALID, text, found, None)
    value = text.strip()
    bare = _bare(value)
    found = normal(bare)
    if found is not None:
        return Judged(Verdict.VALID, value, found, None)
    return _asked(value, bare)


def _bare(value: str) -> str:
    """The address of `Name <address>`, `mailto:address`, or a cell with the quotes of a spreadsheet."""
    bare = value.translate(_MARKS).strip().rstrip(";,").rstrip()
    if (displayed := _DISPLAYED.fullmatch(bare)) is not None:
        return displayed[1]
    bare = _SPREADSHEET_MARK.sub("", bare)
    return bare[7:] if bare[:7].lower() == "mailto:" else bare


def _asked(value: str, bare: str) -> Judged:
    name, at, domain = bare.rpartition("@")
    if not at or not name or not domain or len(bare) > LONGEST or any(map(str.isspace, bare)):
        return Judged(Verdict.WRONG, value, "", Reason.NO_EMAIL)
    sent = _domain(domain)
    if sent is None:
        return Judged(Verdict.WRONG, value, "", Reason.EMAIL_DOMAIN)
    try:
        found = validate_email(f"{name}@{sent}", check_deliverability=False, strict=True)
    except EmailNotValidError:
        return Judged(Verdict.WRONG, value, "", Reason.EMAIL_NAME)
    return Judged(Verdict.VALID, value, f"{found.local_part}@{sent}", None)


@lru_cache(maxsize=65_536)
def _domain(domain: str) -> str | None:
    """A domain in lower case ASCII; None for an invalid one, such as one that ends in a single letter."""
    try:
        found = validate_email(f"a@{domain}", check_deliverability=False).ascii_domain
    except EmailNotValidError:
        return None
    return found.lower() if len(found.rpartition(".")[2]) > 1 else None
