"""Django's administration under our login: its own doors closed, its addresses read with care."""

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
        """Asks for the old password, so it counts with the page of the login library that does, too."""
        if request.method == "POST":
            stopped = ratelimit.consume_or_429(request, action="change_password", user=request.user)
            if stopped is not None:
                return stopped
        return super().password_change(request, extra_context)


def readable(view: View) -> View:
    """Answers with 400 what a database would refuse: a NUL in an address, rows chosen by no number."""

    @wraps(view)
    def logged(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if "\0" in "".join(f"{key}{''.join(values)}" for key, values in request.GET.lists()):
            raise BadRequest("There is a NUL character in the address.")
        if any(not (one.isascii() and one.isdecimal() and len(one) < 19) for one in chosen):
            raise BadRequest("A row was chosen by what is no number.")
        return view(request, *args, **kwargs)

    return logged
