"""Makes: unexpected formats of the answers to `get` and `get_all`, which Mailroom's readers do not know.

The proxy rewrites the sandbox's answers into one. Makes are independent of Mailroom: they know only the
sandbox's plain rows (`id`, `name`, `status`, …).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
STATUSES = {"waiting": 11, "sending": 12, "sent": 13, "cancelled": 14}


def _same(row: Row) -> Row:
    return row


def _first_half(rows: list[Row]) -> list[Row]:
    return rows[: (len(rows) + 1) // 2]


def _by_status(rows: list[Row]) -> dict[str, Any]:
    """Rows grouped by status, without a status in the rows."""
    found: dict[str, Any] = {"result": "OK"}
    for row in rows:
        left = {name: value for name, value in row.items() if name != "status"}
        found.setdefault(str(row["status"]), []).append(left)
    return found


def _owned(row: Row) -> Row:
    """The job's own keys are unusual, and a nested owner has the usual keys `name` and `status`."""
    owner = {"id": 7, "name": "Отдел продаж", "status": "cancelled"}
    return {"jobId": row["id"], "jobName": row["name"], "owner": owner}


def _sender(row: Row) -> Row:
    """The job's status is an unexplained number, and nested objects have a status word."""
    own = {"id": row["id"], "name": row["name"], "status": STATUSES[row["status"]], "time": row["time"]}
    sender = {"id": 3, "name": "SHOP", "status": "disabled"}
    return own | {"sender": sender, "template": {"id": 9, "name": "Autumn", "status": "cancelled"}}


def _other_keys(row: Row) -> Row:
    return {"nomer_rassylki": row["id"], "tema": row["name"], "otpravka": row["time"]}


def _named(change: Callable[[str], str]) -> Callable[[Row], Row]:
    return lambda row: row | {"name": change(str(row["name"]))}


@dataclass(frozen=True)
class Make:
    """`row`: rewrites a row. `many`, `one`: wrap the rows of `get_all`, the row of `get`."""

    row: Callable[[Row], Row] = _same
    many: Callable[[list[Row]], Any] = list
    one: Callable[[Row], Any] = _same

    def say(self, kind: str, said: Any) -> Any:
        """Rewrite a decoded answer to `get` (an object) or `get_all` (a list). Errors are left unchanged."""
        if kind == "get_all" and isinstance(said, list):
            return self.many([self.row(row) for row in said])
        if kind == "get" and isinstance(said, dict) and "error" not in said:
            return self.one(self.row(said))
        return said


MAKES: dict[str, Make] = {
    "an owner with a name": Make(
        row=_owned,
        many=lambda rows: {"otvet": {"kod": 0, "spisok": {"rassylka": rows}}},
        one=lambda row: {"otvet": {"kod": 0, "rassylka": row}},
    ),
    "a sender with a status": Make(row=_sender, many=lambda rows: {"items": rows}),
    "grouped by status": Make(many=_by_status, one=lambda row: {str(row["status"]): [row]}),
    "keys of its own": Make(row=_other_keys, many=lambda rows: {"rassylki": rows}),
    "numbered beside a result": Make(
        many=lambda rows: {"result": "OK"} | {str(number): row for number, row in enumerate(rows)}
    ),
    "half of a total": Make(many=lambda rows: {"total": len(rows), "jobs": _first_half(rows)}),
    "half of a total in words of its own": Make(
        many=lambda rows: {"otvet": {"kod": 0, "vsego": len(rows), "spisok": _first_half(rows)}}
    ),
    "half before a cursor": Make(many=lambda rows: {"jobs": _first_half(rows), "next_cursor": "c2"}),
    "half, and more": Make(many=lambda rows: {"jobs": _first_half(rows), "more": len(rows) > 1}),
    "upper-cased names": Make(row=_named(str.upper)),
    "padded names": Make(row=_named(lambda name: f"  {name} ")),
    "prefixed names": Make(row=_named(lambda name: f"SMS: {name}")),
    "names cut behind the code": Make(row=_named(lambda name: name[:5])),
    "names cut within the code": Make(row=_named(lambda name: name[:3])),
    "blank names": Make(row=_named(lambda name: " ")),
}


def said_anew(make: Make | None, kind: str, body: bytes) -> bytes:
    """Rewrite the body of an answer; unchanged if there is no make, or it is no JSON."""
    if make is None or kind not in ("get", "get_all"):
        return body
    try:
        said = json.loads(body)
    except ValueError:
        return body
    return json.dumps(make.say(kind, said), ensure_ascii=False).encode()
