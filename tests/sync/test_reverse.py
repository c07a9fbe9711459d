"""Nothing is final while the provider lists it; the list is a second look; a number may be another's job."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from mailings import outbox, sync
from mailings.models import Alarm, Mailing, State, Wish, WishAnswer, WishResult
from mailings.selectors import today
from mailings.sync import spans
from tests.helpers.factories import bare, delivered
from tests.sync import test_pulls
from tests.sync.listing import Listing, control


def pull(account) -> sync.Pulled:
    """A read of the list. The calls before it and after it may ask for the same jobs as it does."""
    time.sleep(1.5 * settings.SAME_REQUEST_SECONDS)
    read = test_pulls.pull(account)
    time.sleep(1.5 * settings.SAME_REQUEST_SECONDS)
    return read


def settled(account, kind: Wish) -> Mailing:
    """A mailing for tomorrow that was cancelled or deleted from here, and confirmed."""
    mailing = delivered(account, time="+1440")
    outbox.wish(mailing.pk, kind)
    outbox.fulfil(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.wish_result == WishResult.CONFIRMED
    return mailing


@pytest.mark.parametrize("kind", list(Wish))
@pytest.mark.parametrize("status", ["waiting", "going"])
def test_one_that_waits_or_goes_out_again_is_an_alarm_before_a_person_and_goes_out_next(
    account, sandbox, kind, status
):
    mailing = settled(account, kind)
    sandbox.change_job(int(mailing.remote_id), status=status, deleted=False)

    pull(account)

    mailing.refresh_from_db()
    now = timezone.now()
    assert (mailing.state, mailing.alarm, mailing.wish_result) == (State.ACCEPTED, Alarm.BACK, "")
    assert mailing.alarm_jobs == [mailing.remote_id]
    assert [row.pk for row in today.needs_a_person(now).mailings] == [mailing.pk]
    assert [one.mailing.pk for day in today.week_ahead(now) for one in day.sendings] == [mailing.pk]
    event = mailing.events.get(kind="back")
    assert event.data["before"] == ("cancelled" if kind == Wish.CANCEL else "deleted")


def test_one_that_has_gone_out_after_it_was_cancelled_is_an_alarm(account, sandbox):
    mailing = settled(account, Wish.CANCEL)
    sandbox.change_job(int(mailing.remote_id), status="gone")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm, mailing.remote_status) == (State.ACCEPTED, Alarm.BACK, "gone_out")


def test_a_recurring_one_whose_repeats_were_cancelled_may_say_that_it_has_gone_out(account, sandbox):
    mailing = settled(account, Wish.CANCEL)
    Mailing.objects.filter(pk=mailing.pk).update(repeats=7)
    sandbox.change_job(int(mailing.remote_id), status="gone")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.CANCELLED, "")


def test_one_that_had_gone_out_before_it_was_deleted_is_listed_again_without_an_alarm(account, sandbox):
    mailing = delivered(account)
    sandbox.change_job(int(mailing.remote_id), status="gone")
    pull(account)
    outbox.wish(mailing.pk, Wish.DELETE)
    outbox.fulfil(mailing.pk)
    sandbox.change_job(int(mailing.remote_id), deleted=False)

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm, mailing.gone) == (State.ACCEPTED, "", False)


@pytest.mark.parametrize("kind", list(Wish))
def test_what_stays_as_it_was_settled_is_left_alone(account, sandbox, kind):
    mailing = settled(account, kind)

    pull(account)

    mailing.refresh_from_db()
    assert mailing.state == (State.CANCELLED if kind == Wish.CANCEL else State.DELETED)
    assert (mailing.alarm, mailing.wish_result) == ("", WishResult.CONFIRMED)


def test_an_alarm_of_two_jobs_is_not_hidden_by_one_that_waits_again(account, sandbox):
    mailing = settled(account, Wish.CANCEL)
    Mailing.objects.filter(pk=mailing.pk).update(alarm=Alarm.TWO_JOBS, alarm_jobs=["1", "2"])
    sandbox.change_job(int(mailing.remote_id), status="waiting")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.alarm) == (State.ACCEPTED, Alarm.TWO_JOBS)


# --- the list as a second look ---


def ended(account, kind: Wish, **fields) -> Mailing:
    """A mailing that waits at the provider, whose wish has ended without a word on what was done."""
    mailing = delivered(account, time="+1440")
    then = timezone.now() - timedelta(hours=1)
    mailing.attempts.create(kind=kind, begin=then, end=then, outcome="accepted", reference=mailing.code)
    Mailing.objects.filter(pk=mailing.pk).update(
        wish_at=then, wish_result_at=then, wish_result=WishResult.UNCONFIRMED, **fields
    )
    return mailing


@pytest.mark.parametrize(
    "fields", [{}, {"wish_result": WishResult.FAILED, "wish_answer": WishAnswer.UNCLEAR}]
)
def test_a_cancel_that_ended_unseen_is_confirmed_once_the_list_shows_it(account, sandbox, fields):
    mailing = ended(account, Wish.CANCEL)
    Mailing.objects.filter(pk=mailing.pk).update(**fields)
    sandbox.change_job(int(mailing.remote_id), status="cancelled")

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.CANCELLED, WishResult.CONFIRMED)
    assert mailing.wish_result_at == mailing.verified_at
    assert mailing.events.get(kind="wish_ended").data["result"] == WishResult.CONFIRMED


def test_a_delete_that_ended_unseen_is_confirmed_once_the_job_is_gone(account, sandbox):
    delivered(account, time="+1440")
    mailing = ended(account, Wish.DELETE)
    sandbox.change_job(int(mailing.remote_id), deleted=True)

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.DELETED, WishResult.CONFIRMED)


@pytest.mark.parametrize(
    ("kind", "result", "change"),
    [
        (Wish.CANCEL, WishResult.UNCONFIRMED, {"deleted": True}),
        (Wish.CANCEL, WishResult.TOO_LATE, {"status": "cancelled"}),
        (Wish.DELETE, WishResult.UNCONFIRMED, {"status": "cancelled"}),
        (Wish.DELETE, WishResult.FAILED, {"deleted": True}),
    ],
)
def test_what_does_not_show_that_the_wish_was_done_confirms_nothing(account, sandbox, kind, result, change):
    delivered(account, time="+1440")
    mailing = ended(account, kind)
    Mailing.objects.filter(pk=mailing.pk).update(wish_result=result, wish_answer=WishAnswer.UNCLEAR)
    sandbox.change_job(int(mailing.remote_id), **change)

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.ACCEPTED, result)


def asked_to(account, sandbox, kind: Wish, fault: str) -> Mailing:
    """A mailing whose cancel or delete the provider said OK to, and no `get` can show it."""
    delivered(account, time="+1440")
    mailing = delivered(account, time="+1440")
    sandbox.fault(fault, calls="get", count=None)
    outbox.wish(mailing.pk, kind)
    outbox.fulfil(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.wish, bool(mailing.wish_agreed_at)) == (kind, True)
    return mailing


@pytest.mark.parametrize("kind", list(Wish))
@pytest.mark.parametrize("fault", ["server_error", "html"])
def test_a_wish_is_confirmed_by_the_list_where_no_get_can_be_read(account, sandbox, kind, fault):
    mailing = asked_to(account, sandbox, kind, fault)

    pull(account)
    mailing.refresh_from_db()
    assert mailing.wish_next_at <= timezone.now()
    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.wish, mailing.wish_result) == ("", WishResult.CONFIRMED)
    assert mailing.state == (State.CANCELLED if kind == Wish.CANCEL else State.DELETED)


def test_a_delete_without_an_answer_is_confirmed_once_a_later_read_does_not_find_the_job(account, sandbox):
    delivered(account, time="+1440")
    mailing = delivered(account, time="+1440")
    sandbox.fault("cut_after_saving", calls="del")
    sandbox.fault("server_error", calls="get")
    outbox.wish(mailing.pk, Wish.DELETE)
    outbox.fulfil(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.wish, mailing.wish_agreed_at) == (Wish.DELETE, None)

    pull(account)
    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.DELETED, WishResult.CONFIRMED)
    assert [call["kind"] for call in sandbox.calls].count("del") == 1


def test_a_list_that_missed_the_job_before_we_asked_does_not_confirm_the_delete(account, sandbox):
    delivered(account, time="+1440")
    mailing = delivered(account, time="+1440")
    outbox.wish(mailing.pk, Wish.DELETE)
    sandbox.change_job(int(mailing.remote_id), deleted=True)
    pull(account)

    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_answer) == (State.ACCEPTED, WishAnswer.NOT_THERE)


def test_a_list_from_before_the_wish_confirms_nothing(account, sandbox):
    mailing = delivered(account, time="+1440")
    sandbox.fault("server_error", calls=["get", "cancel"], count=None)
    outbox.wish(mailing.pk, Wish.CANCEL)
    before = timezone.now() - timedelta(minutes=1)
    Mailing.objects.filter(pk=mailing.pk).update(remote_status="cancelled", verified_at=before)

    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish) == (State.ACCEPTED, Wish.CANCEL)


def test_a_list_that_shows_it_gone_out_says_that_the_cancel_came_too_late(account, sandbox):
    mailing = asked_to(account, sandbox, Wish.CANCEL, "server_error")
    sandbox.change_job(int(mailing.remote_id), status="gone")

    pull(account)
    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish_result) == (State.ACCEPTED, WishResult.TOO_LATE)


def test_a_list_that_is_not_whole_does_not_confirm_a_delete(listed_account, listing: Listing):
    now = timezone.now()
    wished = {
        "wish": "delete",
        "wish_at": now - timedelta(minutes=5),
        "wish_agreed_at": now - timedelta(minutes=4),
    }
    mailing = bare(listed_account, state=State.ACCEPTED, remote_id="17", **wished)
    listing.get = b"<html>"
    pull(listed_account)
    mailing.refresh_from_db()
    assert not mailing.gone

    control(listed_account, listing, now.date())
    pull(listed_account)
    mailing.refresh_from_db()
    assert mailing.gone


# --- a number that is another mailing's ---


def test_a_number_that_comes_back_with_another_reference_is_another_job(listed_account, listing: Listing):
    ours = bare(listed_account, state=State.ACCEPTED, remote_id="17", remote_status="waiting")
    lost = bare(listed_account, state=State.UNKNOWN)
    listing.add(spans.today(), 17, name=f"{lost.code}a Bare", status="cancelled")

    result = pull(listed_account)
    pull(listed_account)

    ours.refresh_from_db()
    lost.refresh_from_db()
    assert (ours.alarm, ours.alarm_jobs, ours.remote_status) == (Alarm.OTHER_JOB, ["17"], "waiting")
    assert ours.verified_at is None
    assert (lost.state, lost.look_matches, lost.looks) == (State.UNKNOWN, ["17"], 0)
    assert ours.events.filter(kind="alarm").count() == 1
    assert result.seen == result.new + result.changed + result.unchanged + result.settled == 1


def test_a_get_that_shows_another_reference_says_nothing_of_the_wish_and_stops_it(account, sandbox):
    mailing = delivered(account, time="+1440")
    sandbox.change_job(int(mailing.remote_id), name="K7Q2Ma Another", status="cancelled")
    outbox.wish(mailing.pk, Wish.CANCEL)

    outbox.fulfil(mailing.pk)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish, mailing.alarm) == (State.ACCEPTED, Wish.CANCEL, Alarm.OTHER_JOB)
    calls = len(sandbox.calls)
    Mailing.objects.update(wish_next_at=None)
    outbox.fulfil(mailing.pk)
    assert len(sandbox.calls) == calls
    Mailing.objects.update(wish="")
    with pytest.raises(outbox.Impossible):
        outbox.wish(mailing.pk, Wish.DELETE)


# --- days ---


def test_a_first_look_at_two_months_is_no_day_s_spending(listed_account, listing: Listing):
    now = timezone.now()
    old, recent = now - timedelta(days=40), now - timedelta(days=3)
    listing.add(old.date(), *range(1, 12), cost="10.00", phones_cnt=2)
    listing.add(recent.date(), 20, cost="5.00", phones_cnt=2, send_date=f"{recent:%d.%m.%Y} 12:00:00")
    listing.add(now.date(), 21, cost="7.00", phones_cnt=2, status="cancelled")

    sync.pull_two_months(listed_account)

    found = [(one.day, one.mailings, one.cost) for one in today.spent(now)]
    assert found == [(recent.date(), 1, Decimal(5))]


@pytest.mark.parametrize("kind", list(Wish))
def test_what_was_cancelled_or_deleted_is_not_spent(account, sandbox, kind):
    assert len(today.spent(timezone.now())) == 0
    settled(account, kind)
    assert today.spent(timezone.now()) == []
