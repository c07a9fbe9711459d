"""Changing the hour of a mailing at the provider: a copy is sent only after a confirmed cancel."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, EventKind, HourChange, Mailing, State, Wish
from mailings.outbox import drafts, hour_changes
from mailings.smsc.spec import times
from mailings.smsc.spec.spec import FileRef
from tests.helpers.factories import delivered, queued, spec

RESULT = HourChange.Result


def in_hours(hours: float) -> Any:
    return timezone.now().replace(microsecond=0) + timedelta(hours=hours)


@pytest.fixture
def waiting(account: Account, sandbox: Any) -> Mailing:
    return delivered(account, time="+60", phones="79990000001,79990000002")


def step(mailing: Mailing) -> None:
    """Take the next step of the cancel, after the gap between identical calls."""
    time.sleep(settings.SAME_REQUEST_SECONDS * 1.5)
    Mailing.objects.filter(pk=mailing.pk).exclude(wish="").update(wish_next_at=timezone.now())
    outbox.fulfil(mailing.pk)


def others(mailing: Mailing) -> list[Mailing]:
    return list(Mailing.objects.exclude(pk=mailing.pk))


def test_a_personal_mailing_gets_its_new_hour_with_all_its_texts(account: Account, sandbox: Any) -> None:
    told = "79990000001:Hi Anna\n79990000002:Hi Oleg"
    personal = delivered(account, time="+60", phones="", mes="", list=told)

    outbox.change_hour(personal.pk, in_hours(5))
    step(personal)

    (copy,) = others(personal)
    assert copy.state == State.QUEUED
    texts = [list(row.people.order_by("position").values_list("address", "text")) for row in (personal, copy)]
    assert texts[0] == texts[1] == [("79990000001", "Hi Anna"), ("79990000002", "Hi Oleg")]


def test_it_is_cancelled_and_then_a_copy_is_sent_off_for_the_new_hour(waiting: Mailing) -> None:
    moment = in_hours(5)

    outbox.change_hour(waiting.pk, moment)
    assert others(waiting) == []  # nothing before the cancel is confirmed
    step(waiting)

    waiting.refresh_from_db()
    (copy,) = others(waiting)
    assert (waiting.state, copy.state, copy.due_at) == (State.CANCELLED, State.QUEUED, moment)
    assert copy.spec["options"] == waiting.spec["options"] | {"time": times.at(moment)}
    assert copy.recipients_count == 2
    change = HourChange.objects.get()
    assert (change.result, change.copy) == (RESULT.MOVED, copy)
    kinds = [event.kind for event in waiting.events.order_by("id")]
    assert kinds[-1] == EventKind.HOUR_ENDED
    assert EventKind.HOUR_ASKED in kinds


def test_a_cancel_that_comes_too_late_sends_nothing_again(waiting: Mailing, sandbox: Any) -> None:
    sandbox.advance(3 * 3600)

    outbox.change_hour(waiting.pk, in_hours(5))
    step(waiting)

    assert others(waiting) == []
    assert HourChange.objects.get().result == RESULT.TOO_LATE
    assert len(sandbox.jobs) == 1


def test_a_worker_killed_after_the_cancel_leaves_the_copy_to_the_sweep(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    time.sleep(settings.SAME_REQUEST_SECONDS * 1.5)
    outbox.cancel.fulfil(waiting.pk)  # here the worker dies
    assert others(waiting) == []

    assert outbox.sweep()["hours"] == 1
    assert outbox.sweep()["hours"] == 0

    assert len(others(waiting)) == 1


def test_a_worker_killed_before_the_cancel_leaves_it_to_the_sweep_too(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))

    assert outbox.sweep()["hours"] == 0  # the cancel is under way
    assert HourChange.objects.get().result == ""
    step(waiting)
    assert len(others(waiting)) == 1


def test_a_worker_killed_while_making_the_copy_leaves_one_copy(
    waiting: Mailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    with monkeypatch.context() as broken:
        broken.setattr(hour_changes, "_end", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            step(waiting)
    assert others(waiting) == []

    outbox.sweep()
    outbox.sweep()

    assert len(others(waiting)) == 1


def test_concluding_a_second_time_makes_no_second_copy(waiting: Mailing) -> None:
    change = outbox.change_hour(waiting.pk, in_hours(5))
    step(waiting)

    assert not hour_changes.conclude(change.pk)
    assert len(others(waiting)) == 1


def test_a_new_hour_that_has_passed_by_then_sends_nothing(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    HourChange.objects.update(time="01700000000")
    step(waiting)

    assert others(waiting) == []
    assert HourChange.objects.get().result == RESULT.PAST


def test_something_else_asked_for_meanwhile_ends_it_without_a_copy(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    outbox.wish(waiting.pk, Wish.DELETE)

    outbox.sweep()

    assert others(waiting) == []
    assert HourChange.objects.get().result == RESULT.DROPPED


def test_after_a_restored_backup_nothing_is_sent_again(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    Account.objects.update(doubt_from=timezone.now() + timedelta(seconds=1))
    step(waiting)

    assert others(waiting) == []
    assert HourChange.objects.get().result == RESULT.DOUBT


def test_a_wish_that_is_open_is_not_made_twice(waiting: Mailing) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))

    with pytest.raises(outbox.Impossible):
        outbox.change_hour(waiting.pk, in_hours(6))
    assert HourChange.objects.count() == 1


@pytest.mark.parametrize("hours", [-1, -100])
def test_a_past_hour_is_refused_and_nothing_is_cancelled(waiting: Mailing, hours: int) -> None:
    with pytest.raises(outbox.Impossible):
        outbox.change_hour(waiting.pk, in_hours(hours))

    waiting.refresh_from_db()
    assert waiting.wish == ""


def test_a_mailing_that_is_not_handed_over_or_repeats_keeps_its_hour(account: Account) -> None:
    unsent = queued(account, time="+60")
    assert not outbox.may_change_hour(unsent)
    repeating = delivered(account, time="+60", rpt="2")
    assert "repeats" in outbox.why_not_change_hour(repeating)


def test_an_hour_change_is_refused_when_the_mailing_has_changed_since(waiting: Mailing) -> None:
    seen = outbox.Seen(stamp="of another moment")

    with pytest.raises(outbox.Outdated):
        outbox.change_hour(waiting.pk, in_hours(5), seen=seen)


def test_the_files_of_a_mailing_can_be_uploaded_with_its_copy(account: Account) -> None:
    ref = FileRef("a.jpg", 3, "image/jpeg", "ab" * 32)
    made = spec(mms="1", time="+60")
    mailing = outbox.make(made, account=account, uploads=[(ref, ContentFile(b"abc"))], submit=False)

    ((kept, content),) = drafts.copies_of_files(mailing)

    assert (kept, content.read()) == (ref, b"abc")


def test_a_missing_file_ends_the_change_without_a_copy(account: Account, sandbox: Any) -> None:
    ref = FileRef("a.txt", 1, "text/plain", "0" * 64)
    first = delivered(
        account, time="+60", mail="1", subj="Hi", phones="ann@example.com", sender="shop@example.com"
    )
    drafts._attach(first, [(ref, ContentFile(b"a", "a.txt"))], keep=None)
    first.attachments.get().file.delete(save=False)
    outbox.change_hour(first.pk, in_hours(5))

    step(first)

    assert HourChange.objects.get().result == RESULT.NO_COPY
    assert others(first) == []


def test_an_error_while_ending_a_change_is_not_raised(waiting: Mailing, monkeypatch: Any) -> None:
    outbox.change_hour(waiting.pk, in_hours(5))
    Mailing.objects.filter(pk=waiting.pk).update(wish="")
    monkeypatch.setattr(hour_changes, "conclude", lambda pk: 1 / 0)

    assert hour_changes.conclude_all() == 0
