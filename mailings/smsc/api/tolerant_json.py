"""Reads JSON into values that any database can store, even where some of them are odd.

The provider may print what JSON or a database does not take: half a surrogate pair or NUL (read as U+FFFD),
1e400 or NaN (read as text), thousands of brackets (cut, with an ellipsis). The rest of the answer stays as it
came. JSON that is broken or cut off is never guessed at.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import orjson

UNKNOWN = "\ufffd"
CUT = "…"
# Deeper values are cut: whatever walks a payload later (json.dumps, say) must not run out of stack.
_DEPTH = 50
_NESTED = frozenset({dict, list})
_LONGEST_WHOLE = 18  # digits that always fit 64 bits; a longer number is kept as text
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[][{}]', re.DOTALL)
# What stands between two objects of a list. It may also stand inside a text: then the parts are no JSON.
_BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_PART = 1 << 17  # bytes
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def parts(body: bytes) -> Iterator[bytes]:
    """A JSON list as shorter lists of the same items; nothing of anything else.

    Whether it is JSON is seen by the parts: if each is a list in JSON, so is the whole, of all their items.
    """
    if body[:1] != b"[":
        return
    begin, view = 1, memoryview(body)
    while found := _BETWEEN.search(body, begin + _PART):
        yield b"".join((b"[", view[begin : found.start() + 1], b"]"))
        begin = found.end() - 1
    yield b"".join((b"[", view[begin:])) if begin > 1 else body


def plain(body: bytes, objects: int | None = None) -> Any:
    """The value of a JSON list or object in UTF-8 that needs no tolerance; None: decode and `loads` it.

    `objects`: how many brackets of objects stand in `body`, if they were counted already.
    """
    if body[:1] not in (b"[", b"{") or (b"\\" in body and b"\\u0000" in body):
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if _cannot_be_deep(body, value, objects) or not _is_deep(value) else None


def loads(text: str) -> Any:
    """The value of a JSON text. ValueError when it is not one, cut or broken."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = _loads_oddly(text)
    else:
        if _is_deep(value):
            value = _loads_oddly(text)
        elif "\\u0000" in text:
            value = _storable(value)
    return value


def _loads_oddly(text: str) -> Any:
    try:
        value = json.loads(
            _shallow(text), strict=False, parse_int=_whole, parse_float=_figure, parse_constant=str
        )
    except RecursionError:
        raise ValueError("nested too deep") from None  # brackets that never close: `_shallow` cut the others
    return _storable(value)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _LONGEST_WHOLE else digits


def _figure(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _cannot_be_deep(body: bytes, value: Any, objects: int | None) -> bool:
    """Whether a list of objects has too few brackets beside theirs: a look at each value takes far longer."""
    if type(value) is not list or set(map(type, value)) != {dict}:
        return False
    objects = body.count(b"{") if objects is None else objects
    lists = body.count(b"[") - 1 if body.find(b"[", 1) > 0 else 0  # a search takes a sixth of a count
    return objects + lists - len(value) < _DEPTH - 2


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _NESTED
        ]
        if not level:
            return False
    return True


def _shallow(text: str) -> str:
    """`text` with an ellipsis for each list or object that lies deeper than `_DEPTH` and is closed."""
    kept: list[str] = []
    depth = begin = cut_at = 0
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            depth += 1
            if depth == _DEPTH + 1:
                cut_at = token.start()
        elif token[0] in ("]", "}"):
            if depth == _DEPTH + 1:
                kept += [text[begin:cut_at], f'"{CUT}"']
                begin = token.end()
            depth -= 1
    return "".join([*kept, text[begin:]])


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _NOT_STORABLE.sub(UNKNOWN, value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
