"""What every request needs before a view runs."""

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
# Reading a form can take 250 bytes of memory for a byte of it (a body of nothing but %0A), so a visitor gets
# what a login needs and no more. A form whose session ran out is larger, and comes back to its writer.
VISITORS = 64 * KILOBYTE
VISITORS_COMPOSE = 256 * KILOBYTE
EVERYWHERE = 5 * MEGABYTE // 2
# Forms that bring files of recipients, and those that send what is typed in one along.
WITH_FILES = frozenset({"compose", "compose_discard", "add_list", "change_list", "add_stops"})
WITH_RECIPIENTS = frozenset({"compose_preview", "compose_keep", "compose_price"})

Answer = Callable[[HttpRequest], HttpResponse]


@cache
def zone_names() -> frozenset[str]:
    """Every zone that can be named in the cookie: nothing else is looked up on disk."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The zone's name if it is one, else nothing."""
    return name if name in zone_names() else ""


# What a page of ours never asks a browser for; a second factor (a passkey) is ours alone.
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
    """What every answer tells the browser beside what Django and django-csp tell it.

    Nothing but static files, which say so themselves, is kept: pages hold people's numbers.
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
    """Shows times in the zone of the person who reads them (a cookie set by static/early.js or the menu)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = known_zone(unquote(request.COOKIES.get(COOKIE, "")))
        with timezone.override(ZoneInfo(name) if name else None):
            return self.get_response(request)


class BodyLimits:
    """Refuses a request by the length and the charset that it declares, before a byte of its body is read.

    Stands behind the session, which says whose request it is, and before all that reads a form.
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
    """The most bytes that this request's sender may post to this address."""
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
