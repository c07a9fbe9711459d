"""What became of each message: the rows of `get.php?get_messages` and the answer of `status.php`.

Unlike a mailing's, these fields and statuses are published ("Getting the history of sent messages"): KEYS and
STATUSES are those. Some keys may be missing and numbers may come as strings. A row without a readable number
of its own (`int_id`) is odd: it cannot be told from another, so it is counted and left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from mailings.smsc.api.aliases import id_of, money, plain_key, text_of, whole
from mailings.smsc.api.errors import UnreadableAnswer
from mailings.smsc.api.formats import Content, raise_error_in, read
from mailings.smsc.api.hours import hour_of

__all__ = ["KEYS", "STATUSES", "Message", "Messages", "Outcome", "outcome_of"]

# In the published order, in which fmt=1 is read as well.
KEYS = (
    *("status", "status_name", "last_date", "last_timestamp", "err", "flag", "send_date", "send_timestamp"),
    *("phone", "cost", "sender_id", "mccmnc", "country", "operator", "region", "type", "id", "int_id"),
    *("sms_cnt", "format", "crc", "message"),
)
MOST_ROWS = 1_000
# A cost or a number of parts as large as these must mean something else.
DEAREST, MOST_PARTS = 10**9, 10**6
_WRAPPERS = 3
_PLAIN = {plain_key(key): key for key in KEYS}
_OF_A_ROW = frozenset({"intid", "status", "lastdate", "lasttimestamp"})
_PAIR = re.compile(rf"(?:^|,\s*)({'|'.join(KEYS)}) = ")
_WHOLE = re.compile("-?[0-9]{1,9}")

Figure = TypeVar("Figure", int, Decimal)


class Outcome(StrEnum):
    """What a status says to the question who got the message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Status(NamedTuple):
    """A published status: our word for it, its outcome, and whether it is the last one of a message."""

    word: str
    outcome: Outcome
    final: bool = True


STATUSES: dict[int, Status] = {
    -3: Status("not_found", Outcome.FAILED),
    -2: Status("stopped", Outcome.FAILED),
    -1: Status("waiting", Outcome.WAITING, final=False),
    0: Status("passed_on", Outcome.WAITING, final=False),
    1: Status("delivered", Outcome.DELIVERED),  # the last one of an SMS; on other channels "read" may follow
    2: Status("read", Outcome.READ),
    3: Status("expired", Outcome.FAILED),
    4: Status("clicked", Outcome.READ),
    20: Status("undeliverable", Outcome.FAILED),
    22: Status("wrong_number", Outcome.FAILED),
    23: Status("forbidden", Outcome.FAILED),
    24: Status("no_funds", Outcome.FAILED),
    25: Status("unreachable", Outcome.FAILED),
}


def outcome_of(status: int | None) -> Outcome | None:
    """The outcome of a status; None for one that is not in the table: it is never guessed."""
    known = None if status is None else STATUSES.get(status)
    return None if known is None else known.outcome


class Message(NamedTuple):
    """One message as the provider shows it; None for fields that are missing or cannot be read.

    `int_id`: the row's own number, 0 in an answer of status.php that has none. `sent`, `last`: seconds since
    1970. `job`: the row's `id`, a mailing's or not. `address`: the number or e-mail as it came.
    """

    int_id: int
    status: int | None
    status_name: str
    err: int | None
    sent: int | None
    last: int | None
    address: str
    cost: Decimal | None
    parts: int | None
    job: str
    text: str | None


@dataclass(frozen=True)
class Messages:
    """An answer to get_messages. `rows`: how many it held, the odd ones too."""

    messages: tuple[Message, ...]
    odd: int
    rows: int

    @property
    def oldest(self) -> int | None:
        """The `int_id` of the message sent first, to ask for those before it; None if no row has a time."""
        dated = [(message.sent, message.int_id) for message in self.messages if message.sent is not None]
        return min(dated)[1] if dated else None


def parse_messages(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Messages:
    """The answer to get_messages in any of the four formats. One odd row never fails the rest.

    Raises UnreadableAnswer if there are rows but none of them is a message.
    """
    content = read(body, http_status, content_type, framed)
    rows = list(_rows(content))
    read_rows = [_message(row) for row in rows]
    messages = tuple(message for message in read_rows if message is not None and message.int_id)
    if rows and not messages:
        raise UnreadableAnswer("no_rows", raw=content.text)
    return Messages(messages, len(rows) - len(messages), len(rows))


def parse_status(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Message:
    """The answer of status.php: one message. Raises UnreadableAnswer if it names no status."""
    content = read(body, http_status, content_type, framed)
    rows = list(_rows(content))
    message = _message(rows[0]) if len(rows) == 1 else None
    if message is None or message.status is None:
        raise UnreadableAnswer("no_row", raw=content.text)
    return message


def _rows(content: Content) -> Iterator[Any]:
    """Every row of an answer, as it came. Raises UnreadableAnswer if there is neither a list nor a row."""
    if content.format in ("text", "numbers"):
        yield from filter(None, map(str.strip, content.value.splitlines()))
        return
    value = content.value
    for _ in range(_WRAPPERS):
        raise_error_in(value, content)
        if isinstance(value, list):
            yield from value
            return
        if not isinstance(value, dict):
            break
        if _OF_A_ROW & {plain_key(key) for key in value}:
            yield value
            return
        inner = [item for item in value.values() if isinstance(item, (list, dict))]
        if not inner and not value:
            return
        if not inner:
            break
        value = inner[0]
    if value != "":  # an empty XML list is an empty text
        raise UnreadableAnswer("no_rows", raw=content.text)


def _message(row: Any) -> Message | None:
    fields = _fields(row)
    if fields is None:
        return None
    return Message(
        int_id=_own_number(fields.get("int_id")),
        status=_number(fields.get("status")),
        status_name=(text_of(fields.get("status_name")) or "")[:100],
        err=_number(fields.get("err")),
        sent=_moment(fields, "send"),
        last=_moment(fields, "last"),
        address=(text_of(fields.get("phone")) or text_of(fields.get("email")) or "").strip()[:320],
        cost=_below(money(fields.get("cost")), DEAREST),
        parts=_below(whole(fields.get("sms_cnt")), MOST_PARTS),
        job=id_of(fields.get("id")) or "",
        text=text_of(fields.get("message")),
    )


def _fields(row: Any) -> dict[str, Any] | None:
    """The published keys of a row, however their names are written."""
    if isinstance(row, dict):
        if "int_id" in row:
            return row
        return {_PLAIN.get(plain_key(key), str(key)): value for key, value in row.items()}
    if not isinstance(row, str):
        return None
    if _PAIR.match(row):
        return _pairs(row)
    values = [value.strip() for value in row.split(",", len(KEYS) - 1)]
    # Only a failed message has `err`; without it the row is one value shorter.
    keys = [key for key in KEYS if key != "err"]
    if len(values) >= len(keys) and hour_of(values[5]) is not None:
        return dict(zip(keys, row.split(",", len(keys) - 1), strict=True))
    return dict(zip(KEYS, values, strict=True)) if len(values) == len(KEYS) else None


def _pairs(line: str) -> dict[str, str]:
    """`key = value, key = value`; `message`, whose text may hold anything, is the last."""
    found: dict[str, str] = {}
    marks = list(_PAIR.finditer(line))
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        if mark[1] == "message":
            found["message"] = line[mark.end() :]
            break
        found[mark[1]] = line[mark.end() : following.start() if following else len(line)]
    return found


def _own_number(value: Any) -> int:
    """The row's number; 0 if there is none that fits a 64-bit column."""
    number = int(id_of(value) or 0)
    return number if number < 2**63 else 0


def _below(figure: Figure | None, limit: int) -> Figure | None:
    """The figure; None for one so large that it must mean something else."""
    return None if figure is None or not -limit < figure < limit else figure


def _number(value: Any) -> int | None:
    """A whole number, negative ones included, given as a number or in digits; None for anything else."""
    if type(value) is int:
        return value if -1_000_000_000 < value < 1_000_000_000 else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if _WHOLE.fullmatch(text) else None


def _moment(fields: dict[str, Any], which: str) -> int | None:
    """Seconds since 1970, from the timestamp, else from the date in Moscow time."""
    stamp = fields.get(f"{which}_timestamp")
    if type(stamp) is int and 946_684_800 <= stamp < 4_102_444_800:  # of this century
        return stamp
    for value in (stamp, fields.get(f"{which}_date")):
        found: datetime | None = hour_of(value) if value else None
        if found is not None:
            return int(found.timestamp())
    return None
