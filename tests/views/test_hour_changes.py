"""Another hour: asked once with the facts, and what became of it stands on the mailing's page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.models import HourChange, Mailing, State
from tests.helpers.people import person
from tests.views.composing import text_of
from tests.views.rows import row


@pytest.fixture
def page(client: Client, operator: Any) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def waiting(operator: Any) -> Mailing:
    return row(created_by=operator, submitted_by=operator)


def address(mailing: Mailing) -> str:
    return f"/mailings/{mailing.pk}/hour/"


def test_a_mailing_that_waits_offers_another_hour(page: Client, waiting: Mailing) -> None:
    assert 'id="do-change_hour"' in page.get(f"/mailings/{waiting.pk}/").content.decode()
    shown = text_of(page.get(address(waiting)))
    assert "Only then a copy is sent off for the new hour" in shown
    assert "6,736.80" in shown


def test_the_wish_is_recorded_and_the_page_tells_it(page: Client, waiting: Mailing) -> None:
    posted = {"time_at": "31.01.2036 10:00", "clock": "Europe/Moscow", "seen": outbox.stamp(waiting)}

    answer = page.post(address(waiting), posted, follow=True)

    waiting.refresh_from_db()
    assert (waiting.wish, HourChange.objects.get().mailing) == ("cancel", waiting)
    shown = text_of(answer)
    assert "It shall go out at another hour: Thu 31 Jan 2036" in shown
    assert "Another hour was asked for" in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Give one hour that lies ahead"),
        ("now", "Give one hour that lies ahead"),
        ("soon", "There is no such date and hour"),
        ("01.01.2020 10:00", "Give one hour that lies ahead"),
        ("9-21", "Give one hour that lies ahead"),
    ],
)
def test_what_is_no_hour_ahead_is_an_error_at_the_field(
    typed: str, said: str, page: Client, waiting: Mailing
) -> None:
    answer = page.post(address(waiting), {"time_at": typed, "seen": outbox.stamp(waiting)})

    html = answer.content.decode()
    assert said in html[html.index('id="id_time_at_error"') :]
    assert "<title>Error:" in " ".join(html.split()).replace("<title> ", "<title>")
    assert not HourChange.objects.exists()


def test_what_is_typed_is_shown_in_full_before_anything_is_pressed(page: Client, waiting: Mailing) -> None:
    assert 'hx-target="#when-said"' in page.get(address(waiting)).content.decode()
    htmx = {"HX-Request": "true"}
    typed = {"time_at": "31.01.2036 23:00", "clock": "Europe/Moscow", "seen": outbox.stamp(waiting)}

    said = text_of(page.post(address(waiting), typed, headers=htmx))

    assert said.startswith("Thu 31 Jan 2036, 23:00 (Moscow)")
    assert "It is night for some then" in said
    odd = text_of(page.post(address(waiting), typed | {"time_at": "soon"}, headers=htmx))
    assert odd.startswith("There is no such date and hour")
    assert page.post(address(waiting), typed | {"clock": "Nowhere/City"}, headers=htmx).status_code == 200
    assert not HourChange.objects.exists()


def test_an_hour_that_comes_twice_is_asked_here_too(page: Client, waiting: Mailing) -> None:
    posted = {"time_at": "26.10.2036 02:30", "clock": "Europe/Berlin", "seen": outbox.stamp(waiting)}

    answer = page.post(address(waiting), posted)
    assert 'name="which"' in answer.content.decode()

    assert page.post(address(waiting), posted | {"which": "second"}).status_code == 302
    assert f"{HourChange.objects.get().due_at:%H:%M}" == "01:30"


def test_what_cannot_be_moved_says_why(page: Client, operator: Any) -> None:
    gone = row(remote_status="gone_out", created_by=operator)

    shown = text_of(page.get(address(gone), follow=True))

    assert "This mailing has gone out, so there is nothing left to cancel." in shown
    assert "do-change_hour" not in page.get(f"/mailings/{gone.pk}/").content.decode()


def test_something_newer_than_what_was_seen_changes_nothing(page: Client, waiting: Mailing) -> None:
    answer = page.post(address(waiting), {"time_at": "31.01.2036 10:00", "seen": "old"}, follow=True)

    assert "Something newer is known" in text_of(answer)
    assert not HourChange.objects.exists()


@pytest.mark.parametrize("result", HourChange.Result)
def test_every_end_has_its_sentence_on_the_page(result: str, page: Client, waiting: Mailing) -> None:
    copy = row(State.QUEUED, name="The copy") if result == HourChange.Result.MOVED else None
    now = timezone.now()
    change = HourChange.objects.create(
        mailing=waiting, time="02085000000", due_at=now + timedelta(hours=1), asked_at=now, wish_at=now,
        result=result, ended_at=now, copy=copy,
    )  # fmt: skip

    shown = text_of(page.get(f"/mailings/{waiting.pk}/"))

    if copy:
        assert "Its hour was changed: a copy was sent off for" in shown
    else:
        assert f"nothing was sent again: {change.get_result_display()}." in shown


def test_whoever_may_not_stop_a_mailing_may_not_move_it(client: Client, waiting: Mailing) -> None:
    client.force_login(person("bert"))

    assert client.post(address(waiting), {"time_at": "31.01.2036 10:00"}).status_code == 403
    assert not HourChange.objects.exists()
