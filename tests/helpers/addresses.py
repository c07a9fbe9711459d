"""Every URL pattern of the project, an example path for each, and a login for every role."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.helpers.people import GROUPS, person

ROLES = ("anonymous", "nobody", "viewer", "operator", "maker", "staff", "superuser")
# URL patterns of Django's admin and of allauth, for visitors, for any login, and not offered.
MODELS = (
    *("mailings/account", "mailings/mailing", "mailings/event", "auth/group", "auth/user"),
    *("account/emailaddress", "mfa/authenticator"),
)
ONE = "<path:object_id>/"
ADMIN = {
    *("admin/", "admin/login/", "admin/logout/", "admin/password_change/", "admin/password_change/done/"),
    *("admin/autocomplete/", "admin/jsi18n/", "admin/r/<path:content_type_id>/<path:object_id>/"),
    *("admin/^(?P<app_label>account|auth|mailings|mfa)/$", "admin/(?P<url>.*)$"),
    "admin/auth/user/<id>/password/",
    *(f"admin/{model}/{part}" for model in MODELS for part in ("", "add/", ONE)),
    *(f"admin/{model}/{ONE}{part}/" for model in MODELS for part in ("history", "delete", "change")),
}
FOR_VISITORS = {
    "i18n/setlang/",
    *(f"accounts/{part}/" for part in ("login", "logout", "inactive", "login/code/confirm")),
    *("accounts/2fa/authenticate/", "accounts/2fa/webauthn/login/"),
}
# A login's own second factors and password, whatever its rights.
FOR_LOGINS = {
    *(f"accounts/{part}/" for part in ("reauthenticate", "password/change", "2fa", "2fa/reauthenticate")),
    *(f"accounts/2fa/totp/{part}/" for part in ("activate", "deactivate")),
    *(f"accounts/2fa/recovery-codes/{part}" for part in ("", "generate/", "download/")),
    *(f"accounts/2fa/webauthn/{part}" for part in ("", "add/", "reauthenticate/")),
    *(f"accounts/2fa/webauthn/keys/<int:pk>/{part}/" for part in ("remove", "edit")),
}
APPS = re.compile(r"\(\?P<app_label>([^)]*)\)")
NOT_OFFERED = {
    "^accounts/(?:signup|email|confirm-email|password/reset|password/set)/",
    *(f"accounts/{part}/" for part in ("signup", "email", "confirm-email", "password/set", "password/reset")),
    *("accounts/^confirm-email/(?P<key>[-:\\w]+)/$", "accounts/password/reset/key/done/"),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
    "accounts/password/reset/done/",
}


def addresses(patterns: Any, before: str = "") -> Iterator[tuple[str, str | None]]:
    """The full pattern and the name of every URL, recursively."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route, pattern.name


def everything() -> dict[str, str | None]:
    return {APPS.sub(_sorted, route): name for route, name in addresses(get_resolver().url_patterns)}


def _sorted(match: re.Match[str]) -> str:
    """Sorts the admin's app labels, whose order in Django's pattern varies."""
    return f"(?P<app_label>{'|'.join(sorted(match[1].split('|')))})"


def example(route: str) -> str:
    """A path that matches the pattern."""
    path = route.replace("(?P<app_label>account|auth|mailings|mfa)", "auth").replace("(?P<url>.*)", "none")
    path = path.replace("(?:signup|email|confirm-email|password/reset|password/set)", "email")
    path = re.sub(r"<(path:content_type_id|path:object_id|int:pk|id)>", "1", path)
    return "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "a1", path).replace("^", "").replace("$", "")


def everybody() -> dict[str, Any]:
    """A login for each role but `anonymous`. `maker`: an operator, for a test to give mailings to."""
    made = {role: person(role, role) for role in GROUPS}
    made["maker"] = person("maker")
    made["superuser"] = get_user_model().objects.create_superuser("root")
    return made


def browser(people: dict[str, Any], role: str) -> Client:
    client = Client()
    if role != "anonymous":
        client.force_login(people[role])
    return client
