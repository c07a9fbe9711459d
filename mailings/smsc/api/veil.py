"""Takes a secret out of the provider's words, but leaves ordinary words alone that happen to equal it.

A password that could be a word of any sentence ("sandbox") is veiled where it stands as a value: between
delimiters, alone on a line, or right after a name such as psw. Any other is veiled wherever it stands, a
short one unless letters or digits touch it.
"""

import html
import json
import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

from mailings.smsc.api.errors import VEIL

# From these lengths on, no text holds a secret by chance: LONG_WORD for possible words, LONG for others.
LONG_WORD, LONG = 16, 8
_NAMES = "psw|pass|passwd|password|apikey|key|login|пароль|ключ|логин"
_BEFORE = r"((?:^|[\"'=:&<>(){}\[\],;|«“])\s?)"
_AFTER = r"(?=\s?(?:[\"'&<>(){}\[\],;|»”]|\.?$))"
_AFTER_NAME = rf"(\b(?i:{_NAMES})\W{{1,3}})"


def without(text: str, secret: str) -> str:
    """The text with the secret veiled, plain or as spelt in URLs, JSON and HTML."""
    if not secret:
        return text
    for spelling in _spellings(secret):
        if spelling in text:  # false for most texts, of which a list has a million
            text = _veiled(text, secret, spelling)
    return text


@lru_cache(maxsize=32)
def _spellings(secret: str) -> tuple[str, ...]:
    """A secret plain and as spelt in URLs, JSON and HTML, the longest first."""
    encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    lower = {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), one) for one in encoded}
    escaped = {html.escape(secret), html.escape(secret, quote=False)}
    in_json = json.dumps(secret)[1:-1]
    found = {secret, in_json, in_json.replace("/", "\\/"), *encoded, *lower, *escaped}
    return tuple(sorted(found, key=len, reverse=True))


@lru_cache(maxsize=32)
def spellings_in_json(secret: str) -> tuple[bytes, ...]:
    """The bytes that stand in UTF-8 JSON if one of its texts holds a spelling of the secret."""
    inside = {json.dumps(spelling, ensure_ascii=False)[1:-1] for spelling in _spellings(secret)}
    return tuple(each.encode("utf-8", "surrogatepass") for each in inside)


@lru_cache(maxsize=32)
def plain_part(secret: str) -> bytes:
    """The longest run of plain letters and digits: every spelling holds it as it is, and it may be empty."""
    return max(re.findall(rb"[A-Za-z0-9]+", secret.encode("utf-8", "surrogatepass")), key=len, default=b"")


def _veiled(text: str, secret: str, spelling: str) -> str:
    exact = re.escape(spelling)
    if _could_be_a_word(secret):
        text = re.sub(_AFTER_NAME + exact + r"\b", rf"\1{VEIL}", text)
        return re.sub(_BEFORE + exact + _AFTER, rf"\1{VEIL}", text, flags=re.MULTILINE)
    if len(secret) < LONG:
        return re.sub(rf"(?<![^\W_]){exact}(?![^\W_])", VEIL, text)
    return text.replace(spelling, VEIL)


def _could_be_a_word(secret: str) -> bool:
    plain = secret.islower() or secret.isupper() or secret.istitle() or not secret.isascii()
    return secret.isalpha() and plain and len(secret) < LONG_WORD
