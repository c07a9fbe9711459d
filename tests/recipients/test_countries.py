"""Each account reads numbers without a country code by its own country."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mailings import accounts
from mailings.models import Account, Recipient
from tests.helpers.people import person
from tests.management.conftest import mailings

__all__ = ["mailings"]

pytestmark = pytest.mark.django_db

UKRAINIAN, AS_SENT = "050 123-45-67", "+380501234567"


@pytest.fixture(autouse=True)
def account(db: None) -> Account:
    account = accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
    Account.objects.filter(pk=account.pk).update(country="UA")
    account.refresh_from_db()
    return account


def test_an_account_without_one_has_that_of_the_installation(account: Account, settings: Any) -> None:
    settings.DEFAULT_COUNTRY = "KZ"

    assert accounts.home_country(account) == accounts.home_country() == "UA"
    assert accounts.home_country(Account()) == "KZ"
    Account.objects.filter(pk=account.pk).update(country="")
    assert accounts.home_country() == "KZ"


@pytest.mark.parametrize("by_file", [False, True])
def test_the_command_line_reads_by_the_mailings_account(mailings: Any, tmp_path: Path, by_file: bool) -> None:
    path = tmp_path / "people.txt"
    path.write_text(UKRAINIAN)
    options = {"name": "x", "mes": "y"}
    given = {"recipients_file": str(path)} if by_file else {}
    options |= {} if by_file else {"phones": UKRAINIAN}

    code, said = mailings("create", given={"options": options} | given)

    assert code == 0, json.dumps(said)
    assert Recipient.objects.get().address == AS_SENT


def test_a_country_that_is_named_outranks_it(mailings: Any, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text(UKRAINIAN)

    by_account = mailings("recipients", str(path))[1][0]
    by_name = mailings("recipients", str(path), "--country", "RU")[1][0]

    assert (by_account["valid"], by_name["valid"]) == (1, 0)


def test_the_page_reads_pasted_recipients_and_searches_people_by_it(client: Client) -> None:
    client.force_login(person("ann"))

    sent = client.post(
        "/mailings/new/",
        {"action": "send", "name": "Spring sale", "mes": "y", "phones": UKRAINIAN, "key": "k"},
    )

    assert sent.status_code == 302
    assert Recipient.objects.get().address == AS_SENT
    assert "Spring sale" in client.post("/people/", {"number": UKRAINIAN}).content.decode()
