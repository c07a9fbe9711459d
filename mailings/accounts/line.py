"""The threads of this process that wait for a permit of one login: the first of them asks, the others wait.

When a call of this process ends, the first asks again at once. So a permit is used as soon as it is free,
without all threads asking Redis again and again; and more threads than permits may get mailings ready.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# A line moves if a call has ended so lately: whoever waits in it gets a permit in a moment.
MOVES_SECONDS = 1.0
# How many threads of a line may have claimed a mailing before they get their permit.
CLAIMED_EARLY = 2


class Line:
    """The line of one login. `calls`: how many calls of this process are under way."""

    def __init__(self) -> None:
        self.calls = 0
        self._waiting = 0
        self._ended_at = float("-inf")
        self._lock = threading.Lock()
        self._front = threading.Lock()
        self._freed = threading.Event()

    @contextmanager
    def stand(self, permits: int) -> Iterator[bool]:
        """Stand in line. Whether the turn comes in a moment, and only so few others wait that it is sure to.

        That is so if all these permits are taken or waited for here, and calls end all the time.
        """
        with self._lock:
            self._waiting += 1
            full = self.calls + self._waiting > permits
            soon = (
                full and self._waiting <= CLAIMED_EARLY and time.monotonic() - self._ended_at < MOVES_SECONDS
            )
        try:
            yield soon
        finally:
            with self._lock:
                self._waiting -= 1

    @contextmanager
    def front(self, seconds: float) -> Iterator[bool]:
        """Wait to be the first, and stay it. False if that took too long."""
        first = self._front.acquire(timeout=max(seconds, 0))
        try:
            yield first
        finally:
            if first:
                self._front.release()

    def expect(self) -> None:
        """Wait, from now on, for calls that end later than this. To be called before asking for a permit."""
        self._freed.clear()

    def wait(self, seconds: float) -> bool:
        """Wait until a call of this process ends; False if none did."""
        return self._freed.wait(seconds)

    def begun(self) -> None:
        with self._lock:
            self.calls += 1

    def ended(self) -> None:
        with self._lock:
            self.calls -= 1
        self._ended_at = time.monotonic()
        self._freed.set()


_LINES: dict[str, Line] = {}


def line_of(identity: str) -> Line:
    """The line of a login in this process."""
    return _LINES.get(identity) or _LINES.setdefault(identity, Line())


def calls_under_way() -> int:
    """How many calls are under way in this process, of all logins."""
    return sum(line.calls for line in list(_LINES.values()))
