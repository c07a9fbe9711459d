"""Faults on request: what goes wrong with which calls, how often, and with which probability."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

FAULTS = {
    "cut_before_reading": "the connection is closed before the body has been read",
    "cut_before_saving": "the request is read, nothing is done, the connection is closed without an answer",
    "cut_after_saving": "done, then the connection is closed without an answer",
    "saved_late": "no answer, and what was asked takes effect only `seconds` later",
    "slow": "done, the answer comes `seconds` later",
    "dripping": "done, then a byte of the answer every `seconds`",
    "server_error": "HTTP `status` with an HTML page",
    "html": "HTTP 200 with an HTML page",
    "half_answer": "half the body that Content-Length promises, then the connection is closed",
    "half_json": "a complete HTTP answer with half the body that it should have",
    "redirect": "HTTP 302 to `location`",
    "empty": "HTTP 200 with no body",
    "wrong_error": "the provider's error `error`",
    "false_ok": "OK, and nothing was done",
    "hang": "no answer for `seconds`, or until the caller goes away",
}
KINDS = (
    *("add", "del", "cancel", "get", "get_all", "balance", "price", "senders", "templates", "groups"),
    *("messages", "status"),
)
NEVER_SAVED = frozenset({"cut_before_reading", "cut_before_saving", "false_ok"})


class BadFaultError(ValueError):
    """There is no such fault, kind of call or option."""


@dataclass
class Fault:
    """One rule. `calls`: kinds of call, () for all. `count`: how many calls it hits, None for all.

    `probability`: of hitting a call. `hits`: how many it has hit. `saved`: whether what was asked is done all
    the same. `rst`: cut with a TCP reset, not an orderly close. `answer`, of saved_late: "cut", "error" (HTTP
    504), "refused" (error 3) or "hang". `headers`, of dripping: they drip, too. The others: see FAULTS.
    """

    id: int
    fault: str
    calls: tuple[str, ...] = ()
    count: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0
    saved: bool = True
    rst: bool = False
    status: int = 503
    error: int = 7
    answer: str = "cut"
    location: str = "/sys/elsewhere.php"
    headers: bool = False
    hits: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise BadFaultError(f"no such fault: {self.fault}")
        if unknown := set(self.calls) - set(KINDS):
            raise BadFaultError(f"no such kind of call: {', '.join(sorted(unknown))}")
        if self.answer not in ("cut", "error", "refused", "hang"):
            raise BadFaultError(f"no such answer: {self.answer}")
        self.seconds, self.probability = float(self.seconds), float(self.probability)
        self.status = int(HTTPStatus(self.status))
        self.count = None if self.count is None else int(self.count)
        if self.fault in NEVER_SAVED:
            self.saved = False

    @property
    def pretended_error(self) -> int | None:
        """The error number to answer with, although the call succeeded; None for none."""
        if self.fault == "saved_late":
            return 3 if self.answer == "refused" else None
        return self.error if self.fault == "wrong_error" else None

    def shown(self) -> dict[str, Any]:
        return asdict(self) | {"calls": list(self.calls)}


class Faults:
    """The rules in order of creation; the first that fires wins. Not thread-safe: the caller holds a lock."""

    def __init__(self, seed: int = 0) -> None:
        self.rules: list[Fault] = []
        self._made = 0
        self._random = random.Random(seed)

    def seed(self, seed: int) -> None:
        self._random.seed(seed)

    def add(self, asked: Iterable[Mapping[str, Any]]) -> list[Fault]:
        """Add rules, all or none. `calls` may be one kind or several. Raises BadFaultError."""
        made = [self._rule(**options) for options in asked]
        self.rules.extend(made)
        return made

    def _rule(self, calls: str | Iterable[str] = (), **options: Any) -> Fault:
        self._made += 1
        kinds = (calls,) if isinstance(calls, str) else tuple(calls or ())
        try:
            return Fault(self._made, calls=kinds, **options)
        except TypeError as error:
            raise BadFaultError(str(error)) from None

    def clear(self) -> None:
        self.rules.clear()

    def take(self, kind: str, *, early: bool) -> Fault | None:
        """The fault that hits this call, if any. `early`: only those that strike before the body is read."""
        for rule in self.rules:
            if (rule.fault == "cut_before_reading") is not early:
                continue
            if rule.calls and kind not in rule.calls:
                continue
            if rule.count is not None and rule.hits >= rule.count:
                continue
            if rule.probability < 1.0 and self._random.random() >= rule.probability:
                continue
            rule.hits += 1
            return rule
        return None
