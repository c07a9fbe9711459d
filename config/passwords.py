"""Which passwords are accepted, and how they are hashed."""

import re
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OURS = ("mailroom", "mailing", "smscentre", "smscenter", "smsc", "рассылка", "рассылки", "пароль")
LEAST = 8
# Undoes the usual substitutions of letters, as in Pa$$w0rd.
_DISGUISE = str.maketrans("013457@$!", "oieastasi")
_WORDS = re.compile(r"[^\W\d_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Argon2(Argon2PasswordHasher):
    """9 MB and about 30 ms a guess: one of the parameter sets that OWASP lists as equally strong.

    Django's default takes 100 MB and 8 threads, so that any visitor could exhaust the server by guessing.
    """

    time_cost = 4
    memory_cost = 9 * 1024
    parallelism = 1


class NoOrdinaryWord:
    """Refuses a common word with digits around it (`Summer2026`, `Pa$$word1!`) and the product's names."""

    def __init__(self) -> None:
        self.common: set[str] = CommonPasswordValidator().passwords

    def validate(self, password: str, user: Any = None) -> None:
        bare = _AROUND.sub("", password.casefold())
        readings = (bare, bare.translate(_DISGUISE))
        words = [set(_WORDS.findall(reading)) for reading in readings]
        ordinary = any(len(found) == 1 and found <= self.common for found in words)
        if ordinary or any(
            len(without_ours(reading)) < LEAST for reading in (password.casefold(), *readings)
        ):
            text = _(
                "This is a well-known word, or a name of this program, with little around it. Take several."
            )
            raise ValidationError(text, code="password_ordinary_word")

    def get_help_text(self) -> str:
        return _(
            "Your password can’t be a well-known word, or a name of this program, with digits around it."
        )


def without_ours(text: str) -> str:
    """The text without our product's names, which an attacker would try first here."""
    return re.sub("|".join(OURS), "", text)
