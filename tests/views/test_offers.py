"""Sender names, groups and templates of the account, chosen by name; typed as before where they are away."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailings.models import Account, Catalog
from tests.helpers.factories import PHONE
from tests.views.composing import MAIL, SMS, URL, post, reposted, text_of, values_of
from tests.views.rows import account as account_row

pytestmark = pytest.mark.django_db

ROWS: dict[str, list[dict[str, Any]]] = {
    "senders": [{"id": "SHOP", "name": "SHOP", "text": None, "people": None}],
    "groups": [
        {"id": "7", "name": "Customers", "text": None, "people": 3},
        {"id": "odd", "name": "No number", "text": None, "people": None},
    ],
    "templates": [{"id": "2", "name": "Reminder", "text": "See you tomorrow", "people": None}],
}


@pytest.fixture(autouse=True)
def account() -> Account:
    return account_row()


@pytest.fixture
def lists(account: Account) -> None:
    read = timezone.now() - timedelta(minutes=3)
    for kind, rows in ROWS.items():
        Catalog.objects.create(account=account, kind=kind, rows=rows, fetched_at=read)


def test_a_sender_is_chosen_by_name_and_the_list_has_its_age(page: Client, lists: None):
    answer = page.get(URL)

    assert '<datalist id="offered-senders">' in answer.content.decode()
    assert '<option value="SHOP">' in answer.content.decode()
    assert 'list="offered-senders"' in answer.content.decode()
    assert "Sender names at SMS Centre: 1, read 3 min ago" in text_of(answer)


def test_the_age_of_the_list_stands_beside_an_error_too(page: Client, lists: None):
    answer = post(page, SMS | {"mes": ""}, "review")

    assert "Error:" in text_of(answer)
    assert "Sender names at SMS Centre: 1, read 3 min ago" in text_of(answer)


def test_a_sender_that_is_not_registered_is_said_before_sending(page: Client, lists: None):
    said = "“BANK” is not registered at SMS Centre (checked 3 min ago"

    assert said in text_of(page.post(f"{URL}preview/", SMS | {"sender": "BANK"}))
    review = post(page, SMS | {"sender": "BANK"}, "review")
    assert said in text_of(page.get(review.url))


@pytest.mark.parametrize("channel", ["viber", "whatsapp", "mms", "soc", "ping", "call"])
def test_it_is_said_for_every_channel_that_has_the_list(page: Client, lists: None, channel: str):
    typed = SMS | {"channel": channel, "shown": channel, "sender": "4951234567"}

    assert "“4951234567” is not registered" in text_of(page.post(f"{URL}preview/", typed))


@pytest.mark.parametrize("typed", [SMS | {"channel": "viber", "shown": "viber", "sender": "SHOP"}, MAIL])
def test_the_sender_of_the_sms_after_a_failure_is_looked_up_too(
    page: Client, lists: None, typed: dict[str, Any]
):
    said = "“BANK” is not registered at SMS Centre (checked 3 min ago"
    off = typed | {"sender2": "BANK"}
    on = off | {"fl[5]": "1"}

    assert said in text_of(page.post(f"{URL}preview/", on))
    assert said not in text_of(page.post(f"{URL}preview/", off))
    review = page.get(post(page, on, "review").url)
    assert said in text_of(review)
    assert "shop@example.com” is not" not in text_of(review)


def test_an_e_mail_offers_the_names_for_its_sms_alone(page: Client, lists: None):
    html = post(page, MAIL, "refresh").content.decode()

    offered = re.findall(r'<input[^>]*list="offered-senders"[^>]*>', html)
    assert [re.search(r'name="([^"]*)"', one)[1] for one in offered] == ["sender2"]


@pytest.mark.parametrize("sender", ["SHOP", "shop", ""])
def test_nothing_is_said_of_one_that_is(page: Client, lists: None, sender: str):
    assert "not registered" not in text_of(page.post(f"{URL}preview/", SMS | {"sender": sender}))


def test_an_address_that_an_e_mail_comes_from_is_no_sender_name(page: Client, lists: None):
    assert "not registered" not in text_of(page.post(f"{URL}preview/", MAIL))


def test_a_group_is_chosen_by_its_name_and_goes_along_with_what_was_typed(page: Client, lists: None):
    answer = page.get(URL)
    assert '<option value="G7">Customers (3)</option>' in answer.content.decode()
    assert "Godd" not in answer.content.decode()

    sent = post(page, SMS | {"group": "G7"}, "review")

    assert "1 recipient and 1 group" in text_of(page.get(sent.url))


def test_no_group_changes_nothing_of_what_was_typed(page: Client, lists: None):
    answer = post(page, SMS | {"group": ""}, "refresh")

    assert values_of(answer.content.decode())["phones"] == [PHONE]


def test_a_template_puts_its_text_behind_what_was_typed(page: Client, lists: None):
    answer = reposted(post(page, SMS, "refresh"), "template", page, template="2")

    assert values_of(answer.content.decode())["mes"] == ["Hello\nSee you tomorrow"]
    again = reposted(post(page, SMS, "refresh"), "template", page, template="99")
    assert values_of(again.content.decode())["mes"] == ["Hello"]


def test_lists_that_are_away_say_so_and_everything_is_typed_as_before(page: Client, account: Account):
    Catalog.objects.create(account=account, kind="groups", trouble="timeout")

    said = text_of(page.get(URL))

    assert "Sender names at SMS Centre: the list is not here yet, so they are typed." in said
    assert (
        "Groups at SMS Centre: the list is not here yet, so they are typed. "
        "SMS Centre did not tell: SMS Centre did not answer in time." in said
    )
    assert post(page, SMS | {"sender": "BANK", "phones": "G1"}, "review").status_code == 302


@pytest.mark.parametrize(
    ("asked", "why"), [(False, ""), (True, " SMS Centre did not tell: SMS Centre did not answer in time.")]
)
def test_where_the_list_is_away_it_is_said_that_a_sender_could_not_be_checked(
    page: Client, account: Account, asked: bool, why: str
):
    if asked:
        Catalog.objects.create(account=account, kind="senders", trouble="timeout")
    said = (
        "It could not be checked whether “BANK” is registered: "
        f"the list of sender names at SMS Centre is not here yet.{why}"
    )

    assert said in text_of(page.post(f"{URL}preview/", SMS | {"sender": "BANK"}))
    review = page.get(post(page, SMS | {"sender": "BANK"}, "review").url)
    assert said in text_of(review)
    assert "What could be wrong" in text_of(review)
    own = post(page, SMS | {"key": "k2"}, "review")
    assert "could not be checked" not in text_of(page.get(own.url))


def test_a_sender_that_is_registered_is_said_with_the_lists_age(page: Client, lists: None):
    said = "“shop” is registered at SMS Centre (checked 3 min ago"

    assert said in text_of(page.post(f"{URL}preview/", SMS | {"sender": "shop"}))
    assert said in text_of(page.get(post(page, SMS | {"sender": "shop"}, "review").url))
