"""Pulls against the sandbox: what they make of jobs, and what they say of themselves."""

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from mailings import accounts, outbox, sync
from mailings.models import Account, Breaker, Event, Mailing, Observation, Origin, Pull, State
from mailings.smsc.api.client import Credentials
from mailings.sync import spans
from sandbox import Sandbox
from tests.helpers.factories import delivered, queued, sandbox_account


def pull(account: Account) -> sync.Pulled:
    day = timedelta(days=1)
    return sync.pull(account, spans.today() - 2 * day, spans.today() + 3 * day, wait=1)


def test_a_job_made_elsewhere_becomes_a_row(account: Account, sandbox: Sandbox, any_dialect: str):
    number = sandbox.make_job("Reminder", recipients=3)

    result = pull(account)

    row = Mailing.objects.get(remote_id=str(number))
    assert (row.origin, row.state, row.name, row.code) == (Origin.PROVIDER, State.ACCEPTED, "Reminder", None)
    assert result.counts() == {"seen": 1, "new": 1, "changed": 0, "unchanged": 0, "settled": 0, "gone": 0}
    assert row.remote
    assert row.verified_at
    assert row.search_text == f"reminder {number}"
    assert list(row.observations.values_list("payload", flat=True)) == [row.remote]
    assert list(row.events.values_list("kind", flat=True)) == ["found"]


def test_what_the_provider_tells_of_a_job_made_elsewhere_is_kept(account: Account, sandbox: Sandbox):
    sandbox.make_job("Reminder", recipients=3, parts=6)

    pull(account)

    row = Mailing.objects.get()
    assert (row.cost, row.parts, row.recipients_count) == (Decimal("8.40"), 6, 3)


def test_a_job_that_is_cancelled_when_first_seen_was_not_cancelled_from_here(account, sandbox: Sandbox):
    sandbox.make_job("Reminder", status="cancelled")

    pull(account)

    row = Mailing.objects.get()
    assert (row.state, row.remote_status, row.wish_result) == (State.ACCEPTED, "cancelled", "")


def test_an_unchanged_job_only_moves_its_verified_at(account: Account, sandbox: Sandbox, any_dialect: str):
    sandbox.make_job("Reminder")
    pull(account)
    pull(account)
    before = dict(Mailing.objects.values().get())

    result = pull(account)

    after = dict(Mailing.objects.values().get())
    verified = before.pop("verified_at"), after.pop("verified_at")
    assert (result.unchanged, result.new, result.changed) == (1, 0, 0)
    assert str(verified[0]) < str(verified[1])
    assert after == before
    assert Observation.objects.count() == 1


def test_a_changed_job_is_written_and_observed(account: Account, sandbox: Sandbox):
    number = sandbox.make_job("Reminder", status="waiting")
    pull(account)
    sandbox.change_job(number, status="gone", name="Reminder 2")

    result = pull(account)

    row = Mailing.objects.get()
    assert (result.changed, result.unchanged) == (1, 0)
    assert (row.remote_status, row.remote_word, row.name) == ("gone_out", "sent", "Reminder 2")
    assert row.search_text == f"reminder 2 {number}"
    assert list(row.observations.values_list("status_word", "source")) == [
        ("waiting", "get_all"),
        ("sent", "get_all"),
    ]


def test_a_change_of_our_own_job_leaves_our_name_and_state(account: Account, sandbox: Sandbox):
    mailing = delivered(account)
    pull(account)
    sandbox.change_job(int(mailing.remote_id or 0), status="cancelled", name=f"{mailing.code}a Other")

    result = pull(account)

    mailing.refresh_from_db()
    assert result.changed == 1
    assert (mailing.name, mailing.state, mailing.remote_status) == (
        "Spring sale",
        State.ACCEPTED,
        "cancelled",
    )


def test_a_status_word_that_is_not_known_is_kept_as_it_came(account: Account, sandbox: Sandbox):
    sandbox.dialect = "strange"
    sandbox.make_job("Reminder", time="0", status="waiting")

    pull(account)

    row = Mailing.objects.get()
    assert (row.remote_status, row.remote_word) == ("", "tau")


def test_an_older_answer_does_not_undo_a_newer_one(account: Account, sandbox: Sandbox):
    number = sandbox.make_job("Reminder", status="waiting")
    pull(account)
    later = timezone.now() + timedelta(hours=1)
    Mailing.objects.update(verified_at=later, remote_word="newer")
    sandbox.change_job(number, status="gone")

    pull(account)

    row = Mailing.objects.get()
    assert (row.remote_word, row.verified_at) == ("newer", later)


def test_a_job_of_ours_never_gets_a_second_row(account: Account, sandbox: Sandbox, any_dialect: str):
    mailing = delivered(account)

    result = pull(account)

    assert Mailing.objects.get().pk == mailing.pk
    assert (result.seen, result.new, result.settled) == (1, 0, 0)


def test_jobs_of_two_accounts_are_kept_apart(account: Account, sandbox: Sandbox):
    sandbox.make_job("Reminder")
    other = Account.objects.create(name="other", kind=account.kind, base_url=sandbox.url)
    accounts.set_credentials(other, Credentials(apikey="sandbox-key"))

    pull(account)
    result = pull(other)

    assert result.new == 1
    assert Mailing.objects.count() == 2


def test_a_pull_is_written_down(account: Account, sandbox: Sandbox):
    delivered(account)
    sandbox.make_job("Reminder")

    pull(account)

    kept = Pull.objects.get()
    assert (kept.complete, kept.incomplete_reason, kept.rows, kept.calls) == (True, "", 2, 1)
    assert kept.counts["new"] == 1
    assert kept.ended_at is not None
    assert kept.begun_at < kept.ended_at


@pytest.mark.parametrize(
    "fault", ["server_error", "html", "half_json", "cut_before_saving", "empty", "redirect"]
)
def test_a_failing_provider_never_raises(account: Account, sandbox: Sandbox, fault: str, caplog):
    sandbox.fault(fault, calls="get_all")

    with caplog.at_level(logging.WARNING, "mailings.sync"):
        result = pull(account)

    assert (result.complete, result.reason, bool(result.error)) == (False, "failed", True)
    assert Pull.objects.get().incomplete_reason == "failed"
    account.refresh_from_db()
    assert account.last_error
    assert len(caplog.records) == 1


def test_a_refused_login_stops_the_next_pull_before_it_calls(account: Account, sandbox: Sandbox):
    sandbox.fault("wrong_error", calls="get_all", error=2)
    assert pull(account).reason == "failed"
    calls = len(sandbox.calls)

    result = pull(account)

    account.refresh_from_db()
    assert account.breaker == Breaker.LOGIN
    assert (result.reason, result.error, len(sandbox.calls)) == ("failed", "breaker", calls)


def test_two_people_pressing_refresh_are_one_call(account: Account, sandbox: Sandbox, settings):
    settings.SAME_REQUEST_SECONDS = 60
    first = sync.pull_recent(account)

    second = sync.pull_recent(account)

    assert (first.joined, second.joined) == (False, True)
    assert [call["kind"] for call in sandbox.calls] == ["get_all"]
    assert Pull.objects.count() == 1


def test_a_pull_that_may_wait_reads_again_after_the_gap(account: Account, sandbox: Sandbox, settings):
    settings.SAME_REQUEST_SECONDS = 0.5
    sync.pull_recent(account)

    again = sync.pull_recent(account, wait=3)

    assert not again.joined
    assert len(sandbox.calls) == 2


def test_a_failure_in_a_later_window_keeps_what_was_read(account: Account, sandbox: Sandbox):
    old = sandbox.make_job("Old", age=40 * 86400)
    begin = spans.today() - timedelta(days=45)
    second = begin + spans.WINDOW
    sandbox.fault("slow", calls="get_all", seconds=0.0)
    sandbox.fault("server_error", calls="get_all")

    result = sync.pull(account, begin, second, wait=1)

    asked = [dict(call["parameters"])["start"] for call in sandbox.calls]
    assert asked == [f"{begin:%d.%m.%Y}", f"{second:%d.%m.%Y}"]
    assert (result.reason, result.seen, result.new) == ("failed", 1, 1)
    assert Mailing.objects.get().remote_id == str(old)


def test_two_months_are_read_by_windows_that_reach_the_furthest_hour_asked_for(account, sandbox):
    due = timezone.now() + timedelta(days=100)
    delivered(account, time=f"0{int(due.timestamp())}")
    old = sandbox.make_job("Old", age=59 * 86400)

    result = sync.pull_two_months(account)

    asked = [dict(call["parameters"]) for call in sandbox.calls if call["kind"] == "get_all"]
    assert (result.complete, result.seen) == (True, 2)
    assert Mailing.objects.filter(remote_id=str(old)).exists()
    assert asked[0]["start"] == f"{spans.today() - timedelta(days=60):%d.%m.%Y}"
    assert asked[-1]["end"] == f"{spans.moscow_day(due) + timedelta(days=1):%d.%m.%Y}"
    assert len(asked) < 12


def test_recent_pulls_ask_for_the_days_of_scheduled_mailings_too(account: Account, sandbox: Sandbox):
    sandbox.settings({"list_by": "sending"})
    due = timezone.now() + timedelta(days=30)
    mailing = delivered(account, time=f"0{int(due.timestamp())}")

    result = sync.pull_recent(account)

    mailing.refresh_from_db()
    assert (result.seen, mailing.remote_status) == (1, "waiting")


def test_days_far_ahead_are_read_by_turns_so_that_many_cost_one_call_a_pull(account, sandbox, settings):
    # given mailings weeks apart, so that no window shows two of them
    sandbox.settings({"list_by": "sending"})
    hours = [timezone.now() + timedelta(days=days) for days in (30, 60, 90)]
    for due in hours:
        delivered(account, time=f"0{int(due.timestamp())}")

    # when the list is pulled in as many sync periods
    calls: list[int] = []
    for turn in range(len(hours)):
        later = timezone.now() + timedelta(seconds=turn * settings.SYNC_SECONDS)
        with time_machine.travel(later, tick=False):
            sync.pull_recent(account)
        calls.append(sum(call["kind"] == "get_all" for call in sandbox.calls) - sum(calls))

    # then each pull has made two calls, and all of them were seen
    assert calls == [2, 2, 2]
    assert not Mailing.objects.exclude(remote_status="waiting").exists()


def test_a_job_deleted_elsewhere_is_kept_and_said_to_be_gone(account, sandbox, any_dialect):
    mailing, _ = delivered(account), delivered(account)
    pull(account)
    sandbox.change_job(int(mailing.remote_id or 0), deleted=True)

    result = pull(account)
    again = pull(account)

    mailing.refresh_from_db()
    assert (result.gone, result.complete, again.gone) == (1, True, 0)
    assert (mailing.gone, mailing.state) == (True, State.ACCEPTED)
    assert list(mailing.events.filter(kind="gone").values_list("mailing", flat=True)) == [mailing.pk]


def test_a_job_made_and_deleted_elsewhere_is_noticed_by_the_two_months(account: Account, sandbox: Sandbox):
    number = sandbox.make_job("Reminder")
    pull(account)
    sandbox.change_job(number, deleted=True)

    assert pull(account).gone == 0
    assert sync.pull_two_months(account).gone == 1
    assert Mailing.objects.get().gone


def test_a_gone_job_that_comes_back_is_there_again(account: Account, sandbox: Sandbox):
    mailing = delivered(account)
    pull(account)
    sandbox.change_job(int(mailing.remote_id or 0), deleted=True)
    pull(account)
    sandbox.change_job(int(mailing.remote_id or 0), deleted=False)

    result = pull(account)

    mailing.refresh_from_db()
    assert (result.changed, mailing.gone, mailing.gone_at) == (1, False, None)


def test_a_job_that_a_list_leaves_out_but_get_shows_makes_the_read_incomplete(account, sandbox):
    mailing = delivered(account)
    pull(account)
    sandbox.settings({"list_by": "sending"})
    hour = timezone.now() + timedelta(days=90)
    Mailing.objects.filter(pk=mailing.pk).update(state_at=timezone.now() - timedelta(seconds=1))
    later = delivered(account, time=f"0{int(hour.timestamp())}")
    Mailing.objects.filter(pk=later.pk).update(due_at=None, spec={"options": {"time": "0"}})

    result = pull(account)
    gets = [call for call in sandbox.calls if call["kind"] == "get"]
    again = pull(account)

    later.refresh_from_db()
    assert (result.reason, result.gone, later.gone) == ("own_job_missing", 0, False)
    assert again.reason == "own_job_missing"
    assert len(gets) == len([call for call in sandbox.calls if call["kind"] == "get"]) == 1


def test_the_balance_is_kept_with_its_time(account: Account, sandbox: Sandbox):
    assert sync.refresh_account(account)

    account.refresh_from_db()
    assert (account.balance, account.currency) == (Decimal(10000000), "RUR")
    assert account.balance_at is not None


def test_a_balance_that_another_has_just_asked_for_is_no_warning(
    account: Account, sandbox: Sandbox, settings: Any, caplog: pytest.LogCaptureFixture
):
    settings.SAME_REQUEST_SECONDS = 61

    assert sync.refresh_account(account)
    assert not sync.refresh_account(account)

    assert [record.msg for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_balance_that_cannot_be_read_leaves_the_old_one(account: Account, sandbox: Sandbox):
    sync.refresh_account(account)
    sandbox.fault("html", calls="balance")

    assert not sync.refresh_account(account)

    account.refresh_from_db()
    assert account.balance == Decimal(10000000)


def test_work_is_done_for_one_account_or_for_all(account: Account, sandbox: Sandbox):
    other = Account.objects.create(name="other")
    done: list[int] = []

    sync.each_account(lambda row: done.append(row.pk), other.pk)
    sync.each_account(lambda row: done.append(row.pk))

    assert done == [other.pk, account.pk, other.pk]


def test_a_queued_mailing_is_left_alone_by_a_pull(account: Account, sandbox: Sandbox):
    mailing = queued(account)

    pull(account)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.verified_at) == (State.QUEUED, None)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    assert Event.objects.filter(mailing=mailing, kind="accepted").exists()
    assert sandbox_account(sandbox).pk == account.pk
