"""Addresses that are not our own pages: login, the admin, and what is not offered."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return User.objects.create_user("olga", password="correct horse battery")


@pytest.mark.parametrize(
    "path",
    ["signup/", "email/", "password/reset/", "password/set/", "confirm-email/", "password/reset/done/"],
)
def test_sign_up_and_e_mail_are_not_offered(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404


def test_login_takes_login_and_password(client: Client, person: User) -> None:
    answer = client.post("/accounts/login/", {"login": "olga", "password": "correct horse battery"})

    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_wrong_password_logs_nobody_in(client: Client, person: User) -> None:
    answer = client.post("/accounts/login/", {"login": "olga", "password": "wrong"})

    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_guessing_a_password_is_throttled(client: Client, person: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": "olga", "password": "wrong"})
    answer = client.post("/accounts/login/", {"login": "olga", "password": "correct horse battery"})

    assert "_auth_user_id" not in client.session
    assert b"too many" in answer.content.lower()


def test_the_admin_sends_a_stranger_to_our_login(client: Client) -> None:
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/accounts/login/")


def test_the_admin_is_for_staff(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/admin/", follow=True).status_code == 403

    person.is_staff = True
    person.save()
    assert client.get("/admin/").status_code == 200


def test_pages_are_closed_unless_a_view_says_otherwise(client: Client) -> None:
    assert client.get("/")["Location"] == "/accounts/login/?next=/"


def test_the_language_can_be_chosen_before_login(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "ru", "next": "/accounts/login/"})

    assert client.cookies["django_language"].value == "ru"


def test_the_policy_allows_nothing_inline(client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "img-src 'self' data:" in policy
    assert "unsafe" not in policy
