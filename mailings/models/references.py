"""References: the code of a row and the letters of a create attempt, in front of a job's name.

A job bears a reference when its name begins with one, in whatever case the provider gives it back. That is
strict enough to tie a job to a row. A trace is any other place where a row's code stands in what the provider
says of a job: behind other words, in another field, cut off behind the code. It ties nothing, but a job with
a trace of a row may be that row's job, so that nothing may be called absent beside it.
"""

import re
from collections.abc import Collection

from mailings.models.mailing import CODE_LENGTH
from mailings.smsc.api.aliases import texts_of
from mailings.smsc.api.answers import Job

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


def traces(job: Job, codes: Collection[str]) -> set[str]:
    """Which of these codes stand anywhere in what the provider says of a job."""
    said = "\n".join(texts_of(job.payload)).upper() if codes else ""
    return {code for code in codes if code in said}
