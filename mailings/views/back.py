"""Back to where the reader was: the address that a form of ours brings along as `next`."""

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest) -> HttpResponseRedirect:
    """To the posted `next` when it is an address of this site, else to the first page."""
    target = request.POST.get("next", "")
    ours = target.startswith("/") and url_has_allowed_host_and_scheme(target, {request.get_host()})
    return HttpResponseRedirect(target if ours else "/")
