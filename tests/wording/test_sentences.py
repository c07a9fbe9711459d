"""A state as its reader sees it: the table of sentences, line by line."""

import html as entities
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.html import strip_tags

from mailings.models import Alarm, HeldReason, Mailing, State
from mailings.wording import chips, sentences
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db


def said(mailing: Mailing, **kwargs: Any) -> str:
    """The sentences as read, without the exact times that stand behind ages."""
    html = " ".join(sentences.sentences(mailing, timezone.now(), **kwargs))
    return entities.unescape(strip_tags(re.sub(r'<span class="visually-hidden">.*?</span>', "", html)))


@pytest.fixture
def anna() -> Any:
    return get_user_model().objects.create_user("anna")


TABLE = [
    (State.DRAFT, {}, "Not sent. Only you and your team see this."),
    (
        State.AWAITING_APPROVAL,
        {"recipients_count": 4812},
        "Waiting for a second person to approve 4,812 recipients at about 6,736.80",
    ),
    (
        State.QUEUED,
        {"state_at": timezone.now() + timedelta(hours=1)},
        "Will be handed to SMS Centre in a moment.",
    ),
    (State.QUEUED, {"waiting_for": "provider"}, "nothing has left us"),
    (State.SENDING, {}, "Being handed over now."),
    (
        State.ACCEPTED,
        {"remote_id": "4100008"},
        "SMS Centre has it as job 4100008; it waits there. Checked 40 s ago.",
    ),
    (State.ACCEPTED, {"remote_status": "", "remote_word": "ZAPLAN"}, "It says: «ZAPLAN»."),
    (State.ACCEPTED, {"verified_at": None}, "Not looked at since, 4 min ago."),
    (State.ACCEPTED, {"remote_status": "going", "recipients_count": 4790}, "Going out now"),
    (State.ACCEPTED, {"remote_status": "gone_out"}, "Gone out, as job"),
    (State.ACCEPTED, {"remote_status": "cancelled"}, "shows it as cancelled"),
    (State.CANCELLED, {"origin": "provider"}, "It was not cancelled from here."),
    (State.ACCEPTED, {"remote_status": "", "remote_word": ""}, "It gives no status for it."),
    (State.UNKNOWN, {"looks": 1}, "SMS Centre may or may not have it. Looking for it: 1 complete look of 2."),
    (State.UNKNOWN, {}, "It will not be sent again without you."),
    (State.UNKNOWN, {"look_note": "ten_rows"}, "Absence cannot be shown"),
    (State.UNKNOWN, {"looks": 2}, "two complete looks did not show it"),
    (State.UNKNOWN, {"look_matches": ["7", "8"]}, "Jobs that may be it: 7, 8."),
    (State.HELD, {"held_reason": HeldReason.LOGIN}, "An administrator has to look at the account."),
    (State.HELD, {"held_reason": HeldReason.BLOCK}, "It goes on by itself once the block is over."),
    (State.HELD, {"held_reason": HeldReason.OVERDUE}, "its hour had passed"),
    (State.HELD, {"held_reason": HeldReason.RESTORED}, "the database is older than what was sent last"),
    (
        State.REFUSED,
        {"refusal_text": "the sender name is not allowed."},
        "the sender name is not allowed. Nothing was sent. Change it and send again.",
    ),
    (State.DELETED, {}, "kept here for the record."),
    (State.WITHDRAWN, {}, "Taken back before anything was sent"),
    (State.ACCEPTED, {"gone": True}, "SMS Centre no longer has this job"),
    (
        State.ACCEPTED,
        {"alarm": "two_jobs", "alarm_jobs": ["1", "2"]},
        "more than one job of this mailing (1, 2)",
    ),
    (
        State.ACCEPTED,
        {"alarm": "turned_up", "alarm_jobs": ["1"]},
        "this mailing was given up, and then it turned up at SMS Centre after all (job 1)",
    ),
    (
        State.ACCEPTED,
        {"alarm": "turned_up_refused", "alarm_jobs": ["1"]},
        "SMS Centre had refused this mailing, and then it turned up there all the same (job 1)",
    ),
    (
        State.ACCEPTED,
        {"alarm": "turned_up_withdrawn", "alarm_jobs": ["1"]},
        "this mailing was taken back before it was sent, and then it turned up",
    ),
    (
        State.ACCEPTED,
        {"alarm": "turned_up_unsent", "alarm_jobs": ["1"]},
        "this mailing was not sent off from here, and yet SMS Centre has it (job 1)",
    ),
]


@pytest.mark.parametrize(("state", "fields", "expected"), TABLE)
def test_says_what_the_table_says(state: State, fields: dict[str, Any], expected: str) -> None:
    assert expected in said(row(state, **fields))


def test_every_alarm_has_a_sentence() -> None:
    assert set(sentences.ALARMS) == set(Alarm)


def test_every_state_has_a_chip_and_a_sentence() -> None:
    for state in State:
        assert chips.chip(row(state)).word
        assert said(row(state, name=state))


def test_every_sentence_carries_an_age() -> None:
    for state in State:
        html = " ".join(sentences.sentences(row(state), timezone.now()))
        assert "<time" in html, state


def test_says_unverified_past_two_pull_periods(settings: Any) -> None:
    old = timezone.now() - timedelta(seconds=2 * settings.SYNC_SECONDS + 5)
    assert "Unverified since" in said(row(verified_at=old))
    assert "Checked" not in said(row(verified_at=old))


def test_an_open_wish_is_told_with_its_age(anna: Any) -> None:
    wished = row(wish="cancel", wish_at=timezone.now() - timedelta(seconds=7), wish_by=anna)
    assert "anna asked to cancel it 7 s ago. Waiting for SMS Centre's word." in said(wished)


def test_an_agreed_wish_is_not_called_done(anna: Any) -> None:
    now = timezone.now()
    agreed = row(wish="cancel", wish_at=now, wish_by=anna, wish_agreed_at=now)
    assert "a second look has to show it" in said(agreed)
    assert "ancelled" not in said(agreed)


def test_cancelled_names_who_and_the_second_look(anna: Any) -> None:
    now = timezone.now()
    done = row(State.CANCELLED, wish_by=anna, wish_at=now, wish_result="confirmed", wish_result_at=now)
    assert "Cancelled by anna" in said(done)
    assert "confirmed it on a second look" in said(done)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ("too_late", "but it was not seen to go out."),
        ("unconfirmed", "its own words, read 40 s ago, are “ZAPLAN”"),
        ("failed", "Look at SMS Centre how the job stands."),
    ],
)
def test_a_wish_that_ended_badly_is_told(anna: Any, result: str, expected: str) -> None:
    ended = row(
        wish_result=result, wish_by=anna, wish_at=timezone.now(), remote_word="ZAPLAN", remote_status=""
    )
    assert "anna asked" in said(ended)
    assert expected in said(ended)


def test_given_up_names_the_person(anna: Any) -> None:
    assert "Given up by anna" in said(row(State.ABANDONED), actor=anna)


def test_values_from_outside_are_escaped() -> None:
    html = " ".join(
        sentences.sentences(row(State.REFUSED, refusal_text="<script>x</script>"), timezone.now())
    )
    assert "<script>" not in html


def test_what_waits_names_the_hour_on_both_clocks() -> None:
    later = row(due_at=timezone.now() + timedelta(days=2))
    assert re.search(r"sends it on \d+ \w+ \d\d:\d\d \(Moscow .*\d\d:\d\d\)", said(later))


def test_what_repeats_names_the_next_hour_that_the_provider_names() -> None:
    now = timezone.now()
    weekly = row(repeats=5, due_at=now - timedelta(days=7), remote_send_at=now + timedelta(hours=1))
    assert weekly.goes_out_at == now + timedelta(hours=1)


def test_the_hour_stands_on_both_clocks() -> None:
    later = row(State.QUEUED, due_at=timezone.now() + timedelta(days=1))
    assert "(Moscow " in said(later)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"breaker": "login"}, "login refused"),
        ({"breaker": "block"}, "blocked"),
        ({"last_error_at": timedelta()}, "not answering"),
        ({"last_ok_at": timedelta()}, "answering"),
        ({"last_ok_at": timedelta(hours=1)}, "not heard from lately"),
        ({}, "not asked yet"),
    ],
)
def test_the_provider_s_health_in_a_word(fields: dict[str, Any], expected: str) -> None:
    now = timezone.now()
    values = {name: now - value if isinstance(value, timedelta) else value for name, value in fields.items()}
    assert str(chips.health_chip(account(**values), now).word) == expected
