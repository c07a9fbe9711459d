"""The answers in the provider's four formats: errors, created, done, price, balance, and look-ups."""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

TEXT, NUMBERS, XML, JSON = "0", "1", "2", "3"
_TYPES = {TEXT: "text/plain", NUMBERS: "text/plain", XML: "text/xml", JSON: "application/json"}
_HTTP_CHARSETS = {"cp1251": "windows-1251"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, before a fault is applied."""

    body: bytes
    content_type: str
    status: int = 200


def answer(fmt: str, text: str, codec: str) -> Answer:
    """A text in the charset asked for. Missing characters become references in XML, else `?`."""
    charset = _HTTP_CHARSETS.get(codec, codec)
    if fmt == XML:
        text = f'<?xml version="1.0" encoding="{charset}"?>\n{text}'
    body = text.encode(codec, "xmlcharrefreplace" if fmt == XML else "replace")
    return Answer(body, f"{_TYPES[fmt]}; charset={charset}")


def to_json(value: Any, codec: str) -> str:
    """JSON; non-ASCII letters are escaped unless the charset is UTF-8, which has them all."""
    return json.dumps(value, ensure_ascii=codec != "utf-8")


def error(fmt: str, code: int, reason: str) -> str:
    return {
        TEXT: f"ERROR = {code} ({reason})",
        NUMBERS: f"0,-{code}",
        XML: f"<result><error>{escape(reason)}</error><error_code>{code}</error_code></result>",
        JSON: json.dumps({"error": reason, "error_code": code}),
    }[fmt]


def created(fmt: str, number: int, cost: str | None) -> str:
    """The answer to an add. `cost`: only if it was asked for (cost=1)."""
    if fmt == TEXT:
        return f"OK, ID - {number}" + (f", COST - {cost}" if cost else "")
    if fmt == NUMBERS:
        return f"{number},{cost}" if cost else str(number)
    if fmt == XML:
        return f"<result><id>{number}</id>" + (f"<cost>{cost}</cost>" if cost else "") + "</result>"
    return json.dumps({"id": number} | ({"cost": cost} if cost else {}))


def done(fmt: str, as_json: str) -> str:
    """The answer to a cancel or delete. The JSON form is not published, so each dialect has its own."""
    return {TEXT: "OK", NUMBERS: "OK", XML: "<result>OK</result>", JSON: as_json}[fmt]


def price(fmt: str, cost: str, count: int) -> str:
    return {
        TEXT: f"{cost} ({count} SMS)",
        NUMBERS: f"{cost},{count}",
        XML: f"<result><cost>{cost}</cost><cnt>{count}</cnt></result>",
        JSON: json.dumps({"cost": cost, "cnt": count}),
    }[fmt]


def balance(fmt: str, amount: str, currency: str | None) -> str:
    """The balance, with the currency when `cur=1` asked for it."""
    if fmt == TEXT:
        return f"{amount} {currency}" if currency else amount
    if fmt == NUMBERS:
        return f"{amount},{currency}" if currency else amount
    if fmt == XML:
        inside = f"<currency>{currency}</currency>" if currency else ""
        return f"<result><balance>{amount}</balance>{inside}</result>"
    return json.dumps({"balance": amount} | ({"currency": currency} if currency else {}))


def rows(fmt: str, kind: str, found: list[dict[str, Any]], codec: str) -> str:
    """The rows of a look-up; their real shape is not published."""
    if fmt == JSON:
        return to_json(found, codec)
    if fmt == XML:
        return f"<list>{''.join(element(kind, row) for row in found)}</list>"
    if fmt == NUMBERS:
        return "\n".join(",".join(one_line(value) for value in row.values()) for row in found)
    return "\n".join(", ".join(f"{key} = {one_line(value)}" for key, value in row.items()) for row in found)


def row(fmt: str, found: dict[str, Any], codec: str) -> str:
    """The fields of a single row."""
    if fmt == JSON:
        return to_json(found, codec)
    if fmt == XML:
        return f"<result>{''.join(element(key, value) for key, value in found.items())}</result>"
    return rows(fmt, "", [found], codec)


def element(name: str, value: Any) -> str:
    """A value as XML; each key of a dict becomes an element."""
    if isinstance(value, dict):
        inside = "".join(element(key, below) for key, below in value.items())
    else:
        inside = escape(_NOT_XML.sub("", str(value)))
    return f"<{name}>{inside}</{name}>"


def one_line(value: Any) -> str:
    return " ".join(str(value).split())
