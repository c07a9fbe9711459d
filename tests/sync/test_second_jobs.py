"""Two jobs of one mailing: what each is can be told, and either can be cancelled and is seen to be."""

import pytest

from mailings import outbox
from mailings.models import Account, Alarm, Mailing, Origin, State, Wish, WishResult
from mailings.selectors.jobs import jobs
from sandbox import Sandbox
from tests.helpers.factories import delivered
from tests.sync.test_pulls import pull
from tests.sync.test_settle import lost

TOMORROW = "+1440"


def with_two_jobs(account: Account, sandbox: Sandbox) -> tuple[Mailing, str]:
    """A mailing that waits for tomorrow and a second job of it, as two pulls have seen them."""
    mailing = delivered(account, time=TOMORROW)
    second = sandbox.make_job(f"{mailing.code}b Spring sale", time=TOMORROW)
    pull(account)
    pull(account)
    mailing.refresh_from_db()
    return mailing, str(second)


def test_each_of_two_jobs_is_told_apart(account: Account, sandbox: Sandbox, any_dialect: str) -> None:
    mailing, second = with_two_jobs(account, sandbox)

    own, other = jobs(mailing)

    assert (own.remote_id, other.remote_id) == (mailing.remote_id, second)
    assert other.verified_at is not None
    if any_dialect == "plain":
        assert own.row.remote_status == "waiting"
        assert (other.row.remote_status, other.row.recipients_count) == ("waiting", 1)
        assert other.row.cost is not None
        assert other.said_hour != ""
    assert (Mailing.objects.count(), other.page) == (1, None)


def test_the_second_job_is_cancelled_and_seen_to_be(account: Account, sandbox: Sandbox) -> None:
    mailing, second = with_two_jobs(account, sandbox)

    row = outbox.cancel_job(mailing.pk, second)
    again = outbox.cancel_job(mailing.pk, second)
    outbox.fulfil(row.pk)
    pull(account)

    row.refresh_from_db()
    mailing.refresh_from_db()
    assert (row.pk, row.origin, row.state) == (again.pk, Origin.PROVIDER, State.CANCELLED)
    assert row.wish_result == WishResult.CONFIRMED
    assert (mailing.state, mailing.wish, mailing.remote_status) == (State.ACCEPTED, "", "waiting")
    assert Mailing.objects.count() == 2
    assert [job.status for job in jobs(mailing)] == ["waiting", "cancelled"]
    told = mailing.events.filter(kind="wished").values_list("data", flat=True)
    assert [data["remote_id"] for data in told] == [second, second]
    assert (mailing.alarm, mailing.events.last().data) == ("", {"alarm": "", "left": 1})


def test_the_mailings_own_job_is_cancelled_as_ever(account: Account, sandbox: Sandbox) -> None:
    mailing, _second = with_two_jobs(account, sandbox)

    row = outbox.cancel_job(mailing.pk, str(mailing.remote_id))

    assert (row.pk, row.wish, Mailing.objects.count()) == (mailing.pk, Wish.CANCEL, 1)


def test_a_job_cancelled_before_it_was_chosen_can_still_be_taken_as_the_mailing(account, sandbox: Sandbox):
    mailing = lost(account, sandbox)
    second = str(sandbox.make_job(f"{mailing.code}b Spring sale", time=TOMORROW))
    pull(account)
    outbox.fulfil(outbox.cancel_job(mailing.pk, second).pk)

    outbox.adopt(mailing.pk, second)

    mailing.refresh_from_db()
    assert (mailing.remote_id, mailing.remote_status, Mailing.objects.count()) == (second, "cancelled", 1)
    assert mailing.alarm == Alarm.TWO_JOBS


def test_only_a_job_of_the_mailing_is_cancelled_with_it(account: Account, sandbox: Sandbox) -> None:
    mailing, _second = with_two_jobs(account, sandbox)
    other = delivered(account, name="Other")

    with pytest.raises(outbox.Impossible, match="none of this mailing's"):
        outbox.cancel_job(mailing.pk, str(other.remote_id))


def test_what_has_gone_out_is_not_cancelled_as_a_second_job_either(account, sandbox: Sandbox):
    mailing, second = with_two_jobs(account, sandbox)
    sandbox.change_job(int(second), status="gone")
    pull(account)

    with pytest.raises(outbox.Impossible, match="gone out"):
        outbox.cancel_job(mailing.pk, second)

    assert Mailing.objects.count() == 1


def test_a_job_that_waits_beside_a_cancelled_one_keeps_its_alarm(account: Account, sandbox: Sandbox) -> None:
    """Given a mailing that was cancelled, of which somebody made a copy on the provider's own site."""
    mailing = delivered(account, time=TOMORROW)
    outbox.wish(mailing.pk, Wish.CANCEL)
    outbox.fulfil(mailing.pk)
    sandbox.make_job(f"{mailing.code}a Spring sale", time=TOMORROW)

    pull(account)
    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.CANCELLED, Alarm.TWO_JOBS)


def test_whoever_cancels_one_of_two_in_the_face_of_the_alarm_is_not_told_again(account, sandbox) -> None:
    mailing, _second = with_two_jobs(account, sandbox)

    outbox.wish(mailing.pk, Wish.CANCEL)
    outbox.fulfil(mailing.pk)
    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.CANCELLED, "")


def test_another_mailings_job_that_takes_a_reference_is_told_to_both(account, sandbox) -> None:
    mailing, other = delivered(account, time=TOMORROW), delivered(account, time=TOMORROW)
    sandbox.change_job(int(other.remote_id or 0), name=f"{mailing.code}a Spring sale")

    pull(account)

    mailing.refresh_from_db()
    other.refresh_from_db()
    assert (mailing.alarm, other.alarm) == (Alarm.TWO_JOBS, Alarm.OTHER_JOB)
    assert mailing.alarm_jobs == sorted([str(mailing.remote_id), str(other.remote_id)])


def test_its_own_job_with_another_s_reference_is_told_beside_two_jobs_that_are_over(account, sandbox) -> None:
    """Given a cancelled mailing whose job now bears another's reference, and a cancelled copy of that job."""
    mailing, second = with_two_jobs(account, sandbox)
    other = delivered(account, time=TOMORROW)
    for job in (int(mailing.remote_id or 0), int(second)):
        sandbox.change_job(job, status="cancelled")
    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == ""

    sandbox.change_job(int(mailing.remote_id or 0), name=f"{other.code}a Spring sale")
    pull(account)

    mailing.refresh_from_db()
    assert mailing.alarm == Alarm.OTHER_JOB


def test_another_s_reference_on_its_own_job_is_told_until_a_person_has_dealt_with_it(
    account, sandbox
) -> None:
    mailing, _second = with_two_jobs(account, sandbox)
    other = delivered(account, time=TOMORROW)
    sandbox.change_job(int(mailing.remote_id or 0), name=f"{other.code}a Spring sale")
    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == Alarm.TWO_JOBS

    outbox.dismiss_alarm(mailing.pk)
    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == Alarm.OTHER_JOB

    outbox.dismiss_alarm(mailing.pk)
    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == ""


def test_a_second_job_that_waits_again_is_told_again(account: Account, sandbox: Sandbox) -> None:
    mailing, second = with_two_jobs(account, sandbox)
    sandbox.change_job(int(second), status="cancelled")
    pull(account)
    pull(account)
    mailing.refresh_from_db()
    assert mailing.alarm == ""

    sandbox.change_job(int(second), status="waiting")
    pull(account)

    mailing.refresh_from_db()
    assert mailing.alarm == Alarm.TWO_JOBS
    assert mailing.events.filter(kind="alarm").count() == 3


def test_two_jobs_that_a_person_has_dealt_with_are_not_told_again(account: Account, sandbox: Sandbox) -> None:
    mailing, second = with_two_jobs(account, sandbox)
    outbox.dismiss_alarm(mailing.pk)

    for status in ("cancelled", "waiting"):
        sandbox.change_job(int(second), status=status)
        pull(account)

    mailing.refresh_from_db()
    assert mailing.alarm == ""
