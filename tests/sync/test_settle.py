"""Jobs that bear one of our codes, in every state that their row may be in."""

import pytest
from django.utils import timezone

from mailings import outbox, sync
from mailings.models import Account, Alarm, Attempt, HeldReason, Mailing, Origin, State, Wish
from sandbox import Sandbox
from tests.helpers.factories import bare, delivered, queued
from tests.sync.test_pulls import pull


def lost(account: Account, sandbox: Sandbox) -> Mailing:
    """A mailing that the provider has, and whose answer never came."""
    mailing = queued(account)
    sandbox.fault("cut_after_saving", calls="add")
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id) == (State.UNKNOWN, None)
    return mailing


def kinds(mailing: Mailing) -> list[str]:
    return list(mailing.events.values_list("kind", flat=True))


def test_an_unknown_mailing_is_settled_by_its_reference(account, sandbox: Sandbox, any_dialect: str):
    mailing = lost(account, sandbox)

    result = pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, str(sandbox.jobs[0]["id"]))
    assert (result.settled, result.new) == (1, 0)
    assert mailing.verified_at is not None
    assert mailing.remote
    assert Mailing.objects.count() == 1
    assert kinds(mailing)[-1] == "settled"
    assert mailing.attempts.get().outcome == Attempt.Outcome.UNKNOWN


def test_a_settled_mailing_is_like_any_other_from_then_on(account: Account, sandbox: Sandbox):
    lost(account, sandbox)
    pull(account)

    result = pull(account)

    assert result.counts() == {"seen": 1, "new": 0, "changed": 0, "unchanged": 1, "settled": 0, "gone": 0}


def test_a_wish_on_an_unknown_mailing_can_go_on_once_its_job_is_found(account: Account, sandbox: Sandbox):
    mailing = lost(account, sandbox)
    outbox.wish(mailing.pk, Wish.DELETE)
    pull(account)

    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.DELETED, "confirmed")


def test_a_job_is_found_by_the_name_that_it_bears_at_its_front_only(account: Account, sandbox: Sandbox):
    mailing = bare(account, state=State.UNKNOWN)
    sandbox.make_job(f"About {mailing.code}a")
    sandbox.make_job(f"{mailing.code} without a letter")
    sandbox.make_job(f"{mailing.code}abc three letters")

    result = pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, result.new, result.settled) == (State.UNKNOWN, 3, 0)


def test_a_code_that_no_row_has_makes_a_row_of_its_own(account: Account, sandbox: Sandbox):
    sandbox.make_job("K7Q2Ma Lost with its row")

    assert pull(account).new == 1
    assert Mailing.objects.get().origin == Origin.PROVIDER


def test_a_code_of_another_account_settles_nothing(account: Account, sandbox: Sandbox):
    other = Account.objects.create(name="other")
    mailing = bare(other, state=State.UNKNOWN)
    sandbox.make_job(f"{mailing.code}a Copied")

    result = pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, result.new) == (State.UNKNOWN, 1)


def test_a_mailing_given_up_whose_job_turns_up_is_accepted_with_an_alarm(account, sandbox, any_dialect):
    mailing = lost(account, sandbox)
    outbox.give_up(mailing.pk)

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.ACCEPTED, Alarm.TURNED_UP)
    assert mailing.alarm_jobs == [mailing.remote_id]


def test_a_mailing_being_sent_is_settled_by_the_job_of_its_attempt(account: Account, sandbox: Sandbox):
    mailing = bare(account, state=State.SENDING, token="t1")
    attempt = Attempt.objects.create(
        mailing=mailing, kind="create", reference=f"{mailing.code}a", token="t1", begin=timezone.now()
    )
    sandbox.make_job(f"{mailing.code}a Bare")

    result = pull(account)

    mailing.refresh_from_db()
    attempt.refresh_from_db()
    assert (mailing.state, result.settled, attempt.outcome) == (State.ACCEPTED, 1, "accepted")


def test_the_job_of_an_earlier_attempt_waits_until_the_one_under_way_has_ended(account, sandbox: Sandbox):
    mailing = bare(account, state=State.SENDING, token="t2")
    for letter, token in (("a", "t1"), ("b", "t2")):
        Attempt.objects.create(
            mailing=mailing,
            kind="create",
            reference=f"{mailing.code}{letter}",
            token=token,
            begin=timezone.now(),
        )
    first = sandbox.make_job(f"{mailing.code}a Bare")

    assert pull(account).settled == 0
    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.SENDING, "")

    second = sandbox.make_job(f"{mailing.code}b Bare")
    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id) == (State.ACCEPTED, str(second))
    assert (mailing.alarm, mailing.alarm_jobs) == (Alarm.TWO_JOBS, [str(first), str(second)])


@pytest.mark.parametrize(
    ("state", "alarm"),
    [
        (State.QUEUED, ""),
        (State.HELD, ""),
        (State.DRAFT, Alarm.TURNED_UP_UNSENT),
        (State.AWAITING_APPROVAL, Alarm.TURNED_UP_UNSENT),
        (State.REFUSED, Alarm.TURNED_UP_REFUSED),
        (State.WITHDRAWN, Alarm.TURNED_UP_WITHDRAWN),
    ],
)
def test_a_row_older_than_its_job_is_tied_to_it_and_never_sent_again(account, sandbox: Sandbox, state, alarm):
    held = HeldReason.RESTORED if state == State.HELD else ""
    mailing = bare(account, state=state, held_reason=held, wish_result="confirmed" if not alarm else "")
    number = sandbox.make_job(f"{mailing.code}a Bare")

    result = pull(account)
    outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id, mailing.held_reason) == (State.ACCEPTED, str(number), "")
    assert (mailing.alarm, result.settled) == (alarm, 1)
    assert len(sandbox.jobs) == 1
    assert mailing.events.get(kind="settled").data["before"] == state


def test_a_withdrawal_is_no_longer_called_confirmed_once_the_job_is_there(account, sandbox: Sandbox):
    mailing = queued(account)
    outbox.withdraw(mailing.pk)
    sandbox.make_job(f"{mailing.code}a Bare")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.ACCEPTED, "")


def test_two_jobs_leave_an_unknown_mailing_to_a_person_with_both_as_evidence(account, sandbox: Sandbox):
    mailing = lost(account, sandbox)
    sandbox.make_job(f"{mailing.code}b Spring sale")

    result = pull(account)
    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, result.settled) == (State.UNKNOWN, 0)
    assert mailing.look_matches == mailing.alarm_jobs == ["1", "2"]
    assert kinds(mailing).count("alarm") == 1
    assert Mailing.objects.count() == 1


def test_one_of_two_jobs_that_is_shown_alone_later_settles_nothing(account: Account, sandbox: Sandbox):
    mailing = lost(account, sandbox)
    second = sandbox.make_job(f"{mailing.code}b Spring sale")
    pull(account)
    sandbox.change_job(second, deleted=True)

    pull(account)

    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN


def test_a_queued_mailing_with_two_jobs_takes_the_first_and_raises_the_alarm(account, sandbox: Sandbox):
    mailing = bare(account, state=State.QUEUED)
    sandbox.make_job(f"{mailing.code}b Bare")
    first = sandbox.make_job(f"{mailing.code}a Bare")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id, mailing.alarm) == (State.ACCEPTED, str(first), Alarm.TWO_JOBS)


def test_a_second_job_of_an_accepted_mailing_is_an_alarm_and_no_row(account, sandbox, any_dialect: str):
    mailing = delivered(account)
    sandbox.make_job(f"{mailing.code}b Spring sale")

    result = pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.remote_id, mailing.alarm) == (State.ACCEPTED, "1", Alarm.TWO_JOBS)
    assert mailing.alarm_jobs == ["1", "2"]
    assert (result.seen, result.new) == (2, 0)


def test_an_alarm_that_a_person_has_dismissed_comes_back_for_another_job_only(account, sandbox: Sandbox):
    mailing = delivered(account)
    sandbox.make_job(f"{mailing.code}b Spring sale")
    pull(account)
    outbox.dismiss_alarm(mailing.pk)

    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == ""

    sandbox.make_job(f"{mailing.code}c Spring sale")
    pull(account)
    mailing.refresh_from_db()
    assert (mailing.alarm, mailing.alarm_jobs) == (Alarm.TWO_JOBS, ["1", "2", "3"])


def test_a_job_first_met_without_its_name_is_one_row_once_the_name_is_told(
    account: Account, sandbox: Sandbox
):
    mailing = lost(account, sandbox)
    number = sandbox.jobs[0]["id"]
    sandbox.change_job(number, name="-")
    pull(account)
    assert Mailing.objects.filter(origin=Origin.PROVIDER).count() == 1
    sandbox.change_job(number, name=f"{mailing.code}a Spring sale")

    result = pull(account)

    row = Mailing.objects.get()
    assert (row.pk, row.state, row.remote_id, result.settled) == (mailing.pk, State.ACCEPTED, str(number), 1)
    assert row.observations.count() == 2


def test_an_answer_that_comes_after_the_row_was_settled_changes_nothing(account: Account, sandbox: Sandbox):
    mailing = lost(account, sandbox)
    pull(account)
    mailing.refresh_from_db()
    before = mailing.state_at

    sync.pull_recent(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.state_at, mailing.alarm) == (State.ACCEPTED, before, "")


def test_the_figures_add_up_to_the_jobs_seen(account: Account, sandbox: Sandbox):
    undecided, settled, known = lost(account, sandbox), lost(account, sandbox), delivered(account)
    for mailing in (undecided, known):
        sandbox.make_job(f"{mailing.code}b Spring sale")
    sandbox.make_job("Reminder")

    first, second = pull(account), pull(account)

    settled.refresh_from_db()
    assert (settled.state, first.seen, second.seen) == (State.ACCEPTED, 6, 6)
    for result in (first, second):
        assert result.new + result.changed + result.unchanged + result.settled == result.seen
