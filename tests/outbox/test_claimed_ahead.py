"""While all calls wait for the next permit, a mailing is claimed already: what can happen until it comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError

from mailings import accounts, outbox
from mailings.accounts import limiter
from mailings.accounts.line import Line, line_of
from mailings.models import Account, Attempt, Breaker, Mailing, State, Waiting, Wish
from mailings.outbox import deliver
from sandbox import Sandbox
from tests.helpers.factories import delivered, queued


@contextmanager
def all_permits_taken(account: Account, settings) -> Iterator[None]:
    """A call under way that has the only permit, in a line where another call has just ended."""
    settings.CALLS_AT_ONCE = 1
    delivered(account)
    lease = limiter.acquire(account.identity, "", permits=1, calls_lately=lambda: False)
    line_of(account.identity).begun()
    try:
        yield
    finally:
        limiter.release(lease, used=False)
        line_of(account.identity).ended()


@pytest.fixture
def meanwhile(account: Account, settings, monkeypatch) -> Callable[[Callable[[], object]], None]:
    """Have something done at the moment in which a delivery begins to wait; then the permit comes."""

    def set_up(deed: Callable[[], object]) -> None:
        really_wait, taken = Line.front, all_permits_taken(account, settings)
        taken.__enter__()

        def front(*args: Any) -> Any:
            deed()
            taken.__exit__(None, None, None)
            return really_wait(*args)

        monkeypatch.setattr(Line, "front", front)

    return set_up


def test_it_is_claimed_while_it_waits_and_sent_when_the_permit_comes(account, sandbox: Sandbox, meanwhile):
    mailing = queued(account)
    states: list[str] = []
    meanwhile(lambda: states.append(Mailing.objects.get(pk=mailing.pk).state))

    assert outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert (states, mailing.state) == ([State.SENDING], State.ACCEPTED)
    assert [job["name"][:6] for job in sandbox.jobs[1:]] == [f"{mailing.code}a"]


def test_without_a_permit_it_goes_back_into_the_queue_and_nothing_was_sent(
    account, sandbox: Sandbox, settings, monkeypatch
):
    monkeypatch.setattr(deliver, "WAIT_FOR_SLOT_SECONDS", 0.05)
    mailing = queued(account)
    with all_permits_taken(account, settings):
        calls = len(sandbox.calls)

        assert not outbox.deliver_mailing(mailing.pk)

        assert len(sandbox.calls) == calls
    mailing.refresh_from_db()
    attempt = mailing.attempts.get()
    assert (mailing.state, mailing.waiting_for) == (State.QUEUED, Waiting.GATE)
    assert (attempt.outcome, attempt.text) == (Attempt.Outcome.NOT_SENT, "permit")

    assert outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.state, sandbox.jobs[-1]["name"][:6]) == (State.ACCEPTED, f"{mailing.code}a")


def test_a_cancel_while_it_waits_takes_it_back(account, sandbox: Sandbox, meanwhile):
    mailing = queued(account)
    meanwhile(lambda: outbox.wish(mailing.pk, Wish.CANCEL))
    jobs = len(sandbox.jobs)

    outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, len(sandbox.jobs)) == (State.WITHDRAWN, jobs)


def test_a_database_that_goes_away_while_it_waits_leaves_it_in_the_queue(
    account, sandbox: Sandbox, meanwhile
):
    """Given a claimed mailing that has no permit, so that nothing can have left us."""
    mailing = queued(account)

    def go_away() -> None:
        raise OperationalError("gone")

    meanwhile(go_away)

    outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    attempt = mailing.attempts.get()
    assert (mailing.state, attempt.outcome, attempt.text) == (
        State.QUEUED,
        Attempt.Outcome.NOT_SENT,
        "database",
    )


@pytest.mark.parametrize("change", [{"breaker": Breaker.LOGIN}, {"secret": b"another"}])
def test_an_account_that_cannot_call_any_more_when_the_permit_comes_sends_nothing(
    account, sandbox: Sandbox, meanwhile, change
):
    mailing = queued(account)
    meanwhile(lambda: Account.objects.filter(pk=account.pk).update(**change))

    outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.attempts.get().outcome) == (State.QUEUED, Attempt.Outcome.NOT_SENT)
    assert mailing.code not in "".join(job["name"] for job in sandbox.jobs)


def test_where_no_call_has_ended_lately_nothing_is_claimed_before_the_permit(account, settings, monkeypatch):
    """Given a provider that has not answered for a while: a permit may be far off."""
    monkeypatch.setattr(deliver, "WAIT_FOR_SLOT_SECONDS", 0.05)
    monkeypatch.setattr("mailings.accounts.line.MOVES_SECONDS", 0)
    mailing = queued(account)

    with all_permits_taken(account, settings):
        assert not outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.waiting_for) == (State.QUEUED, Waiting.GATE)
    assert not mailing.attempts.exists()


def test_calls_that_waited_for_the_first_to_succeed_go_at_once_then(account, sandbox, settings):
    """Given a caller whose row is from before the account's first call, and a second call under way."""
    settings.CALLS_AT_ONCE = 2
    delivered(account)
    old = Account.objects.get(pk=account.pk)
    old.proven_at = None
    lease = limiter.acquire(account.identity, "", permits=2, calls_lately=lambda: False)

    with accounts.slot(old, "add", claim=lambda: None) as client:
        assert client

    limiter.release(lease, used=False)
