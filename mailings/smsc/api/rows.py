"""The rows of an answer whose envelope is not published, and signs that these are not all of the rows.

All lists that look like mailings are joined, whether the rows come grouped by day or status, in pages, under
their ids or as a PHP array. A count that differs from the number of rows, a "more", or a part that could not
be read as rows are doubts: from an answer with doubts nobody may conclude that a mailing is gone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mailings.smsc.api.aliases import ALIASES, id_of, plain_key, whole

_DEPTH = 6
_SAMPLE = 20
_DIGITS = re.compile("[0-9]{1,19}")
_IDS, _NAMES, _STATUSES = (frozenset(ALIASES[name]) for name in ("remote_id", "name", "status"))
_YES = frozenset({"ok", "true", "1", "success"})
_NO = frozenset({"error", "fail", "failed", "failure", "false"})
# Assumed: keys of an envelope that count its rows (`total`, `jobs_count`, `vsego`), or say that there are
# more. An unknown key with a larger number than there are rows, up to _COUNT_AT_MOST, counts them, too.
_TALLY = (
    "total|count|cnt|num|quantity|qty|vsego|itogo|kolichestvo|kolvo|chislo|всего|итого|количество|колво|число"
)
_OF_WHAT = "all|found|filtered|(?:row|item|record|element|job|mailing|result|list|task|campaign)s?|entries"
_COUNTS = re.compile(rf"(?:rows|found)|(?=.*(?:{_TALLY}))(?:{_TALLY}|{_OF_WHAT})+")
_NO_COUNTS = re.compile(
    "id|code|kod|код|balan|баланс|cost|price|sum|credit|money|time|date|vrem|врем|дат|year|version|ver|api|page"
    "|login|user|client|status|error|result|ms|sec|elapsed|duration|ttl|zone|tz"
)
_COUNT_AT_MOST = 100_000
# Assumed, too: keys that give the length of a page, the number of pages, a sign that there is more, and that
# there is not.
_LIMITS = frozenset({"limit", "perpage", "pagesize"})
_PAGES = frozenset({"pages", "pagecount", "pagescount", "totalpages", "lastpage"})
_MORE = frozenset(
    {
        *("more", "hasmore", "ismore", "morerows", "next", "nextpage", "nexturl", "nextid", "cursor"),
        *("nextcursor", "continuation", "truncated", "partial", "incomplete", "offset", "hasnext"),
        *("hasnextpage", "nextpagetoken", "nexttoken", "pagetoken", "remaining", "left", "rest", "warning"),
        *(
            "warnings",
            "notice",
            "eshche",
            "esche",
            "eshe",
            "dalee",
            "ostalos",
            "еще",
            "ещё",
            "далее",
            "осталось",
        ),
    }
)
_WHOLE = frozenset({"islast", "last", "islastpage", "complete", "iscomplete", "full", "isfull", "eof"})
_PART_OF = re.compile(r"([0-9]{1,9})\s*(?:of|from|из|iz|/)\s*([0-9]{1,9})", re.IGNORECASE)
_NOTHING = frozenset({"", "0", "false", "no", "none", "null"})


@dataclass(frozen=True)
class AnswerRow:
    """A row as it came. `key`: the key it lay under, which may be its id; None in a list."""

    value: Any
    key: str | None = None


@dataclass
class Found:
    """The rows of an answer. `doubts` ("count", "more", "unread"): why there may be more of them."""

    rows: list[AnswerRow] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)

    def join(self, other: "Found") -> None:
        self.rows += other.rows
        self.doubts |= other.doubts


def find_rows(value: Any, depth: int = _DEPTH) -> Found | None:
    """The rows in any envelope; None if it holds neither rows nor an empty list."""
    if value in ("", None, {}, []):
        return Found()  # an empty XML list is an empty text
    if not depth or not isinstance(value, (dict, list)):
        return None
    if isinstance(value, list):
        return _in_list(value, depth)
    if is_row(value):
        return Found([AnswerRow(value)], {"unread"} if _holds_named_rows(value) else set())
    if says_no(value):
        return None
    return _in_envelope(value, depth)


def is_row(value: dict[str, Any]) -> bool:
    """Whether an object is a mailing, not an envelope.

    A mailing has an id and a name or a status, or else a name, a status and no list or object inside.
    """
    keys = {plain_key(key) for key, item in value.items() if not isinstance(item, list)}
    has_id, has_name, has_status = bool(keys & _IDS), bool(keys & _NAMES), bool(keys & _STATUSES)
    is_flat = not any(isinstance(item, (dict, list)) for item in value.values())
    return (has_id and (has_name or has_status)) or (has_name and has_status and is_flat)


def says_no(value: dict[str, Any]) -> bool:
    """Whether an envelope reports a failure. Assumed: {"success": false, "data": []} is not an empty list."""
    keys = {plain_key(key): item for key, item in value.items()}
    plain_no = [keys[key] for key in ("ok", "success") if key in keys and not says_yes(keys[key])]
    return bool(plain_no) or any(str(keys.get(key)).lower() in _NO for key in ("result", "status", "answer"))


def says_yes(item: Any) -> bool:
    return str(item).strip().lower() in _YES


def _in_list(items: list[Any], depth: int) -> Found:
    """The items of a list are rows; a page or a group among them gives the rows inside it."""
    found = Found()
    for item in items:
        inner = find_rows(item, depth - 1) if _may_be_group(item) else None
        if inner is not None and (item == [] or _readable(inner.rows)):
            found.join(inner)
        else:
            found.rows.append(AnswerRow(item))
    return found


def _may_be_group(item: Any) -> bool:
    if isinstance(item, dict):
        return not _looks_like_row(item)
    return isinstance(item, list)


def _in_envelope(value: dict[str, Any], depth: int) -> Found | None:
    """All rows under the keys of an object. A single object is a row only if there is no list beside it."""
    numbered = {key: item for key, item in value.items() if _DIGITS.fullmatch(str(key))}
    named = {key: item for key, item in value.items() if key not in numbered}
    found = _by_number(numbered, depth) if numbered else Found()
    lists, alone = _under_names(named, depth)
    like_rows = [each for each in lists if _readable(each.rows)]
    for each in like_rows:
        found.join(each)
    if not (numbered or lists):
        if not alone:
            return None
        found = Found([AnswerRow(item) for item in alone], {"unread"} if len(alone) > 1 else set())
    if unlike := [each for each in lists if each.rows and each not in like_rows]:
        found = _with_unlike(found, unlike)
    found.doubts |= _doubts(_marks(named, depth), len(found.rows))
    return found


def _by_number(items: dict[str, Any], depth: int) -> Found:
    """Rows under their ids; or a PHP array, whose keys 0, 1, 2 … are no ids; or numbered groups of rows."""
    counted = set(items) == {str(index) for index in range(len(items))}
    found = Found()
    for key, item in items.items():
        inner = find_rows(item, depth - 1) if _may_be_group(item) and not _has_fields(item) else None
        if inner is not None and (item == [] or _readable(inner.rows)):
            found.join(inner)
        else:
            found.rows.append(AnswerRow(item, None if counted else str(key)))
    return found


def _under_names(items: dict[str, Any], depth: int) -> tuple[list[Found], list[dict[str, Any]]]:
    """What lies under the named keys: rows of lists and envelopes, and objects that are rows themselves."""
    lists: list[Found] = []
    alone: list[dict[str, Any]] = []
    for item in items.values():
        if not isinstance(item, (dict, list)) and len(items) > 1:
            continue
        if isinstance(item, dict) and is_row(item):
            alone.append(item)
        elif (inner := find_rows(item, depth - 1)) is not None:
            lists.append(inner)
    return lists, alone


def _with_unlike(found: Found, unlike: list[Found]) -> Found:
    """Adds lists in which no mailing could be read: the longest counts as the rows if there are no others.

    Beside other rows such a list is a doubt, unless it holds only texts.
    """
    if not found.rows:
        return max(unlike, key=lambda each: len(each.rows))
    if any(not isinstance(row.value, str) for each in unlike for row in each.rows):
        found.doubts.add("unread")
    return found


def _marks(items: dict[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    """The plain values of an envelope, with those of objects in it that hold no rows (its "meta").

    A list or object under a key that means "more" counts as "yes" if it is not empty.
    """
    for key, item in items.items():
        if not isinstance(item, (dict, list)):
            yield plain_key(key), item
        elif plain_key(key) in _MORE:
            yield plain_key(key), "yes" if item else ""
        elif isinstance(item, dict) and depth and not is_row(item) and find_rows(item, depth - 1) is None:
            yield from _marks(item, depth - 1)


def _doubts(marks: Iterator[tuple[str, Any]], rows: int) -> set[str]:
    """Which values of an envelope say that there are more than its `rows` rows."""
    doubts = set()
    for key, item in marks:
        if _says_more(key, item, whole(item) or 0, rows):
            doubts.add("more")
        elif _counts_others(key, item, rows):
            doubts.add("count")
    return doubts


def _counts_others(key: str, item: Any, rows: int) -> bool:
    if _COUNTS.fullmatch(key):
        numbers = re.findall("[0-9]+", str(item)) if isinstance(item, str) else [item]
        return any(number is not None and number != rows for number in map(whole, numbers))
    number = whole(item)
    known = key in _LIMITS | _PAGES | _MORE | _WHOLE or _NO_COUNTS.search(key)
    return not known and number is not None and rows < number <= _COUNT_AT_MOST and number > 1


def _says_more(key: str, item: Any, number: int, rows: int) -> bool:
    said = str(item).strip().lower()
    if key in _PAGES:
        return number > 1
    if key in _LIMITS:
        return 0 < number <= rows
    if key in _WHOLE and not isinstance(item, (dict, list)):
        return said in _NOTHING - {"", "none", "null"}
    if part := _PART_OF.fullmatch(said):
        return int(part[1]) < int(part[2])
    return key in _MORE and said not in _NOTHING


def _readable(rows: list[AnswerRow]) -> int:
    """How many of the first rows look like mailings: they hold an id or lie under one."""
    return sum(1 for row in rows[:_SAMPLE] if _looks_like_row(row.value) or _lies_under_id(row))


def _lies_under_id(row: AnswerRow) -> bool:
    return isinstance(row.value, dict) and row.key is not None and id_of(row.key) is not None


def _looks_like_row(value: Any) -> bool:
    value = unwrapped_row(value)
    return isinstance(value, dict) and any(
        plain_key(key) in _IDS and id_of(item) is not None for key, item in value.items()
    )


def unwrapped_row(value: Any) -> Any:
    """The row inside objects of one key: {"id": 17} for {"job": {"id": 17}}."""
    while isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), dict):
        value = next(iter(value.values()))
    return value


def _has_fields(item: Any) -> bool:
    """Whether an object has a name or a status: then it is a row, and what lies deeper belongs to it."""
    return isinstance(item, dict) and any(plain_key(key) in _NAMES | _STATUSES for key in item)


def _holds_named_rows(value: dict[str, Any]) -> bool:
    """Whether what looks like a mailing may be an envelope: it has a list whose items look like mailings."""
    lists = [item for item in value.values() if isinstance(item, list)]
    inner = [each for items in lists for each in items[:_SAMPLE] if isinstance(each, dict)]
    return any({plain_key(key) for key in each} & _NAMES and _looks_like_row(each) for each in inner)
