"""The security log: who, from where, what; one line of JSON each, and no number in any."""

import io
import json
import logging
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_used,
)
from django.conf import settings as ours
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from config import logs
from mailings.models import Account
from tests.views.rows import row

pytestmark = pytest.mark.django_db

GOOD = {"login": "ann", "password": "quietly-42-rivers"}


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def ann(django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ann", password="quietly-42-rivers")


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines so far, as objects."""
    caplog.set_level(logging.INFO)
    return lambda: [
        json.loads(record.getMessage()) for record in caplog.records if record.name == "mailroom.security"
    ]


def test_a_login_a_failure_and_a_logout_are_noted_with_user_and_address(
    client: Client, ann: Any, said: Any
) -> None:
    client.post("/accounts/login/", GOOD | {"password": "wrong"}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/login/", GOOD, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/logout/", REMOTE_ADDR="192.0.2.7")

    assert [(one["event"], one["user"], one["user_id"], one["address"]) for one in said()] == [
        (event, "ann", ann.pk, "192.0.2.7") for event in ("login_failed", "login", "logout")
    ]
    assert all(one["time"].endswith("+00:00") for one in said())


def test_what_is_typed_for_a_name_that_is_nobodys_is_not_kept(client: Client, said: Any) -> None:
    client.post("/accounts/login/", {"login": "hush-hush", "password": "x"})

    (line,) = said()
    assert (line["event"], line["user"], line["known"]) == ("login_failed", None, False)
    assert "hush" not in json.dumps(line)


def test_an_attempt_too_many_is_noted(client: Client, ann: Any, said: Any) -> None:
    for _ in range(7):
        client.post("/accounts/login/", GOOD | {"password": "wrong"})

    assert [one["event"] for one in said()] == ["login_failed"] * 5 + ["throttled"] * 2


def test_a_page_that_is_throttled_says_so_and_is_noted(admin_client: Client, said: Any) -> None:
    wrong = {"oldpassword": "x", "password1": "quietly-42-rivers", "password2": "quietly-42-rivers"}
    for _ in range(6):
        answer = admin_client.post("/accounts/password/change/", wrong)

    assert b"Too many attempts" in answer.content
    assert [(one["event"], one["user"]) for one in said()] == [("throttled", "admin")]


@pytest.mark.parametrize(
    ("signal", "event"),
    [
        (authenticator_added, "factor_added"),
        (authenticator_used, "factor_used"),
        (authenticator_removed, "factor_removed"),
        (authentication_failed, "login_failed"),
    ],
)
def test_second_factors_are_noted_when_added_used_removed_or_wrong(
    signal: Any, event: str, ann: Any, said: Any, rf: Any
) -> None:
    factor = Authenticator(user=ann, type="totp", data={"secret": "hush-hush"})

    signal.send(sender=Authenticator, request=rf.get("/"), user=ann, authenticator=factor)

    (line,) = said()
    assert (line["event"], line["user"], line["factor"]) == (event, "ann", "totp")
    assert "hush" not in json.dumps(line)


def test_an_export_and_a_look_at_recipients_are_noted_without_a_number(
    admin_client: Client, said: Any
) -> None:
    pk = row().pk
    b"".join(admin_client.get(reverse("export"), {"q": "79990000001"}))
    admin_client.get(reverse("mailing", args=[pk]))
    admin_client.post(reverse("mailing_recipients", args=[pk]), {"number": "79990000001"})
    admin_client.get(reverse("history"))

    looked = "recipients_looked_at"
    assert [(one["event"], one.get("pk")) for one in said()] == [
        ("export", None), (looked, str(pk)), (looked, str(pk)),
    ]  # fmt: skip
    assert "7999" not in json.dumps(said())


def test_a_refused_permission_is_noted(client: Client, ann: Any, said: Any) -> None:
    client.force_login(ann)
    said_before = len(said())

    assert client.get("/admin/", follow=True).status_code == 403

    (line,) = said()[said_before:]
    assert (line["event"], line["user"], line["page"]) == ("permission_refused", "ann", "admin:login")


def test_a_changed_account_and_changed_people_are_noted(admin_client: Client, ann: Any, said: Any) -> None:
    typed = {"name": "shop", "kind": "live", "login": "countess", "password": "päss"}
    admin_client.post(reverse("admin:mailings_account_add"), typed)
    pk = Account.objects.get().pk
    admin_client.post(reverse("admin:mailings_account_change", args=[pk]), typed | {"name": "store"})
    new = {"password1": "other-42-rivers", "password2": "other-42-rivers", "usable_password": "true"}
    admin_client.post(reverse("admin:auth_user_password_change", args=[ann.pk]), new)
    admin_client.post(
        "/admin/password_change/",
        {"old_password": "password", "new_password1": "other-42-rivers", "new_password2": "other-42-rivers"},
    )

    assert [(one["event"], one["user"], one.get("object_id") or one.get("id")) for one in said()] == [
        ("account_changed", "admin", None),
        ("account_changed", "admin", str(pk)),
        ("people_changed", "admin", str(ann.pk)),
        ("password_changed", "admin", None),
    ]
    assert "countess" not in json.dumps(said())


def test_its_lines_are_json_alone_and_stand_in_the_log_once() -> None:
    made = logging.LogRecord("mailroom.security", logging.INFO, "", 0, "{}", None, None)
    config: dict[str, Any] = ours.LOGGING
    handlers, loggers = config["handlers"], config["loggers"]

    assert loggers["mailroom.security"]["handlers"] == ["security"]
    assert handlers["security"] == {"class": "logging.StreamHandler"}
    assert logging.StreamHandler(io.StringIO()).format(made) == "{}"
    assert not logs.NotOfSecurity().filter(made)
    assert handlers["stderr"]["filters"] == ["not_of_security"]
