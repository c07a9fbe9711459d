"""A mailing as JSON: what is not there is null, and figures are text that a program can trust."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings import outbox
from mailings.management.cli.describe import describe, moment
from mailings.models import Account, State
from mailings.wording import money
from tests.helpers.factories import bare


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="default")


def test_a_draft_shows_what_was_typed(account: Account):
    typed = {"name": "Half", "phones": "79990000001\nnonsense", "mes": ""}

    assert describe(outbox.save_draft(typed, account=account))["options"] == typed


def test_what_is_not_there_is_null(account: Account):
    row = bare(account, name="", state=State.UNKNOWN)

    said = describe(row)

    there = {name for name, value in said.items() if value is not None}
    assert there == {"id", "state", "account", "origin", "gone", "attempts"}
    assert json.loads(json.dumps(said)) == said


def test_a_spec_without_recipients_of_its_own_has_no_phones(account: Account):
    row = bare(account, spec={"version": 1, "options": {"name": "x", "list": "79990000001:Hello"}})

    assert describe(row)["options"] == {"name": "x", "list": "79990000001:Hello"}


def test_moments_are_in_utc_whatever_their_zone():
    noon = datetime(2025, 11, 24, 12, 30, 0, 123456, tzinfo=timezone(timedelta(hours=3)))

    assert moment(noon) == "2025-11-24T09:30:00.123Z"
    assert moment(noon.astimezone(UTC)) == moment(noon)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1.4", "1.40"),
        ("1.4000", "1.40"),
        ("0", "0.00"),
        ("12", "12.00"),
        ("0.1234", "0.1234"),
        ("-3", "-3.00"),
    ],
)
def test_money_has_two_decimals_or_as_many_as_it_needs(amount: str, text: str):
    assert money.plain(Decimal(amount)) == text


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_money_loses_nothing(amount: Decimal):
    text = money.plain(amount)

    assert text is not None
    assert Decimal(text) == amount
    assert "e" not in text.lower()
