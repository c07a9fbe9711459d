"""What a reader sets for this browser: the time zone (colours: static/early.js)."""

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from mailings.middleware import COOKIE, YEAR, known_zone


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the chosen zone in a cookie and go back to where the reader was."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = redirect(target)
    if zone := known_zone(request.POST.get("timezone", "")):
        secure = bool(settings.SESSION_COOKIE_SECURE)
        response.set_cookie(COOKIE, quote(zone, safe=""), max_age=YEAR, samesite="Lax", secure=secure)
    return response
