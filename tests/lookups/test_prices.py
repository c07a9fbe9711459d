"""Prices: asked by a worker, once, kept for ten minutes, never in the way of a mailing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from mailings import lookups, outbox
from mailings.lookups import prices
from mailings.models import Account, Quote
from sandbox import Sandbox
from tests.helpers.factories import PHONE, spec

Told = list[tuple[str, int]]


def asked(sandbox: Sandbox) -> int:
    return sum(call["kind"] == "price" for call in sandbox.calls)


def priced(account: Account, **options: Any) -> Quote:
    """A quote with what its worker brought."""
    quote = lookups.want(account, spec(**options))
    lookups.answer(quote.pk)
    quote.refresh_from_db()
    return quote


def test_a_price_is_asked_by_a_worker_and_the_numbers_are_forgotten(
    account: Account, sandbox: Sandbox, told: Told
):
    quote = lookups.want(account, spec(phones=f"{PHONE},79990000002"))
    assert (told, asked(sandbox)) == ([("price", quote.pk)], 0)
    assert PHONE in str(quote.asked)

    lookups.answer(quote.pk)

    quote.refresh_from_db()
    assert (quote.cost, quote.messages, quote.trouble, quote.asked) == (Decimal("2.80"), 2, "", [])
    assert lookups.known(account, quote.digest) == quote


def test_a_price_is_kept_for_ten_minutes_by_its_content(account: Account, sandbox: Sandbox, told: Told):
    first = priced(account)

    assert lookups.want(account, spec(name="Another name")) == first
    assert lookups.known(account, lookups.digest_of(account, spec(mes="Other"))) is None
    assert (len(told), asked(sandbox)) == (1, 1)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        assert lookups.known(account, first.digest) is None
        assert lookups.want(account, spec()).answered_at is None
        assert len(told) == 2


def test_however_often_it_is_wanted_it_is_asked_once_a_gap(
    account: Account, sandbox: Sandbox, told: Told, settings
):
    """Given a provider that names no price, and a page that asks again and again."""
    settings.SAME_REQUEST_SECONDS = 61
    sandbox.fault("wrong_error", "price", error=1, count=None)

    for _again in range(7):
        priced(account)

    assert asked(sandbox) == 1


def test_a_worker_that_is_told_twice_asks_once(account: Account, sandbox: Sandbox, told: Told):
    quote = lookups.want(account, spec())

    lookups.answer(quote.pk)
    lookups.answer(quote.pk)

    assert asked(sandbox) == 1


def test_why_there_is_no_price_is_kept_with_the_providers_words(
    account: Account, sandbox: Sandbox, told: Told
):
    sandbox.fault("wrong_error", "price", error=1)

    quote = priced(account)

    assert (quote.cost, quote.trouble, quote.words) == (None, "error 1", "sandbox fault")


def test_a_lost_answer_is_asked_for_anew(account: Account, told: Told, settings):
    quote = lookups.want(account, spec())
    Quote.objects.filter(pk=quote.pk).update(begun_at=timezone.now())

    assert lookups.want(account, spec()) == quote
    later = timezone.now() + timedelta(seconds=settings.PROVIDER_TOTAL_SECONDS + 1)
    with time_machine.travel(later):
        assert lookups.want(account, spec()).begun_at is None

    assert told == [("price", quote.pk)] * 2


def test_no_more_than_two_prices_of_an_account_are_under_way(account: Account, sandbox: Sandbox, told: Told):
    """Given two that a slow provider has not answered yet: the other calls are for mailings."""
    for text in ("one", "two"):
        Quote.objects.filter(pk=lookups.want(account, spec(mes=text)).pk).update(begun_at=timezone.now())

    third = priced(account, mes="three")

    assert (third.trouble, asked(sandbox)) == ("gate", 0)
    with time_machine.travel(timezone.now() + prices.SOON_AGAIN):
        assert lookups.want(account, spec(mes="three")).trouble == ""


def test_a_draft_is_priced_from_its_rows(account: Account, sandbox: Sandbox, told: Told):
    draft = outbox.make(spec(), account=account, submit=False)
    quote = lookups.want_for(draft, lookups.digest_of(account, outbox.spec_of(draft)))
    assert quote.asked == []

    lookups.answer(quote.pk)

    quote.refresh_from_db()
    assert quote.cost == Decimal("1.40")


def test_a_draft_that_was_changed_meanwhile_is_not_priced(account: Account, sandbox: Sandbox, told: Told):
    draft = outbox.make(spec(), account=account, submit=False)
    quote = lookups.want_for(draft, lookups.digest_of(account, outbox.spec_of(draft)))
    outbox.make(spec(mes="Other"), account=account, submit=False, draft=draft)

    lookups.answer(quote.pk)

    assert (asked(sandbox), Quote.objects.count()) == (0, 0)


def test_many_people_are_priced_from_a_draft_alone(account: Account, told: Told, monkeypatch):
    monkeypatch.setattr(prices, "MOST_PEOPLE", 1)
    many = spec(phones=f"{PHONE},79990000002")

    assert not prices.travels(many)
    with pytest.raises(ValueError, match="save it first"):
        lookups.want(account, many)


def test_old_prices_are_cleared_away(account: Account, told: Told):
    priced(account)

    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        lookups.want(account, spec(mes="Other"))

    assert Quote.objects.count() == 1


@pytest.mark.parametrize(
    "options", [{}, {"phones": None, "mes": None, "list": f"{PHONE}:Hi Ann\n79990000002:Hi Bartholomew"}]
)
def test_a_draft_that_is_ready_for_its_review_is_the_message_that_was_meant(
    account: Account, told: Told, options: dict[str, Any]
):
    """Given a draft with what was typed beside its spec."""
    made = spec(**options)
    typed = {name: str(value) for name, value in made.options.items()} | {"kept:subj": "Later"}
    draft = outbox.prepare(made, typed, {}, account=account)

    quote = lookups.want_for(draft, lookups.digest_of(account, made))
    lookups.answer(quote.pk)

    quote.refresh_from_db()
    assert quote.cost == Decimal("1.40") * made.recipients


def test_numbers_of_a_price_that_no_worker_brought_are_forgotten(account: Account, told: Told):
    quote = lookups.want(account, spec(phones=PHONE))

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        lookups.clear_away()

    quote.refresh_from_db()
    assert (quote.asked, quote.cost) == ([], None)
