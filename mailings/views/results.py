"""The recipients of a mailing by result: as pages, as an export, and as a new mailing to those who failed."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mailings import outbox
from mailings.ids import row_id
from mailings.models import Mailing
from mailings.models.deliveries import moment
from mailings.selectors import deliveries, verdicts
from mailings.views.history import Echo, cell
from mailings.views.wanted import wanted_in
from mailings.views.workbook import workbook
from mailings.wording import deliveries as wording
from mailings.wording import moments

HEADINGS = ("recipient", "status", "status_code", "words", "err", "at", "cost", "parts")
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The recipients of a mailing by result, page by page. A search is posted."""
    mailing = get_object_or_404(Mailing.objects.select_related("account", "self_test").defer("remote"), pk=pk)
    result = request.GET.get("result", "")
    wanted = wanted_in(request, "number")
    found = deliveries.Found(deliveries.people(mailing, result))
    if wanted:
        found = deliveries.search(mailing, wanted, result, anywhere="anywhere" in request.POST)
    after, before = row_id(request.GET.get("after", "")), row_id(request.GET.get("before", ""))
    known = results_of(mailing)
    context = known | {
        "mailing": mailing,
        "page": deliveries.page(found.rows, after=after, before=before),
        "wanted": wanted,
        "ending": found.ending,
        "result": result,
        "filters": deliveries.filters(mailing.channel, final=known["final"]),
    }
    return render(request, "mailings/results.html", context)


def results_of(mailing: Mailing) -> dict[str, Any]:
    """The context of `_results.html`: the figures, the reasons of failures, and how old they are."""
    delivery = deliveries.delivery_of(mailing)
    if delivery is None:
        return {"delivery": None, "final": False}
    pieces = wording.pieces(delivery, mailing.channel)
    return {
        "delivery": delivery,
        "final": delivery.final,
        "pieces": pieces,
        "in_words": wording.figures_in_words(pieces),
        "reasons": wording.reasons(delivery),
        "clicks": wording.clicks(delivery),
        "take_over": verdicts.can_take_over(mailing),
        "rounds": [
            {"at": moment(one["sent"]), "words": wording.round_in_words(one, delivery, mailing.channel)}
            for one in reversed(delivery.rounds)
        ],
    }


@require_GET
def export(request: HttpRequest, pk: int, kind: str) -> StreamingHttpResponse:
    """All recipients with their results as a streamed file. `kind`: csv or xlsx, else Http404."""
    mailing = get_object_or_404(Mailing.objects.defer("remote", "spec"), pk=pk)
    if kind not in KINDS:
        raise Http404
    content = KINDS[kind](_rows(mailing, request.GET.get("result", "")))
    response = StreamingHttpResponse(content, content_type=CSV if kind == "csv" else XLSX)
    name = f"results-{mailing.pk}-{timezone.localtime():%Y-%m-%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(mailing: Mailing, result: str) -> Iterator[tuple[Any, ...]]:
    yield HEADINGS
    delivery = deliveries.delivery_of(mailing)
    final = delivery is not None and delivery.final
    for row in deliveries.people(mailing, result).iterator(chunk_size=2000):
        at = moment(row.result_at)
        shown = moments.exact(at) if at else ""
        words = wording.of(row, mailing.channel, final=final)
        yield (
            row.address, deliveries.status_of(row) or "", row.status, words, row.err, shown,
             row.cost, row.parts,
        )  # fmt: skip


def _csv(rows: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


KINDS: dict[str, Callable[[Iterator[tuple[Any, ...]]], Iterator[Any]]] = {"csv": _csv, "xlsx": workbook}


@require_http_methods(["GET", "POST"])
def send_to_failed(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft to those who did not get the message, by the same channel or another.

    A GET shows the facts and asks.
    """
    mailing = get_object_or_404(Mailing.objects.select_related("account").defer("remote"), pk=pk)
    failed = deliveries.undelivered(mailing)
    if request.method == "POST":
        try:
            draft = outbox.again_to(mailing, failed, request.POST.get("channel", ""), by=request.user)
        except outbox.Impossible as why:
            messages.error(request, str(why))
            return redirect("mailing", pk)
        return redirect(f"{reverse('compose')}?draft={draft.pk}")
    context = results_of(mailing) | {
        "mailing": mailing,
        "count": failed.count(),
        "channels": outbox.other_channels(mailing),
    }
    return render(request, "mailings/send_to_failed.html", context)
