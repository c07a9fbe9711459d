"""What a person does to a mailing: asked once with the facts, done by a POST, refused in a sentence."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import outbox
from mailings.models import HeldReason, Mailing, State
from tests.views.rows import row

pytestmark = pytest.mark.django_db

FOR_STAFF = ("cancel", "delete", "withdraw", "release", "resolve", "dismiss_alarm", "undo_adoption")
ASKED_ONCE = ("cancel", "delete", "withdraw", "release", "resolve", "undo_adoption")
FITTING = {"withdraw": State.HELD, "release": State.HELD, "undo_adoption": State.ACCEPTED}
POST_ONLY = ("duplicate", "dismiss_alarm")


def seen(mailing: Mailing) -> str:
    """What the page carries that shows this mailing."""
    mailing.refresh_from_db()
    return outbox.stamp(mailing)


def do(client: Client, name: str, mailing: Mailing, **data: str) -> str:
    """Post it as the page shows it now; the page that follows."""
    posted = {"seen": seen(mailing)} | data
    answer = client.post(reverse(name, args=[mailing.pk]), posted, follow=True)
    assert answer.status_code == 200
    mailing.refresh_from_db()
    return answer.content.decode()


@pytest.mark.parametrize("name", FOR_STAFF)
def test_deciding_at_the_provider_is_for_staff(page: Client, name: str) -> None:
    mailing = row()
    assert page.post(reverse(name, args=[mailing.pk])).status_code == 403
    mailing.refresh_from_db()
    assert mailing.wish == ""


def test_buttons_for_staff_are_shown_to_staff_alone(page: Client, chief_page: Client) -> None:
    url = reverse("mailing", args=[row().pk])
    assert b'id="do-cancel"' not in page.get(url).content
    assert b'id="do-cancel"' in chief_page.get(url).content


@pytest.mark.parametrize("name", ASKED_ONCE)
def test_asking_changes_nothing_and_states_the_facts(chief_page: Client, name: str) -> None:
    state = FITTING.get(name, State.UNKNOWN)
    on_a_word = timezone.now() if name == "undo_adoption" else None
    held_reason = HeldReason.OVERDUE if state == State.HELD else ""
    mailing = row(state, held_reason=held_reason, adopted_at=on_a_word)
    answer = chief_page.get(reverse(name, args=[mailing.pk]))
    assert answer.status_code == 200
    assert b"2 recipients" in answer.content
    before = mailing.state_at
    mailing.refresh_from_db()
    assert (mailing.state, mailing.wish, mailing.state_at) == (state, "", before)


@pytest.mark.parametrize("name", ["cancel", "delete", "withdraw", "release", "undo_adoption"])
def test_what_cannot_be_done_is_not_asked(chief_page: Client, name: str) -> None:
    mailing = row(State.WITHDRAWN)
    answer = chief_page.get(reverse(name, args=[mailing.pk]))
    assert answer["Location"] == reverse("mailing", args=[mailing.pk])
    html = chief_page.get(answer["Location"]).content.decode()
    assert "alert-danger" in html


@pytest.mark.parametrize("name", POST_ONLY)
def test_what_is_done_at_once_needs_a_post(chief_page: Client, name: str) -> None:
    assert chief_page.get(reverse(name, args=[row().pk])).status_code == 405


@pytest.mark.parametrize("name", [*ASKED_ONCE, "duplicate"])
def test_a_mailing_that_is_not_there(chief_page: Client, name: str) -> None:
    answer = chief_page.post(reverse(name, args=[987654]), {"decision": "give_up"})
    assert answer.status_code in (302, 404)


def test_cancel_records_the_wish_and_says_what_happens_next(chief_page: Client) -> None:
    mailing = row()
    html = do(chief_page, "cancel", mailing)
    assert mailing.wish == "cancel"
    assert "clara asked to cancel it" in html
    assert not re.search("alert-(success|info)", html), "the page itself says how it stands, now and later"
    assert "hx-trigger" in html


def test_a_repeating_mailing_says_what_cancelling_means(chief_page: Client) -> None:
    html = chief_page.get(reverse("cancel", args=[row(repeats=2).pk])).content.decode()
    assert "no further repeats" in html


def test_cancel_before_anything_left_takes_it_back(chief_page: Client) -> None:
    mailing = row(State.QUEUED)
    do(chief_page, "cancel", mailing)
    assert mailing.state == State.WITHDRAWN


def test_an_impossible_wish_is_a_sentence(chief_page: Client) -> None:
    mailing = row(State.REFUSED)
    html = do(chief_page, "cancel", mailing)
    assert "can no longer be done" in html
    assert mailing.wish == ""


def test_delete_records_the_wish(chief_page: Client) -> None:
    mailing = row(State.CANCELLED)
    do(chief_page, "delete", mailing)
    assert mailing.wish == "delete"


def test_a_draft_is_taken_back_by_its_maker(page: Client, operator: Any) -> None:
    mailing = row(State.DRAFT, created_by=operator)
    do(page, "withdraw", mailing)
    assert mailing.state == State.WITHDRAWN


def test_what_somebody_else_sent_off_is_not_taken_back_by_anybody(page: Client, chief: Any) -> None:
    mailing = row(State.QUEUED, created_by=chief)
    answer = page.post(reverse("withdraw", args=[mailing.pk]))
    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED
    assert answer.status_code == 403
    assert "Ask one of these to do it: clara" in answer.content.decode()


def test_what_has_left_us_is_not_taken_back(chief_page: Client) -> None:
    assert "can only be cancelled now" in do(chief_page, "withdraw", row())


def test_a_held_mailing_may_be_released(chief_page: Client) -> None:
    mailing = row(State.HELD, held_reason=HeldReason.OVERDUE)
    do(chief_page, "release", mailing)
    assert mailing.state == State.QUEUED


@pytest.mark.parametrize(("looks", "said"), [(0, "absence has not been shown"), (2, "very likely")])
def test_who_lets_a_mailing_in_doubt_go_reads_whether_its_absence_was_shown(
    chief_page: Client, looks: int, said: str
) -> None:
    mailing = row(State.HELD, held_reason="restored", looks=looks)
    page = chief_page.get(reverse("release", args=[mailing.pk])).content.decode()
    assert said in page


def test_a_mailing_held_for_its_account_is_not_released(chief_page: Client) -> None:
    mailing = row(State.HELD, held_reason=HeldReason.LOGIN)
    assert "administrator" in do(chief_page, "release", mailing)
    assert mailing.state == State.HELD


def test_a_copy_is_a_draft_of_its_own(page: Client) -> None:
    original = row()
    answer = page.post(reverse("duplicate", args=[original.pk]))
    copy = Mailing.objects.exclude(pk=original.pk).get()
    assert answer["Location"] == f"{reverse('compose')}?draft={copy.pk}"
    assert copy.state == State.DRAFT


def test_the_text_of_a_job_made_elsewhere_cannot_be_copied(page: Client) -> None:
    mailing = row(spec={})
    answer = page.post(reverse("duplicate", args=[mailing.pk]), follow=True)
    assert b"cannot be copied" in answer.content


@pytest.mark.parametrize("name", ["release", "resolve", "dismiss_alarm"])
def test_a_form_from_before_something_newer_decides_nothing(chief_page: Client, name: str) -> None:
    state = State.UNKNOWN if name == "resolve" else State.HELD
    mailing = row(state, held_reason=HeldReason.OVERDUE, alarm="two_jobs", alarm_jobs=["1", "2"])
    shown = seen(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(alarm_jobs=["1", "2", "3"])
    html = do(chief_page, name, mailing, decision="send_again", seen=shown)
    assert (mailing.state, mailing.alarm) == (state, "two_jobs")
    assert "Something newer is known" in html


@pytest.mark.parametrize("name", ["release", "resolve"])
def test_the_page_that_asks_carries_what_it_shows(chief_page: Client, name: str) -> None:
    mailing = row(State.UNKNOWN if name == "resolve" else State.HELD, held_reason=HeldReason.OVERDUE)
    html = chief_page.get(reverse(name, args=[mailing.pk])).content.decode()
    assert f'name="seen" value="{seen(mailing)}"' in html


def test_an_adoption_is_undone_by_hand(chief_page: Client) -> None:
    mailing = row(adopted_at=timezone.now())
    html = chief_page.get(reverse("undo_adoption", args=[mailing.pk])).content.decode()
    assert str(mailing.remote_id) in html
    do(chief_page, "undo_adoption", mailing)
    assert (mailing.state, mailing.remote_id) == (State.UNKNOWN, None)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"decision": "adopt", "remote_id": "77"}, State.UNKNOWN),
        ({"decision": "send_again"}, State.QUEUED),
        ({"decision": "give_up"}, State.ABANDONED),
        ({"decision": "adopt", "remote_id": "x"}, State.UNKNOWN),
        ({"decision": "nonsense"}, State.UNKNOWN),
    ],
)
def test_a_person_decides_what_became_of_it(chief_page: Client, data: dict[str, str], state: State) -> None:
    mailing = row(State.UNKNOWN)
    do(chief_page, "resolve", mailing, **data)
    assert mailing.state == state
    assert mailing.candidate == ("77" if data.get("remote_id") == "77" else "")


def test_the_decision_page_offers_the_jobs_that_were_found(chief_page: Client) -> None:
    html = chief_page.get(
        reverse("resolve", args=[row(State.UNKNOWN, look_matches=["71", "72"]).pk])
    ).content.decode()
    assert 'value="71"' in html
    assert "send it again" not in html, "it has arrived"


def test_the_decision_page_says_when_absence_was_not_shown(chief_page: Client) -> None:
    html = chief_page.get(reverse("resolve", args=[row(State.UNKNOWN).pk])).content.decode()
    assert "Its absence has not been shown" in html


def test_the_decision_page_says_when_absence_was_shown(chief_page: Client) -> None:
    html = chief_page.get(reverse("resolve", args=[row(State.UNKNOWN, looks=2).pk])).content.decode()
    assert "very likely that it did not arrive" in html


def test_an_alarm_is_switched_off_by_hand(chief_page: Client) -> None:
    mailing = row(alarm="two_jobs", alarm_jobs=["1", "2"])
    do(chief_page, "dismiss_alarm", mailing)
    assert mailing.alarm == ""


def test_a_pending_page_polls_and_an_unchanged_one_brings_nothing(page: Client) -> None:
    mailing = row(State.QUEUED)
    html = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    url = html.split('hx-get="')[1].split('"')[0]
    assert url.startswith(reverse("mailing_status", args=[mailing.pk]))
    assert page.get(url).status_code == 204
    Mailing.objects.filter(pk=mailing.pk).update(state=State.SENDING)
    changed = page.get(url)
    assert changed.status_code == 200
    assert b'data-state="sending"' in changed.content
    assert b"hx-get" in changed.content


@pytest.mark.parametrize(
    "state", [State.REFUSED, State.CANCELLED, State.DELETED, State.WITHDRAWN, State.ABANDONED]
)
def test_polling_stops_once_settled(page: Client, state: State) -> None:
    mailing = row(state)
    answer = page.get(reverse("mailing_status", args=[mailing.pk]), {"v": "old"})
    assert answer.status_code == 286
    assert b"every " not in answer.content
    assert f'data-state="{state}"'.encode() in answer.content


def test_polling_stops_once_the_job_has_gone_out(page: Client) -> None:
    url = "mailing_status"
    assert page.get(reverse(url, args=[row(remote_status="going").pk])).status_code == 200
    assert page.get(reverse(url, args=[row(remote_status="gone_out").pk])).status_code == 286
    assert page.get(reverse(url, args=[row(remote_status="gone_out", wish="delete").pk])).status_code == 200


def test_a_job_that_was_not_looked_at_yet_is_asked_for_again(page: Client) -> None:
    mailing = row(verified_at=None, remote_status="", remote_word="")
    assert page.get(reverse("mailing_status", args=[mailing.pk])).status_code == 200


def test_the_poll_and_the_page_render_the_same_status(page: Client) -> None:
    mailing = row(State.REFUSED)
    whole = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    part = page.get(reverse("mailing_status", args=[mailing.pk])).content.decode()
    assert part.split("</section>")[0].strip()[:200] in whole
