"""What can come of a call to the provider, and what each outcome means for a mailing.

    SmscError
    ├── NotSent                  no byte of the request was handed to the socket: may be sent again by itself
    │   ├── FileMissing          an attached file is missing or has changed on our disk: a person must act
    │   └── Objected             our own check right before the first byte (`before_first_byte`) failed
    ├── ProviderError            the provider answered with an error number
    │   ├── WrongParameters  1   final: refused; a person edits it and sends it again
    │   ├── LoginRefused     2   held; ALL calls of the account stop until a person has corrected the login
    │   ├── NotSaved         3   a create: unknown (no proof that nothing was saved); cancel, delete: the job
    │   │                        does not exist any more; get: there is no such job (a delete is confirmed)
    │   ├── Blocked          4   held; the account waits out half an hour, then one probe
    │   ├── WrongDate        5   final: refused; a defect of ours
    │   ├── TooSoon          9   the same request within a minute, or too many calls at once; a create: sent
    │   │                        again (with a new attempt letter) after the first try only, later unknown
    │   └── OtherError           any other number: unknown
    └── OutcomeUnknown           the request may have been carried out: a create is unknown, never sent again
        │                        by itself; a wish (cancel, delete) is repeated after the gap
        ├── Interrupted          time-out, total deadline, reset, short body, after at least one byte went out
        └── UnreadableAnswer     3xx, 4xx, 5xx, empty, HTML, half a JSON, no id, an ambiguous number

The numbers are those of the provider's page for jobs.php. Neither str() nor repr() of any of these holds a
password, a key, a phone number or words of the answer. `text` and `raw` hold the provider's words, for the
mailing's row and page only; the client takes credentials and phone numbers out of them (`hide`).
"""

import re
from collections.abc import Callable
from typing import ClassVar

RAW_LIMIT = 64 * 1024
# Ten to fifteen digits may be a phone number: a failed answer may echo the request.
_PHONE_LIKE = re.compile(r"(?<![0-9])\+?[0-9]{10,15}(?![0-9])")
VEIL = "•••"


class SmscError(Exception):
    """A call did not give what was asked for. `reason` is a slug of our own, safe to show and log.

    `code`: the provider's error number. `text`: its words for the error; `raw`: its whole answer.
    `bytes_handed`: whether any byte of the request was handed to the socket.
    """

    sentence: ClassVar[str] = "The call to SMS Centre failed"

    def __init__(
        self,
        reason: str = "",
        *,
        code: int | None = None,
        text: str = "",
        raw: str = "",
        bytes_handed: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.text = text
        self.raw = raw
        self.bytes_handed = bytes_handed

    def __str__(self) -> str:
        return f"{self.sentence} ({self.reason})" if self.reason else self.sentence

    def hide(self, credentials: Callable[[str], str]) -> None:
        """Take credentials, and what may be a phone number, out of the provider's words; then cut them."""
        self.text = _PHONE_LIKE.sub(VEIL, credentials(self.text))
        self.raw = cut(_PHONE_LIKE.sub(VEIL, credentials(self.raw)))


class NotSent(SmscError):
    """Proof that no byte of the request was handed to the socket."""

    sentence = "Nothing was sent to SMS Centre"

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason, bytes_handed=False)


class FileMissing(NotSent):
    """An attached file cannot be read as it was stored."""

    def __init__(self, reason: str = "upload") -> None:
        super().__init__(reason)


class Objected(NotSent):
    """`before_first_byte` raised; the error that it raised is the cause."""

    def __init__(self, reason: str = "objection") -> None:
        super().__init__(reason)


class ProviderError(SmscError):
    """The provider answered with an error number (`code`) and its own words (`text`)."""

    sentence = "SMS Centre answered with an error"


class WrongParameters(ProviderError):
    """Error 1."""

    sentence = "SMS Centre answered: wrong parameters"


class LoginRefused(ProviderError):
    """Error 2: wrong login or password, or an address that the account does not allow."""

    sentence = "SMS Centre refused the login"


class NotSaved(ProviderError):
    """Error 3: could not save the record; for get, cancel and delete: there is no such mailing (any more)."""

    sentence = "SMS Centre could not save the record, or has no such mailing"


class Blocked(ProviderError):
    """Error 4: our address is blocked for a while."""

    sentence = "SMS Centre has blocked this address for a while"


class WrongDate(ProviderError):
    """Error 5."""

    sentence = "SMS Centre answered: wrong date"


class TooSoon(ProviderError):
    """Error 9: an identical request within a minute, or too many requests at once."""

    sentence = "SMS Centre answered: the same request again, or too many at once"


class OtherError(ProviderError):
    """Any other error number: what it means for the outcome is not known."""


class OutcomeUnknown(SmscError):
    """At least one byte of the request went out, and no answer says what came of it."""

    sentence = "What SMS Centre made of the request is not known"


class Interrupted(OutcomeUnknown):
    """The exchange broke off after at least one byte of the request was handed over."""

    sentence = "The exchange with SMS Centre broke off"


class UnreadableAnswer(OutcomeUnknown):
    """An answer came, but it does not say for certain what happened."""

    sentence = "The answer of SMS Centre could not be read"


_BY_NUMBER: dict[int, type[ProviderError]] = {
    1: WrongParameters,
    2: LoginRefused,
    3: NotSaved,
    4: Blocked,
    5: WrongDate,
    9: TooSoon,
}


def provider_error(code: int, text: str, raw: str) -> ProviderError:
    """The error of the tree that belongs to an error number of the provider."""
    return _BY_NUMBER.get(code, OtherError)(f"error {code}", code=code, text=text, raw=raw)


def cut(raw: str) -> str:
    """At most RAW_LIMIT bytes of an answer's text."""
    return raw.encode("utf-8", "replace")[:RAW_LIMIT].decode("utf-8", "ignore")
