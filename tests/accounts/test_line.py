"""The threads of one process that wait for a permit."""

import threading
import time

import pytest

from mailings import accounts
from mailings.accounts import limiter
from mailings.accounts.line import Line, line_of
from mailings.models import Account, Waiting


def nothing() -> None:
    """A claim that is made."""


@pytest.fixture
def account(redis_url, transactional_db) -> Account:
    return accounts.ensure_sandbox_account("http://127.0.0.1:1/sys/")


def test_one_at_a_time_is_the_first_and_the_others_wait_as_long_as_they_may() -> None:
    line = Line()

    with line.front(1) as first, line.front(0.05) as second:
        assert (first, second) == (True, False)

    with line.front(0) as later:
        assert later


def test_a_call_that_ends_while_a_permit_is_asked_for_is_noticed() -> None:
    line = Line()
    line.begun()
    line.expect()
    line.ended()  # in the very moment in which Redis says that there is no permit

    begin = time.monotonic()
    assert line.wait(5)
    assert time.monotonic() - begin < 1

    line.expect()
    assert not line.wait(0.01)


def test_only_calls_that_are_under_way_are_counted(account) -> None:
    assert not accounts.is_calling(account.identity)

    with accounts.slot(account, "add", claim=nothing):
        assert accounts.is_calling(account.identity)

    assert not accounts.is_calling(account.identity)


def test_a_permit_that_comes_free_here_is_used_at_once(account, settings, monkeypatch) -> None:
    settings.CALLS_AT_ONCE = 1
    monkeypatch.setattr("mailings.accounts.calls.TRY_AGAIN_SECONDS", 30.0)
    line = line_of(account.identity)
    busy = limiter.acquire(account.identity, "", permits=1, calls_lately=lambda: False)
    line.begun()

    def end() -> None:
        limiter.release(busy, used=False)
        line.ended()

    ending = threading.Timer(0.2, end)
    ending.start()
    begin = time.monotonic()
    with accounts.slot(account, "add", wait=60, claim=nothing):
        waited = time.monotonic() - begin
    ending.join()

    assert waited < 10


def test_who_cannot_become_the_first_in_time_waits_for_a_permit(account) -> None:
    with (
        line_of(account.identity).front(1),
        pytest.raises(accounts.CannotCall) as refused,
        accounts.slot(account, "add", wait=0.05, claim=nothing),
    ):
        pass

    assert refused.value.reason == Waiting.GATE


def test_only_a_line_that_moves_and_is_short_lets_claim_before_the_permit(monkeypatch) -> None:
    line = Line()
    for _call in range(2):
        line.begun()

    with line.stand(2) as without_an_end:
        pass
    line.begun()
    line.ended()
    with line.stand(3) as while_one_is_free, line.stand(2) as soon, line.stand(2) as too_many:
        pass
    later = time.monotonic() + 2
    monkeypatch.setattr("mailings.accounts.line.time.monotonic", lambda: later)
    with line.stand(2) as long_after_the_last_end:
        pass

    assert (without_an_end, while_one_is_free, soon, too_many) == (False, False, True, False)
    assert not long_after_the_last_end
