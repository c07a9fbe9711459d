"""One thread of this process that calls back at deadlines.

A timer for each call would be a thread for each call: its start makes two threads wait for each other, which
with many calls at once takes longer than the work between.
"""

import heapq
import os
import threading
import time
from collections.abc import Callable
from itertools import count


class Watch:
    """A deadline that is watched; `end` ends the watching, and a callback that has not begun never comes."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    @property
    def ended(self) -> bool:
        return self._callback is None

    def end(self) -> None:
        self._callback = None

    def expire(self) -> None:
        """Call back, unless the watching has ended."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Watchdog:
    """Deadlines of `time.monotonic()`, and the thread that waits for the next one.

    A watch that has ended stays in line until the thread wakes for another: nearly all end before their time,
    and nobody is woken for that.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew. A process that was forked has the line of the one before, but not its thread."""
        self._changed = threading.Condition()
        self._line: list[tuple[float, int, Watch]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def watch(self, deadline: float, callback: Callable[[], None]) -> Watch:
        """Call back at the deadline, from the watchdog's thread: a short callback that raises nothing.

        RuntimeError if no thread can be started; then nothing is watched.
        """
        watch = Watch(callback)
        with self._changed:
            self._start()
            earliest = self._line[0][0] if self._line else float("inf")
            heapq.heappush(self._line, (deadline, next(self._numbers), watch))
            if deadline < earliest:
                self._changed.notify()
        return watch

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        while True:
            with self._changed:
                due = self._due()
                if not due:
                    left = self._line[0][0] - time.monotonic() if self._line else threading.TIMEOUT_MAX
                    self._changed.wait(min(max(left, 0), threading.TIMEOUT_MAX))
            for watch in due:
                watch.expire()

    def _due(self) -> list[Watch]:
        """Take those out of the line whose moment has come, and those that have ended before the next."""
        due, now = [], time.monotonic()
        while self._line and (self._line[0][0] <= now or self._line[0][2].ended):
            due.append(heapq.heappop(self._line)[2])
        return due


WATCHDOG = Watchdog()
os.register_at_fork(after_in_child=WATCHDOG.reset)
