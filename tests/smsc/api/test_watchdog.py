"""Deadlines that one thread watches."""

import os
import threading
import time

import pytest

from mailings.smsc.api.watchdog import WATCHDOG, Watchdog


def test_a_later_deadline_does_not_hold_up_an_earlier_one() -> None:
    watchdog, came = Watchdog(), list[str]()
    both = threading.Barrier(2)

    def last() -> None:
        came.append("later")
        both.wait(5)

    watchdog.watch(time.monotonic() + 0.3, last)
    watchdog.watch(time.monotonic() + 0.1, lambda: came.append("earlier"))
    both.wait(5)

    assert came == ["earlier", "later"]


def test_what_has_ended_is_not_called_back() -> None:
    watchdog, came = Watchdog(), threading.Event()
    ended = watchdog.watch(time.monotonic() + 0.1, lambda: pytest.fail("called back"))
    ended.end()

    watchdog.watch(time.monotonic() + 0.2, came.set)

    assert came.wait(5)
    assert ended.ended


def test_a_deadline_that_has_passed_is_called_back_at_once() -> None:
    came = threading.Event()

    Watchdog().watch(time.monotonic() - 1, came.set)

    assert came.wait(5)


def test_many_deadlines_need_one_thread() -> None:
    watchdog = Watchdog()
    watchdog.watch(time.monotonic() + 60, pytest.fail)
    before = threading.active_count()

    watches = [watchdog.watch(time.monotonic() + 60, pytest.fail) for _ in range(100)]

    assert threading.active_count() == before
    for watch in watches:
        watch.end()


def test_a_process_that_was_forked_watches_its_own() -> None:
    WATCHDOG.watch(time.monotonic() + 0.01, lambda: None)
    child = os.fork()
    if child == 0:
        came = threading.Event()
        WATCHDOG.watch(time.monotonic() + 0.05, came.set)
        os._exit(0 if came.wait(5) else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_without_a_thread_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watchdog = Watchdog()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        with pytest.raises(RuntimeError):
            watchdog.watch(time.monotonic(), pytest.fail)

    came = threading.Event()
    watchdog.watch(time.monotonic(), came.set)
    assert came.wait(5)
