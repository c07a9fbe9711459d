"""The verb `text`: how many SMS parts a text takes; makes no call to the provider."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from mailings.management.cli import order
from mailings.management.cli.errors import BadInput
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.texts import clean, message_parts

# Our names of the alphabets to those of the GSM standard.
ALPHABETS = {"gsm": "gsm", "unicode": "ucs2"}


def text(asked: Namespace) -> Iterator[dict[str, Any]]:
    """How many characters and parts a text takes, and what makes it long."""
    try:
        # A file's last line end is not part of the text.
        given = clean(order.text_of(asked.file)).removesuffix("\n")
    except Refusal as refusal:
        raise BadInput({"mes": [refusal.at("mes").message(_)]}) from None
    found = message_parts(given, translit=asked.translit)
    yield {
        "characters": len(given),
        "alphabet": ALPHABETS[found.alphabet],
        "units": found.units,
        "parts": found.parts,
        "per_part": found.per_part,
        "culprits": list(found.culprits),
    }
