"""Pages that refresh themselves: cheap while nothing is new, whole when something is, read out aloud."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings.models import EventKind, Pull, State, record
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db


def version(page: Client) -> str:
    (found,) = re.findall(r"/today/\?v=([0-9a-f]{8})", page.get("/").content.decode())
    return str(found)


def test_today_says_nothing_while_nothing_is_new(page: Client, django_assert_max_num_queries: Any) -> None:
    row()
    known = version(page)
    with django_assert_max_num_queries(3):
        answer = page.get(reverse("today_part"), {"v": known})
    assert (answer.status_code, answer.content) == (204, b"")


def test_today_brings_an_unknown_outcome_the_figures_and_the_title_by_itself(page: Client) -> None:
    account()
    known = version(page)
    lost = row(State.UNKNOWN, name="Lost one")
    record(EventKind.UNKNOWN, lost, reason="timeout")
    html = page.get(reverse("today_part"), {"v": known}).content.decode()
    assert f'data-mailing="{lost.pk}"' in html
    assert "<title>(1) Mailroom</title>" in html
    assert 'id="spend-figures" hx-swap-oob="true"' in html
    assert known not in html


@pytest.mark.parametrize("news", ["event", "word", "pull", "health", "balance"])
def test_whatever_is_new_changes_the_version(page: Client, news: str) -> None:
    mailing, now = row(), timezone.now()
    kept = mailing.account
    known = version(page)
    if news == "event":
        record(EventKind.WISHED, mailing)
    elif news == "word":
        mailing.observations.create(at=now, source="get", status_word="sent", payload={})
    elif news == "pull":
        Pull.objects.create(account=kept, start=now.date(), end=now.date(), begun_at=now)
    elif news == "health":
        type(kept).objects.update(last_error_at=now)
    else:
        type(kept).objects.update(balance=7)
    assert version(page) != known


def test_an_answer_of_long_ago_is_not_called_answering(page: Client) -> None:
    account(last_ok_at=timezone.now() - timedelta(hours=8))
    html = page.get("/").content.decode()
    assert "not heard from lately" in html
    assert ">answering<" not in html


def test_the_title_counts_what_needs_a_person(page: Client) -> None:
    row()
    assert "<title>Mailroom</title>" in page.get("/").content.decode()
    row(State.REFUSED)
    row(State.UNKNOWN)
    assert "<title>(2) Mailroom</title>" in page.get("/").content.decode()


@pytest.mark.parametrize(("waiting", "said"), [(20, "21"), (49, "50"), (50, "50+"), (60, "50+")])
def test_of_many_that_need_a_person_the_newest_are_shown_and_the_others_counted(
    page: Client, waiting: int, said: str
) -> None:
    now = timezone.now()
    for number in range(waiting):
        row(State.REFUSED, state_at=now, created_at=now - timedelta(minutes=number), alarm="")
    unknown = row(State.UNKNOWN, created_at=now - timedelta(days=9))

    html = page.get("/").content.decode()

    shown = re.findall(r'<li data-mailing="(\d+)" data-state="(?:refused|unknown)"', html)
    assert (len(shown), shown[0]) == (20, str(unknown.pk))
    assert f"<title>({said}) Mailroom</title>" in html
    assert "There are more: see the history." in html


@pytest.mark.parametrize("path", ["/", "/mailings/", "mailing"])
def test_what_is_read_out_stands_outside_of_what_is_replaced(page: Client, path: str) -> None:
    mailing = row(State.QUEUED)
    html = page.get(reverse("mailing", args=[mailing.pk]) if path == "mailing" else path).content.decode()
    assert html.count('aria-live="') == (2 if path == "mailing" else 1)  # the search among its people, too
    assert "data-announce=" in html
    assert html.index('id="announcements"') > html.index("</main>")


def test_no_part_that_is_replaced_is_a_live_region(page: Client) -> None:
    mailing = row(State.QUEUED)
    parts = [reverse("mailing_status", args=[mailing.pk]), reverse("history_rows"), reverse("today_part")]
    for part in parts:
        assert b"aria-live" not in page.get(part).content
    found = page.post(
        reverse("mailing_recipients", args=[mailing.pk]), {"number": "1"}, headers={"hx-request": "true"}
    )
    assert b"aria-live" not in found.content


def test_the_login_page_names_no_zone_that_it_cannot_know(client: Client) -> None:
    assert b"Times are in" not in client.get("/accounts/login/").content
