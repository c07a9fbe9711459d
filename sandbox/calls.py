"""The record of what was called: every call with its parameters, never with its credentials."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

KEPT_CALLS = 20_000


@dataclass
class Call:
    """One call of the provider. `at`: ISO 8601, UTC, by the sandbox's clock; `seconds`: real ones.

    `parameters` are [name, text] pairs as decoded, in order; those in `long` are cut short there.
    `authenticated` is None when the credentials were not looked at. `at_once`: calls under way, this
    one included, when it came. `result`: "ok", "error N", or what became of it, such as a fault's name.
    """

    number: int
    method: str
    path: str
    at: str
    at_once: int
    kind: str = ""
    parameters: list[list[str]] = field(default_factory=list)
    long: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    credentials_in_url: bool = False
    body_bytes: int = 0
    authenticated: bool | None = None
    fault: str | None = None
    result: str = ""
    job: int | None = None
    status: int | None = None
    seconds: float | None = None

    def shown(self) -> dict[str, Any]:
        return asdict(self)


class Calls:
    """The latest calls and what they add up to. Not thread-safe by itself."""

    def __init__(self) -> None:
        self.latest: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.under_way = 0
        self.most_at_once = 0
        self.kinds: Counter[str] = Counter()
        self.results: Counter[str] = Counter()
        self._made = 0

    def begin(self, method: str, path: str, now: float) -> Call:
        self._made += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        at = datetime.fromtimestamp(now, UTC).isoformat()
        call = Call(self._made, method, path, at, self.under_way)
        self.latest.append(call)
        return call

    def end(self, call: Call, seconds: float) -> None:
        self.under_way -= 1
        call.seconds = round(seconds, 6)
        self.kinds[call.kind or "unknown"] += 1
        self.results[call.result or "unread"] += 1

    def forget(self) -> None:
        """Empties the record; calls under way stay counted."""
        self.latest.clear()
        self.kinds.clear()
        self.results.clear()
        self.most_at_once = self.under_way
