"""Handing over: one call per claim, and what each outcome means for the row."""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from mailings import outbox, sync
from mailings.models import (
    Alarm,
    Attempt,
    EventKind,
    HeldReason,
    Mailing,
    Pull,
    State,
    Wish,
    WishResult,
    record,
)
from mailings.outbox import deliver, outcomes
from mailings.outbox.claims import Claim
from mailings.smsc.api.answers import Created
from mailings.smsc.api.errors import NotSent
from mailings.smsc.spec.spec import FileRef, validate
from mailings.wording import sentences
from tests.helpers.factories import PHONE, bare, queued, sandbox_account, spec

OUTCOME = Attempt.Outcome


def state_of(mailing: Mailing) -> str:
    mailing.refresh_from_db()
    return mailing.state


def only_attempt(mailing: Mailing) -> Attempt:
    return mailing.attempts.get()


def test_a_queued_mailing_arrives_once_under_its_reference(account, sandbox):
    # given
    mailing = queued(account, name="Весенняя распродажа 🌷")
    # when
    outbox.deliver_mailing(mailing.pk)
    outbox.deliver_mailing(mailing.pk)
    # then
    assert state_of(mailing) == State.ACCEPTED
    (job,) = sandbox.jobs
    assert job["name"] == f"{mailing.code}a Весенняя распродажа 🌷"
    assert mailing.remote_id == str(job["id"])
    assert mailing.cost == Decimal(job["cost"])
    assert only_attempt(mailing).outcome == OUTCOME.ACCEPTED
    assert only_attempt(mailing).raw


@pytest.mark.parametrize(
    "fault", ["cut_after_saving", "half_answer", "half_json", "server_error", "html", "empty", "redirect"]
)
def test_an_unreadable_answer_leaves_it_unknown_and_nothing_more_is_sent(account, sandbox, fault):
    # given
    mailing = queued(account)
    sandbox.fault(fault, calls="add")
    # when
    for _ in range(3):
        outbox.deliver_mailing(mailing.pk)
        outbox.sweep()
    # then
    assert state_of(mailing) == State.UNKNOWN
    assert only_attempt(mailing).outcome == OUTCOME.UNKNOWN
    assert [call["kind"] for call in sandbox.calls].count("add") == 1


@pytest.mark.parametrize("number", [3, 6, 7, 8, 77])
def test_an_error_number_that_proves_nothing_leaves_it_unknown(account, sandbox, number):
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=number)
    outbox.deliver_mailing(mailing.pk)
    assert state_of(mailing) == State.UNKNOWN
    assert only_attempt(mailing).code == number


@pytest.mark.parametrize("number", [1, 5])
def test_a_refusal_is_final_and_says_why(account, sandbox, number):
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=number, saved=False)
    outbox.deliver_mailing(mailing.pk)
    assert state_of(mailing) == State.REFUSED
    assert mailing.refusal_code == number
    assert mailing.refusal_text


def test_a_refused_login_holds_this_mailing_and_every_other_one_without_another_call(account, sandbox):
    # given
    mailings = [queued(account) for _ in range(5)]
    sandbox.fault("wrong_error", calls="add", error=2, saved=False, count=None)
    # when
    for mailing in mailings:
        outbox.deliver_mailing(mailing.pk)
    # then
    assert {(state_of(mailing), mailing.held_reason) for mailing in mailings} == {
        (State.HELD, HeldReason.LOGIN)
    }
    assert len(sandbox.calls) == 1
    # and the sweep does not free them while the breaker is open
    outbox.sweep()
    assert {state_of(mailing) for mailing in mailings} == {State.HELD}


def test_a_blocked_address_holds_it_until_the_block_is_over(account, sandbox):
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=4, saved=False)
    outbox.deliver_mailing(mailing.pk)
    assert (state_of(mailing), mailing.held_reason) == (State.HELD, HeldReason.BLOCK)


def test_a_call_that_did_not_leave_us_is_repeated_under_the_same_letter(account, sandbox):
    # given a provider that cannot be reached
    mailing = queued(account)
    sandbox.stop()
    # when
    outbox.deliver_mailing(mailing.pk)
    # then
    assert state_of(mailing) == State.QUEUED
    assert mailing.not_before > timezone.now()
    assert only_attempt(mailing).outcome == OUTCOME.NOT_SENT
    # and it is not tried again before `not_before`
    outbox.deliver_mailing(mailing.pk)
    assert mailing.attempts.count() == 1
    Mailing.objects.filter(pk=mailing.pk).update(not_before=None)
    outbox.deliver_mailing(mailing.pk)
    assert [attempt.reference for attempt in mailing.attempts.all()] == [f"{mailing.code}a"] * 2


def go_on(mailing: Mailing) -> None:
    """Make the next try after the gap between identical calls, which conftest.py makes short."""
    time.sleep(settings.SAME_REQUEST_SECONDS * 1.5)
    Mailing.objects.filter(pk=mailing.pk).update(not_before=None)
    outbox.deliver_mailing(mailing.pk)


@pytest.fixture
def too_soon(account, sandbox) -> Mailing:
    """A mailing whose first try was answered with error 9."""
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=9, saved=False)
    outbox.deliver_mailing(mailing.pk)
    assert state_of(mailing) == State.QUEUED
    return mailing


def test_error_nine_on_the_very_first_try_goes_again_under_a_new_letter_once_the_list_was_read(
    account, sandbox, too_soon
):
    go_on(too_soon)
    assert (state_of(too_soon), too_soon.waiting_for) == (State.QUEUED, "look")
    sync.pull_recent(account)
    go_on(too_soon)
    assert state_of(too_soon) == State.ACCEPTED
    assert sandbox.jobs[0]["name"].startswith(f"{too_soon.code}b ")


def test_a_request_that_was_repeated_on_its_way_is_found_before_the_second_try(account, sandbox):
    """Given error 9 for a copy of a request whose first copy was saved."""
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=9, saved=True)
    outbox.deliver_mailing(mailing.pk)
    go_on(mailing)
    sync.pull_recent(account)
    go_on(mailing)
    assert state_of(mailing) == State.ACCEPTED
    assert [str(job["id"]) for job in sandbox.jobs] == [mailing.remote_id]


@pytest.mark.parametrize("reason", ["failed", "ten_rows", "no_names"])
def test_a_read_that_could_not_show_it_does_not_allow_the_second_try(account, too_soon, reason):
    go_on(too_soon)
    sync.pull_recent(account)
    Pull.objects.update(incomplete_reason=reason, complete=False)
    go_on(too_soon)
    assert (state_of(too_soon), too_soon.waiting_for) == (State.QUEUED, "look")
    # and after a while it is unknown: a person is told that the first try may have arrived, and decides
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        go_on(too_soon)
        assert (state_of(too_soon), too_soon.unknown_reason) == (State.UNKNOWN, "error 9")
        assert too_soon.events.latest("id").data["code"] == 9
        outbox.send_again(too_soon.pk)
        go_on(too_soon)
    assert state_of(too_soon) == State.ACCEPTED


def test_a_mailing_for_later_does_not_wait_for_a_readable_list_until_its_hour(account, sandbox):
    mailing = queued(account, time="+600")
    sandbox.fault("wrong_error", calls="add", error=9, saved=False)
    outbox.deliver_mailing(mailing.pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        go_on(mailing)
        assert state_of(mailing) == State.UNKNOWN


def test_error_nine_on_a_later_try_leaves_it_unknown(account, sandbox):
    mailing = queued(account)
    sandbox.fault("cut_after_saving", calls="add")
    outbox.deliver_mailing(mailing.pk)
    outbox.send_again(mailing.pk)
    sandbox.fault("wrong_error", calls="add", error=9, saved=False)
    outbox.deliver_mailing(mailing.pk)
    assert state_of(mailing) == State.UNKNOWN


def test_a_mailing_long_past_its_hour_waits_for_a_person(account, sandbox):
    # given
    mailing = queued(account)
    # when
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        outbox.deliver_mailing(mailing.pk)
        assert (state_of(mailing), mailing.held_reason) == (State.HELD, HeldReason.OVERDUE)
        outbox.sweep()
        assert state_of(mailing) == State.HELD
        outbox.release(mailing.pk)
        outbox.deliver_mailing(mailing.pk)
    # then
    assert state_of(mailing) == State.ACCEPTED


def test_a_claim_that_went_stale_sends_nothing(account, sandbox, monkeypatch):
    # given a worker that is frozen between its claim and the first byte until its deadline has passed
    mailing = queued(account)
    really_send = deliver.send

    def frozen_send(claim, client):
        with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=True):
            return really_send(claim, client)

    monkeypatch.setattr(deliver, "send", frozen_send)
    # when
    outbox.deliver_mailing(mailing.pk)
    # then
    assert sandbox.jobs == []
    assert only_attempt(mailing).outcome == OUTCOME.NOT_SENT
    assert state_of(mailing) == State.QUEUED


def test_a_worker_whose_lease_ran_out_before_the_first_byte_sends_nothing(account, sandbox, monkeypatch):
    mailing = queued(account)
    really_send = deliver.send

    def swept_send(claim, client):
        Mailing.objects.filter(pk=mailing.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        outbox.sweep()
        return really_send(claim, client)

    monkeypatch.setattr(deliver, "send", swept_send)
    outbox.deliver_mailing(mailing.pk)
    assert sandbox.jobs == []
    assert state_of(mailing) == State.UNKNOWN
    assert mailing.events.filter(kind=EventKind.LATE_ANSWER).exists()


def claimed(account) -> Claim:
    claim = deliver.take(queued(account))
    assert claim is not None
    return claim


def test_a_late_id_still_counts_for_the_same_token(account):
    claim = claimed(account)
    Mailing.objects.filter(pk=claim.mailing.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    outbox.sweep()
    assert state_of(claim.mailing) == State.UNKNOWN
    outcomes.accept(claim, Created(remote_id="4100", cost=None, raw="{}"))
    assert state_of(claim.mailing) == State.ACCEPTED
    assert claim.mailing.remote_id == "4100"


def test_a_late_id_after_giving_up_is_an_alarm(account):
    claim = claimed(account)
    Mailing.objects.filter(pk=claim.mailing.pk).update(state=State.UNKNOWN)
    outbox.give_up(claim.mailing.pk)
    outcomes.accept(claim, Created(remote_id="4100", cost=None, raw="{}"))
    assert state_of(claim.mailing) == State.ACCEPTED
    assert claim.mailing.alarm == Alarm.TURNED_UP


def test_a_late_id_after_a_second_sending_is_an_alarm_of_two_jobs(account, sandbox):
    claim = claimed(account)
    Mailing.objects.filter(pk=claim.mailing.pk).update(state=State.UNKNOWN)
    outbox.send_again(claim.mailing.pk)
    outbox.deliver_mailing(claim.mailing.pk)
    outcomes.accept(claim, Created(remote_id="4100", cost=None, raw="{}"))
    assert state_of(claim.mailing) == State.ACCEPTED
    assert claim.mailing.alarm == Alarm.TWO_JOBS
    assert set(claim.mailing.alarm_jobs) == {"4100", claim.mailing.remote_id}


def test_an_id_that_a_pull_has_met_already_makes_one_row(account):
    claim = claimed(account)
    twin = bare(account, code=None, origin="provider", state=State.ACCEPTED, remote_id="4100", name="?")
    outcomes.accept(claim, Created(remote_id="4100", cost=None, raw="{}"))
    assert state_of(claim.mailing) == State.ACCEPTED
    assert not Mailing.objects.filter(pk=twin.pk).exists()


def test_a_cancel_recorded_during_a_call_that_was_not_sent_withdraws_the_mailing(
    account, sandbox, monkeypatch
):
    mailing = queued(account)

    def wished_meanwhile(claim, client):
        outbox.wish(mailing.pk, Wish.CANCEL)
        raise NotSent("connect")

    monkeypatch.setattr(deliver, "send", wished_meanwhile)
    outbox.deliver_mailing(mailing.pk)
    assert (state_of(mailing), mailing.wish, mailing.wish_result) == (
        State.WITHDRAWN,
        "",
        WishResult.CONFIRMED,
    )


def test_only_one_of_two_claims_succeeds(account):
    mailing = queued(account)
    assert deliver.take(mailing) is not None
    assert deliver.take(mailing) is None


def test_without_redis_calls_wait_and_the_row_says_so(sandbox, db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    mailing = queued(sandbox_account(sandbox))
    outbox.deliver_mailing(mailing.pk)
    assert (state_of(mailing), mailing.waiting_for) == (State.QUEUED, "redis")
    assert sandbox.calls == []


def test_a_defect_of_ours_after_the_claim_leaves_it_unknown(account, monkeypatch):
    mailing = queued(account)

    def broken(claim, client):
        raise ZeroDivisionError

    monkeypatch.setattr(deliver, "send", broken)
    with pytest.raises(ZeroDivisionError):
        outbox.deliver_mailing(mailing.pk)
    assert state_of(mailing) == State.UNKNOWN


def test_a_mailing_with_a_file_and_one_with_personal_messages_arrive(account, sandbox, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    # given
    ref = FileRef(name="прайс.pdf", size=5, content_type="application/pdf", sha256="0" * 64)
    options = {"name": "Mail", "phones": "a@example.com", "mes": "Hi", "subj": "S", "mail": 1}
    mail = validate(options | {"sender": "us@example.com"}, [ref], now=timezone.now())
    first = outbox.make(mail, account=account, uploads=[(ref, ContentFile(b"12345"))], submit=True)
    personal = spec(phones="", mes="", list="79990000001:Hello Ann\n79990000002:Hello Bob")
    second = outbox.make(personal, account=account, submit=True)
    # when
    outbox.deliver_mailing(first.pk)
    outbox.deliver_mailing(second.pk)
    # then
    assert state_of(first) == state_of(second) == State.ACCEPTED
    assert sandbox.jobs[0]["files"][0]["name"] == "прайс.pdf"
    assert sandbox.jobs[1]["recipients"] == 2


def test_an_attachment_that_is_gone_gives_the_mailing_back_to_a_person(account, sandbox, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    ref = FileRef(name="a.txt", size=5, content_type="text/plain", sha256="0" * 64)
    mms = validate({"name": "MMS", "phones": PHONE, "subj": "S", "mms": 1}, [ref], now=timezone.now())
    mailing = outbox.make(mms, account=account, uploads=[(ref, ContentFile(b"12345"))], submit=True)
    Path(mailing.attachments.get().file.path).unlink()
    outbox.deliver_mailing(mailing.pk)
    assert (state_of(mailing), mailing.refusal_code) == (State.REFUSED, None)
    assert sandbox.jobs == []


class Killed(BaseException):
    """Stands for a SIGKILL: uncommitted changes are rolled back, and no `except Exception` runs."""


@pytest.mark.parametrize(
    ("number", "kind"),
    [(7, EventKind.UNKNOWN), (1, EventKind.REFUSED), (2, EventKind.HELD), (9, EventKind.REQUEUED)],
)
def test_a_worker_killed_before_the_event_leaves_no_state_without_one(
    account, sandbox, monkeypatch, number, kind
):
    # given
    mailing = queued(account)
    sandbox.fault("wrong_error", calls="add", error=number)

    def killed(event, *args, **data):
        if event == kind:
            raise Killed
        return record(event, *args, **data)

    monkeypatch.setattr(outcomes, "record", killed)
    # when
    with pytest.raises(Killed):
        outbox.deliver_mailing(mailing.pk)
    # then row and attempt are unchanged, and the sweep makes the mailing unknown
    assert state_of(mailing) == State.SENDING
    assert only_attempt(mailing).outcome == ""
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        outbox.sweep()
    assert state_of(mailing) == State.UNKNOWN
    assert mailing.events.filter(kind=EventKind.UNKNOWN).exists()


def test_an_id_that_another_mailing_has_already_proves_nothing(account):
    """Given a provider that answers a create with the id of another mailing's job."""
    bare(account, state=State.ACCEPTED, remote_id="4100")
    claim = claimed(account)
    outcomes.accept(claim, Created(remote_id="4100", cost=None, raw='{"id": 4100}'))
    assert state_of(claim.mailing) == State.UNKNOWN
    attempt = claim.mailing.attempts.get()
    assert (attempt.outcome, attempt.text, attempt.raw) == (OUTCOME.UNKNOWN, "id_taken", '{"id": 4100}')


def test_the_page_of_an_unknown_mailing_names_the_cause(account, sandbox):
    sandbox.fault("wrong_error", calls="add", error=7)
    mailing = queued(account)
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert (mailing.state, mailing.unknown_reason) == (State.UNKNOWN, "error 7")
    said = " ".join(sentences.sentences(mailing, timezone.now()))
    assert "no clear answer came back (SMS Centre answered with error 7)" in said
