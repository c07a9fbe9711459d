"""Why a call did not give a clear answer, in words: the slugs of the client's errors and of our own."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HTTP_STATUS = re.compile(r"http_(\d+)")
NOT_READABLE = gettext_lazy("its answer could not be read")

WORDS: dict[str, Any] = {
    "lease_expired": gettext_lazy("the worker that was handing it over stopped"),
    "too_soon": gettext_lazy("SMS Centre takes the same request only once a minute"),
    "resolve": gettext_lazy("the address of SMS Centre was not found"),
    "connect": gettext_lazy("no connection to SMS Centre came about"),
    "tls": gettext_lazy("no secure connection to SMS Centre came about"),
    "send": gettext_lazy("the connection broke while it was being handed over"),
    "answer": gettext_lazy("the connection broke before the whole answer was there"),
    "timeout": gettext_lazy("SMS Centre did not answer in time"),
    "deadline": gettext_lazy("the time for the whole call ran out"),
    "objection": gettext_lazy("it was stopped by us at the last moment"),
    "database": gettext_lazy("the database was away for a moment before it was handed over"),
    "upload": gettext_lazy("an attached file is no longer as it was stored"),
    "empty": gettext_lazy("its answer was empty"),
    "no_id": gettext_lazy("its answer names no job"),
    "error_and_id": gettext_lazy("its answer names both an error and a job"),
    "id_taken": gettext_lazy("its answer names a job that is another mailing's"),
    "no_ok": NOT_READABLE,
    "no_row": NOT_READABLE,
    "no_rows": NOT_READABLE,
    "too_long": NOT_READABLE,
    "encoding": NOT_READABLE,
    "unframed": NOT_READABLE,
    "status_line": NOT_READABLE,
    "error_number": NOT_READABLE,
    "json": NOT_READABLE,
    "html": NOT_READABLE,
    "xml": NOT_READABLE,
}


def words(reason: str) -> str:
    """A reason in words; one that is none of ours (the provider's own text) as it came."""
    if status := HTTP_STATUS.fullmatch(reason):
        return _("it answered with HTTP status {status}").format(status=status[1])
    return str(WORDS.get(reason, reason))
