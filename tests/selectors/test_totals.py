"""What fits a filter, added up: mailings, people, money."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from mailings.models import Mailing
from mailings.selectors import history, totals
from tests.helpers.people import person
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def added_up(query: str = "") -> totals.Totals:
    return totals.totals(history.chosen(QueryDict(query)).qs)


def test_mailings_people_and_money_that_fit_are_added_up(django_assert_num_queries: Any) -> None:
    for name in ("Spring sale", "Spring news", "Debt"):
        row(name=name, recipients_count=1000, cost=Decimal("10.50"))
    with django_assert_num_queries(2):  # the search looks its rows up first
        found = added_up("q=spring")
    assert found.text == "2 mailings · 2,000 recipients · 21.00\u00a0₽"


def test_money_of_two_currencies_is_not_added_up() -> None:
    first = row()
    second = row()
    other = type(first.account).objects.create(name="other", kind="sandbox", currency="EUR")
    Mailing.objects.filter(pk=second.pk).update(account=other)
    assert (added_up().mailings, added_up().cost) == (2, None)


def test_what_is_more_than_is_counted_is_said_to_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "COUNTED_AT_MOST", 2)
    for _ in range(3):
        row()
    assert added_up().text.startswith("2+ mailings · ")


@pytest.fixture
def page() -> Client:
    client = Client()
    client.force_login(person("olga"))
    return client


def test_the_page_of_a_filter_tells_them_where_it_holds_all_that_fit(page: Client) -> None:
    row(name="Spring sale")
    assert "1 mailing ·" in page.get(reverse("history"), {"q": "spring"}).content.decode()
    assert 'id="totals"' not in page.get(reverse("history")).content.decode()


def test_where_more_fits_than_a_page_holds_the_page_waits_for_no_sum(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(history.PAGE_SIZE + 1):
        row(name="Spring sale", recipients_count=2)
    told = "51 mailings · 102 recipients"

    with monkeypatch.context() as patch:
        patch.setattr(totals, "totals", None)
        shown = page.get(reverse("history"), {"q": "spring"}).content.decode()
    assert told not in shown
    (asked,) = re.findall(r'hx-get="([^"]+)" hx-trigger="load"', shown)
    (link,) = re.findall(r'<a href="([^"]+)"[^>]*>Add up all that fit', shown)

    assert told in page.get(unescape(asked)).content.decode()
    assert told in page.get(reverse("history") + unescape(link)).content.decode()


@pytest.mark.parametrize(("role", "counts"), [("operator", True), ("viewer", False)])
def test_the_button_that_chooses_all_counts_them_where_there_is_one(role: str, counts: bool) -> None:
    row(name="Spring sale")
    client = Client()
    client.force_login(person("anna", role))
    brought = client.get(reverse("totals"), {"q": "spring"}).content.decode()
    there = client.get(reverse("history"), {"q": "spring"}).content.decode()
    assert ("Choose the 1 that fits" in brought) == ('id="choose-all"' in there) == counts
