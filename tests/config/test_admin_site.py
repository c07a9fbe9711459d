"""Django's administration has no door of its own past ours."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db

NEW = {"new_password1": "Quietly-42-rivers", "new_password2": "Quietly-42-rivers"}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def test_the_admins_own_login_leads_to_ours(client: Client) -> None:
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")


def test_old_passwords_can_be_guessed_no_faster_in_the_admin_than_on_our_page(admin_client: Client) -> None:
    codes = [
        admin_client.post("/admin/password_change/", NEW | {"old_password": f"guess-{n}"}).status_code
        for n in range(4)
    ]
    ours = {"oldpassword": "guess", "password1": "Quietly-42-rivers", "password2": "Quietly-42-rivers"}
    codes += [admin_client.post("/accounts/password/change/", ours).status_code for _ in range(2)]
    codes.append(admin_client.post("/admin/password_change/", NEW | {"old_password": "guess"}).status_code)

    assert codes == [200] * 5 + [429] * 2


def test_the_right_old_password_changes_it(admin_client: Client, admin_user: Any) -> None:
    answer = admin_client.post("/admin/password_change/", NEW | {"old_password": "password"})

    assert answer.status_code == 302
    admin_user.refresh_from_db()
    assert admin_user.check_password("Quietly-42-rivers")
