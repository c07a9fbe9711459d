"""The client: calls about mailings, messages and the account, each one POST with its parameters in the body.

Nothing is repeated here. The one exception is the provider's backup host: it is tried once, within the same
deadline, when the default address was used and no byte of the request had been handed over.
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, TypedDict, TypeVar, Unpack
from urllib.parse import SplitResult, urlsplit

from mailings.smsc.api import answers
from mailings.smsc.api.answers import Balance, Created, Done, Job, Jobs, Lookup, Price
from mailings.smsc.api.body import Body, Param, Upload, body_of
from mailings.smsc.api.errors import FileMissing, NotSaved, NotSent, Objected, SmscError, cut
from mailings.smsc.api.jobs import canonical, canonicals, digests, lines
from mailings.smsc.api.messages import MOST_ROWS, Message, Messages, parse_messages, parse_status
from mailings.smsc.api.transport import Answer, Exchange, Timeouts, post
from mailings.smsc.api.veil import plain_part, spellings_in_json, without
from mailings.smsc.base_url import is_loopback
from mailings.smsc.reserved import RESERVED

__all__ = ["DEFAULT_URL", "Client", "Credentials", "Param", "Timeouts", "Upload"]

DEFAULT_URL = "https://smscentre.com/sys/"
BACKUP_URL = "https://www2.smscentre.com/sys/"
DEFAULT_TIMEOUTS = Timeouts()

T = TypeVar("T")


# Reads an answer: body, HTTP status, content type, and whether its end was marked.
Parse = Callable[[bytes, int, str, bool], T]


@dataclass(frozen=True)
class Credentials:
    """A login with its password, sent as typed, or a key alone. A repr shows none of them."""

    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    apikey: str = field(default="", repr=False)

    @property
    def identity(self) -> str:
        """A name for this login that tells nothing about it and stays when the password changes."""
        who = f"apikey {self.apikey}" if self.apikey else f"login {self.login}"
        return hashlib.blake2b(who.encode("utf-8", "replace"), digest_size=12).hexdigest()

    def params(self) -> list[Param]:
        """As the provider wants them: the key alone, else login and psw."""
        if self.apikey:
            return [("apikey", self.apikey)]
        return [("login", self.login), ("psw", self.password)]

    def hide(self, text: str) -> str:
        """The text without login, password and key, in any spelling. For texts that only people read."""
        return without(self.hide_secrets(text), self.login)

    def may_stand_in(self, text: bytes) -> bool:
        """Whether this JSON may hold password or key: one search of it all, not one of each of its texts."""
        secrets = [secret for secret in (self.password, self.apikey) if secret]
        return any(
            spelling in text
            for secret in secrets
            if plain_part(secret) in text
            for spelling in spellings_in_json(secret)
        )

    def hide_secrets(self, text: str) -> str:
        """The text without password and key. For stored payloads: a text like the login may be an id."""
        return without(without(text, self.password), self.apikey)


class CallLimits(TypedDict, total=False):
    """Keywords that every call takes.

    `deadline`: a time.monotonic() moment by which it must have ended (never later than the total time-out).
    `before_first_byte`: called just before the request goes out; if it raises, nothing is sent, and NotSent
    is raised from it.
    """

    deadline: float | None
    before_first_byte: Callable[[], None] | None


class Client:
    """One login at one address. Every call raises the errors of mailings.smsc.api.errors.

    `base_url`: https, or plain http to this machine only; ValueError otherwise. `deadline`: a
    time.monotonic() moment by which every call must have ended. `sent`: whether the last request may have
    reached the provider. `answered`: whether a call has got an answer that was read and is no error.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str = DEFAULT_URL,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        deadline: float | None = None,
    ) -> None:
        self._credentials = credentials
        self._bases = _bases(base_url)
        self._timeouts = timeouts
        self._deadline = deadline
        self.sent = False
        self.answered = False

    def __repr__(self) -> str:
        return f"<Client of {self._bases[0]}>"

    def add(
        self, params: Sequence[Param], uploads: Sequence[Upload] = (), **limits: Unpack[CallLimits]
    ) -> Created:
        """Create a mailing. Files are sent as multipart, streamed from disk."""
        _refuse_own(params)
        asked = [("add", "1"), ("cost", "1"), *params]
        created = self._call("jobs.php", asked, answers.parse_created, uploads, **limits)
        return replace(created, raw=cut(self._credentials.hide(created.raw)))

    def cancel(self, remote_id: str, **limits: Unpack[CallLimits]) -> Done:
        """Disable a mailing that waits to be sent."""
        return self._done("cancel", remote_id, limits)

    def delete(self, remote_id: str, **limits: Unpack[CallLimits]) -> Done:
        """Delete a mailing."""
        return self._done("del", remote_id, limits)

    def get(self, remote_id: str, **limits: Unpack[CallLimits]) -> Job:
        """One mailing. NotSaved (error 3) when the provider has none of that id."""
        parse = partial(answers.parse_job, remote_id=remote_id)
        job = self._call("jobs.php", [("get", "1"), ("id", _checked_id(remote_id))], parse, **limits)
        return job.with_payload(self._hidden(job.payload))

    def get_all(self, start: date, end: date, **limits: Unpack[CallLimits]) -> Jobs:
        """The mailings of a span of days. Both ends are sent: without them the provider gives ten at most."""
        asked = [("get_all", "1"), ("start", f"{start:%d.%m.%Y}"), ("end", f"{end:%d.%m.%Y}")]
        parse = partial(answers.parse_jobs, keep=self._kept)
        found = self._call("jobs.php", asked, parse, **limits)
        return replace(found, odd=tuple(self._hidden(row) for row in found.odd))

    def messages(
        self,
        start: date,
        end: date,
        *,
        addresses: Sequence[str] = (),
        mail: bool = False,
        before: int | None = None,
        **limits: Unpack[CallLimits],
    ) -> Messages:
        """What became of the messages of a span of days, the newest first, a thousand at most.

        `addresses`: only messages to these. `mail`: e-mail, which the provider lists separately. `before`:
        the `int_id` of the oldest row known, to go on from there. Error 3 is taken for a list without rows.
        """
        asked = messages_asked(start, end, addresses=addresses, mail=mail, before=before)
        try:
            return self._call("get.php", asked, parse_messages, **limits)
        except NotSaved:
            return Messages((), 0, 0)

    def message_status(self, address: str, message_id: str, **limits: Unpack[CallLimits]) -> Message:
        """What became of one message, found by its address and its `id`."""
        asked = [("phone", address), ("id", _checked_id(message_id)), ("all", "1")]
        return self._call("status.php", asked, parse_status, **limits)

    def balance(self, **limits: Unpack[CallLimits]) -> Balance:
        """The money left on the account."""
        found = self._call("balance.php", [("cur", "1")], answers.parse_balance, **limits)
        return replace(found, payload=self._hidden(found.payload))

    def price(
        self, params: Sequence[Param], uploads: Sequence[Upload] = (), **limits: Unpack[CallLimits]
    ) -> Price:
        """What a message would cost; sends nothing. Takes the message parameters and files of add."""
        _refuse_own(params)
        found = self._call("send.php", [("cost", "1"), *params], answers.parse_price, uploads, **limits)
        return replace(found, payload=self._hidden(found.payload))

    def senders(self, **limits: Unpack[CallLimits]) -> Lookup:
        """The sender names of the account."""
        return self._lookup("senders.php", "get", limits)

    def templates(self, **limits: Unpack[CallLimits]) -> Lookup:
        """The message templates of the account."""
        return self._lookup("templates.php", "get", limits)

    def groups(self, **limits: Unpack[CallLimits]) -> Lookup:
        """The groups of numbers of the account."""
        return self._lookup("phones.php", "get_group", limits)

    def _done(self, flag: str, remote_id: str, limits: CallLimits) -> Done:
        asked = [(flag, "1"), ("id", _checked_id(remote_id))]
        done = self._call("jobs.php", asked, answers.parse_done, **limits)
        return replace(done, raw=cut(self._credentials.hide(done.raw)))

    def _lookup(self, script: str, flag: str, limits: CallLimits) -> Lookup:
        found = self._call(script, [(flag, "1")], answers.parse_lookup, **limits)
        rows = tuple(replace(row, payload=self._hidden(row.payload)) for row in found.rows)
        return replace(found, rows=rows, payload=self._hidden(found.payload))

    def _call(
        self,
        script: str,
        params: Sequence[Param],
        parse: Parse[T],
        uploads: Sequence[Upload] = (),
        *,
        deadline: float | None = None,
        before_first_byte: Callable[[], None] | None = None,
    ) -> T:
        """Send one request, read its answer, and keep the credentials out of what is said about either."""
        ends = (time.monotonic() + self._timeouts.total, self._deadline, deadline)
        end = min(moment for moment in ends if moment is not None)
        said: list[Param] = [*self._credentials.params(), ("charset", "utf-8"), ("fmt", "3"), *params]
        # Made before `sent` is set: a long list is read from the database, which may be away.
        body = _body(said, uploads)
        self.sent = True
        try:
            answer = self._post(script, body, end, before_first_byte)
            found = parse(answer.body, answer.status, answer.content_type, answer.framed)
        except SmscError as error:
            self.sent = not isinstance(error, NotSent)
            error.hide(self._credentials.hide)
            raise
        self.answered = True
        return found

    def _post(
        self, script: str, body: Body, deadline: float, before_first_byte: Callable[[], None] | None
    ) -> Answer:
        *earlier, last = self._bases
        for base in earlier:
            exchange = Exchange(self._timeouts, deadline, before_first_byte)
            try:
                return post(base + script, body, exchange)
            except Objected:
                raise
            except NotSent as error:
                if error.reason == "deadline":
                    raise
        return post(last + script, body, Exchange(self._timeouts, deadline, before_first_byte))

    def _kept(self, rows: list[dict[str, Any]]) -> tuple[list[bytes], list[bytes], list[str]]:
        """The rows of a list, the same without our password and key, and the fingerprints of these."""
        together = canonicals(rows)
        texts = kept = lines(together)
        if self._credentials.may_stand_in(together):
            shown = [self._hidden(row) for row in rows]
            kept = [
                text if hidden is row else canonical(hidden)
                for text, row, hidden in zip(texts, rows, shown, strict=True)
            ]
        return texts, kept, digests(kept)

    def _hidden(self, payload: Any) -> Any:
        """A payload as it came, unless it echoes our password or key."""
        if not self._credentials.may_stand_in(canonical(payload)):
            return payload
        return _each_text(payload, self._credentials.hide_secrets)


def messages_asked(
    start: date, end: date, *, addresses: Sequence[str] = (), mail: bool = False, before: int | None = None
) -> list[Param]:
    """The parameters of `Client.messages`."""
    asked: list[Param] = [
        ("get_messages", "1"),
        ("start", f"{start:%d.%m.%Y}"),
        ("end", f"{end:%d.%m.%Y}"),
        ("cnt", str(MOST_ROWS)),
    ]
    if mail:
        asked.append(("format", "8"))
    if addresses:
        asked.append(("email" if mail else "phone", ",".join(addresses)))
    if before is not None:
        asked.append(("prev_id", str(before)))
    return asked


def _body(params: Sequence[Param], uploads: Sequence[Upload]) -> Body:
    try:
        return body_of(params, uploads)
    except OSError:
        pass
    raise FileMissing


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_each_text(item, change) for item in value]
    return value


def _refuse_own(params: Sequence[Param]) -> None:
    for name, _ in params:
        if name in RESERVED:
            raise ValueError(f"the parameter {name} is given by the client itself")


def _checked_id(remote_id: str) -> str:
    if not re.fullmatch("[1-9][0-9]{0,18}", remote_id):
        raise ValueError("a mailing's id at SMS Centre is a whole number above zero")
    return remote_id


def _bases(base_url: str) -> tuple[str, ...]:
    """The address; the default one is followed by the backup. A ValueError never repeats the address."""
    base = base_url.rstrip("/") + "/"
    if base == DEFAULT_URL:
        return (DEFAULT_URL, BACKUP_URL)
    parts = _web_address(base)
    if parts is None or parts.query or parts.fragment:
        raise ValueError(
            "the address of SMS Centre must be a web address, such as https://smscentre.com/sys/"
        )
    if parts.username is not None:
        raise ValueError("the address of SMS Centre must not hold a login: it is given on its own")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(
            "plain http is allowed to this machine only: use https, or the password could be read on its way"
        )
    return (base,)


def _web_address(url: str) -> SplitResult | None:
    """The parts of an http or https address; None for anything else."""
    try:
        parts = urlsplit(url)
        readable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if readable else None
