"""What was made elsewhere carries the provider's hours; and a job's number is found however it came."""

import importlib
from datetime import timedelta

import pytest
from django.apps import apps
from django.http import QueryDict
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Mailing, State
from mailings.selectors import history, today
from mailings.templatetags import rows
from mailings.wording import sentences
from sandbox import Sandbox
from tests.helpers.factories import bare, delivered, queued
from tests.sync.test_pulls import pull
from tests.sync.test_settle import lost


def found(query: str) -> set[int]:
    params = QueryDict(mutable=True)
    params["q"] = query
    return {mailing.pk for mailing in history.chosen(params).qs}


@pytest.mark.parametrize("dialect", ["plain", "strange", "short"])
def test_a_job_made_elsewhere_goes_out_at_the_provider_s_hour(
    account: Account, sandbox: Sandbox, dialect: str
) -> None:
    sandbox.dialect = dialect
    ahead = timezone.now().replace(second=0, microsecond=0) + timedelta(days=2)
    sandbox.make_job("From the cabinet", time=f"0{int(ahead.timestamp())}")
    pull(account)
    row = Mailing.objects.get()
    assert row.remote_send_at == ahead
    (line,) = history.page(Mailing.objects.all()).rows
    assert line.when == ahead
    assert rows.cells(line, rows.Look((), ()))["channel"].endswith("channel not known")
    sendings = [sending for day in today.week_ahead(timezone.now()) for sending in day.sendings]
    # A word that nobody here knows may mean anything, so the mailing may still go.
    assert [sending.at for sending in sendings] == [ahead]


def test_what_was_made_elsewhere_is_spent_on_the_provider_s_day(account: Account, sandbox: Sandbox) -> None:
    now = timezone.now()
    sandbox.make_job("Yesterday's", age=26 * 3600)
    pull(account)
    delivered(account)
    days = {one.day: one.mailings for one in today.spent(now)}
    assert days == {timezone.localdate(now): 1, timezone.localdate(now - timedelta(hours=26)): 1}


def test_an_hour_that_the_provider_does_not_name_is_not_made_up(account: Account, sandbox: Sandbox) -> None:
    sandbox.dialect = "bare"
    sandbox.make_job("From the cabinet")
    pull(account)
    (line,) = history.page(Mailing.objects.all()).rows
    assert line.when is None


def test_an_accepted_mailing_is_found_by_its_job(account: Account, sandbox: Sandbox) -> None:
    mailing = delivered(account)
    assert found(str(mailing.remote_id)) == {mailing.pk}


def test_a_mailing_that_was_found_by_its_reference_is_found_by_its_job(
    account: Account, sandbox: Sandbox
) -> None:
    mailing = lost(account, sandbox)
    pull(account)
    assert found(str(sandbox.jobs[0]["id"])) == {mailing.pk}


def test_an_adopted_mailing_is_found_by_its_job_before_any_pull(account: Account, sandbox: Sandbox) -> None:
    mailing = lost(account, sandbox)
    numbers = (str(sandbox.make_job("Spring sale")) for _again in range(12))
    number = next(one for one in numbers if one not in mailing.search_text)  # its code may hold a figure
    outbox.adopt(mailing.pk, number)
    outbox.verify(mailing.pk)
    assert found(number) == {mailing.pk}
    # when it is taken back
    outbox.undo_adoption(mailing.pk)
    assert found(number) == set()


def test_the_longest_name_leaves_room_for_the_job(account: Account, sandbox: Sandbox) -> None:
    mailing = queued(account, name="Ж" * 240)
    Mailing.objects.filter(pk=mailing.pk).update(search_text="ж" * 400)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    assert found(str(mailing.remote_id)) == {mailing.pk}


def test_rows_from_before_are_found_after_the_migration(db: None) -> None:
    account = Account.objects.create(name="a", kind="sandbox")
    old = bare(
        account, name="Чёрная пятница", state=State.ACCEPTED, remote_id="777", search_text="чёрная пятница"
    )
    theirs = bare(
        account, code=None, origin="provider", state=State.ACCEPTED, remote_id="778",
        remote={"id": 778, "time": "26.11.2026 09:30:00"},
    )  # fmt: skip
    migration = importlib.import_module("mailings.migrations.0004_remote_hours")
    migration.search_anew(apps, None)
    migration.hours_of_what_was_made_elsewhere(apps, None)
    assert found("777 черная") == {old.pk}
    theirs.refresh_from_db()
    assert theirs.remote_send_at is not None
    assert theirs.remote_send_at.isoformat() == "2026-11-26T06:30:00+00:00"


def test_a_job_that_was_moved_is_followed_and_said_to_be_moved(account: Account, sandbox: Sandbox) -> None:
    # given a mailing for the ninth day, which somebody moves into this week on the provider's own site
    mailing = delivered(account, time="+12960")
    ahead = timezone.now().replace(second=0, microsecond=0) + timedelta(days=2)
    sandbox.provider.store.jobs[int(mailing.remote_id or 0)].due_at = ahead.timestamp()
    # when
    pull(account)
    # then
    mailing.refresh_from_db()
    assert mailing.goes_out_at == ahead
    sendings = [sending.at for day in today.week_ahead(timezone.now()) for sending in day.sendings]
    assert sendings == [ahead]
    (line,) = history.page(Mailing.objects.all()).rows
    assert line.when == ahead
    assert "names another hour for it" in sentences.sentences(mailing, timezone.now())[0]


def test_two_mailings_of_one_hour_both_go_out_next(account: Account, sandbox: Sandbox) -> None:
    hour = f"0{int(timezone.now().timestamp()) + 86400}"
    both = {delivered(account, time=hour).pk, delivered(account, time=hour).pk}
    week = today.week_ahead(timezone.now())
    assert {sending.mailing.pk for day in week for sending in day.sendings} == both
