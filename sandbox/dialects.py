"""Four shapes of the answers to `get` and `get_all`. The provider publishes none, so each is a guess.

All keep to the one thing that is known: with fmt=0, `get_all` prints a line per mailing that begins with its
id.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import times
from sandbox.formats import JSON, NUMBERS, TEXT, element, one_line, to_json
from sandbox.jobs import Job, Progress

Row = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """One shape of answers.

    `words`: the status words. `row`: makes a job's row. `many`, `one`: wrap the rows of `get_all`, the row of
    `get`. `done`: the JSON answer to a cancel or delete. `tag`: the XML element of a row.
    """

    words: dict[str, str]
    row: Callable[["Dialect", Job, Progress, float], Row]
    many: Callable[[list[Row]], Any]
    one: Callable[[Row], Any]
    done: str
    tag: str

    def word(self, status: str) -> str:
        return self.words.get(status, status)


def _plain(dialect: Dialect, job: Job, progress: Progress, zone: float) -> Row:
    return {
        "id": job.id,
        "name": job.name,
        "status": dialect.word(progress.status),
        "time": times.show(progress.next_at or job.due_at, zone),
        "created": times.show(job.created_at, zone),
        "cost": f"{job.cost:.2f}",
        "sms_cnt": job.paid_parts,
        "phones_cnt": job.recipients,
    }


def _strange(dialect: Dialect, job: Job, progress: Progress, zone: float) -> Row:
    return {
        "job_id": str(job.id),
        "job_name": job.name,
        "state": dialect.word(progress.status),
        "send_date": times.show(progress.next_at or job.due_at, zone),
        "price": f"{job.cost:.2f}",
        "cur": "RUR",
        "sent": progress.sent,
    }


def _short(dialect: Dialect, job: Job, progress: Progress, zone: float) -> Row:
    return {
        "ID": job.id,
        "TITLE": job.name[:30],
        "INFO": {
            "STATUS": dialect.word(progress.status),
            "START": int(progress.next_at or job.due_at),
            "MONEY": {"COST": f"{job.cost:.2f}", "CURRENCY": "RUR"},
            "COUNT": job.paid_parts,
        },
    }


def _bare(dialect: Dialect, job: Job, progress: Progress, zone: float) -> Row:
    return {"id": str(job.id), "name": job.name}


DIALECTS = {
    "plain": Dialect(
        words={"waiting": "waiting", "going": "sending", "gone": "sent", "cancelled": "cancelled"},
        row=_plain,
        many=lambda rows: rows,
        one=lambda row: row,
        done=json.dumps({"result": "OK"}),
        tag="job",
    ),
    "strange": Dialect(
        words={"waiting": "tau", "going": "phi", "gone": "omega", "cancelled": "psi"},
        row=_strange,
        many=lambda rows: {"count": len(rows), "jobs": rows},
        one=lambda row: {"job": row},
        done="OK",
        tag="job",
    ),
    "short": Dialect(
        words={"waiting": "WAITING", "going": "IN PROGRESS", "gone": "FINISHED", "cancelled": "STOPPED"},
        row=_short,
        many=lambda rows: {"RESULT": {"TOTAL": len(rows), "ITEMS": rows}},
        one=lambda row: {"RESULT": {"ITEMS": [row]}},
        done=json.dumps({"RESULT": {"STATUS": "OK"}}),
        tag="ITEM",
    ),
    "bare": Dialect(
        words={},
        row=_bare,
        many=lambda rows: {"list": rows},
        one=lambda row: [row],
        done=json.dumps("OK"),
        tag="mailing",
    ),
}


def many(name: str, fmt: str, found: list[tuple[Job, Progress]], zone: float, codec: str) -> str:
    """The text of a `get_all` answer."""
    dialect = DIALECTS[name]
    rows = [dialect.row(dialect, job, progress, zone) for job, progress in found]
    if fmt == JSON:
        return to_json(dialect.many(rows), codec)
    if fmt in (TEXT, NUMBERS):
        return "\n".join(_line(fmt, row) for row in rows)
    return f"<list>{''.join(element(dialect.tag, row) for row in rows)}</list>"


def one(name: str, fmt: str, found: tuple[Job, Progress], zone: float, codec: str) -> str:
    """The text of a `get` answer."""
    dialect = DIALECTS[name]
    row = dialect.row(dialect, *found, zone)
    if fmt == JSON:
        return to_json(dialect.one(row), codec)
    if fmt in (TEXT, NUMBERS):
        return _line(fmt, row)
    return f"<result>{element(dialect.tag, row)}</result>"


def _line(fmt: str, row: Row) -> str:
    values = [one_line(value) for value in _leaves(row)]
    if fmt == NUMBERS:
        return ",".join(values)
    return f"{values[0]} {', '.join(values[1:])}"


def _leaves(row: Row) -> list[Any]:
    leaves: list[Any] = []
    for value in row.values():
        leaves.extend(_leaves(value) if isinstance(value, dict) else [value])
    return leaves
