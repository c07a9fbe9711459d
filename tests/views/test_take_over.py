"""What numbers were found to be, and how they come into a list or onto the stop list by it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings.delivery import results
from mailings.models import Delivery, ListedPerson, Mailing, SavedList, StopEntry
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def checked(channel: str = "hlr", statuses: tuple[int | None, ...] = (1, 1, 22, 22, 25, None)) -> Mailing:
    """A mailing that looked numbers up: each with a status; None for one that is unclear."""
    phones = "\n".join(f"+7999{place:07d}" for place in range(len(statuses)))
    mailing = row(options={"phones": phones, "mes": "", channel: "1"}, name="Check")
    for place, status in enumerate(statuses):
        result = "unclear" if status is None else "delivered" if status == 1 else "failed"
        mailing.people.filter(position=place).update(result=result, status=status, err=status and 1)
    now = timezone.now()
    Delivery.objects.create(mailing=mailing, account=mailing.account, opens=now, as_of=now)
    results.count([mailing.pk], now)
    return mailing


def address(mailing: Mailing, query: str = "") -> str:
    return reverse("take_over", args=[mailing.pk]) + query


@pytest.mark.parametrize("channel", ["hlr", "ping"])
def test_the_verdict_stands_beside_each_number(page: Client, channel: str) -> None:
    mailing = checked(channel)

    shown = page.get(reverse("results", args=[mailing.pk])).content.decode()
    on_its_page = page.get(reverse("mailing", args=[mailing.pk])).content.decode()

    assert shown.count("> reached (error 1)") == 2
    assert shown.count("wrong number (error 1)") == 2
    assert "not reached: 3 (50\xa0%)" in on_its_page
    assert "Not reached: wrong number 2" in on_its_page
    assert "ot delivered" not in shown
    assert ">delivered<" not in shown
    assert address(mailing) in on_its_page
    assert "who did not get it" not in on_its_page


def test_how_many_are_meant_is_shown_before_anything_is_done(page: Client) -> None:
    mailing = checked()
    StopEntry.objects.create(address="+79990000002")

    offered = page.get(address(mailing)).content.decode()
    shown = page.get(address(mailing, "?verdict=22&verdict=25&verdict=x&verdict=7")).content.decode()

    assert "wrong number</span> <strong>2</strong>" in offered
    assert "Never send to" not in offered
    assert "Put 3 numbers into the list" in shown
    assert "Never send to 3 numbers again" in shown
    assert "1 of them stands there already." in shown
    assert "+79990000002, +79990000003, +79990000004" in shown
    assert not ListedPerson.objects.exists()


def test_numbers_come_into_a_new_list_and_into_one_that_there_is(page: Client) -> None:
    mailing = checked()
    data: dict[str, Any] = {"verdict": ["1"], "seen": "2", "where": "new", "name": "Reached"}

    made = page.post(address(mailing), data)
    saved = SavedList.objects.get(name="Reached")
    more = {"verdict": ["1", "25"], "seen": "3", "where": str(saved.pk)}
    page.post(address(mailing), more)

    assert made.headers["Location"] == reverse("list", args=[saved.pk])
    saved.refresh_from_db()
    assert (saved.count, saved.source) == (3, "Check")


def test_wrong_numbers_are_stopped_and_the_reason_says_why(page: Client) -> None:
    mailing = checked()

    page.post(address(mailing), {"verdict": ["22"], "seen": "2", "where": "stop"})

    stopped = StopEntry.objects.order_by("address")
    assert [one.address for one in stopped] == ["+79990000002", "+79990000003"]
    assert {one.reason for one in stopped} == {f"wrong number (HLR request, {timezone.localdate():%d.%m.%Y})"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seen": "1", "where": "stop"}, "Meanwhile more is known"),
        ({"where": "new", "name": " "}, "Give the list a name"),
        ({"where": "new", "name": "VIP"}, "There is a list of this name already"),
        ({"where": "999"}, "Choose where the numbers go"),
        ({"where": ""}, "Choose where the numbers go"),
        ({"where": "stop", "verdict": ["7"]}, "Nobody is meant"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_changed(page: Client, asked: Any, said: str) -> None:
    mailing, _saved = checked(), SavedList.objects.create(name="VIP")
    data = {"verdict": ["22"], "seen": "2"} | asked

    answer = page.post(address(mailing), data, follow=True)

    assert said in answer.content.decode()
    assert not StopEntry.objects.exists()
    assert not ListedPerson.objects.exists()
    assert SavedList.objects.count() == 1


def test_of_messages_there_is_nothing_to_take_over(page: Client) -> None:
    assert page.get(address(row())).status_code == 404
