"""Pages as a browser gets them; a template that names something that is not there fails its test."""

from typing import Any, NoReturn

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.template import Engine
from django.test import Client

from mailings import health


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
def fresh_pulse() -> None:
    health.forget()


@pytest.fixture
def operator(db: None) -> Any:
    """May do everything but cancel."""
    return get_user_model().objects.create_user("olga", password="olga-pass")


@pytest.fixture
def chief(db: None) -> Any:
    """May cancel too."""
    user = get_user_model().objects.create_user("clara", password="clara-pass")
    user.user_permissions.add(Permission.objects.get(codename="cancel_mailing"))
    return user


@pytest.fixture
def page(client: Client, operator: Any) -> Client:
    client.force_login(operator)
    return client


@pytest.fixture
def chief_page(chief: Any) -> Client:
    client = Client()
    client.force_login(chief)
    return client
