"""A person's decisions on unknown mailings: refused if the facts have changed, and acted on once."""

import pytest
from django.utils import timezone

from mailings import outbox
from mailings.models import Attempt, Mailing, State, Wish
from tests.helpers.factories import bare, queued


@pytest.fixture
def unknown(account) -> Mailing:
    return bare(account, state=State.UNKNOWN)


def shown(mailing: Mailing) -> outbox.Seen:
    """What a page opened now would post back."""
    mailing.refresh_from_db()
    return outbox.Seen(stamp=outbox.stamp(mailing))


def test_sending_again_resets_the_looks(unknown):
    Mailing.objects.filter(pk=unknown.pk).update(looks=2, look_note="x")
    mailing = outbox.send_again(unknown.pk)
    assert (mailing.state, mailing.looks, mailing.look_note) == (State.QUEUED, 0, "")


def test_a_mailing_that_is_to_be_cancelled_is_not_sent_again(unknown):
    outbox.wish(unknown.pk, Wish.CANCEL)
    with pytest.raises(outbox.Impossible):
        outbox.send_again(unknown.pk)


@pytest.mark.parametrize(
    "state", [State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.CANCELLED]
)
def test_decisions_are_for_unknown_outcomes_only(account, state):
    mailing = bare(account, state=state, remote_id="1")
    for decide in (outbox.send_again, outbox.give_up, lambda pk: outbox.adopt(pk, "2")):
        with pytest.raises(outbox.Impossible):
            decide(mailing.pk)


def test_a_second_click_on_send_again_sends_nothing_more(account, sandbox):
    # given a provider that fails at once, so that the mailing is unknown again at the second click
    mailing = queued(account, time="+600")
    sandbox.fault("cut_after_saving", calls="add", count=None)
    outbox.deliver_mailing(mailing.pk)
    seen = shown(mailing)
    outbox.send_again(mailing.pk, seen=seen)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN
    # when
    with pytest.raises(outbox.Outdated, match=f"{mailing.code}b"):
        outbox.send_again(mailing.pk, seen=seen)
    # then
    outbox.deliver_mailing(mailing.pk)
    assert len(sandbox.jobs) == 2


DECISIONS = [
    outbox.send_again,
    outbox.give_up,
    lambda pk, **seen: outbox.adopt(pk, "4100", **seen),
]
NEWER = [
    {"look_matches": ["1", "2"]},
    {"candidate": "77"},
    {"wish": Wish.CANCEL, "wish_at": timezone.now()},
    {"alarm": "two_jobs", "alarm_jobs": ["1"]},
]


@pytest.mark.parametrize("decide", DECISIONS)
@pytest.mark.parametrize("newer", NEWER)
def test_a_decision_is_refused_when_anything_newer_is_known(unknown, decide, newer):
    seen = shown(unknown)
    Mailing.objects.filter(pk=unknown.pk).update(**newer)
    with pytest.raises(outbox.Outdated):
        decide(unknown.pk, seen=seen)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.candidate) == (State.UNKNOWN, newer.get("candidate", ""))


@pytest.mark.parametrize("decide", DECISIONS)
def test_a_decision_still_counts_after_another_look_in_vain(unknown, decide):
    seen = shown(unknown)
    Mailing.objects.filter(pk=unknown.pk).update(looks=2, look_at=timezone.now())
    decide(unknown.pk, seen=seen)
    assert outbox.stamp(Mailing.objects.get()) != seen.stamp


def test_a_form_with_an_empty_stamp_decides_nothing(unknown):
    with pytest.raises(outbox.Outdated):
        outbox.give_up(unknown.pk, seen=outbox.Seen(stamp=""))


def test_a_decision_may_name_the_attempt_alone(unknown):
    Attempt.objects.create(
        mailing=unknown, kind="create", reference="K7Q2Mb", token="t", begin=timezone.now()
    )
    with pytest.raises(outbox.Outdated, match="K7Q2Mb"):
        outbox.give_up(unknown.pk, seen=outbox.Seen(attempt="K7Q2Ma"))
    outbox.give_up(unknown.pk, seen=outbox.Seen(attempt="K7Q2Mb"))


def test_a_release_is_bound_to_what_was_seen(account):
    # given a mailing that was released, and is held again for another reason
    held = bare(account, state=State.HELD, held_reason="overdue")
    seen = shown(held)
    outbox.release(held.pk, seen=seen)
    Mailing.objects.filter(pk=held.pk).update(state=State.HELD, held_reason="restored")
    with pytest.raises(outbox.Outdated):
        outbox.release(held.pk, seen=seen)


def test_an_alarm_is_dismissed_only_as_it_was_seen(account):
    mailing = bare(account, state=State.ACCEPTED, remote_id="1", alarm="two_jobs", alarm_jobs=["1", "2"])
    seen = shown(mailing)
    Mailing.objects.update(alarm_jobs=["1", "2", "3"])
    with pytest.raises(outbox.Outdated):
        outbox.dismiss_alarm(mailing.pk, seen=seen)
    outbox.dismiss_alarm(mailing.pk, seen=shown(mailing))
