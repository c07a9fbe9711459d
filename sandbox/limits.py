"""The provider's limits: wrong logins (error 2), blocks (4), calls at once and identical requests (9)."""

import hmac
from collections import deque
from dataclasses import dataclass, field

from sandbox.forms import Form
from sandbox.rules import RefusedError

MINUTE = 60.0
BAD_LOGINS = 5
BAD_LOGIN_WINDOW = 30 * MINUTE
BLOCK_SECONDS = 30 * MINUTE


@dataclass(frozen=True)
class Credentials:
    """The credentials of the sandbox's one account. No secret, but the record of calls omits them."""

    login: str = "sandbox"
    password: str = field(default="sandbox", repr=False)
    apikey: str = field(default="sandbox-key", repr=False)

    def match(self, form: Form) -> bool:
        """Whether a request has the right API key, or without a key the right login and password."""
        apikey = form.get("apikey")
        if apikey:
            return _same(apikey, self.apikey)
        return _same(form.get("login"), self.login) and _same(form.get("psw"), self.password)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


class Limits:
    """Recent calls and their limits. `now`: seconds by the sandbox's clock. The caller holds a lock."""

    def __init__(self, same_request_seconds: float, at_once: int) -> None:
        self.same_request_seconds = same_request_seconds
        self.at_once = at_once
        self.in_flight = 0
        self.most_in_flight = 0
        self.authentication_errors = 0
        self._bad: dict[str, deque[float]] = {}
        self._blocked_until: dict[str, float] = {}
        self._recent: dict[str, deque[float]] = {}

    def check_block(self, address: str, now: float) -> None:
        """Error 4 while the address is blocked."""
        if now < self._blocked_until.get(address, 0.0):
            raise RefusedError(4, "IP blocked")

    def bad_login(self, address: str, now: float) -> RefusedError:
        """Error 2; the fifth within 30 minutes blocks the address for 30 minutes."""
        self.authentication_errors += 1
        bad = self._bad.setdefault(address, deque())
        _forget(bad, now - BAD_LOGIN_WINDOW)
        bad.append(now)
        if len(bad) >= BAD_LOGINS:
            self.block(address, now)
            bad.clear()
        return RefusedError(2, "authorise error")

    def block(self, address: str, now: float) -> None:
        self._blocked_until[address] = now + BLOCK_SECONDS

    def enter(self) -> None:
        """Count a call with the account's credentials as under way."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def check_crowd(self) -> None:
        """Error 9 if, with this call, `at_once` or more are under way. `enter` was called before."""
        if self.in_flight >= self.at_once:
            raise RefusedError(9, "too many requests at once")

    def check_repeat(self, digest: str, now: float, allowed: int, window: float) -> None:
        """Error 9 if `allowed` requests with this digest were accepted in the last `window` seconds."""
        if window <= 0:
            return
        if len(self._recent) > 5_000:
            self._drop_old(now)
        times = self._recent.setdefault(digest, deque())
        _forget(times, now - window)
        if len(times) >= allowed:
            raise RefusedError(9, "identical requests, try later")
        times.append(now)

    def _drop_old(self, now: float) -> None:
        oldest = now - max(MINUTE, self.same_request_seconds)
        recent = self._recent.items()
        self._recent = {digest: times for digest, times in recent if times and times[-1] > oldest}

    def forget(self) -> None:
        """Lift blocks and forget past calls; calls under way are still counted."""
        self._bad.clear()
        self._blocked_until.clear()
        self._recent.clear()
        self.most_in_flight = self.in_flight
        self.authentication_errors = 0


def _forget(moments: deque[float], until: float) -> None:
    while moments and moments[0] <= until:
        moments.popleft()
