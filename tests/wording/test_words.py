"""Whatever slug may stand in a row, a person reads a sentence: every member of every list is walked."""

import ast
import html
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.html import strip_tags

from mailings.models import Alarm, Event, EventKind, HeldReason, LookNote, Mailing, State, Waiting, WishResult
from mailings.models.records import Attempt
from mailings.smsc.api.answers import JobStatus
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import chips, reasons, sentences, timeline
from tests.views.rows import row

RAISED = {"NotSent", "Interrupted", "UnreadableAnswer", "OutcomeUnknown", "SmscError"}
HOME = Path(settings.BASE_DIR) / "mailings"


def said(mailing: Mailing) -> str:
    return html.unescape(strip_tags(" ".join(sentences.sentences(mailing, timezone.now()))))


def slugs() -> set[str]:
    """Every reason that stands in our code: what the client's errors are raised with, what is recorded."""
    found: set[str] = set()
    for path in HOME.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
            if name in RAISED:
                given += call.args[:1]
            if name in RAISED | {"record", "_Refused"}:
                found |= {str(node.value) for node in given if isinstance(node, ast.Constant) and node.value}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names = [getattr(target, "attr", "") for target in node.targets]
                found |= {str(node.value.value)} if "phase" in names else set()
    return found


def test_every_reason_in_the_code_has_its_words() -> None:
    found = slugs()
    assert {"resolve", "tls", "answer", "no_id", "lease_expired", "too_soon"} <= found
    assert found <= set(reasons.Reason.values)


@pytest.mark.parametrize("slug", [*reasons.Reason.values, "http_502", "error 7", "OperationalError"])
def test_a_reason_is_never_read_as_a_slug(slug: str) -> None:
    told = reasons.words(slug)
    assert " " in told
    assert "_" not in told


def test_the_providers_own_words_are_left_as_they_came() -> None:
    assert reasons.words("Sender_X is not allowed") == "Sender_X is not allowed"


@pytest.mark.django_db
@pytest.mark.parametrize("waiting", Waiting)
def test_a_mailing_that_waits_says_why(waiting: Waiting) -> None:
    later = timezone.now() + timedelta(seconds=30)
    told = said(row(State.QUEUED, waiting_for=waiting, not_before=later))
    assert str(waiting.label) in told
    assert "Next try in" in told
    assert "in a moment" not in told


@pytest.mark.django_db
def test_a_mailing_that_no_worker_takes_does_not_say_in_a_moment_for_ever() -> None:
    now = timezone.now()
    assert "in a moment" in said(row(State.QUEUED, state_at=now))
    assert "No worker has taken it yet" in said(row(State.QUEUED, state_at=now - timedelta(minutes=2)))


@pytest.mark.django_db
@pytest.mark.parametrize("reason", HeldReason)
def test_a_held_mailing_says_why(reason: HeldReason) -> None:
    assert "since" in said(row(State.HELD, held_reason=reason)) or "refused our login" in said(
        row(State.HELD, held_reason=reason)
    )
    # Whether a backup was restored or a lagging copy took over is not seen.
    why = {HeldReason.RESTORED: "the database is older than what was sent last"}.get(reason, reason.label)
    assert str(why) in timeline.tell(Event(kind=EventKind.HELD, data={"reason": reason.value}))


@pytest.mark.django_db
@pytest.mark.parametrize("note", LookNote)
def test_a_look_that_shows_nothing_says_why(note: LookNote) -> None:
    assert str(note.label) in said(row(State.UNKNOWN, look_note=note))
    assert str(note.label) in timeline.tell(Event(kind=EventKind.LOOKED, data={"note": note.value}))


@pytest.mark.django_db
@pytest.mark.parametrize("result", WishResult)
def test_an_end_of_a_wish_is_told_and_marked_unless_it_is_the_one_hoped_for(result: WishResult) -> None:
    ended = row(wish_result=result, wish_at=timezone.now())
    assert ("asked to" in said(ended)) is (result is not WishResult.CONFIRMED)
    assert bool(chips.chip(ended).marks) is (result is not WishResult.CONFIRMED)


@pytest.mark.django_db
@pytest.mark.parametrize("alarm", Alarm)
def test_an_alarm_is_told_and_marked(alarm: Alarm) -> None:
    alarmed = row(alarm=alarm, alarm_jobs=["1", "2"])
    assert "Alarm" in said(alarmed)
    assert [mark.tone for mark in chips.chip(alarmed).marks] == ["red"]


@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_its_words(kind: EventKind) -> None:
    told = timeline.tell(Event(kind=kind, data={"alarm": Alarm.TWO_JOBS.value}))
    assert told
    assert kind.value not in told or "_" not in kind.value


def test_every_status_and_channel_has_its_words_and_an_icon_of_its_own() -> None:
    assert set(chips.STATUS_WORDS) == set(chips.REMOTE_CHIPS) == set(JobStatus)
    assert set(chips.CHANNEL_ICONS) == set(Channel)
    assert len(set(chips.CHANNEL_ICONS.values())) == len(Channel)
    assert chips.channel_label("") == "channel not known"


def test_outcomes_of_attempts_have_words() -> None:
    told: list[Any] = [Attempt.Outcome(value).label for value in Attempt.Outcome.values]
    assert all(told)
