"""What fits a filter, added up: mailings, people, money."""

from decimal import Decimal
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


def test_the_page_of_a_filter_tells_them() -> None:
    row(name="Spring sale")
    client = Client()
    client.force_login(person("olga"))
    assert "1 mailing ·" in client.get(reverse("history"), {"q": "spring"}).content.decode()
    assert 'id="totals"' not in client.get(reverse("history")).content.decode()
