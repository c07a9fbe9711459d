"""The progress of reading a file of recipients, and its problems as a CSV file."""

import csv
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mailings.forms import filed
from mailings.models import Import
from mailings.selectors import imports
from mailings.views.history import Echo, cell


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the reading has come: a part of the page that refreshes itself until the file is read."""
    part = imports.Part(_imported(request, pk))
    return render(request, "mailings/_partials/import_progress.html", {"file": part})


@require_GET
def problems(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every row that gets no message, with line, value and reason."""
    imported = _imported(request, pk)
    response = StreamingHttpResponse(_lines(imported), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="problems.csv"'
    return response


def _imported(request: HttpRequest, pk: int) -> Import:
    imported = filed.find(str(pk), request.user)
    if imported is None:
        raise Http404
    return imported


def _lines(imported: Import) -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow([_("line"), _("value"), _("verdict"), _("reason")])
    words = {str(verdict): said for verdict, said in imports.in_words().items()}
    for row in imports.every_problem(imported):
        yield writer.writerow([row.line, cell(row.value), words[row.verdict], row.reason])
