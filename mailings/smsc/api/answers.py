"""The provider's answers as typed replies. Each parse_* raises the errors of mailings.smsc.api.errors.

The forms for created, done and errors are published (docs/provider.md, "Answers"). The fields of a
mailing are not: they are looked for by the assumed names of aliases.py; the payload is kept as it came.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from mailings.smsc.api import tolerant_json
from mailings.smsc.api.aliases import (
    LOOK_UPS,
    PRICES,
    JobStatus,
    Reading,
    first_of,
    glance,
    glances,
    id_of,
    money,
    plain_key,
    text_of,
    whole,
)
from mailings.smsc.api.errors import ProviderError, UnreadableAnswer
from mailings.smsc.api.formats import Content, raise_error_in, read, unwrapped
from mailings.smsc.api.jobs import Columns, Job, Jobs, canonicals, digests, lines
from mailings.smsc.api.rows import AnswerRow, Found, find_rows, is_row, says_yes, unwrapped_row

__all__ = ["Balance", "Created", "Done", "Job", "JobStatus", "Jobs", "Lookup", "LookupRow", "Price"]

_CREATED_TEXT = re.compile(
    r"OK(?:\s*-\s*[0-9]+\s*SMS)?\s*,\s*ID\s*-\s*([0-9]+)"
    r"(?:\s*,\s*COST\s*-\s*([0-9]+(?:\.[0-9]+)?))?(?:\s*,\s*BALANCE\s*-\s*-?[0-9]+(?:\.[0-9]+)?)?",
    re.IGNORECASE,
)
_LINE = re.compile(r"\s*([1-9][0-9]{0,18})(?=[\s,;|]|:\s|$)[\s,;:|-]*(.*)")
_AMOUNT_TEXT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(?:\s*[ ,]\s*([A-Za-z]{3}))?")
_PRICE_TEXT = re.compile(
    r"([0-9]+(?:\.[0-9]+)?)\s*\(\s*([0-9]+)\s*SMS\s*\)"
    r"|OK\s*-\s*([0-9]+)\s*SMS\s*,\s*COST\s*-\s*([0-9]+(?:\.[0-9]+)?)",
    re.IGNORECASE,
)
# `id = 1, name = Customers, num = 3`: a line of a look-up, as other calls of the provider print theirs.
_PAIR = re.compile(r"(?:^|,\s*)([A-Za-z_]\w*)\s=\s(.*?)(?=,\s*[A-Za-z_]\w*\s=\s|$)")
_ID_BESIDE = re.compile(r"""("id"\s*:\s*"?|<id>\s*)[1-9]""", re.IGNORECASE)
_WRAPPERS = 4
# What an answer to add may hold: the published id and cost, the figures of its text forms, a plain yes.
_SAYS_YES = frozenset({"result", "status", "ok", "success", "answer"})
_FIGURES = frozenset({"id", "cost", "cnt", "count", "smscnt", "balance"})
_NO_ERROR = frozenset({"error", "errorcode"})  # an error there would have been raised

# From the rows of a list: each as JSON, the same without what may not be stored, and fingerprints of these.
Keep = Callable[[list[dict[str, Any]]], tuple[list[bytes], list[bytes], list[str]]]


@dataclass(frozen=True)
class Created:
    """A mailing was created. `cost` in the account's currency, None when the answer did not say."""

    remote_id: str
    cost: Decimal | None
    raw: str


@dataclass(frozen=True)
class Done:
    """The provider said OK to a cancel or a delete. Only a later `get` or list can show that it was done."""

    raw: str


@dataclass(frozen=True)
class Balance:
    """The money left on the account. `currency`: None if the answer names none."""

    amount: Decimal
    currency: str | None
    payload: Any


@dataclass(frozen=True)
class Price:
    """What sending would cost, in the account's currency. `count`: how many messages, None if not said."""

    cost: Decimal
    count: int | None
    payload: Any


@dataclass(frozen=True)
class LookupRow:
    """A sender name, a template or a group.

    `id`: its own, else the key it lay under, else its name. `text`: a template's text; `people`: how many
    numbers a group has; both None where the answer does not say.
    """

    id: str
    name: str
    payload: Any
    text: str | None = None
    people: int | None = None


@dataclass(frozen=True)
class Lookup:
    """The rows of a look-up whose form is not published."""

    rows: tuple[LookupRow, ...]
    payload: Any


def as_they_came(rows: list[dict[str, Any]]) -> tuple[list[bytes], list[bytes], list[str]]:
    """The `Keep` that stores all that a row holds."""
    texts = lines(canonicals(rows))
    return texts, texts, digests(texts)


def parse_created(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Created:
    """The answer to add. Raises UnreadableAnswer if it holds no id that is certain."""
    content = read(body, http_status, content_type, framed)
    if isinstance(content.value, str):
        remote_id, cost = _created_text(content)
    else:
        remote_id, cost = _created_fields(content)
    if remote_id is None:
        raise UnreadableAnswer("no_id", raw=content.text)
    return Created(remote_id, cost, content.text)


def parse_done(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Done:
    """The answer to cancel and del: a bare OK, or a plain OK in JSON, whose form is not published.

    Raises UnreadableAnswer for anything else.
    """
    content = read(body, http_status, content_type, framed)
    value = unwrapped(content)
    said = (
        _says_ok(value)
        if isinstance(value, dict)
        else isinstance(value, str) and value.strip().upper() == "OK"
    )
    if not said:
        raise UnreadableAnswer("no_ok", raw=content.text)
    return Done(content.text)


def parse_job(
    body: bytes, http_status: int, content_type: str = "", framed: bool = True, *, remote_id: str
) -> Job:
    """The answer to get. Raises UnreadableAnswer if no row has this id, or the row has nothing beside it."""
    content = read(body, http_status, content_type, framed)
    rows = _rows_of(content).rows
    if len(rows) == 1 and rows[0].key is None:
        rows = [AnswerRow(rows[0].value, remote_id)]  # it was asked for by its id, and may not repeat it
    for row in rows:
        job = _job(row)
        if job is not None and job.remote_id == remote_id and job.recognised.keys() - {"remote_id"}:
            return job
    raise UnreadableAnswer("no_row", raw=content.text)


def parse_jobs(
    body: bytes, http_status: int, content_type: str = "", framed: bool = True, *, keep: Keep = as_they_came
) -> Jobs:
    """The answer to get_all. One odd row never fails the rest. `keep`: what may be stored of the rows."""
    plain = _plain_list(body, keep) if http_status == HTTPStatus.OK else None
    if plain is not None:
        return Jobs(plain, (), len(plain), "json")
    content = read(body, http_status, content_type, framed)
    found = _rows_of(content)
    seen = [(row, _seen(row)) for row in found.rows]
    told = [each for _, each in seen if each is not None]
    odd = tuple(row.value for row, each in seen if each is None)
    listed = Columns()
    listed.add([each[0] for each in told], [each[1] for each in told], *keep([each[2] for each in told]))
    return Jobs(listed, odd, len(found.rows), content.format, frozenset(found.doubts))


def parse_balance(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Balance:
    """The answer of balance.php. Raises UnreadableAnswer if it holds no amount."""
    content = read(body, http_status, content_type, framed)
    value = unwrapped(content)
    amount: Decimal | None = None
    currency: str | None = None
    if isinstance(value, dict):
        keys = _plain(value)
        amount, currency = money(keys.get("balance")), text_of(keys.get("currency"))
    elif isinstance(value, str) and (found := _AMOUNT_TEXT.fullmatch(value.strip())):
        amount, currency = money(found[1]), found[2]
    if amount is None:
        raise UnreadableAnswer("no_balance", raw=content.text)
    return Balance(amount, currency, value)


def parse_price(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Price:
    """The answer of send.php with cost=1. Raises UnreadableAnswer if it holds no cost of zero or more."""
    content = read(body, http_status, content_type, framed)
    value = unwrapped(content)
    cost: Decimal | None = None
    count: int | None = None
    if isinstance(value, dict):
        keys = _plain(value)
        cost, count = first_of(keys, PRICES["cost"], money), first_of(keys, PRICES["messages"], whole)
    elif content.format == "numbers" and isinstance(value, str):
        numbers = [number.strip() for number in value.split(",")]
        cost, count = money(numbers[0]), whole(numbers[1]) if len(numbers) > 1 else None
    elif isinstance(value, str) and (found := _PRICE_TEXT.fullmatch(value.strip())):
        cost, count = money(found[1] or found[4]), whole(found[2] or found[3])
    if cost is None or cost < 0:
        raise UnreadableAnswer("no_cost", raw=content.text)
    return Price(cost, count, value)


def parse_lookup(body: bytes, http_status: int, content_type: str = "", framed: bool = True) -> Lookup:
    """The answer of senders.php, templates.php or phones.php, whose forms are not published.

    Raises UnreadableAnswer if it holds no rows, nor an empty list.
    """
    content = read(body, http_status, content_type, framed)
    rows = _rows_of(content, lines=True).rows
    return Lookup(tuple(row for row in map(_lookup_row, rows) if row is not None), content.value)


def _created_text(content: Content) -> tuple[str | None, Decimal | None]:
    """`OK, ID - 17, COST - 1.40`, `OK - 1 SMS, ID - 1234`, `17`, `17,1.40`, `1234,1,1.40` (with a count)."""
    text = content.value.strip()
    if found := _CREATED_TEXT.fullmatch(text):
        return id_of(found[1]), money(found[2])
    if content.format != "numbers":
        return None, None
    first, *others = (number.strip() for number in text.split(","))
    # A first number with a decimal point is a cost: then this is the answer to another call and holds no id.
    costs = [number for number in others[:2] if "." in number]
    return (id_of(first) if len(others) < 4 else None), money(costs[0]) if costs else None


def _created_fields(content: Content) -> tuple[str | None, Decimal | None]:
    try:
        value = unwrapped(content)
    except ProviderError as error:
        if _ID_BESIDE.search(content.text):
            raise UnreadableAnswer("error_and_id", text=error.text, raw=content.text) from None
        raise
    if not isinstance(value, dict):
        return None, None
    keys = _plain(value)
    if not _is_answer_to_add(keys):
        return None, None
    return id_of(keys.get("id")), money(keys.get("cost"))


def _is_answer_to_add(keys: dict[str, Any]) -> bool:
    """Whether an object may answer an add: beside a "no" or an unknown key its number need not be an id."""
    said_yes = all(says_yes(keys[key]) for key in keys.keys() & _SAYS_YES)
    return said_yes and not keys.keys() - _FIGURES - _SAYS_YES - _NO_ERROR


def _says_ok(value: dict[str, Any]) -> bool:
    """Assumed to say OK: {"result": "OK"}, {"status": "OK"}, {"ok": true} and the like, with no "no"."""
    said = [item for key, item in _plain(value).items() if key in _SAYS_YES]
    return bool(said) and all(says_yes(item) for item in said)


def _rows_of(content: Content, *, lines: bool = False) -> Found:
    """The rows of an answer. Raises the provider's error, or UnreadableAnswer if nothing looks like rows."""
    value = content.value
    for _ in range(_WRAPPERS):
        raise_error_in(value, content, is_row=isinstance(value, dict) and is_row(value))
        if isinstance(value, (dict, list)) and len(value) == 1:
            value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    if isinstance(content.value, str) and content.value:
        found = _text_rows(content.value) if content.format in ("text", "numbers") else None
        if lines and content.format != "xml":
            found = Found([AnswerRow(line) for line in content.value.splitlines() if line.strip()])
    else:
        found = find_rows(content.value)
    if found is None:
        raise UnreadableAnswer("no_rows", raw=content.text)
    return found


def _text_rows(text: str) -> Found | None:
    """A line per mailing that begins with its id (published for fmt=0); the rest is taken for the name."""
    lines = [line for line in text.splitlines() if line.strip()]
    rows: list[AnswerRow] = []
    for line in lines:
        found = _LINE.fullmatch(line)
        rows.append(AnswerRow({"id": found[1], "name": found[2].strip(), "line": line} if found else line))
    return Found(rows) if any(isinstance(row.value, dict) for row in rows) else None


def _job(row: AnswerRow) -> Job | None:
    """The mailing in a row; None when it has no readable id."""
    value = unwrapped_row(row.value)
    if not isinstance(value, dict):
        return None
    reading = Reading(value)
    remote_id = reading.remote_id or (id_of(row.key) if row.key else None)
    if remote_id is None:
        return None
    return Job.read(remote_id, reading, value)


def _plain_list(body: bytes, keep: Keep) -> Columns | None:
    """A plain list of flat rows, else None. A single row may be an error: None, too.

    Of a long list only a part is ever made into objects at once.
    """
    listed = Columns()
    for part in tolerant_json.parts(body):
        objects = part.count(b"{")
        rows = tolerant_json.plain(part, objects)
        told = glances(rows, objects) if isinstance(rows, list) and rows else None
        if told is None:
            return None
        listed.add(*told, *keep(rows))
    return listed if len(listed) > 1 else None


def _seen(row: AnswerRow) -> tuple[str, str | None, dict[str, Any]] | None:
    """Id, name and value of a listed row; None without an id. Only a row that is not flat is read in full."""
    value = unwrapped_row(row.value)
    if not isinstance(value, dict):
        return None
    seen = glance(value)
    if seen is None:
        reading = Reading(value)
        seen = reading.remote_id, reading.name
    remote_id = seen[0] or (id_of(row.key) if row.key else None)
    return None if remote_id is None else (remote_id, seen[1], value)


def _lookup_row(row: AnswerRow) -> LookupRow | None:
    value = row.value
    if isinstance(value, str):
        pairs = dict(_PAIR.findall(value))
        if not pairs:
            return LookupRow(value.strip(), value.strip(), value)
        value = pairs
    if not isinstance(value, dict):
        return None
    keys = _plain(value)
    name = first_of(keys, LOOK_UPS["name"], text_of)
    own_id = first_of(keys, LOOK_UPS["id"], text_of) or row.key or name
    text = first_of(keys, LOOK_UPS["text"], text_of)
    people = first_of(keys, LOOK_UPS["people"], whole)
    return LookupRow(own_id, name or own_id, row.value, text, people) if own_id else None


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {plain_key(key): item for key, item in value.items()}
