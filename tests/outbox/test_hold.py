"""The hold after sending off: a mailing can become a draft again, or be claimed, but never both."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Attempt, Confirmation, Event, EventKind, Mailing, State
from mailings.outbox import Impossible, claims, notify
from sandbox import Sandbox
from tests.helpers.factories import bare, spec
from tests.helpers.people import person

RACES = 20


def draft(account: Account) -> Mailing:
    return outbox.make(spec(), account=account, submit=False)


def sent_off(account: Account, seconds: float = 10.0) -> Mailing:
    mailing = draft(account)
    return outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest, hold_seconds=seconds)


def kinds(mailing: Mailing) -> list[str]:
    return list(Event.objects.filter(mailing=mailing).values_list("kind", flat=True))


def test_a_mailing_waits_for_the_end_of_its_hold_and_then_goes(
    account: Account, sandbox: Sandbox, monkeypatch
):
    told: list[tuple[str, int, float]] = []
    monkeypatch.setattr(notify, "send", lambda task, pk, after=0.0: told.append((task, pk, after)))
    mailing = sent_off(account)
    assert told == [("deliver", mailing.pk, 10.0)]

    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.state, sandbox.jobs) == (State.QUEUED, [])

    with time_machine.travel(timezone.now() + timedelta(seconds=10.1)):
        outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.state, len(sandbox.jobs)) == (State.ACCEPTED, 1)


def test_the_sweep_sends_what_no_message_sent(account: Account, monkeypatch):
    """Given a worker that died while the delayed message was in its memory."""
    mailing = sent_off(account)
    told: list[int] = []
    monkeypatch.setattr(notify, "send", lambda task, pk, **_more: told.append(pk))

    outbox.sweep()
    assert told == []
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        outbox.sweep()

    assert told == [mailing.pk]


def test_held_in_time_it_is_a_draft_again_and_nothing_is_sent(account: Account, sandbox: Sandbox):
    mailing = sent_off(account)
    olga = person("olga")
    assert outbox.may_hold(mailing)

    held = outbox.hold(mailing.pk, olga)

    assert (held.state, held.submitted_at, held.not_before, held.due_at) == (State.DRAFT, None, None, None)
    assert Event.objects.get(mailing=held, kind=EventKind.HELD_BACK).who == olga
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        outbox.deliver_mailing(mailing.pk)
    assert sandbox.jobs == []
    assert outbox.typed_options(held)["mes"] == "Hello"


def test_a_draft_that_was_held_can_be_sent_off_again(account: Account, sandbox: Sandbox):
    mailing = outbox.hold(sent_off(account).pk)

    outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest)
    outbox.deliver_mailing(mailing.pk)

    assert len(sandbox.jobs) == 1


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (State.DRAFT, "a draft again already"),
        (State.QUEUED, "The seconds to hold it are over"),
        (State.SENDING, "Too late"),
        (State.UNKNOWN, "Too late"),
    ],
)
def test_held_too_late_it_says_how_it_stands(account: Account, state: State, said: str):
    mailing = bare(account, state=state)

    with pytest.raises(Impossible, match=said):
        outbox.hold(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, outbox.may_hold(mailing)) == (state, False)


def test_a_mailing_that_waits_for_another_reason_cannot_be_held(account: Account):
    """Given a row that waits for its next try: a call may have been made for it."""
    later = timezone.now() + timedelta(seconds=30)
    mailing = bare(account, state=State.QUEUED, not_before=later, waiting_for="provider")

    assert not outbox.may_hold(mailing)
    with pytest.raises(Impossible):
        outbox.hold(mailing.pk)


def test_what_was_confirmed_stands_in_the_timeline(account: Account):
    mailing = draft(account)

    outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest, confirmed=[Confirmation.BALANCE])

    assert kinds(mailing) == ["created", "confirmed", "submitted"]


def test_another_content_than_was_reviewed_is_not_sent(account: Account):
    mailing = draft(account)

    with pytest.raises(outbox.Outdated):
        outbox.send_off(mailing.pk, spec_digest="another", confirmed=[Confirmation.BALANCE])

    mailing.refresh_from_db()
    assert (mailing.state, kinds(mailing)) == (State.DRAFT, ["created"])


def test_what_is_no_draft_any_more_is_not_sent_twice(account: Account):
    mailing = sent_off(account)

    with pytest.raises(Impossible):
        outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest)


@pytest.mark.django_db(transaction=True)
def test_a_hold_and_a_claim_at_the_same_moment_never_both_succeed(account: Account, monkeypatch):
    """Given a worker whose clock is ahead of the page's, so that both think that they may act."""
    ahead = SimpleNamespace(now=lambda: timezone.now() + timedelta(seconds=61))
    monkeypatch.setattr(claims, "timezone", ahead)
    ends: set[str] = set()
    for _race in range(RACES):
        mailing = sent_off(account, 60.0)
        held, claimed = race(mailing)

        mailing.refresh_from_db()
        assert held is not claimed
        assert mailing.state == (State.DRAFT if held else State.SENDING)
        assert Attempt.objects.filter(mailing=mailing).count() == claimed
        assert (EventKind.HELD_BACK in kinds(mailing)) is held
        ends.add(mailing.state)
    assert ends <= {State.DRAFT, State.SENDING}


def race(mailing: Mailing) -> tuple[bool, bool]:
    """Hold and claim a mailing at the same moment; whether each succeeded."""
    start, came = threading.Barrier(2), dict[str, bool]()

    def press() -> None:
        start.wait()
        try:
            outbox.hold(mailing.pk)
            came["held"] = True
        except Impossible:
            came["held"] = False
        connection.close()

    def take() -> None:
        start.wait()
        came["claimed"] = claims.claim(mailing, ()) is not None
        connection.close()

    threads = [threading.Thread(target=press), threading.Thread(target=take)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came["held"], came["claimed"]


def test_a_worker_cannot_claim_with_the_text_from_before_a_hold_and_an_edit(account: Account):
    """Given a worker that has read the row, and then waits for a permit."""
    before = sent_off(account, seconds=5)
    draft_again = outbox.hold(before.pk)
    changed = outbox.make(spec(mes="Another text"), account=account, submit=False, draft=draft_again)
    outbox.send_off(changed.pk, spec_digest=changed.spec_digest)

    assert claims.claim(before, ()) is None
    assert claims.claim(Mailing.objects.get(), ()) is not None


def test_an_early_nudge_does_not_change_the_hold(account: Account, monkeypatch):
    mailing = sent_off(account)
    monkeypatch.setattr("mailings.accounts.slot", lambda *args, **kwargs: pytest.fail("no permit is wanted"))

    outbox.deliver_mailing(mailing.pk)

    assert Mailing.objects.get().not_before == mailing.not_before


def test_an_earlier_reason_for_waiting_does_not_prevent_a_hold(account: Account):
    mailing = draft(account)
    Mailing.objects.update(waiting_for="gate")

    outbox.send_off(mailing.pk, spec_digest=mailing.spec_digest, hold_seconds=10)

    assert outbox.may_hold(Mailing.objects.get())
