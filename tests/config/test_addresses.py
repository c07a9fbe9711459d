"""Addresses of Django's admin and of the login: for whom they are. Every address has its place in a table."""

from typing import Any

import pytest

from mailings import rights
from tests.helpers.addresses import (
    ADMIN,
    FOR_LOGINS,
    FOR_VISITORS,
    NOT_OFFERED,
    ROLES,
    browser,
    everybody,
    everything,
    example,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Any]:
    return everybody()


def test_every_address_that_is_not_ours_stands_in_a_table() -> None:
    strangers = ADMIN | FOR_VISITORS | FOR_LOGINS | NOT_OFFERED

    assert {name for route, name in everything().items() if route not in strangers} == set(rights.RIGHTS)
    assert strangers <= set(everything())


@pytest.mark.parametrize("route", sorted(ADMIN))
def test_the_admin_is_for_administrators(people: dict[str, Any], route: str) -> None:
    for role in ROLES:
        client = browser(people, role)
        for ask in (client.get, client.post):
            allowed = {200, 302, 403, 404, 405} if role == "superuser" else {302, 403, 405}
            assert ask(example(route)).status_code in allowed


@pytest.mark.parametrize("route", sorted(FOR_LOGINS))
def test_a_login_s_own_pages_are_for_logins(people: dict[str, Any], route: str) -> None:
    for role in ROLES:
        answer = browser(people, role).get(example(route))
        away = str(answer.headers.get("Location", "")).startswith("/accounts/login/")
        assert away == (role == "anonymous")


@pytest.mark.parametrize("route", sorted(NOT_OFFERED))
def test_what_is_not_offered_is_not_there_for_anybody(people: dict[str, Any], route: str) -> None:
    for role in ROLES:
        assert browser(people, role).get(example(route)).status_code == 404


@pytest.mark.parametrize("route", sorted(FOR_VISITORS))
def test_pages_for_visitors_ask_for_no_login_of_ours(people: dict[str, Any], route: str) -> None:
    for role in ROLES:
        assert browser(people, role).get(example(route)).status_code in (200, 302, 405)
