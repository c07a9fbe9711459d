"""References: the code of a row and the letters of a create attempt, in front of a job's name.

A job bears a reference if its name begins with one, in upper or lower case: that is enough to match it with
a row. A trace is a row's code anywhere else in what the provider says of a job: after other words, in another
field, cut off after the code. It is not enough to match the job with the row, but the job may be the row's,
so that the row's job cannot be called absent.
"""

import re
from collections.abc import Collection, Iterable

from mailings.models.mailing import CODE_LENGTH
from mailings.smsc.api.aliases import texts_of
from mailings.smsc.api.answers import Job

_CODE = f"[0-9A-HJKMNP-TV-Z]{{{CODE_LENGTH}}}"
_AT_FRONT = re.compile(rf"({_CODE})([a-z]{{1,2}})(?![^\W_])", re.IGNORECASE)
_AFTER_ANY_BREAK = re.compile(rf"\n\s*{_CODE}[a-z]{{1,2}}(?![^\W_])", re.IGNORECASE)
_AS_WE_WRITE_IT = re.compile(rf"{_CODE}[a-z]{{1,2}}(?![^\W_])")


def reference_of(name: str | None) -> str | None:
    """The reference at the front of a name, in the case in which we write it (`K7Q2Ma`), or None."""
    found = _AT_FRONT.match((name or "").strip())
    return f"{found[1].upper()}{found[2].lower()}" if found else None


def may_bear_references(names: Iterable[str | None]) -> bool:
    """Whether any of these names may have a `reference_of`: one search instead of one for each."""
    return _AFTER_ANY_BREAK.search("\n" + "\n".join(filter(None, names))) is not None


def is_of_another(name: str | None, code: str | None) -> bool:
    """Whether a name begins with a reference, in our own case, of another row than that of `code`."""
    found = _AS_WE_WRITE_IT.match((name or "").strip())
    return found is not None and found[0][:CODE_LENGTH] != code


def traces(job: Job, codes: Collection[str]) -> set[str]:
    """Those of the codes that stand anywhere in the texts of a job."""
    said = "\n".join(texts_of(job.payload)).upper() if codes else ""
    return {code for code in codes if code in said}
