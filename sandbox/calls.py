"""The record of calls: the latest ones with their parameters, but without credentials."""

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

KEPT_CALLS = 20_000


@dataclass
class Call:
    """One call. `at`: ISO 8601 in UTC, by the sandbox's clock. `seconds`: its duration in real time.

    `parameters`: decoded [name, text] pairs in order; those named in `long` are cut short. `authenticated`:
    None if the credentials were not checked. `at_once`: how many calls were under way when it came, itself
    included. `unknown`: names of parameters that the provider's pages do not have. `result`: "ok", "error N",
    or why there was no answer, such as the name of a fault. `job`: the id of the job that it was about.
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
    """The latest calls, and counters over all of them. Not thread-safe: the caller holds a lock."""

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
        """Clear record and counters; calls under way are still counted."""
        self.latest.clear()
        self.kinds.clear()
        self.results.clear()
        self.most_at_once = self.under_way
