"""References: the code of a row and the letters of a create attempt, in front of a job's name."""

import re

from mailings.models.mailing import CODE_LENGTH

_CODE = f"[0-9A-HJKMNP-TV-Z]{{{CODE_LENGTH}}}"
_AT_FRONT = re.compile(rf"({_CODE})([a-z]{{1,2}})(?![^\W_])", re.IGNORECASE)
_AS_WE_WRITE_IT = re.compile(rf"{_CODE}[a-z]{{1,2}}(?![^\W_])")


def reference_of(name: str | None) -> str | None:
    """What looks like a reference at the front of a name, as we write it (`K7Q2Ma`); None: nothing does."""
    found = _AT_FRONT.match((name or "").strip())
    return f"{found[1].upper()}{found[2].lower()}" if found else None


def is_of_another(name: str | None, code: str | None) -> bool:
    """Whether a name begins with a reference, written as we write it, of another row than that of `code`."""
    found = _AS_WE_WRITE_IT.match((name or "").strip())
    return found is not None and found[0][:CODE_LENGTH] != code
