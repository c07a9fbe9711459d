"""Saved lists. Searches are posted, because no number may be in an address."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import accounts
from mailings.models import SavedList
from mailings.recipients import saved_lists
from mailings.recipients.gather import Gathered
from mailings.selectors import lists
from mailings.views.wanted import wanted_in


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """All lists."""
    return render(request, "mailings/lists.html", {"lists": lists.all_lists(), "typed": _typed(request)})


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Make a list of pasted recipients, a file or both."""
    name, found = request.POST.get("name", ""), _read(request)
    error = _why_not(found)
    if not error:
        try:
            saved = saved_lists.make(name, found.valid, source=_source(request), by=request.user)
        except saved_lists.BadName as why:
            error = str(why)
        else:
            messages.success(request, _said(saved.count, found))
            return redirect("list", saved.pk)
    context = {"lists": lists.all_lists(), "typed": _typed(request), "error": error}
    return render(request, "mailings/lists.html", context, status=422)


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One list: its first people, or those that a search finds."""
    return _page(request, get_object_or_404(SavedList, pk=pk))


def _page(request: HttpRequest, saved: SavedList, error: str = "") -> HttpResponse:
    wanted = wanted_in(request, "wanted")
    context: dict[str, Any] = {"list": lists.one(saved, wanted), "wanted": wanted, "error": error}
    context["typed"] = _typed(request)
    return render(request, "mailings/list.html", context, status=422 if error else 200)


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Add people to a list, or replace its people."""
    saved, found = get_object_or_404(SavedList, pk=pk), _read(request)
    if error := _why_not(found):
        return _page(request, saved, error)
    instead = request.POST.get("how") == "replace"
    count = saved_lists.add(saved, found.valid, source=_source(request), instead=instead)
    messages.success(request, _said(count, found))
    return redirect("list", pk)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the chosen people off a list."""
    chosen = [int(one) for one in request.POST.getlist("person") if one.isdecimal() and len(one) < 19]
    gone = saved_lists.remove(get_object_or_404(SavedList, pk=pk), chosen)
    said = ngettext("{n} person was taken off the list.", "{n} people were taken off the list.", gone)
    messages.success(request, said.format(n=gone))
    return redirect("list", pk)


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask (GET), then delete a list (POST). Mailings to its people stay."""
    saved = get_object_or_404(SavedList, pk=pk)
    if request.method != "POST":
        return render(request, "mailings/list_delete.html", {"list": saved})
    saved.delete()
    messages.success(request, _("The list “{name}” is deleted.").format(name=saved.name))
    return redirect("lists")


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was typed. `values` becomes `pasted`: a template would call the method of that name."""
    return {"name": request.POST.get("name", ""), "pasted": request.POST.get("values", "")}


def _read(request: HttpRequest) -> Gathered:
    file = request.FILES.get("file")
    pasted, country = request.POST.get("values", ""), accounts.home_country()
    return saved_lists.read(pasted, file.file if file else None, _source(request), country)


def _source(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    return (file.name or "") if file else ""


def _why_not(found: Gathered) -> str:
    """Why nothing can be stored, as a sentence; "" if something can."""
    if found.unreadable:
        return found.unreadable.message(_)
    return "" if found.valid else _("There is no recipient in it. Paste some, or choose a file.")


def _said(count: int, found: Gathered) -> str:
    """A sentence on how many were added, and how many were left out."""
    said = ngettext("{n} person was added.", "{n} people were added.", count).format(n=count)
    if found.wrong_count:
        left = ngettext(
            "{n} was left out: no recipient.", "{n} were left out: no recipients.", found.wrong_count
        )
        said = f"{said} {left.format(n=found.wrong_count)}"
    return said
