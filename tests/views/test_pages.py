"""Every page opens, for every state, with all that its template names; nobody comes in without a login."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings.models import Attempt, EventKind, HeldReason, Mailing, State, record
from mailings.selectors import today
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {"healthz"}
WITH_ID = (
    "mailing",
    "mailing_status",
    "mailing_recipients",
    "cancel",
    "delete",
    "withdraw",
    "release",
    "resolve",
)
WITHOUT_ID = ("today", "history", "history_rows", "export", "bulk_cancel")


@pytest.mark.parametrize("name", WITHOUT_ID)
def test_a_visitor_is_sent_to_the_login(client: Client, name: str) -> None:
    answer = client.get(reverse(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", WITH_ID)
def test_a_visitor_sees_no_mailing(client: Client, name: str) -> None:
    answer = client.get(reverse(name, args=[row().pk]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("state", State.values)
def test_a_mailing_s_page_opens_in_every_state(chief_page: Client, state: str) -> None:
    mailing = row(State(state))
    html = chief_page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert html.count(f'data-mailing="{mailing.pk}"') == 1
    assert f'data-state="{state}"' in html
    assert "Spring sale" in html


@pytest.mark.parametrize("kind", EventKind.values)
def test_every_kind_of_event_is_put_into_words(page: Client, kind: str) -> None:
    mailing = row()
    record(EventKind(kind), mailing, reason="cut", code=1, text="its own words", remote_id="7", wish="cancel")
    html = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert "its own words" in html


def test_a_mailing_s_page_shows_what_was_said_on_the_wire(page: Client) -> None:
    mailing = row()
    Attempt.objects.create(
        mailing=mailing,
        kind="create",
        token="t",
        begin=timezone.now(),
        outcome="unknown",
        text="cut",
        raw="<b>",
    )
    mailing.observations.create(at=timezone.now(), source="get", status_word="ZAPLAN", payload={})
    html = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert "&lt;b&gt;" in html
    assert "ZAPLAN" in html


def test_a_job_made_elsewhere_has_a_page_too(page: Client) -> None:
    found = Mailing.objects.create(
        account=account(), origin="provider", name="From the cabinet", state=State.ACCEPTED, remote_id="9",
        state_at=timezone.now(), created_at=timezone.now(),
    )  # fmt: skip
    html = page.get(reverse("mailing", args=[found.pk])).content.decode()
    assert "Made elsewhere" in html


@pytest.mark.parametrize("name", ["mailing", "results", "mailing_recipients", "take_over"])
def test_every_page_of_a_mailing_names_it_and_its_state_once(page: Client, name: str) -> None:
    looked_up = row(options={"phones": "+79990000001", "mes": "", "hlr": "1"})
    html = page.get(reverse(name, args=[looked_up.pk])).content.decode()
    assert len(re.findall(rf'data-mailing="{looked_up.pk}"\s+data-state="accepted"', html)) == 1


def test_today_says_what_needs_a_person(page: Client) -> None:
    wanted = [
        row(State.UNKNOWN, name="Lost"),
        row(State.REFUSED, name="Refused one"),
        row(State.HELD, name="Held one", held_reason=HeldReason.OVERDUE),
        row(name="Late one", wish_result="too_late", wish_result_at=timezone.now()),
        row(name="Two jobs", alarm="two_jobs", alarm_jobs=["1", "2"]),
    ]
    fine = row(name="Fine one")
    html = page.get("/").content.decode()
    for mailing in wanted:
        assert f'data-mailing="{mailing.pk}"' in html
    assert f'data-mailing="{fine.pk}"' not in html


def test_today_forgets_an_unhappy_wish_after_some_days(page: Client) -> None:
    old = row(wish_result="too_late", wish_result_at=timezone.now() - timedelta(days=4))
    assert f'data-mailing="{old.pk}"' not in page.get("/").content.decode()


@pytest.mark.parametrize(("time", "minutes"), [("0", 0), ("+5", 5)])
def test_repeats_are_counted_from_when_it_was_sent_off_and_do_not_move(time: str, minutes: int) -> None:
    # given a mailing for every hour, sent off for now, or for in five minutes, half an hour ago
    at = timezone.now() - timedelta(minutes=30)
    mailing = row(options={"phones": "+79990000001", "mes": "Hi", "rpt": "1", "rptn": "2", "time": time})
    # when
    found = today.occurrences(mailing, at, timezone.now(), timezone.now() + timedelta(days=1))
    # then
    assert found == [at + timedelta(hours=number, minutes=minutes) for number in (1, 2)]


def test_today_unrolls_what_repeats(page: Client) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    daily = row(options={"rpt": "2", "time": f"0{int(tomorrow.timestamp())}"}, due_at=tomorrow)
    html = page.get("/").content.decode()
    assert html.count(f'data-mailing="{daily.pk}"') >= 6


def test_today_tells_the_balance_and_how_long_it_lasts(page: Client) -> None:
    account(balance=1400, balance_at=timezone.now())
    row(cost=1400)
    html = page.get("/").content.decode()
    assert "1,400.00" in html
    assert "lasts about 14 days" in html


def test_today_takes_few_queries(page: Client, django_assert_max_num_queries: Any) -> None:
    for state in State:
        row(state)
    account(name="another")
    with django_assert_max_num_queries(12):
        page.get("/")


def test_a_mailing_takes_few_queries_in_every_state(page: Client, django_assert_max_num_queries: Any) -> None:
    for mailing in [row(state) for state in State]:
        with django_assert_max_num_queries(12):
            page.get(f"/mailings/{mailing.pk}/")


@pytest.mark.parametrize("path", ["/nothing/", "/mailings/999999/"])
def test_what_is_not_there_says_so(page: Client, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 404
    assert b"There is nothing at this address" in answer.content


def test_an_expired_form_says_so(operator: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    answer = client.post(reverse("refresh"))
    assert answer.status_code == 403
    assert b"This form has expired" in answer.content


def test_a_broken_page_says_so(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("mailings.selectors.today.spent", broken)
    page.raise_request_exception = False
    answer = page.get("/")
    assert answer.status_code == 500
    assert b"Something broke here" in answer.content


@pytest.mark.parametrize("path", ["/accounts/login/"])
def test_the_login_opens_to_all(client: Client, path: str, settings: Any) -> None:
    html = client.get(path).content.decode()
    assert 'name="login"' in html
    assert 'name="password"' in html


def test_pages_have_no_inline_script_or_style(page: Client) -> None:
    for path in ("/", "/mailings/", f"/mailings/{row().pk}/"):
        answer = page.get(path)
        html = answer.content.decode()
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        assert "<script>" not in html
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_times_are_in_the_reader_s_zone(page: Client) -> None:
    mailing = row(created_at=timezone.now().replace(hour=12, minute=0))
    page.cookies["timezone"] = "Asia%2FTokyo"
    html = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert "Times are in Asia/Tokyo" in html
    assert "21:00" in html


def test_an_unknown_zone_is_not_looked_up(page: Client) -> None:
    page.cookies["timezone"] = "..%2F..%2Fetc%2Fpasswd"
    assert b"Times are in UTC" in page.get("/").content


def test_the_zone_can_be_chosen(page: Client) -> None:
    answer = page.post(reverse("preferences"), {"timezone": "Asia/Omsk", "next": "/mailings/"})
    assert answer["Location"] == "/mailings/"
    assert b"Times are in Asia/Omsk" in page.get("/mailings/").content


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "draft", "\0", "http://[", "1"]
)
@pytest.mark.parametrize("name", ["preferences", "refresh"])
def test_a_form_that_leads_back_leads_nowhere_else(page: Client, name: str, target: str) -> None:
    answer = page.post(reverse(name), {"timezone": "Mars/Base", "next": target})
    assert answer["Location"] == "/"
    assert "timezone" not in answer.cookies


def test_the_page_speaks_of_the_account_s_kind(page: Client) -> None:
    account(kind="live")
    assert b"is-live" in page.get("/").content


@pytest.mark.parametrize(
    ("wanted", "expected"), [("0000002", True), ("+7 (999) 000-00-02", True), ("555", False)]
)
def test_a_recipient_is_found_however_the_number_is_written(
    page: Client, wanted: str, expected: bool
) -> None:
    mailing = row()
    url = reverse("mailing_recipients", args=[mailing.pk])
    html = page.post(url, {"number": wanted}, headers={"hx-request": "true"}).content.decode()
    assert ("79990000002" in html) is expected
    assert "79990000001" not in html


def test_a_number_that_is_searched_for_stands_in_no_address(page: Client) -> None:
    html = page.get(reverse("mailing", args=[row().pk])).content.decode()
    (form,) = re.findall(r'<form[^>]*role="search".*?</form>', html, re.DOTALL)
    assert 'method="post"' in form
    assert "hx-get" not in form


def test_recipients_of_personal_messages_are_shown(page: Client) -> None:
    personal = {"phones": "", "mes": "", "list": "79990000005:Hello Ann\n79990000006:Hello Bob"}
    mailing = row(options=personal)
    html = page.get(reverse("mailing_recipients", args=[mailing.pk])).content.decode()
    assert "79990000005: Hello Ann" in html


def test_only_the_first_of_many_recipients_are_shown(page: Client) -> None:
    many = "\n".join(f"+7999{n:07d}" for n in range(300))
    mailing = row(options={"phones": many})
    html = page.get(reverse("mailing", args=[mailing.pk])).content.decode()
    assert html.count("<li>+7999") == 100
    assert "There are more" in html
