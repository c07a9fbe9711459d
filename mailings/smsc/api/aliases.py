"""THE table of assumed names: how a mailing's fields might be spelt in the answers of get and get_all.

Nobody outside the provider knows these fields; all that is published is that a line of text begins with the
id. So every name below is ASSUMED, as are the words of the status. A name that is not here is kept in the
payload and listed as unrecognised; a status word that is not here is no status. Names are compared in small
letters without separators. Only keys of the row itself, or of a section of it (SECTIONS), are its fields: the
name of an owner or the status of a sender inside it are not the mailing's.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from mailings.smsc.api.hours import hour_of


class JobStatus(StrEnum):
    """What a status word of the provider is taken to mean."""

    WAITING = "waiting"
    GOING = "going"
    GONE_OUT = "gone_out"
    CANCELLED = "cancelled"


# All assumed. Our field -> the names it may have, the likeliest first. (`id` is published, but for add only.)
ALIASES: dict[str, tuple[str, ...]] = {
    "remote_id": ("id", "jobid", "idjob", "mailingid", "taskid", "sendingid", "campaignid"),
    "name": ("name", "jobname", "title", "caption", "label", "mailingname", "taskname", "listname"),
    "status": (
        *("status", "state", "jobstatus", "jobstate", "statusname", "statustext", "statusword"),
        *("statename", "statetext", "statusid", "statuscode", "stage", "condition"),
    ),
    "cost": ("cost", "price", "totalcost", "fullcost", "jobcost", "sum", "amount"),
    "parts": (
        "smscnt",
        "smscount",
        "cntsms",
        "smsqty",
        "sms",
        "parts",
        "partscnt",
        "partscount",
        "cnt",
        "count",
    ),
    "recipients": (
        *(
            "phonescnt",
            "phonescount",
            "phonecount",
            "cntphones",
            "recipients",
            "recipientscnt",
            "recipientscount",
        ),
        *("numberscnt", "numbers", "abonents", "subscribers", "phones", "total"),
    ),
    "send_at": (
        *(
            "sendtime",
            "senddate",
            "sendat",
            "timesend",
            "datesend",
            "time",
            "date",
            "start",
            "starttime",
            "startdate",
        ),
        *("startat", "planned", "plannedat", "scheduled", "scheduledat", "when", "nexttime", "nextsend"),
    ),
}

# All assumed. The only numbers are two that the provider publishes for single messages (-1 waiting, -2
# stopped): any other could mean anything, and "cancelled" must never be a guess.
STATUS_WORDS: dict[JobStatus, tuple[str, ...]] = {
    JobStatus.WAITING: (
        *(
            "-1",
            "waiting",
            "wait",
            "pending",
            "scheduled",
            "planned",
            "queued",
            "in queue",
            "deferred",
            "delayed",
            "new",
        ),
        *(
            "ожидает",
            "ожидание",
            "в ожидании",
            "ожидает отправки",
            "запланирована",
            "запланировано",
            "отложена",
        ),
        *("отложено", "в очереди", "новая"),
    ),
    JobStatus.GOING: (
        *("going", "sending", "running", "in progress", "processing", "started", "being sent"),
        *(
            "отправляется",
            "идет отправка",
            "идет",
            "рассылается",
            "выполняется",
            "в процессе",
            "в работе",
            "запущена",
        ),
    ),
    JobStatus.GONE_OUT: (
        *("gone out", "gone", "sent", "sent out", "done", "finished", "complete", "completed"),
        *("отправлена", "отправлено", "разослана", "завершена", "завершено", "выполнена", "выполнено"),
    ),
    JobStatus.CANCELLED: (
        *("-2", "cancelled", "canceled", "stopped", "disabled", "switched off", "turned off"),
        *("отменена", "отменено", "отключена", "отключено", "остановлена", "остановлено", "выключена"),
    ),
}

# All assumed, too: the names in a row of sender names, groups or templates, and in an answer with a price.
LOOK_UPS: dict[str, tuple[str, ...]] = {
    "id": ("id", "groupid", "templateid", "tplid", "senderid", "code"),
    "name": ("name", "sender", "title", "groupname", "templatename", "caption"),
    "text": ("message", "mes", "text", "body", "template"),
    "people": ("num", "cnt", "count", "phonescnt", "numbers", "size", "phones"),
}
PRICES: dict[str, tuple[str, ...]] = {
    "cost": ("cost",),
    "messages": ("cnt", "count"),
}

# Assumed: objects that only divide a row into sections: a field that the row itself has no key for may stand
# in one. The fields of any other object in a row (its owner, sender, template) are not the mailing's.
SECTIONS = frozenset({"info", "data", "details", "attributes", "fields", "properties", "money"})

# The statuses that the provider publishes for a message, without waiting (-1) and stopped (-2).
_MESSAGE_STATUSES = frozenset({"-3", "0", "1", "2", "3", "4", "20", "22", "23", "24", "25"})
_FIELD_OF = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_RANK = {alias: rank for aliases in ALIASES.values() for rank, alias in enumerate(aliases)}
_STATUS_OF = {word: status for status, words in STATUS_WORDS.items() for word in words}
_DEPTH = 3
_ID = re.compile("[1-9][0-9]{0,18}")
_NO_ID = 10**19
_MONEY = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,9})?")
# No real amount is as large, and the database's columns could not store it.
_MOST_MONEY = 10**10
_COUNT = re.compile("[0-9]{1,12}")
_NO_COUNT = 10**12

T = TypeVar("T")


class Leaf(NamedTuple):
    """One value of a row, with the place where it was found.

    `alias`: the plain key by which it is looked up in ALIASES, "" for none. `path`: the provider's keys that
    lead to it, joined by dots. `depth`: how many objects inside the row enclose it; `sections`: how many of
    these are sections.
    """

    alias: str
    path: str
    value: Any
    depth: int
    sections: int


class Reading:
    """A row's fields, found by the table. `recognised`: our field -> the path of its value."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._row = row
        self._candidates = _of_flat(row) if _is_flat(row) else _by_field(_leaves(row))
        self.recognised: dict[str, str] = {}
        self.remote_id = self._remote_id()
        self.name = self._first("name", text_of)
        self.cost = self._first("cost", money)
        self.parts = self._first("parts", whole)
        self.recipients = self._first("recipients", _count)
        self.send_at_text = self._first("send_at", text_of)
        self.send_at = self._first("send_at", hour_of)
        self.status_word, self.status = self._status()

    @property
    def unrecognised(self) -> list[str]:
        """The paths of the values that were not read as a field, nor may be the status."""
        used = {*self.recognised.values(), *(leaf.path for leaf in self._candidates.get("status", ()))}
        return [leaf.path for leaf in _leaves(self._row) if leaf.path not in used]

    def _first(self, field: str, read: Callable[[Any], T | None]) -> T | None:
        for leaf in self._candidates.get(field, ()):
            value = read(leaf.value)
            if value is not None:
                self.recognised[field] = leaf.path
                return value
        return None

    def _remote_id(self) -> str | None:
        """The id among the row's own keys: one in a section may be the id of something else."""
        for leaf in self._candidates.get("remote_id", ()):
            if leaf.depth == 0 and (found := id_of(leaf.value)):
                self.recognised["remote_id"] = leaf.path
                return found
        return None

    def _status(self) -> tuple[str | None, JobStatus | None]:
        """The status word and its meaning. Of several (a number and a word) the one in the table counts.

        If none is in the table, or they contradict each other: all of them in one text, and no meaning.
        """
        words = [(leaf, word) for leaf in self._candidates.get("status", ()) if (word := text_of(leaf.value))]
        if not words:
            return None, None
        known = [(leaf, word, status) for leaf, word in words if (status := status_of(word))]
        if len({status for _, _, status in known}) == 1 and not _is_doubtful(known[0][2], words):
            leaf, word, status = known[0]
            self.recognised["status"] = leaf.path
            return word, status
        self.recognised["status"] = words[0][0].path
        return " / ".join(dict.fromkeys(word for _, word in words)), None


def glance(row: dict[str, Any]) -> tuple[str | None, str | None] | None:
    """The id and the name that a `Reading` of a flat row would find; None for a row that is not flat."""
    if not _is_flat(row):
        return None
    keys = _keys_of_fields(tuple(row))
    remote_id = name = None
    for key in keys.get("remote_id", ()):
        if (remote_id := id_of(row[key])) is not None:
            break
    for key in keys.get("name", ()):
        if (name := text_of(row[key])) is not None:
            break
    return remote_id, name


def glances(items: list[Any], objects: int) -> tuple[list[str], list[str | None]] | None:
    """The ids and the names of flat rows that all have an id; None if any item is something else.

    `objects`: how many objects may be in the JSON in which they came, themselves among them.
    """
    ids: list[str] = []
    names: list[str | None] = []
    alike = _glances_of_alike(items, objects)
    for item in () if alike else items:
        seen = glance(item) if isinstance(item, dict) and len(item) > 1 else None
        if seen is None or seen[0] is None:
            return None
        ids.append(seen[0])
        names.append(seen[1])
    return alike or (ids, names)


def _glances_of_alike(items: list[Any], objects: int) -> tuple[list[str], list[str | None]] | None:
    """`glances`, faster, of rows that have the same keys, one for the id, one for the name; else None."""
    if set(map(type, items)) != {dict} or len(shapes := set(map(tuple, items))) != 1:
        return None
    (shape,) = shapes
    keys = _keys_of_fields(shape)
    own, named = keys.get("remote_id", ()), keys.get("name", ())
    if len(shape) < 2 or len(own) != 1 or len(named) != 1:
        return None
    # With no more objects than rows there is none in a row.
    if objects > len(items) and any(dict in map(type, item.values()) for item in items):
        return None
    by_id, by_name = own[0], named[0]
    ids = _ids([item[by_id] for item in items])
    names = [name if type(name := item[by_name]) is str else text_of(name) for item in items]
    return (ids, names) if ids is not None else None


def _ids(values: list[Any]) -> list[str] | None:
    """The `id_of` each of these values; None if one of them is no id."""
    if set(map(type, values)) == {int} and min(values) > 0 and max(values) < _NO_ID:
        return list(map(str, values))
    ids = list(map(id_of, values))
    found = [one for one in ids if one is not None]
    return found if len(found) == len(ids) else None


def _is_flat(row: dict[str, Any]) -> bool:
    """Whether a row holds no object (but empty ones): then its keys alone tell which field a value may be."""
    return dict not in map(type, row.values()) or not any(
        isinstance(value, dict) and value for value in row.values()
    )


@lru_cache(maxsize=256)
def _keys_of_fields(keys: tuple[str, ...]) -> dict[str, list[str]]:
    """Which of a flat row's keys may hold which of our fields, the likeliest first."""
    found: dict[str, list[str]] = {}
    for key in sorted(keys, key=lambda key: _RANK.get(plain_key(key), 0)):
        if (field := _FIELD_OF.get(plain_key(key))) is not None:
            found.setdefault(field, []).append(key)
    return found


def _of_flat(row: dict[str, Any]) -> dict[str, list[Leaf]]:
    """What `_by_field` gives, for a flat row."""
    return {
        field: [Leaf(plain_key(key), key, row[key], 0, 0) for key in keys]
        for field, keys in _keys_of_fields(tuple(row)).items()
    }


@lru_cache(maxsize=4096)
def plain_key(key: str) -> str:
    """A key in small letters without separators: Job_ID, jobId and job-id become the same."""
    return re.sub(r"[\W_]", "", key).lower()


def status_of(word: str) -> JobStatus | None:
    """What a status word is assumed to mean; None for one that is not in the table."""
    spelt = word.strip().lower().replace("ё", "е")
    if not re.fullmatch("-?[0-9]+", spelt):
        spelt = " ".join(re.split(r"[\s_-]+", spelt.strip(" .!")))
    return _STATUS_OF.get(spelt)


def _is_doubtful(status: JobStatus, words: list[tuple[Leaf, str]]) -> bool:
    """Whether the status is "cancelled" but a value beside it may mean something else: never guess that."""
    others = [word.strip() for _, word in words if status_of(word) is not status]
    return status is JobStatus.CANCELLED and any(
        word in _MESSAGE_STATUSES or not re.fullmatch("-?[0-9]+", word) for word in others if word
    )


def id_of(value: Any) -> str | None:
    """An id of at most 19 digits, given as a number or as text; None for anything else, 0 included."""
    if type(value) is int:  # no bool
        return str(value) if 0 < value < _NO_ID else None
    text = value.strip() if isinstance(value, str) else ""
    return text if _ID.fullmatch(text) else None


def money(value: Any) -> Decimal | None:
    """An amount, given as a number or as text with a point or a comma."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    return _amount(str(value))


# Cached, as nearly all messages of a mailing cost the same.
@lru_cache(maxsize=1024)
def _amount(text: str) -> Decimal | None:
    text = text.strip()
    found = Decimal(text.replace(",", ".")) if _MONEY.fullmatch(text) else None
    return found if found is not None and abs(round(found, 4)) < _MOST_MONEY else None


def whole(value: Any) -> int | None:
    """A count, given as a number or in digits."""
    if type(value) is int:  # no bool
        return value if 0 <= value < _NO_COUNT else None
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if _COUNT.fullmatch(text) else None


def first_of(keys: dict[str, Any], names: tuple[str, ...], read: Callable[[Any], T | None]) -> T | None:
    """The first readable value among plain keys, the likeliest name first."""
    return next((found for name in names if (found := read(keys.get(name))) is not None), None)


def text_of(value: Any) -> str | None:
    """A text, or a number as text; None for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _count(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else whole(value)


def _by_field(leaves: Iterable[Leaf]) -> dict[str, list[Leaf]]:
    """Our field -> the values that may be it, likeliest first: the row's own, else those of a section."""
    found: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.alias in _FIELD_OF:
            found.setdefault(_FIELD_OF[leaf.alias], []).append(leaf)
    for name, candidates in found.items():
        outermost = min(leaf.sections for leaf in candidates)
        own = [leaf for leaf in candidates if leaf.sections == outermost]
        found[name] = sorted(own, key=lambda leaf: (_RANK[leaf.alias], leaf.depth))
    return found


def _leaves(row: dict[str, Any]) -> Iterator[Leaf]:
    """The values of a row, the outermost first.

    A value inside an object is looked up by the object's key if that is a known field, in a section by its
    own key, and in any other object by none.
    """
    waiting: deque[tuple[dict[str, Any], str, str | None, int, int]] = deque([(row, "", None, 0, 0)])
    while waiting:
        inside, way, owner, depth, sections = waiting.popleft()
        for key, value in inside.items():
            path, plain = f"{way}{key}", plain_key(key)
            alias = plain if owner is None else owner
            if not isinstance(value, dict) or not value or depth == _DEPTH:
                yield Leaf(alias, path, value, depth, sections)
            elif owner is None and plain in SECTIONS:
                waiting.append((value, f"{path}.", None, depth + 1, sections + 1))
            else:
                owned = alias if alias in _FIELD_OF else ""
                waiting.append((value, f"{path}.", owned, depth + 1, sections))


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a row at any depth; keys and numbers are texts, too."""
    waiting: deque[Any] = deque([value])
    while waiting:
        item = waiting.popleft()
        if isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif (text := text_of(item)) is not None:
            yield text
