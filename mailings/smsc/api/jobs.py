"""A mailing as the provider shows it, and the rows of a list before anybody has read them.

Most rows of a list say what they said a minute ago. Of a row only its id and name are read at once, and its
fingerprint is taken. Where that is another one it becomes a `Job`, which reads its fields when asked.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from mailings.smsc.api.aliases import JobStatus, Reading

# What a `Reading` tells of a job, but for the id.
_FIELDS = (
    *("name", "status", "status_word", "cost", "parts", "recipients", "send_at_text", "send_at"),
    *("recognised", "unrecognised"),
)


def canonical(payload: Any) -> bytes:
    """A payload as JSON in UTF-8, its keys in order: equal bytes, nothing changed."""
    try:
        return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # what JSON has no form for
        text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
        return text.encode("utf-8", "surrogatepass")


def digest(text: bytes) -> str:
    """The fingerprint of a payload whose canonical form this is: 32 hex digits."""
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def fingerprint(payload: Any) -> str:
    """A short digest of a job's raw payload: equal digests, nothing changed."""
    return digest(canonical(payload))


@dataclass(frozen=True)
class Job:
    """A mailing as the provider shows it, read by assumed names; what is not there, or not readable, is None.

    `status` is None for a word that is not in the table; `status_word` has it. `payload`: the row as it came.
    Of a list only id and name are read at once, the rest when it is asked for.
    """

    remote_id: str
    name: str | None
    status: JobStatus | None
    status_word: str | None
    cost: Decimal | None
    parts: int | None
    recipients: int | None
    send_at_text: str | None
    send_at: datetime | None
    payload: dict[str, Any]
    recognised: dict[str, str]
    unrecognised: list[str]

    @classmethod
    def read(cls, remote_id: str, reading: Reading, payload: dict[str, Any]) -> "Job":
        """A job of which everything was read."""
        return cls(remote_id=remote_id, payload=payload, **_fields(reading))

    def __getattr__(self, field: str) -> Any:
        """Called for what is not there yet."""
        row = self.__dict__.get("_row")
        if row is None or field not in _FIELDS:
            raise AttributeError(field)
        reading = self.__dict__.get("_reading") or Reading(row)
        self.__dict__.setdefault("_reading", reading)
        return self.__dict__.setdefault(field, getattr(reading, field))

    @cached_property
    def fingerprint(self) -> str:
        """Of its payload."""
        return fingerprint(self.payload)

    def with_payload(self, payload: dict[str, Any]) -> "Job":
        """The same job with another word of what came; read is what really came."""
        if payload is self.payload:
            return self
        job = object.__new__(type(self))
        job.__dict__.update({**self.__dict__, "payload": payload})
        job.__dict__.pop("fingerprint", None)
        return job


class Listed(NamedTuple):
    """A row of a list, with what tells whether its job is as it was known.

    `row`: as it came; `payload`: as it may be kept, without our credentials; `fingerprint`: the payload's.
    """

    remote_id: str
    name: str | None
    row: dict[str, Any]
    payload: dict[str, Any]
    fingerprint: str

    def job(self) -> Job:
        """The row as a job, whose other fields are read when they are asked for."""
        job = object.__new__(Job)
        job.__dict__.update(
            remote_id=self.remote_id,
            name=self.name,
            payload=self.payload,
            fingerprint=self.fingerprint,
            _row=self.row,
        )
        return job


@dataclass(frozen=True)
class Jobs:
    """An answer to get_all. `odd`: the rows that have no readable id; `rows` counts them too.

    `doubts` (smsc.api.rows): why the provider may have others in this span than it showed.
    """

    listed: list[Listed]
    odd: tuple[Any, ...]
    rows: int
    raw_format: str
    doubts: frozenset[str] = frozenset()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Every one of them as a job."""
        return tuple(each.job() for each in self.listed)


def _fields(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in _FIELDS}
