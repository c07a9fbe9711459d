"""The four formats of an answer (text, numbers, XML, JSON) and a bare OK, made into one plain value.

Sources: docs/provider.md, "Answers", and the line on `fmt` of the provider's page for jobs.php. All are read,
whichever was asked for. An error of the provider is raised here, before anyone looks for success.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from mailings.smsc.api import tolerant_json
from mailings.smsc.api.errors import UnreadableAnswer, provider_error

_DEPTH = 20
_ERROR_TEXT = re.compile(r"ERROR\s*=\s*([0-9]{1,9})\b\s*(?:\((.*)\))?.*", re.IGNORECASE | re.DOTALL)
_ERROR_NUMBERS = re.compile(r"0\s*,\s*-\s*([0-9]{1,9})")
_NUMBERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:\s*,\s*-?[0-9]+(?:\.[0-9]+)?)*")
_STATUS_LINES = frozenset(f"{status.value} {status.phrase}".lower() for status in HTTPStatus)
_NO_ERROR = ("", "0", "none", "null", "false")


@dataclass(frozen=True)
class Content:
    """An answer that was read. `value`: of text and numbers the text, else plain Python values."""

    came: str | bytes
    format: str  # "json" "xml" "numbers" "text"
    value: Any

    @property
    def text(self) -> str:
        """The body as text, made on demand: for a long list it takes as much memory as the rows."""
        return self.came if isinstance(self.came, str) else decode(self.came)


def read(body: bytes, status: int, content_type: str = "", framed: bool = True) -> Content:
    """Read an answer in whichever format it came. Raises the provider's error, or UnreadableAnswer.

    `framed`: the end of the answer was marked. If not, text and numbers may have been cut (an id 17 of 1734),
    and only an answer that shows its own end (JSON, XML, a bare OK) is believed.
    """
    if status == HTTPStatus.OK and (value := tolerant_json.plain(body)) is not None:
        return Content(body, "json", value)
    text = decode(body, content_type)
    if status != HTTPStatus.OK:
        raise UnreadableAnswer(f"http_{status}", raw=text)
    stripped = text.strip()
    if not stripped:
        raise UnreadableAnswer("empty", raw=text)
    content = _content(text, stripped)
    if content.format in ("text", "numbers") and not framed and stripped.upper() != "OK":
        raise UnreadableAnswer("unframed", raw=text)
    if isinstance(content.value, str):
        raise_error_in(content.value, content)
    return content


def decode(body: bytes, content_type: str = "") -> str:
    """The body as text: UTF-8, which we ask for; else koi8-r if the answer names it, else windows-1251.

    Windows-1251 is the provider's default. NUL, which PostgreSQL cannot store, becomes U+FFFD.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("koi8-r" if "koi8-r" in content_type.lower() else "cp1251", "replace")
    return text.replace("\0", tolerant_json.UNKNOWN)


def error_number(value: Any) -> int | None:
    """An error number, given as a number or in digits; None for anything else, 0 included."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    digits = str(value).strip()
    return int(digits) or None if re.fullmatch("[0-9]{1,9}", digits) else None


def _content(text: str, stripped: str) -> Content:
    if stripped[0] in '{["':
        return Content(text, "json", _json(stripped, text))
    if stripped[0] == "<":
        return Content(text, "xml", _xml(stripped, text))
    if stripped.lower() in _STATUS_LINES:
        raise UnreadableAnswer("status_line", raw=text)
    return Content(text, "numbers" if _NUMBERS.fullmatch(stripped) else "text", stripped)


def _json(stripped: str, text: str) -> Any:
    try:
        return tolerant_json.loads(stripped)
    except ValueError:
        pass
    raise UnreadableAnswer("json", raw=text)


def _xml(stripped: str, text: str) -> Any:
    if re.match(r"<!doctype html|<html", stripped, re.IGNORECASE):
        raise UnreadableAnswer("html", raw=text)
    try:
        root = fromstring(stripped)
    except (ParseError, ValueError):
        root = None
    if root is None:
        raise UnreadableAnswer("xml", raw=text)
    if root.tag.lower() in ("html", "body", "head"):
        raise UnreadableAnswer("html", raw=text)
    value = _element(root, _DEPTH, text)
    # A root with a telling name, such as <balance>, says what its text is: keep the name as a key.
    return {root.tag: value} if isinstance(value, str) and root.tag.lower() != "result" else value


def _element(element: Element, depth: int, text: str) -> Any:
    """An element as a string, or as a dict of its attributes and children; what repeats becomes a list."""
    if not depth:
        raise UnreadableAnswer("xml", raw=text)
    value: dict[str, Any] = dict(element.attrib)
    for child in element:
        item = _element(child, depth - 1, text)
        if child.tag not in value:
            value[child.tag] = item
        elif isinstance(value[child.tag], list):
            value[child.tag].append(item)
        else:
            value[child.tag] = [value[child.tag], item]
    own = (element.text or "").strip()
    if value and own:
        value.setdefault("text", own)
    return value or own


def raise_error_in(value: Any, content: Content, *, is_row: bool = False) -> None:
    """Raise the error that a value holds, if any, whatever stands beside it.

    `is_row`: the value may be a mailing; then only `error` and `error_code` together are an error, since one
    alone may be a field of the mailing.
    """
    if isinstance(value, str):
        _raise_error_text(value.strip(), content)
    elif isinstance(value, dict):
        keys = {str(key).lower(): item for key, item in value.items()}
        words, number = keys.get("error"), keys.get("error_code")
        missing = [_is_nothing(words), _is_nothing(number)]
        if all(missing) or (is_row and any(missing)):
            return
        spoken = words if isinstance(words, str) else ""
        written = _ERROR_TEXT.fullmatch(spoken.strip())
        _raise_number(error_number(written[1] if written else number), spoken, content)


def unwrapped(content: Content) -> Any:
    """The value without up to three wrappers (an object of one key, a list of one item).

    Raises an error of the provider found on the way.
    """
    value = content.value
    for _ in range(3):
        raise_error_in(value, content)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif (
            isinstance(value, dict)
            and len(value) == 1
            and isinstance(next(iter(value.values())), (dict, list))
        ):
            value = next(iter(value.values()))
    raise_error_in(value, content)
    return value


def _raise_error_text(text: str, content: Content) -> None:
    if found := _ERROR_NUMBERS.fullmatch(text):
        _raise_number(error_number(found[1]), "", content)
    if found := _ERROR_TEXT.fullmatch(text):
        _raise_number(error_number(found[1]), found[2] or "", content)
    if re.match(r"ERROR\b", text, re.IGNORECASE):
        raise UnreadableAnswer("error_number", raw=content.text)


def _is_nothing(value: Any) -> bool:
    return not value or (isinstance(value, str) and value.strip().lower() in _NO_ERROR)


def _raise_number(number: int | None, words: str, content: Content) -> None:
    if number is None:
        raise UnreadableAnswer("error_number", text=words, raw=content.text)
    raise provider_error(number, words, content.text)
