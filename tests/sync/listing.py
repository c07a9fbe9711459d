"""A provider whose list a test writes by itself: rows by day, a cap, and whatever else an answer may hold."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from mailings.models import Account, Mailing, State
from tests.helpers.factories import bare

Answer = Callable[[dict[str, str]], Any]


class Listing:
    """Rows with their days. `cap`: at most so many in one answer; `end_excluded`: without the day `end`."""

    def __init__(self) -> None:
        self.rows: list[tuple[date, Any]] = []
        self.cap: int | None = None
        self.end_excluded = False
        self.asked: list[tuple[date, date]] = []
        self.url = ""
        # The answer to every `get`; None: the row.
        self.get: Any = None
        # How the rows of a list become an answer.
        self.shape: Callable[[list[Any]], Any] = list

    def add(self, day: date, *numbers: int, **fields: Any) -> None:
        """A plain job for each number; `fields` go into each."""
        self.rows += [(day, {"id": number, "name": f"Job {number}"} | fields) for number in numbers]

    def add_ours(self, day: date, mailing: Mailing, **fields: Any) -> None:
        """The job of a mailing of ours, under the name that bears its reference."""
        name = f"{mailing.code}a {mailing.name}"
        self.rows.append((day, {"id": int(mailing.remote_id or 0), "name": name} | fields))

    def answer(self, form: dict[str, str]) -> Any:
        if "get" in form and self.get is not None:
            return self.get
        if "get" in form:
            rows = [row for _, row in self.rows if isinstance(row, dict)]
            found = [row for row in rows if str(row.get("id")) == form["id"]]
            return found[0] if found else {"error": "no such record", "error_code": 3}
        start, end = _day(form["start"]), _day(form["end"])
        self.asked.append((start, end))
        inside = [
            row for day, row in self.rows if start <= day and (day < end if self.end_excluded else day <= end)
        ]
        return self.shape(inside[: self.cap])


def control(account: Account, listing: Listing, day: date, number: int = 900) -> Mailing:
    """A mailing of ours in the list, which shows how our references look there."""
    mailing = bare(account, name="Control", state=State.ACCEPTED, remote_id=str(number))
    listing.add_ours(day, mailing)
    return mailing


def _day(text: str) -> date:
    day, month, year = map(int, text.split("."))
    return date(year, month, day)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a provider that answers each form with what `answer` makes: JSON, or bytes as such."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            said = answer(form)
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/sys/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
