"""What cannot be read or kept is answered in one sentence: never by a defect of ours, never by a riddle."""

import logging
from typing import Any

import pytest
from django.test import Client

from mailings.forms.typed import VALUES
from mailings.models import Account, Mailing
from mailings.outbox.own_templates import ASIDE

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

FORM = "application/x-www-form-urlencoded"
POSTS = (
    "/accounts/login/",
    "/i18n/setlang/",
    "/mailings/new/",
    "/refresh/",
    "/nothing/",
    "/admin/login/",
)
UNREADABLE = [
    (f"{FORM}; charset=utf-16", b"csrfmiddlewaretoken=T"),
    (f"{FORM}; charset=idna", b"csrfmiddlewaretoken=T&a=%D1%91"),
    ("multipart/form-data; boundary=b; charset=punycode", b"--b--"),
    (f"{FORM}; charset=no-such", b"csrfmiddlewaretoken=T"),
    (FORM, b"&".join(b"a=1" for _ in range(1001))),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1"),
    ("multipart/form-data; boundary=b", b"--b\r\n" + b"x" * 5000),
    ("multipart/form-data; boundary=\xe9", b"--b--"),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n%b\r\n\r\n!\r\n--b--\r\n"
        % b"Content-Transfer-Encoding: base64",
    ),
]


@pytest.fixture
def visitor(client: Client) -> Client:
    """A client as an attacker's: with a cookie for the form's token, and no exception passed on."""
    visitor = Client(enforce_csrf_checks=True, raise_request_exception=False)
    visitor.cookies["csrftoken"] = "T" * 32
    return visitor


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(("kind", "body"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_form_that_cannot_be_read_is_no_defect_of_ours_and_one_line_of_the_log(
    visitor: Client, path: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    answer = visitor.generic("POST", path, body, content_type=kind)

    assert 300 <= answer.status_code < 500
    assert "default-src" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert len(caplog.records) <= 1
    assert answer.status_code != 400 or b"cannot be read, so nothing was done" in answer.content


@pytest.mark.parametrize("host", ["evil.example", "a b", "\x7f"])
def test_a_host_that_is_not_ours_is_answered_in_our_words(visitor: Client, host: str) -> None:
    answer = visitor.get("/", HTTP_HOST=host)

    assert answer.status_code == 400
    assert "default-src" in answer["Content-Security-Policy"]


# --- NUL, which PostgreSQL keeps in no text -----------------------------------------------------------------

COMPOSE = {"name": "Spring sale", "phones": "79990000001", "mes": "Hello", "key": "k1"}


@pytest.mark.parametrize("name", [*VALUES, *(f"{ASIDE}{name}" for name in ("subj", "sender", "mes"))])
@pytest.mark.parametrize("action", ["draft", "send"])
def test_a_nul_character_is_an_error_at_its_field_and_nothing_is_stored(
    page: Client, name: str, action: str
) -> None:
    Account.objects.create(name="default", kind=Account.Kind.SANDBOX)

    answer = page.post("/mailings/new/", COMPOSE | {name: "a\0b", "action": action})

    assert answer.status_code == 200
    assert answer.context["form"].has_error(name.removeprefix(ASIDE))
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        *("/mailings/?q=a%00", "/mailings/?state=%00", "/mailings/?after=%00", "/mailings/?by=%00"),
        *("/mailings/?start=%00", "/mailings/export.csv?q=%00", "/mailings/rows/?row=%00-%00"),
        *("/mailings/cancel/?id=%00", "/mailings/new/?draft=%00", "/%00/", "/accounts/login/?next=%00"),
        *("/admin/mailings/mailing/?q=%00", "/admin/mailings/mailing/?state__exact=%00"),
        *("/admin/mailings/account/%00/change/", "/admin/auth/user/?q=%00", "/admin/auth/user/?o=%00"),
        *("/admin/mailings/event/?kind__exact=%00", "/admin/mailings/event/?at__gte=%00"),
        *("/admin/auth/user/?username=%00", "/admin/auth/group/?name=%00", "/admin/mailings/account/?p=%00"),
    ],
)
def test_a_nul_character_in_an_address_is_no_defect_of_ours(admin_client: Client, path: str) -> None:
    admin_client.raise_request_exception = False

    assert admin_client.get(path).status_code < 500


@pytest.mark.parametrize(
    ("path", "posted"),
    [
        ("/accounts/login/", {"login": "a\0", "password": "b\0"}),
        ("/preferences/", {"timezone": "\0", "next": "\0"}),
        ("/i18n/setlang/", {"language": "\0", "next": "\0"}),
        ("/accounts/password/change/", {"oldpassword": "\0", "password1": "\0", "password2": "\0"}),
        ("/admin/auth/user/add/", {"username": "\0", "password1": "\0", "password2": "\0"}),
        ("/admin/auth/group/add/", {"name": "\0"}),
        ("/admin/mailings/account/add/", {"name": "\0", "kind": "\0", "login": "\0", "password": "\0"}),
        ("/admin/mailings/account/", {"action": "ask_probe", "_selected_action": "\0"}),
        ("/admin/mailings/account/", {"action": "ask_probe", "_selected_action": "one"}),
        ("/mailings/cancel/", {"id": "\0"}),
    ],
)
def test_a_nul_character_in_a_form_is_no_defect_of_ours(
    admin_client: Client, path: str, posted: dict[str, Any]
) -> None:
    admin_client.raise_request_exception = False

    assert admin_client.post(path, posted).status_code < 500
