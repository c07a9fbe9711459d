"""What every request needs before a view runs."""

from collections.abc import Callable
from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "timezone"
YEAR = 365 * 24 * 3600


@cache
def zone_names() -> frozenset[str]:
    """Every zone that can be named in the cookie: nothing else is looked up on disk."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The zone's name if it is one, else nothing."""
    return name if name in zone_names() else ""


class ReadersTimeZone:
    """Shows times in the zone of the person who reads them (a cookie set by static/early.js or the menu)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = known_zone(unquote(request.COOKIES.get(COOKIE, "")))
        with timezone.override(ZoneInfo(name) if name else None):
            return self.get_response(request)
