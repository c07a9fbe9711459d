"""Templates of our own: made from a mailing, listed, renamed, deleted. The compose page uses them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import outbox
from mailings.models import Mailing, OwnTemplate
from mailings.selectors import own_templates


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, error: str = "", wrong: int = 0, typed: str = "") -> HttpResponse:
    """The list of templates. `wrong`: primary key of the one that could not be named `typed`."""
    rows = own_templates.rows(wrong, typed)
    context = {"templates": rows, "error": error}
    return render(request, "mailings/own_templates.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
def save(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a name (GET), then make a template of a mailing (POST)."""
    mailing = get_object_or_404(Mailing.objects.defer("remote"), pk=pk)
    name, error = request.POST.get("name", mailing.name), ""
    if request.method == "POST":
        try:
            made = outbox.save_template(mailing, name, request.user)
        except outbox.Impossible as why:
            error = str(why)
        else:
            messages.info(request, _("“{name}” is a template now.").format(name=made.name))
            return redirect("own_templates")
    context = {"mailing": mailing, "name": name, "error": error}
    return render(request, "mailings/save_template.html", context, status=422 if error else 200)


@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    template, name = get_object_or_404(OwnTemplate, pk=pk), request.POST.get("name", "")
    try:
        outbox.rename_template(template, name)
    except outbox.Impossible as why:
        return _page(request, str(why), pk, name)
    return redirect("own_templates")


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask (GET), then delete a template (POST). Mailings made from it stay."""
    template = get_object_or_404(OwnTemplate, pk=pk)
    if request.method != "POST":
        return render(request, "mailings/delete_template.html", {"template": template})
    template.delete()
    messages.info(request, _("The template “{name}” is deleted.").format(name=template.name))
    return redirect("own_templates")
