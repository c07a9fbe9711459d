"""A mailing as the provider shows it, and the rows of a list of mailings before their fields are read.

Most rows of a list have not changed since the last pull. So at first only id, name and fingerprint of a row
are taken, and the row itself is kept as JSON: a long list takes far less memory so than as objects. If the
fingerprint differs, the row becomes a `Job`, which reads its other fields on demand.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, Self

import orjson

from mailings.smsc.api.aliases import JobStatus, Reading

# The fields of a `Job` that a `Reading` has, too.
_FIELDS = (
    *("name", "status", "status_word", "cost", "parts", "recipients", "send_at_text", "send_at"),
    *("recognised", "unrecognised"),
)


def canonical(payload: Any) -> bytes:
    """A payload as JSON in UTF-8 with sorted keys, so that equal payloads give equal bytes."""
    try:
        # A copy: what orjson gives holds on to several times the memory of its text.
        return bytes(memoryview(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)))
    except TypeError:  # a value that orjson does not take, such as half a surrogate pair
        text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
        return text.encode("utf-8", "surrogatepass")


def canonicals(payloads: Sequence[Any]) -> bytes:
    """The `canonical` form of each of many payloads, one a line (in it a line break is \\n)."""
    try:
        texts = [orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in payloads]
    except TypeError:
        texts = list(map(canonical, payloads))
    return b"\n".join(texts)


def lines(texts: bytes) -> list[bytes]:
    """The canonical forms that `canonicals` has put together."""
    return texts.split(b"\n") if texts else []


def of_canonical(text: bytes) -> Any:
    """The payload whose canonical form this is."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text.decode("utf-8", "surrogatepass"))


def digests(texts: Iterable[bytes]) -> list[str]:
    """The fingerprints of payloads whose canonical forms these are: 32 hex digits each."""
    return [hashlib.blake2b(text, digest_size=16).hexdigest() for text in texts]


def fingerprint(payload: Any) -> str:
    """A short digest of a job's raw payload: equal digests, nothing changed."""
    return digests([canonical(payload)])[0]


@dataclass(frozen=True)
class Job:
    """A mailing as the provider shows it, read by assumed names; what is not there, or not readable, is None.

    `status` is None for a word that is not in the table; `status_word` has it. `payload`: the row as it came.
    A job made from a list has only id and name at first; its other fields are read on demand.
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
        """A job with all of its fields."""
        return cls(remote_id=remote_id, payload=payload, **_fields(reading))

    def __getattr__(self, field: str) -> Any:
        """Reads a field of a listed row when it is first asked for. (Called for missing attributes only.)"""
        row = self.__dict__.get("_row")
        if row is None or field not in _FIELDS:
            raise AttributeError(field)
        reading = Reading(row)
        if field == "unrecognised":  # takes longer than the others together, and is seldom asked for
            return reading.unrecognised
        self.__dict__.update({name: getattr(reading, name) for name in _FIELDS if name != "unrecognised"})
        return self.__dict__[field]

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the payload."""
        return fingerprint(self.payload)

    def with_payload(self, payload: dict[str, Any]) -> "Job":
        """The same job with another payload to store; its fields are still those of the row as it came."""
        if payload is self.payload:
            return self
        job = object.__new__(type(self))
        job.__dict__.update({**self.__dict__, "payload": payload})
        job.__dict__.pop("fingerprint", None)
        return job


class Listed(NamedTuple):
    """A row of a list, with the fingerprint that tells whether its job has changed.

    `row`: as it came; `payload`: as it may be kept, without our credentials, the very same object where it
    holds none (both are `canonical`); `fingerprint`: the payload's.
    """

    remote_id: str
    name: str | None
    row: bytes
    payload: bytes
    fingerprint: str

    def job(self) -> Job:
        """The row as a job, whose other fields are read on demand."""
        row = of_canonical(self.row)
        job = object.__new__(Job)
        job.__dict__.update(
            remote_id=self.remote_id,
            name=self.name,
            payload=row if self.payload is self.row else of_canonical(self.payload),
            fingerprint=self.fingerprint,
            _row=row,
        )
        return job


@dataclass
class Columns:
    """Many rows of a list, by the columns of `Listed`. Most of them are compared, and never become one."""

    ids: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    fingerprints: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Listed]:
        return map(Listed, self.ids, self.names, self.rows, self.payloads, self.fingerprints)

    def all(self) -> tuple[list[Any], ...]:
        """The columns, in the order in which they are given."""
        return self.ids, self.names, self.rows, self.payloads, self.fingerprints

    def add(self, *columns: list[Any]) -> None:
        """Add rows, given as columns of one length."""
        if len(set(map(len, columns))) != 1:
            raise ValueError("columns of different lengths")
        for column, more in zip(self.all(), columns, strict=True):
            column.extend(more)

    def part(self, begin: int, end: int) -> Self:
        """The rows from `begin` to `end`, which is not included."""
        return type(self)(*(column[begin:end] for column in self.all()))

    def at(self, places: Sequence[int]) -> Self:
        """The rows at these places."""
        return type(self)(*([column[place] for place in places] for column in self.all()))

    def job(self, place: int) -> Job:
        """The row at a place as a job."""
        return Listed(*(column[place] for column in self.all())).job()


@dataclass(frozen=True)
class Jobs:
    """An answer to get_all. `odd`: the rows that have no readable id; `rows` counts them too.

    `doubts` (smsc.api.rows): why the provider may have others in this span than it showed.
    """

    listed: Columns
    odd: tuple[Any, ...]
    rows: int
    raw_format: str
    doubts: frozenset[str] = frozenset()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them as jobs."""
        return tuple(each.job() for each in self.listed)


def _fields(reading: Reading) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in _FIELDS}
