"""To which field of the form a refusal of the provider belongs."""

import re

from mailings.models import Mailing
from mailings.models.states import FILE_MISSING
from mailings.smsc.spec.catalogue import FILES, OPTIONS

WRONG_DATE = 5
# A parameter's own name where an error names one: "wrong parameters: mes".
_NAMED = re.compile(r":\s*([a-z_]+)\b")
# Words that a refusal may have, the most certain first. Assumed, as the provider's texts are not published.
_WORDS = (
    (re.compile(r"sender|отправител", re.IGNORECASE), "sender"),
    (re.compile(r"\b(?:subj|subject)\b|\bтем[аеуы]\b", re.IGNORECASE), "subj"),
    (re.compile(r"\btime ?zone|\bчасово\w+ пояс", re.IGNORECASE), "tz"),
    (re.compile(r"\b(?:date|time)\b|\bдат[аеуы]\b|\bврем", re.IGNORECASE), "time"),
    (re.compile(r"\b(?:phones?|numbers?|recipients?)\b|\bномер|телефон|получател", re.IGNORECASE), "phones"),
    (re.compile(r"\bfiles?\b|\bфайл", re.IGNORECASE), FILES.name),
    (re.compile(r"\b(?:mes|message|text)\b|сообщени|\bтекст", re.IGNORECASE), "mes"),
)


def field_of(mailing: Mailing) -> str:
    """The name of the field to which a refused mailing's reason belongs; "" if that is not known."""
    if mailing.refusal_text == FILE_MISSING:
        return FILES.name
    named = _NAMED.search(mailing.refusal_text)
    if named and named[1] in (*OPTIONS, FILES.name):
        return named[1]
    found = next((name for words, name in _WORDS if words.search(mailing.refusal_text)), "")
    return found or ("time" if mailing.refusal_code == WRONG_DATE else "")
