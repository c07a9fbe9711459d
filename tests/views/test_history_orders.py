"""The history in other orders: by the heads of its table, by keys, each with an index."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from itertools import islice
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings.models import Mailing, State
from mailings.selectors import history, orders
from tests.views.rows import row

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAYS = st.none() | st.integers(0, 2).map(lambda days: NOW + timedelta(days=days))
ROWS = st.lists(
    st.tuples(
        DAYS,
        DAYS,
        st.none() | st.integers(0, 2),
        st.none()
        | st.sampled_from([Decimal(0), Decimal("0.0001"), Decimal("4.2"), Decimal("9999999999.9999")]),
    ),
    max_size=12,
)


def expected(order: orders.Order) -> list[int]:
    """By Python's own sorting."""
    found = Mailing.objects.values(*history.COLUMNS)
    ranked = sorted(found, key=lambda one: (order.column.value(one), one["id"]), reverse=order.descending)
    return [one["id"] for one in ranked]


def walked(order: orders.Order, size: int, *, back: bool) -> list[int]:
    page = history.page(Mailing.objects.all(), size=size, order=order)
    seen = [line.id for line in page.rows]
    while page.older:
        page = history.page(Mailing.objects.all(), after=page.older, size=size, order=order)
        seen += [line.id for line in page.rows]
    if not back:
        return seen
    seen = [line.id for line in page.rows]
    while page.newer:
        page = history.page(Mailing.objects.all(), before=page.newer, size=size, order=order)
        seen = [line.id for line in page.rows] + seen
    return seen


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, size=st.integers(1, 5))
def test_pages_of_every_order_show_every_row_once(db: Any, rows: list[Any], size: int) -> None:
    """Also rows that have no hour, no people or no price, and many of the same."""
    Mailing.objects.all().delete()
    made = [row(options={"phones": "79990000001"}) for _ in rows]
    for mailing, (remote, due, people, price) in zip(made, rows, strict=True):
        mailing.remote_send_at, mailing.due_at = remote, due
        mailing.recipients_count, mailing.cost = people, price
        mailing.save()
    for name in orders.LABELS:
        order = orders.of(name)
        assert walked(order, size, back=False) == expected(order), name
        assert walked(order, size, back=True) == expected(order), name


@pytest.mark.parametrize("name", orders.LABELS)
def test_every_order_is_read_from_an_index(name: str) -> None:
    order = orders.of(name)
    last = row()
    key = order.read(order.key(Mailing.objects.values(*history.COLUMNS).get(pk=last.pk)))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for way in ("seqscan", "bitmapscan", "sort"):  # the table is too small for an index
                cursor.execute(f"SET LOCAL enable_{way} = off")
        for start in (None, key):
            for forwards in (True, False):
                plan = order.slice(Mailing.objects.all(), start, 51, forwards=forwards).values("id").explain()
                assert "history" in plan
                assert "TEMP B-TREE" not in plan
                assert "Sort" not in plan


def links(html: str) -> dict[str, tuple[str, str]]:
    """The heads that can be pressed: by their words, `aria-sort` and address."""
    found = re.findall(r'<th scope="col"([^>]*)>\s*<a class="sort" href="([^"]*)">([A-Za-z]+)', html)
    return {
        label: (re.sub(r'.*aria-sort="(\w+)".*|.*', r"\1", attrs), unescape(href))
        for attrs, href, label in found
    }


def names(html: str) -> list[str]:
    return re.findall(r'<a id="name-[0-9]+"[^>]*>([^<]*)</a>', html)


def test_the_heads_of_the_table_order_it_and_say_so(page: Client) -> None:
    for name, cost in (("cheap", 1), ("dear", 9), ("middle", 5)):
        row(name=name, cost=Decimal(cost))
    html = page.get(reverse("history"), {"q": "e", "before": "1-1"}).content.decode()
    aria, address = links(page.get(reverse("history"), {"state": "accepted"}).content.decode())["Price"]
    assert (aria, address) == ("", "?state=accepted&sort=-price")
    assert "before" not in links(html)["Price"][1]

    dearest = page.get(reverse("history") + address).content.decode()
    assert names(dearest) == ["dear", "middle", "cheap"]
    aria, address = links(dearest)["Price"]
    assert aria == "descending"

    cheapest = page.get(reverse("history") + address).content.decode()
    assert names(cheapest) == ["cheap", "middle", "dear"]
    aria, address = links(cheapest)["Price"]
    assert (aria, address) == ("ascending", "?state=accepted")


def test_a_mailing_without_a_price_is_the_cheapest(page: Client) -> None:
    row(name="free", cost=Decimal(0))
    row(name="unknown", cost=None)
    html = page.get(reverse("history"), {"sort": "price"}).content.decode()
    assert names(html) == ["unknown", "free"]


def test_an_order_that_is_none_shows_the_newest_first(page: Client) -> None:
    row(name="older")
    row(name="newer", created_at=timezone.now())
    assert names(page.get(reverse("history"), {"sort": "name'--"}).content.decode()) == ["newer", "older"]


KEYS = ("", "x-1", "1e5-1", "NaN-1", "9" * 40 + "-1", "-2-1", "1-x", "1.00000-1", "\u0663-1", "999999999-1")


@pytest.mark.parametrize("name", orders.LABELS)
def test_a_key_of_another_order_is_no_harm(name: str, page: Client) -> None:
    row()
    for key in KEYS:
        for side in ("after", "before"):
            assert page.get(reverse("history"), {"sort": name, side: key}).status_code == 200


def test_in_another_order_too_what_is_new_is_counted(page: Client) -> None:
    row(name="old")
    html = page.get(reverse("history"), {"sort": "-people"}).content.decode()
    asked = re.search(r'hx-get="([^"]+)"', html.split('id="poller"')[1])
    assert asked
    assert page.get(unescape(asked[1])).status_code == 204
    row(name="new", created_at=timezone.now() + timedelta(seconds=1))

    answer = page.get(unescape(asked[1])).content.decode()

    assert "1 new" in answer
    assert 'href="/mailings/?sort=-people"' in answer


def test_the_export_has_the_order_of_the_page(page: Client) -> None:
    for name, cost in (("cheap", 1), ("dear", 9)):
        row(name=name, cost=Decimal(cost))
    body = b"".join(page.get(reverse("export"), {"sort": "price"})).decode()
    assert body.index("cheap") < body.index("dear")


@pytest.mark.parametrize("name", ["-price", "price"])
def test_all_rows_have_an_end_where_a_price_was_given_back(db: Any, name: str) -> None:
    for cost in ("1.4", "-2.5", "-1", None):
        row(State.ACCEPTED, cost=None if cost is None else Decimal(cost))
    order = orders.of(name)

    costs = [one["cost"] for one in islice(history.all_rows(Mailing.objects.all(), order), 10)]

    assert len(costs) == 4
    assert walked(order, 2, back=False) == expected(order)
