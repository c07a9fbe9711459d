"""Every verb's button is found on the page and pressed there, and the state looked at; one rule for all."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import outbox
from mailings.models import EventKind, HeldReason, Mailing, State, Wish, WishResult
from mailings.selectors import history
from mailings.views.actions import VERBS
from tests.views.controls import Controls, press
from tests.views.rows import row

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Deed:
    """A verb pressed on the page of a mailing in `state` with `given`, and what the row must be afterwards.

    `decision`: the value of the field of that name in the form that is meant, and `typed` what goes with it.
    """

    verb: str
    state: State
    becomes: State
    given: dict[str, Any] = field(default_factory=dict)
    then: dict[str, Any] = field(default_factory=dict)
    decision: str = ""
    typed: dict[str, str] = field(default_factory=dict)


OVERDUE = {"held_reason": HeldReason.OVERDUE}
ADOPTED = {"adopted_at": datetime(2026, 11, 26, 12, tzinfo=UTC)}
TOO_LATE = {"wish_result": WishResult.TOO_LATE, "remote_status": "gone_out"}
DEEDS = (
    Deed("resolve", State.UNKNOWN, State.UNKNOWN, then={"candidate": "77"}, decision="adopt",
         typed={"remote_id": "77"}),
    Deed("resolve", State.UNKNOWN, State.QUEUED, decision="send_again"),
    Deed("resolve", State.UNKNOWN, State.ABANDONED, decision="give_up"),
    Deed("resolve", State.ABANDONED, State.ABANDONED, then={"candidate": "78"}, decision="adopt",
         typed={"remote_id": "78"}),
    Deed("undo_adoption", State.ACCEPTED, State.UNKNOWN, ADOPTED, {"remote_id": None}),
    Deed("hold", State.QUEUED, State.DRAFT, then={"not_before": None},
         given={"not_before": timezone.now() + timedelta(minutes=55)}),
    Deed("release", State.HELD, State.QUEUED, OVERDUE),
    Deed("edit", State.DRAFT, State.DRAFT),
    Deed("edit", State.REFUSED, State.DRAFT, {"refusal_code": 1, "refusal_text": "wrong parameters: sender"}),
    Deed("cancel", State.ACCEPTED, State.ACCEPTED, then={"wish": Wish.CANCEL}),
    Deed("cancel", State.SENDING, State.SENDING, then={"wish": Wish.CANCEL}),
    Deed("cancel", State.UNKNOWN, State.UNKNOWN, then={"wish": Wish.CANCEL}),
    Deed("change_hour", State.ACCEPTED, State.ACCEPTED, then={"wish": Wish.CANCEL},
         typed={"time_at": "2036-01-31 10:00"}),
    Deed("withdraw", State.DRAFT, State.WITHDRAWN),
    Deed("withdraw", State.AWAITING_APPROVAL, State.WITHDRAWN),
    Deed("withdraw", State.QUEUED, State.WITHDRAWN),
    Deed("withdraw", State.HELD, State.WITHDRAWN, OVERDUE),
    Deed("delete", State.ACCEPTED, State.ACCEPTED, TOO_LATE, {"wish": Wish.DELETE}),
    Deed("delete", State.CANCELLED, State.CANCELLED, then={"wish": Wish.DELETE}),
    Deed("duplicate", State.ACCEPTED, State.ACCEPTED),
    Deed("next_month", State.ACCEPTED, State.ACCEPTED, {"due_at": datetime(2026, 11, 26, 12, tzinfo=UTC)}),
    Deed("save_template", State.ACCEPTED, State.ACCEPTED, typed={"name": "Of every month"}),
    Deed("dismiss_alarm", State.ACCEPTED, State.ACCEPTED, {"alarm": "two_jobs"}, {"alarm": ""}),
    Deed("put_aside", State.REFUSED, State.REFUSED, {"refusal_text": "no"}),
    Deed("put_aside", State.ACCEPTED, State.ACCEPTED, TOO_LATE),
)  # fmt: skip


def test_every_verb_is_pressed() -> None:
    assert {verb.name for verb in VERBS} == {deed.verb for deed in DEEDS}


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: f"{deed.verb}-{deed.state}-{deed.decision}")
def test_a_verbs_button_does_what_it_says(deed: Deed, chief_page: Client) -> None:
    given = dict(deed.given)
    if "wish_result" in given:
        given["wish_result_at"] = timezone.now() - timedelta(minutes=1)
    mailing = row(deed.state, **given)
    page = reverse("mailing", args=[mailing.pk])
    first = Controls(chief_page.get(page).content.decode()).ids[f"do-{deed.verb}"]

    answer = press(chief_page, first, page)
    if first.method == "get" and deed.verb != "edit":  # it asks once, with the facts
        forms = [one for one in Controls(answer.content.decode()).forms if one.method == "post"]
        chosen = [one for one in forms if one.fields.get("decision", "") == deed.decision]
        answer = press(chief_page, chosen[0], first.action, **deed.typed)

    mailing.refresh_from_db()
    assert mailing.state == deed.becomes
    assert {name: getattr(mailing, name) for name in deed.then} == deed.then
    assert "alert-success" not in answer.content.decode(), "no green above what may be bad news"


def test_change_it_and_send_again_opens_the_draft_with_the_reason_beside_its_field(
    chief_page: Client,
) -> None:
    mailing = row(State.REFUSED, refusal_code=1, refusal_text="wrong parameters: sender")
    page = reverse("mailing", args=[mailing.pk])

    answer = press(chief_page, Controls(chief_page.get(page).content.decode()).ids["do-edit"], page)

    assert answer.redirect_chain[-1][0] == f"{reverse('compose')}?draft={mailing.pk}"
    beside = answer.content.decode().split('id="id_sender_error"')[1].split("</div>")[0]
    assert "SMS Centre refused it: wrong parameters: sender" in beside


def test_a_reason_that_names_no_field_stands_above_the_form(chief_page: Client) -> None:
    mailing = row(State.REFUSED, refusal_code=1, refusal_text="sorry")
    html = chief_page.post(reverse("edit", args=[mailing.pk]), follow=True).content.decode()
    assert "SMS Centre refused it: sorry. Nothing was sent." in html


def test_a_reopened_mailing_goes_out_when_it_was_changed(chief_page: Client) -> None:
    mailing = row(State.REFUSED, refusal_code=1, refusal_text="wrong parameters: mes")
    answer = chief_page.post(reverse("edit", args=[mailing.pk]), follow=True)
    form = next(one for one in Controls(answer.content.decode()).forms if "key" in one.fields)

    changed = {"channel": "sms", "mes": "Hello again", "phones": "+79990000001", "action": "send"}
    press(chief_page, form, reverse("compose"), **changed)

    mailing.refresh_from_db()
    assert (mailing.state, mailing.spec["options"]["mes"]) == (State.QUEUED, "Hello again")
    assert (mailing.refusal_text, Mailing.objects.count()) == ("", 1)


def test_only_a_refused_mailing_is_reopened_and_only_by_a_post(chief_page: Client) -> None:
    refused, sent = row(State.REFUSED), row(State.ACCEPTED)
    chief_page.get(reverse("edit", args=[refused.pk]))
    html = chief_page.post(reverse("edit", args=[sent.pk]), follow=True).content.decode()
    refused.refresh_from_db()
    sent.refresh_from_db()
    assert (refused.state, sent.state) == (State.REFUSED, State.ACCEPTED)
    assert "Only a mailing that SMS Centre refused" in html


RULES: dict[str, dict[str, Any]] = {
    "waiting": {},
    "gone out": {"remote_status": "gone_out"},
    "gone out, and repeats": {"remote_status": "gone_out", "repeats": 2},
    "cancelled there": {"remote_status": "cancelled"},
    "not there any more": {"gone": True},
    "cancel wished": {"wish": "cancel"},
    "delete wished": {"wish": "delete"},
}


@pytest.mark.parametrize("given", RULES.values(), ids=RULES)
@pytest.mark.parametrize("state", State)
def test_button_row_bulk_bar_and_verb_agree_on_what_may_be_cancelled(
    state: State, given: dict[str, Any], chief_page: Client
) -> None:
    mailing = row(state, **given)
    html = chief_page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    button = 'id="do-cancel"' in html or 'id="do-withdraw"' in html
    selectable = history.by_ids([mailing.pk])[0].selectable
    may = outbox.may_cancel(mailing)
    assert button == selectable == may

    chief_page.post(reverse("bulk_cancel"), {"id": str(mailing.pk)})
    mailing.refresh_from_db()
    done = mailing.state == State.WITHDRAWN or (mailing.wish == "cancel" and given.get("wish") != "cancel")
    assert done == (may or state == State.WITHDRAWN)


def test_what_has_gone_out_is_not_cancelled_by_the_verb_either() -> None:
    with pytest.raises(outbox.Impossible, match="gone out"):
        outbox.wish(row(remote_status="gone_out").pk, Wish.CANCEL)


def test_a_bulk_action_comes_back_to_the_same_filter(chief_page: Client) -> None:
    mailing = row()
    page = reverse("history")
    html = chief_page.get(page, {"q": "spring", "state": "accepted"}).content.decode()
    form = next(one for one in Controls(html).forms if one.action == reverse("bulk_cancel"))
    asked = chief_page.get(form.action, {**form.fields, "id": str(mailing.pk)})
    confirm = next(one for one in Controls(asked.content.decode()).forms if one.fields.get("id"))

    answer = chief_page.post(reverse("bulk_cancel"), confirm.fields)

    assert answer["Location"] == f"{page}?q=spring&state=accepted"
    assert "alert-success" not in chief_page.get(answer["Location"]).content.decode()


NEEDS: dict[str, dict[str, Any]] = {
    "refused": {"state": State.REFUSED, "refusal_text": "no"},
    "unknown": {"state": State.UNKNOWN},
    "held": {"state": State.HELD, **OVERDUE},
    "awaiting approval": {"state": State.AWAITING_APPROVAL},
    "alarm": {"state": State.ACCEPTED, "alarm": "turned_up", "alarm_jobs": ["1"]},
    **{
        str(result.label): {"state": State.ACCEPTED, "wish_result": result}
        for result in (WishResult.TOO_LATE, WishResult.UNCONFIRMED, WishResult.FAILED)
    },
}


@pytest.mark.parametrize("given", NEEDS.values(), ids=NEEDS)
def test_every_entry_that_needs_a_person_is_put_aside_by_name_until_something_new(
    given: dict[str, Any], chief_page: Client, chief: Any
) -> None:
    mailing = row(**given, wish_result_at=timezone.now() - timedelta(minutes=1))
    today = reverse("today")
    needs = Controls(chief_page.get(today).content.decode()).forms
    form = next(one for one in needs if f"/mailings/{mailing.pk}/" in one.action)

    answer = press(chief_page, form, today)

    assert answer.redirect_chain[-1][0] == today
    assert "Nothing waits for you" in answer.content.decode()
    event = mailing.events.get(kind__in=[EventKind.PUT_ASIDE, EventKind.ALARM])
    assert event.who == chief
    told = chief_page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert "· clara" in told

    mailing.refresh_from_db()
    later = timezone.now() + timedelta(minutes=1)
    Mailing.objects.filter(pk=mailing.pk).update(
        state=State.REFUSED, state_at=later, wish_result_at=later, alarm=""
    )
    assert "Nothing waits for you" not in chief_page.get(today).content.decode()


def test_what_waits_for_nobody_cannot_be_put_aside() -> None:
    with pytest.raises(outbox.Impossible):
        outbox.put_aside(row().pk)


def test_bad_news_has_a_place_of_its_own(chief_page: Client) -> None:
    for given in (NEEDS["refused"], NEEDS["alarm"], NEEDS["too late"], NEEDS["failed"]):
        html = chief_page.get(reverse("mailing", args=[row(**given).pk])).content.decode()
        assert html.count('class="alert alert-danger bad-news"') == 1
    assert "bad-news" not in chief_page.get(reverse("mailing", args=[row().pk])).content.decode()
