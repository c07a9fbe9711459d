"""What one person got, and the stop list. Searches are posted, because no number may be in an address."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import accounts
from mailings.models import StopEntry
from mailings.recipients import stop_list
from mailings.recipients.reasons import UnreadableFile
from mailings.selectors import people
from mailings.views.history import Echo, cell
from mailings.views.wanted import wanted_in


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """One person, found by any spelling of a number or address."""
    wanted = wanted_in(request, "number")
    context: dict[str, object] = {"wanted": wanted, "found": None, "error": ""}
    if wanted:
        try:
            context["found"] = people.find(wanted, accounts.home_country())
        except stop_list.NotAnAddress:
            context["error"] = _(
                "This is no number, e-mail address or Telegram name. Check it and search again."
            )
    return render(request, "mailings/people.html", context, status=422 if context["error"] else 200)


@require_http_methods(["GET", "POST"])
def stops(request: HttpRequest) -> HttpResponse:
    """The stop list: its newest entries, or those that a search finds."""
    wanted = wanted_in(request, "wanted")
    typed = {"pasted": "", "reason": ""}
    context = {"wanted": wanted, "entries": people.stop_entries(wanted), "typed": typed, "error": ""}
    return render(request, "mailings/stop_list.html", context)


@require_POST
def add_stops(request: HttpRequest) -> HttpResponse:
    """Stop the addresses that were typed, one a line, and those of a file."""
    values = request.POST.get("values", "").splitlines()
    reason = request.POST.get("reason", "")
    file = request.FILES.get("file")
    try:
        read = stop_list.values_of(file, file.name or "", accounts.home_country()) if file else []
        given = [value for value in values if value.strip()] + read
        added = stop_list.add(given, country=accounts.home_country(), reason=reason, by=request.user)
    except (stop_list.NotAnAddress, stop_list.BadReason, UnreadableFile) as problem:
        typed = {"pasted": request.POST.get("values", ""), "reason": reason}
        context = {"wanted": "", "entries": people.stop_entries(""), "typed": typed, "error": _why(problem)}
        return render(request, "mailings/stop_list.html", context, status=422)
    messages.success(request, _("Nothing is sent to these any more: %(count)s.") % {"count": len(added)})
    return redirect("stop_list")


def _why(problem: stop_list.NotAnAddress | stop_list.BadReason | UnreadableFile) -> str:
    if isinstance(problem, UnreadableFile):
        return problem.said.message(_)
    if isinstance(problem, stop_list.BadReason):
        return _("The reason holds a character that cannot be kept (NUL). Type it anew.")
    said = _("“%(value)s” is no number, e-mail address or Telegram name. Nothing was changed; correct it.")
    return said % {"value": problem.value}


@require_POST
def remove_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one address off the list."""
    if StopEntry.objects.filter(pk=pk).delete()[0]:
        messages.success(request, _("It is off the stop list: mailings reach it again."))
    return redirect("stop_list")


@require_GET
def export_stops(request: HttpRequest) -> StreamingHttpResponse:
    """The whole list as a CSV file."""
    response = StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="stop-list.csv"'
    return response


def _lines() -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow(["value", "account", "reason", "by", "at"])
    entries = StopEntry.objects.select_related("account", "who").iterator(chunk_size=2000)
    for entry in stop_list.described(entries):
        yield writer.writerow([cell(value or "") for value in entry.values()])
