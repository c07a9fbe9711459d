"""Our middleware: headers, the reader's time zone, limits on request bodies."""

from collections.abc import Callable
from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

COOKIE = "timezone"
YEAR = 365 * 24 * 3600

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
# Parsing a form can take 250 bytes of memory per byte (a body of nothing but %0A), so visitors may post only
# what a login needs. The compose form gets more: if the session has expired, what was typed must not be lost.
VISITORS = 64 * KILOBYTE
VISITORS_COMPOSE = 256 * KILOBYTE
EVERYWHERE = 5 * MEGABYTE // 2
# URL names of forms that upload files of recipients, and of requests that post what was typed in such a form.
WITH_FILES = frozenset({"compose", "compose_discard", "add_list", "change_list", "add_stops"})
WITH_RECIPIENTS = frozenset({"compose_preview", "compose_keep", "compose_price"})

Answer = Callable[[HttpRequest], HttpResponse]


@cache
def zone_names() -> frozenset[str]:
    """The zones that the cookie may name. A name from outside must not be looked up on disk."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The name if it is a time zone's, else ""."""
    return name if name in zone_names() else ""


# Browser features that our pages never use are switched off; passkeys are allowed on our own origin.
PERMISSIONS = ", ".join(
    (
        *(
            f"{feature}=()"
            for feature in (
                *(
                    "accelerometer",
                    "autoplay",
                    "browsing-topics",
                    "camera",
                    "display-capture",
                    "encrypted-media",
                ),
                *(
                    "fullscreen",
                    "geolocation",
                    "gyroscope",
                    "hid",
                    "identity-credentials-get",
                    "magnetometer",
                ),
                *("microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial"),
                *("storage-access", "usb", "xr-spatial-tracking"),
            )
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    )
)


class Headers:
    """Response headers beyond those of Django and django-csp.

    Only static files, which set Cache-Control themselves, may be cached: pages contain phone numbers.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store, private")
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        match = request.resolver_match
        if request.method == "POST" and match and match.view_name in ("account_logout", "admin:logout"):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class ReadersTimeZone:
    """Activates the reader's time zone, from the cookie that static/early.js or the menu sets."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = known_zone(unquote(request.COOKIES.get(COOKIE, "")))
        with timezone.override(ZoneInfo(name) if name else None):
            return self.get_response(request)


class BodyLimits:
    """Refuses requests by their declared length and charset, before any of the body is read.

    Must come after authentication, as limits depend on the user, and before anything that reads a form.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH", "")
        if (request.content_params or {}).get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise BadRequest("What was sent is not in UTF-8.")
        if declared and not (declared.isascii() and declared.isdecimal()):
            raise BadRequest("The length of what was sent is no number.")
        if not declared and "HTTP_TRANSFER_ENCODING" in request.META:
            return render(request, "413.html", {"undeclared": True}, status=411)
        length = int(declared or 0)
        if length > VISITORS and length > (most := body_limit(request)):
            context = {"most": most, "visitor": not request.user.is_authenticated}
            return render(request, "413.html", context, status=413)
        return self.get_response(request)


def body_limit(request: HttpRequest) -> int:
    """How many bytes this request's user may post to this URL."""
    compose = reverse("compose")
    if not request.user.is_authenticated:
        return VISITORS_COMPOSE if request.path == compose else VISITORS
    typed = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or EVERYWHERE
    try:
        name = resolve(request.path_info).url_name
    except Resolver404:
        return EVERYWHERE
    if name in WITH_FILES:
        return typed + settings.UPLOAD_MB * MEGABYTE
    return typed if name in WITH_RECIPIENTS else EVERYWHERE
