"""What a user sets for this browser: the time zone (static/early.js has the colours)."""

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from mailings.middleware import COOKIE, YEAR, known_zone
from mailings.views.back import back


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Store the chosen zone in a cookie, and go back to the page before."""
    response = back(request)
    if zone := known_zone(request.POST.get("timezone", "")):
        secure = bool(settings.SESSION_COOKIE_SECURE)
        response.set_cookie(COOKIE, quote(zone, safe=""), max_age=YEAR, samesite="Lax", secure=secure)
    return response
