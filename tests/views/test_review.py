"""The review: what a draft would do, and sending off exactly what was shown."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Event, EventKind, Mailing, Quote, State, StopEntry
from tests.helpers.factories import PHONE, queued, spec
from tests.views.composing import SMS, post, reposted, text_of
from tests.views.rows import account as account_row

pytestmark = pytest.mark.django_db

THREE = f"{PHONE}\n79990000002\n79990000003"


@pytest.fixture
def account() -> Account:
    account = account_row()
    Account.objects.filter(pk=account.pk).update(
        balance=Decimal("100.00"), currency="RUR", balance_at=timezone.now()
    )
    return account


def priced(cost: str = "4.20") -> None:
    """What a worker brings."""
    Quote.objects.update(answered_at=timezone.now(), cost=Decimal(cost), messages=3, asked=[])


def reviewed(page: Client, **changes: Any) -> Any:
    """The review of what was typed, by the button of the form."""
    answer = post(page, SMS | {"phones": THREE} | changes, "review")
    assert answer.status_code == 302, text_of(answer)
    assert answer.url.endswith("/review/")
    return page.get(answer.url)


def press(page: Client, answer: Any, **changes: Any) -> Any:
    """Press the one button of the page that came back."""
    seen = re.search(r'name="seen" value="([^"]*)"', answer.content.decode())
    return page.post(answer.request["PATH_INFO"], {"seen": seen[1]} | changes)


def changed(**options: Any) -> None:
    """Somebody else changes the draft, in another tab."""
    outbox.make(spec(**options), account=only().account, submit=False, draft=only())


def only() -> Mailing:
    return Mailing.objects.get()


def test_the_button_of_the_form_saves_a_draft_and_shows_the_facts(page: Client, account: Account):
    answer = reviewed(page, time="0")
    assert "for a price not known yet" in text_of(answer)
    assert only().state == State.DRAFT

    priced()
    said = text_of(page.get(answer.request["PATH_INFO"]))

    for fact in ("SMS", "3 recipients", "3 parts", "Now", "4.20", "Balance after it: 95.80", "Hello"):
        assert fact in said
    assert "Send to 3 people for 4.20" in said


def test_sending_it_takes_one_press_and_it_waits_for_its_seconds(page: Client, account: Account, settings):
    settings.HOLD_SECONDS = 10.0
    reviewed(page)
    priced()
    answer = page.get(f"/mailings/{only().pk}/review/")

    sent = press(page, answer)

    assert (sent.status_code, sent.url) == (302, f"/mailings/{only().pk}/")
    assert only().state == State.QUEUED
    shown = page.get(sent.url)
    assert "Goes to SMS Centre" in text_of(shown)
    assert 'id="do-hold"' in shown.content.decode()
    held = page.post(f"/mailings/{only().pk}/hold/", follow=True)
    assert (only().state, "Held in time" in text_of(held)) == (State.DRAFT, True)


def test_it_can_be_sent_while_its_price_is_not_known(page: Client, account: Account):
    assert press(page, reviewed(page)).status_code == 302

    assert only().state == State.QUEUED


def test_back_keeps_everything(page: Client, account: Account):
    """Given what belongs to another channel too, and a wrong entry that is to be left out."""
    typed = {"phones": f"{THREE}\n12345", "skip_wrong": "1", "kept:subj": "Later", "valid": "5"}
    answer = reviewed(page, **typed)

    back = page.get(re.search(r'href="([^"]*draft=[0-9]+)"', answer.content.decode())[1]).content.decode()

    assert "12345" in back
    assert 'value="Later"' in back
    again = reposted(page.get(f"/mailings/new/?draft={only().pk}"), "review", page)
    assert again.url == answer.request["PATH_INFO"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: changed(mes="Other", phones=THREE), "the message, the people"),
        (lambda: changed(phones=PHONE), "the people"),
        (lambda: StopEntry.objects.create(address="+79990000002"), "the people"),
        (lambda: priced("5.00"), "the price"),
        (lambda: Account.objects.update(balance=Decimal("99.00")), "the balance"),
    ],
)  # fmt: skip
def test_a_stale_review_is_shown_anew_instead_of_sent(page: Client, account: Account, change: Any, told: str):
    reviewed(page)
    priced()
    answer = page.get(f"/mailings/{only().pk}/review/")

    change()
    again = press(page, answer)

    assert again.status_code == 200
    assert f"something has changed since you looked at it: {told}" in text_of(again)
    assert only().state == State.DRAFT
    assert press(page, again).status_code == 302


def test_a_price_that_only_grew_old_is_asked_anew_and_not_called_changed(page: Client, account: Account):
    answer = reviewed(page)
    priced()
    answer = page.get(answer.request["PATH_INFO"])

    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        again = press(page, answer)
        said = text_of(again)
        assert "the price was asked more than ten minutes ago. It is asked anew" in said
        assert "changed since" not in said
        assert (only().state, Quote.objects.get().answered_at) == (State.DRAFT, None)

        # The same amount is no news: what was looked at is sent.
        priced()
        assert press(page, answer).status_code == 302


def test_an_old_price_is_not_named_beside_what_has_changed(page: Client, account: Account):
    reviewed(page)
    priced()
    answer = page.get(f"/mailings/{only().pk}/review/")

    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        changed(phones=PHONE, mes="Hello")
        said = text_of(press(page, answer))

    assert "looked at it: the people. Look at it anew." in said


def test_another_hour_makes_a_review_stale(page: Client, account: Account):
    reviewed(page, time_at="tomorrow 9:30")
    priced()
    answer = page.get(f"/mailings/{only().pk}/review/")

    due = timezone.now() + timedelta(days=3)
    changed(mes="Hello", phones=THREE, time=f"0{int(due.timestamp())}")

    assert "the hour" in text_of(press(page, answer))
    assert only().state == State.DRAFT


def test_a_price_that_came_after_the_look_is_no_change_unless_the_balance_does_not_cover_it(
    page: Client, account: Account
):
    """Given two people who have agreed to a price not known yet."""
    answer = reviewed(page)
    priced("100.01")
    assert "Confirm this first" in text_of(press(page, answer))

    priced("4.20")
    assert press(page, answer).status_code == 302


def test_an_hour_that_has_passed_is_not_sent(page: Client, account: Account):
    due = timezone.now() + timedelta(hours=1)
    answer = reviewed(page, time=f"0{int(due.timestamp())}")

    with time_machine.travel(due + timedelta(seconds=1)):
        again = press(page, answer)

    assert "Its hour has passed" in text_of(again)
    assert only().state == State.DRAFT


def test_a_balance_that_does_not_cover_it_is_confirmed_by_name(page: Client, account: Account, operator: Any):
    reviewed(page)
    priced("100.01")
    answer = page.get(f"/mailings/{only().pk}/review/")
    assert "does not cover" in text_of(answer)

    refused = press(page, answer)
    assert (only().state, "Confirm this first" in text_of(refused)) == (State.DRAFT, True)
    assert "<title>Error:" in " ".join(refused.content.decode().split())

    press(page, refused, confirm="balance")
    assert only().state == State.QUEUED
    event = Event.objects.get(kind=EventKind.CONFIRMED)
    assert (event.who, event.data) == (operator, {"what": "balance"})
    assert "the balance does not cover it" in text_of(page.get(f"/mailings/{only().pk}/"))


def test_entries_left_out_are_confirmed_by_name(page: Client, account: Account):
    answer = reviewed(page, phones=f"{THREE}\n12345\n+7 000 111-22-33", skip_wrong="1")
    assert "Left out, since nothing can be sent to them" in text_of(answer)

    assert press(page, answer).status_code == 200
    assert press(page, answer, confirm="left_out").status_code == 302


def test_a_text_that_they_got_already_is_confirmed_by_name(page: Client, account: Account):
    queued(account, name="Earlier", phones=f"+{PHONE}")

    answer = reviewed(page)
    assert "1 of these people gets the same text within 24 hours" in text_of(answer)
    assert "Earlier" in text_of(answer)

    assert press(page, answer).status_code == 200
    press(page, answer, confirm="repeated")
    assert Event.objects.filter(kind=EventKind.CONFIRMED, data={"what": "repeated"}).count() == 1


def test_what_need_not_be_confirmed_is_not_recorded(page: Client, account: Account):
    press(page, reviewed(page), confirm=["balance", "repeated", "left_out"])

    assert only().state == State.QUEUED
    assert not Event.objects.filter(kind=EventKind.CONFIRMED).exists()


def test_personal_messages_show_the_first_and_the_longest(page: Client, account: Account):
    lines = f"{PHONE}:Hi Ann\n79990000002:Hi Bartholomew\n79990000003:Hi Eve"

    said = text_of(reviewed(page, phones="", mes="", list=lines))

    assert "The first · +79990000001 Hi Ann" in said
    assert "The longest · +79990000002 Hi Bartholomew" in said


def test_why_there_is_no_price_is_said(page: Client, account: Account):
    answer = reviewed(page)
    Quote.objects.update(answered_at=timezone.now(), trouble="timeout")

    said = text_of(page.get(answer.request["PATH_INFO"]))

    assert "Not known yet. SMS Centre did not tell: SMS Centre did not answer in time." in said
    assert "Asked just now" in said
    assert "the same is asked at most once a minute" in said
    assert "Send to 3 people for a price not known yet" in said


def test_a_page_that_waits_for_its_price_is_told_nothing_until_it_is_there(page: Client, account: Account):
    answer = reviewed(page)
    asking = re.search(r'hx-get="([^"]*)"', answer.content.decode())[1]
    assert page.get(asking).status_code == 204

    priced()
    shown = page.get(asking, {"confirm": "left_out"})

    assert "4.20" in text_of(shown)
    assert "hx-get" not in shown.content.decode()


def test_a_page_whose_draft_changes_while_it_waits_for_its_price_is_led_on(page: Client, account: Account):
    """Its browser must be told where: a redirected answer would look like a login that has run out."""
    answer = reviewed(page)
    asking = re.search(r'hx-get="([^"]*)"', answer.content.decode())[1]
    outbox.save_draft({"mes": "Half"}, account=account, mailing=only())
    priced()

    led = page.get(asking, headers={"HX-Request": "true"})

    assert (led.status_code, led["HX-Redirect"]) == (200, f"/mailings/new/?draft={only().pk}")


def test_a_draft_that_is_not_ready_goes_on_being_written(page: Client, account: Account):
    draft = outbox.save_draft({"mes": "Half"}, account=account)

    asked: list[Any] = [page.get(f"/mailings/{draft.pk}/review/"), page.post(f"/mailings/{draft.pk}/review/")]
    for answer in asked:
        assert answer.url == f"/mailings/new/?draft={draft.pk}"


def test_what_was_sent_off_shows_its_page(page: Client, account: Account):
    mailing = queued(account)

    answer: Any = page.get(f"/mailings/{mailing.pk}/review/")

    assert answer.url == f"/mailings/{mailing.pk}/"


def test_a_wrong_form_does_not_come_to_its_review(page: Client, account: Account):
    answer = post(page, SMS | {"phones": ""}, "review")

    assert answer.status_code == 200
    assert 'id="errors"' in answer.content.decode()
    assert not Mailing.objects.exists()


def test_a_double_press_sends_once(page: Client, account: Account):
    answer = reviewed(page)

    press(page, answer)
    again = press(page, answer)

    assert again.url == f"/mailings/{only().pk}/"
    assert Event.objects.filter(kind=EventKind.SUBMITTED).count() == 1


def test_the_people_of_a_file_are_counted_priced_and_sent_to(page: Client, account: Account):
    """Given a file that holds one more person, and a row that is none."""
    file = SimpleUploadedFile("people.txt", b"+79990000004\n12345\n")

    answer = reviewed(page, recipients_file=file, skip_wrong="1")
    said = text_of(answer)

    assert "4 recipients" in said
    assert "Left out, since nothing can be sent to them: 1 wrong, 0 doubtful" in said
    quote = Quote.objects.get()
    assert (quote.mailing, quote.digest) == (only(), only().prepared["price"])
    assert press(page, answer, confirm="left_out").status_code == 302
    assert only().people.count() == 4


def test_back_keeps_the_file_of_personal_messages(page: Client, account: Account):
    file = SimpleUploadedFile("people.csv", b"Phone;Name\n+79990000001;Anna\n+79990000002;\n")

    answer = post(
        page, SMS | {"phones": "", "mes": "Hi {Name}", "recipients_file": file, "skip_wrong": "1"}, "review"
    )

    assert answer.status_code == 302, text_of(answer)
    assert only().imports.count() == 1
    # The row with nothing in it is left out, and said to be.
    assert only().prepared["left_out"]["wrong"] == 1


def test_the_older_of_two_windows_writes_nothing_over_what_is_reviewed(page: Client, account: Account):
    post(page, SMS, "draft")
    pk = only().pk
    older, newer = (page.get(f"/mailings/new/?draft={pk}") for _window in range(2))
    reposted(newer, "review", page, mes="Newer")

    version = older.context["form"].typed.version

    with pytest.raises(outbox.Elsewhere):
        outbox.save_draft({"mes": "Older"}, account=account, mailing=only(), version=version)
