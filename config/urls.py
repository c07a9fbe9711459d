"""All URLs: our pages, login, the administration."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.views.i18n import set_language

handler400 = "mailings.views.errors.bad_request"
handler403 = "mailings.views.errors.not_allowed"
handler404 = "mailings.views.errors.not_found"
handler429 = "mailings.views.errors.too_many"
handler500 = "mailings.views.errors.broken"


@login_not_required
def not_offered(request: HttpRequest) -> HttpResponse:
    """404 for pages of allauth that make no sense here: nobody signs up, and no e-mail is sent."""
    raise Http404


urlpatterns = [
    path("", include("mailings.urls")),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    re_path(r"^accounts/(?:signup|email|confirm-email|password/reset|password/set)/", not_offered),
    path("accounts/", include("allauth.urls")),
]
