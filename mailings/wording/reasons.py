"""Why a call brought no clear answer, in words: the reasons that attempts and events store."""

import re

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HTTP_STATUS = re.compile(r"http_(\d+)")
ERROR_NUMBER = re.compile(r"error (\d+)")
# When our own code failed, `outbox.deliver` stores the name of the exception.
OWN_FAULT = re.compile(r"[A-Z]\w*(?:Error|Exception|Claim)")
NOT_READABLE = gettext_lazy("its answer could not be read")


class Reason(models.TextChoices):
    """Every reason that a failed call can store in an attempt or an event, with the words for it."""

    LEASE_EXPIRED = "lease_expired", gettext_lazy("the worker that was handing it over stopped")
    TOO_SOON = "too_soon", gettext_lazy("SMS Centre takes the same request only once a minute")
    RESOLVE = "resolve", gettext_lazy("the address of SMS Centre was not found")
    CONNECT = "connect", gettext_lazy("no connection to SMS Centre came about")
    TLS = "tls", gettext_lazy("no secure connection to SMS Centre came about")
    SEND = "send", gettext_lazy("the connection broke while it was being handed over")
    ANSWER = "answer", gettext_lazy("the connection broke before the whole answer was there")
    TIMEOUT = "timeout", gettext_lazy("SMS Centre did not answer in time")
    DEADLINE = "deadline", gettext_lazy("the time for the whole call ran out")
    PERMIT = "permit", gettext_lazy("no call could begin before others had ended")
    OBJECTION = "objection", gettext_lazy("it was stopped by us at the last moment")
    DATABASE = "database", gettext_lazy("the database was away for a moment before it was handed over")
    UPLOAD = "upload", gettext_lazy("an attached file is no longer as it was stored")
    EMPTY = "empty", gettext_lazy("its answer was empty")
    NO_ID = "no_id", gettext_lazy("its answer names no job")
    ERROR_AND_ID = "error_and_id", gettext_lazy("its answer names both an error and a job")
    ID_TAKEN = "id_taken", gettext_lazy("its answer names a job that is another mailing's")
    NO_OK = "no_ok", NOT_READABLE
    NO_ROW = "no_row", NOT_READABLE
    NO_ROWS = "no_rows", NOT_READABLE
    NO_BALANCE = "no_balance", NOT_READABLE
    NO_COST = "no_cost", NOT_READABLE
    TOO_LONG = "too_long", NOT_READABLE
    ENCODING = "encoding", NOT_READABLE
    UNFRAMED = "unframed", NOT_READABLE
    STATUS_LINE = "status_line", NOT_READABLE
    ERROR_NUMBER = "error_number", NOT_READABLE
    JSON = "json", NOT_READABLE
    HTML = "html", NOT_READABLE
    XML = "xml", NOT_READABLE


# After these errors it is not known whether the whole request had left us.
PERHAPS_NOT_SENT = frozenset({Reason.CONNECT, Reason.TLS, Reason.SEND, Reason.DEADLINE})


def perhaps_not_sent(text: str) -> bool:
    """Whether a call that failed for this reason may have failed before the whole request was sent."""
    return text in PERHAPS_NOT_SENT or bool(OWN_FAULT.fullmatch(text))


def words(text: str) -> str:
    """A stored reason in words. A text that is none of ours (the provider's own) is returned unchanged."""
    if text in Reason.values:
        return str(Reason(text).label)
    if status := HTTP_STATUS.fullmatch(text):
        return _("it answered with HTTP status {status}").format(status=status[1])
    if error := ERROR_NUMBER.fullmatch(text):
        return _("SMS Centre answered with error {number}").format(number=error[1])
    if OWN_FAULT.fullmatch(text):
        return _("something broke here while it was being handed over ({name})").format(name=text)
    return text
