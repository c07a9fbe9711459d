"""`python -m bench.calls_stub PORT COUNT APART BEGUN`: a provider with live mailings that counts its calls.

A POST of `get_all` lists the jobs that go out on the days asked for; other calls find nothing new. GET /
tells how many calls of each kind there were since the last GET.
"""

import json
import sys
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

MOSCOW = timezone(timedelta(hours=3))
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIRST_ID = 4_000_000
# Every fifth of the live mailings goes out on one of the next days, the others are under way since BEGUN (a
# Unix time); unless APART is given: then each goes out so many days after the one before it.
LATER, DAYS_AHEAD = 5, 30
KINDS = ("get_all", "get", "get_group")


def code(number: int) -> str:
    """The code of a mailing, which stands in front of its job's name."""
    return "K" + "".join(ALPHABET[number >> shift & 31] for shift in (15, 10, 5, 0))


def due(number: int, apart: int, begun: int) -> datetime:
    """When a mailing goes out."""
    ahead = 0 if number % LATER else number // LATER % DAYS_AHEAD + 1
    return datetime.fromtimestamp(begun, MOSCOW) + timedelta(days=(number + 1) * apart if apart else ahead)


def moscow_day(text: str) -> date:
    """`dd.mm.yyyy` as a date."""
    return date(*map(int, reversed(text.split("."))))


@lru_cache(maxsize=16)
def listed(count: int, apart: int, begun: int, start: date, end: date) -> bytes:
    """The jobs of these days, as the provider would list them."""
    jobs = [
        {
            "id": FIRST_ID + number, "name": f"{code(number)}a Sale {number}", "status": 0, "cost": "3.50",
            "sms_cnt": 1, "send_date": f"{at:%d.%m.%Y %H:%M}", "mes": "Hello",
        }
        for number in range(count)
        if start <= (at := due(number, apart, begun)).date() <= end
    ]  # fmt: skip
    return json.dumps(jobs).encode()


class Handler(BaseHTTPRequestHandler):
    count = apart = begun = 0
    calls: Counter[str] = Counter()

    def do_GET(self) -> None:
        self._answer(json.dumps(self.calls).encode())
        self.calls.clear()

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        asked = {name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()}
        script = self.path.rpartition("/")[2].removesuffix(".php")
        kind = next((name for name in KINDS if name in asked), script)
        self.calls[f"{script} {kind}" if kind != script else script] += 1
        if kind == "get_all":
            days = [moscow_day(asked[name]) for name in ("start", "end")]
            self._answer(listed(self.count, self.apart, self.begun, *days))
        elif script == "balance":
            self._answer(b'{"balance": "100.00", "currency": "RUR"}')
        else:
            self._answer(b"[]")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing is logged."""


if __name__ == "__main__":
    Handler.count, Handler.apart, Handler.begun = map(int, sys.argv[2:])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
