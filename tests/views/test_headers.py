"""What every answer tells the browser to keep, to allow and to forget."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tests.views.rows import row

pytestmark = pytest.mark.django_db

PATHS = (
    *("/", "/mailings/", "/mailings/new/", "/mailings/rows/?row=1-x", "/mailings/export.csv", "/healthz"),
    *("/nothing/", "/accounts/password/change/", "/accounts/logout/"),
)


def test_nothing_behind_the_login_is_kept_by_a_browser_and_no_other_site_may_embed_it(page: Client) -> None:
    for path in (*PATHS, f"/mailings/{row().pk}/"):
        answer = page.get(path)
        assert "no-store" in answer["Cache-Control"], path
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=()" in answer["Permissions-Policy"], path
        assert "publickey-credentials-get=(self)" in answer["Permissions-Policy"], path


def test_static_files_are_kept_and_may_not_be_embedded_elsewhere(client: Client) -> None:
    assert Path(str(finders.find("mailroom.css"))).exists()
    answer = client.get(f"/{settings.STATIC_URL.strip('/')}/mailroom.css")

    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("name", ["account_logout", "admin:logout"])
def test_signing_out_clears_what_the_browser_holds(name: str, admin_client: Any) -> None:
    assert "Clear-Site-Data" not in admin_client.get("/")

    answer = admin_client.post(reverse(name))

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in admin_client.session
