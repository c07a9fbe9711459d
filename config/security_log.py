"""The security log: logins, failures, views of recipients, exports and changes of rights, as JSON lines.

Logger `mailroom.security`. A line has `time` (ISO 8601, UTC), `event`, `user` (the name of an existing
user, or null), `user_id`, `address` (the one that throttling counts by) and facts of the event. It never has
a phone number, a text or anything typed: a password typed into the wrong field would stay in it for ever.
"""

import json
import logging
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_changed
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailings.middleware import Answer

log = logging.getLogger("mailroom.security")

# Events by URL name: OPENED for a page that answered 200, CHANGED (by prefix) for a form that was accepted.
OPENED = {
    "export": "export",
    "export_results": "export",
    "export_stops": "export",
    "import_problems": "export",
    "mailing": "recipients_looked_at",
    "mailing_recipients": "recipients_looked_at",
    "results": "recipients_looked_at",
    "review": "recipients_looked_at",
    "people": "recipients_looked_at",
    "list": "recipients_looked_at",
    "stop_list": "recipients_looked_at",
    "admin:mailings_mailing_change": "recipients_looked_at",
}
CHANGED = {
    "admin:mailings_account_": "account_changed",
    "admin:auth_": "people_changed",
    "admin:mfa_": "people_changed",
    "admin:password_change": "password_changed",
}
REFUSED = {403: "permission_refused", 429: "throttled"}


def note(event: str, request: HttpRequest | None, user: Any = None, **facts: Any) -> None:
    """Write one line. `user`: whom it concerns; None for the user who is logged in."""
    person = user if user is not None else getattr(request, "user", None)
    line = {
        "time": timezone.now().isoformat(),
        "event": event,
        "user": person.get_username() or None if person is not None else None,
        "user_id": getattr(person, "pk", None),
        "address": get_adapter().get_client_ip(request) if request is not None else None,
    }
    log.info(json.dumps(line | facts, ensure_ascii=True))


class Watch:
    """Middleware that logs what URL and status show: a refusal, an export, a view of recipients, a change."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and (event := _event(request, match.view_name, response.status_code)):
            about = {name: str(value)[:40] for name, value in match.kwargs.items()}
            note(event, request, page=match.view_name, **about)
        return response


def _event(request: HttpRequest, page: str, status: int) -> str | None:
    if status in REFUSED and (status == 429 or request.user.is_authenticated):
        return REFUSED[status]
    if status == 200 and page == "compose" and request.method == "GET" and "draft" in request.GET:
        return "recipients_looked_at"
    if status == 200 and page in OPENED:
        return OPENED[page]
    if status == 302 and request.method == "POST" and request.user.is_authenticated:
        return next((event for start, event in CHANGED.items() if page.startswith(start)), None)
    return None


@receiver(user_logged_in)
def _came_in(request: HttpRequest, user: Any, **_: Any) -> None:
    note("login", request, user)


@receiver(user_logged_out)
def _left(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        note("logout", request, user)


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    named = get_user_model().objects.filter(username=credentials.get("username", "")).first()
    note("login_failed", request, named, known=named is not None)


@receiver(authentication_failed)
def _factor_failed(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    note("login_failed", request, user, known=True, factor=str(authenticator.type))


@receiver(authenticator_added)
def _added(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    note("factor_added", request, user, factor=str(authenticator.type))


@receiver(authenticator_used)
def _used(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    note("factor_used", request, user, factor=str(authenticator.type))


@receiver([authenticator_removed, authenticator_reset])
def _removed(request: HttpRequest, user: Any, authenticator: Any, signal: Any, **_: Any) -> None:
    event = "factor_removed" if signal is authenticator_removed else "factor_renewed"
    note(event, request, user, factor=str(authenticator.type))


@receiver(password_changed)
def _new_password(request: HttpRequest, user: Any, **_: Any) -> None:
    note("password_changed", request, user)
