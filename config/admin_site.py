"""Django's administration behind our login page, with the checks that Django's own views lack."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.core import ratelimit
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

View = Callable[..., HttpResponse]


@method_decorator(secure_admin_login, name="login")
class Site(AdminSite):
    site_header = site_title = "Mailroom"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(readable(view), cacheable)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The old password can be guessed here too, so this page shares the rate limit of allauth's page."""
        if request.method == "POST":
            stopped = ratelimit.consume_or_429(request, action="change_password", user=request.user)
            if stopped is not None:
                return stopped
        return super().password_change(request, extra_context)


def readable(view: View) -> View:
    """Answer 400 to input that would otherwise reach the database and end in a 500.

    That is a NUL character in the query string, and chosen rows whose keys are no numbers.
    """

    @wraps(view)
    def logged(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if "\0" in "".join(f"{key}{''.join(values)}" for key, values in request.GET.lists()):
            raise BadRequest("There is a NUL character in the address.")
        if any(not (one.isascii() and one.isdecimal() and len(one) < 19) for one in chosen):
            raise BadRequest("A row was chosen by what is no number.")
        return view(request, *args, **kwargs)

    return logged
