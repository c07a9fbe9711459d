"""Pages as a browser gets them; a template that names something that is not there fails its test."""

from typing import Any, NoReturn

import pytest
from django.template import Engine
from django.test import Client

from mailings import health
from mailings.models import Account
from tests.helpers.people import person


class MissingVariable:
    """Stands where Django would put nothing: a template that meets it has named what does not exist."""

    def __contains__(self, text: object) -> bool:
        return text == "%s"

    def __mod__(self, name: object) -> NoReturn:
        raise AssertionError(f"the template names {name}, which is not there")


@pytest.fixture(autouse=True)
def strict_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", MissingVariable())


@pytest.fixture(autouse=True)
def fresh_signs() -> None:
    health.forget()


@pytest.fixture
def operator(db: None) -> Any:
    """May write and send, and cancel what is her own."""
    return person("olga", password="olga-pass")


@pytest.fixture
def chief(db: None) -> Any:
    """May cancel what others sent too, and decide."""
    return person("clara", "staff", password="clara-pass")


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="default", kind=Account.Kind.SANDBOX)


@pytest.fixture
def page(client: Client, operator: Any) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def chief_page(chief: Any) -> Client:
    client = Client()
    client.force_login(chief)
    return client
