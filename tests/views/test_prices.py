"""The price beside the form: wanted when a person stops typing, shown when a worker has brought it."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailings.lookups import prices
from mailings.models import Account, Quote
from tests.helpers.factories import PHONE
from tests.views.composing import MAIL, SMS, text_of
from tests.views.rows import account as account_row

pytestmark = pytest.mark.django_db

PANEL, ASK = "/mailings/new/preview/", "/mailings/new/price/"


@pytest.fixture(autouse=True)
def account() -> Account:
    return account_row(balance=Decimal("100.00"), balance_at=timezone.now())


def said(answer: Any) -> str:
    """The words of the price alone."""
    found = re.search(r'<div id="panel-price".*?</div>\s*(?:</dd>|$)', answer.content.decode(), re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", found[0])).split()) if found else ""


def test_a_form_that_can_be_sent_wants_its_price_once_typing_stops(page: Client):
    panel = page.post(PANEL, SMS)
    assert "it is asked for the review" in said(panel)
    assert f'hx-post="{ASK}" hx-trigger="load delay:1500ms"' in panel.content.decode()
    assert not Quote.objects.exists()

    asked = page.post(ASK, SMS)

    quote = Quote.objects.get()
    assert "SMS Centre is being asked" in said(asked)
    assert f'hx-get="{ASK}{quote.pk}/"' in asked.content.decode()
    assert page.get(f"{ASK}{quote.pk}/").status_code == 204


def test_the_price_is_shown_when_it_is_there_and_kept(page: Client):
    page.post(ASK, SMS)
    Quote.objects.update(answered_at=timezone.now(), cost=Decimal("4.20"), messages=3)

    for answer in (page.get(f"{ASK}{Quote.objects.get().pk}/"), page.post(PANEL, SMS)):
        assert "4.20" in said(answer)
        assert "Balance after it: 95.80" in said(answer)
        assert "hx-get" not in answer.content.decode()
    assert "4.20" not in said(page.post(PANEL, SMS | {"mes": "Other"}))


def test_why_there_is_no_price_is_said(page: Client):
    page.post(ASK, SMS)
    Quote.objects.update(answered_at=timezone.now(), trouble="breaker")

    assert said(page.post(PANEL, SMS)) == "Not known yet. The account's calls are stopped."


def test_a_form_that_is_not_finished_asks_nothing(page: Client):
    assert page.post(ASK, SMS | {"phones": ""}).status_code == 204
    assert "panel-price" not in page.post(PANEL, SMS | {"phones": ""}).content.decode()
    assert not Quote.objects.exists()


def test_what_has_to_be_saved_first_is_priced_for_the_review(page: Client, monkeypatch):
    monkeypatch.setattr(prices, "MOST_PEOPLE", 1)
    many = SMS | {"phones": f"{PHONE}\n79990000002"}

    panel = page.post(PANEL, many)

    assert said(panel) == "Not known yet: it is asked for the review."
    assert 'hx-trigger="load' not in panel.content.decode()
    assert page.post(ASK, many).status_code == 204


def test_the_same_price_wanted_by_two_people_is_asked_once(page: Client):
    page.post(ASK, SMS)
    page.post(ASK, SMS | {"name": "Another name", "key": "k9"})

    assert Quote.objects.count() == 1


def test_an_e_mail_has_its_price_too(page: Client):
    assert "being asked" in text_of(page.post(ASK, MAIL))
