"""History: every mailing, found quickly; rows that refresh themselves; many at once; a file to take along."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mailings import outbox, rights
from mailings.ids import row_id
from mailings.models import Mailing, Wish
from mailings.rights import Right
from mailings.selectors import history
from mailings.wording.whom import whom_to_ask

STOP_POLLING = 286
BULK_LIMIT = 500
MAIN_FILTERS = ("channel", "by", "period")
MORE_FILTERS = ("start", "end", "account", "origin")
EXPORT_COLUMNS = (
    "id", "name", "code", "state", "channel", "recipients_count", "cost", "account__currency", "created_at",
    "due_at", "created_by__username", "origin", "wish", "wish_result", "remote_status", "verified_at",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """One page of the history, filtered by the address's query."""
    chosen = history.chosen(request.GET)
    page = history.page(chosen.qs, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "filter": chosen,
        "fields": [chosen.form[name] for name in MAIN_FILTERS],
        "states_chosen": history.states_in_words(request.GET.getlist("state")),
        "more_fields": [chosen.form[name] for name in MORE_FILTERS],
        "more_open": any(request.GET.get(name) for name in MORE_FILTERS),
        "page": page,
        "pending": [row for row in page.rows if row.pending],
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "failed_query": history.failed_query(),
        "mine_query": f"by={request.user.pk}",
        "query_string": request.GET.urlencode(),
        "may_cancel": rights.may(request.user, "bulk_cancel"),
        "may_pick": {row.id for row in page.rows if may_pick(request.user, row)},
    }
    return render(request, "mailings/history.html", context)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows of a page that changed since it was drawn: `row=<id>-<version>`, once for each row."""
    known = dict(_known(request.GET.getlist("row")[: history.PAGE_SIZE]))
    found = history.by_ids(known)
    changed = [row for row in found if known[row.id] != row.version]
    pending = [row for row in found if row.pending]
    if pending and not changed:
        return HttpResponse(status=204)
    context = {
        "changed": changed,
        "pending": pending,
        "may_cancel": rights.may(request.user, "bulk_cancel"),
        "may_pick": {row.id for row in changed if may_pick(request.user, row)},
    }
    return render(request, "mailings/_rows.html", context, status=200 if pending else STOP_POLLING)


def may_pick(user: Any, row: history.Row) -> bool:
    """Whether this person may choose a row for the bar below the table."""
    return row.selectable and rights.may(user, "cancel", row)


def _known(texts: list[str]) -> Iterator[tuple[int, str]]:
    for text in texts:
        pk, _dash, version = text.partition("-")
        if (number := row_id(pk)) is not None:
            yield number, version


@require_http_methods(["GET", "POST"])
def bulk_cancel(request: HttpRequest) -> HttpResponse:
    """Cancel the chosen mailings: asked once, with the facts (GET), and done (POST)."""
    data = request.POST if request.method == "POST" else request.GET
    ids = [number for text in data.getlist("id")[:BULK_LIMIT] if (number := row_id(text)) is not None]
    chosen = list(
        Mailing.objects.filter(pk__in=ids).select_related("account").defer("spec", "remote").newest_first()
    )
    if not chosen:
        messages.info(request, _("Nothing was chosen, so nothing was changed."))
        return redirect("history")
    if request.method == "GET":
        return render(request, "mailings/bulk_cancel.html", {"mailings": chosen, "total": _people(chosen)})
    _wish_all(request, chosen)
    return redirect("history")


def _people(chosen: list[Mailing]) -> int:
    return sum(mailing.recipients_count or 0 for mailing in chosen)


def _wish_all(request: HttpRequest, chosen: list[Mailing]) -> None:
    """Wish each; say how many, and of each that could not be why."""
    asked = 0
    for mailing in chosen:
        if not rights.may(request.user, "cancel", mailing):
            messages.warning(request, f"{mailing.name}: {whom_to_ask(Right.STOP, mailing)}")
            continue
        try:
            outbox.wish(mailing.pk, Wish.CANCEL, request.user)
            asked += 1
        except outbox.Impossible as why:
            messages.warning(request, f"{mailing.name}: {why}")
    if asked:
        text = ngettext(
            "Cancelling of {n} mailing was asked for.", "Cancelling of {n} mailings was asked for.", asked
        )
        messages.success(request, text.format(n=asked))


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered history as CSV, streamed."""
    writer = csv.writer(_Echo())
    found = history.all_rows(history.chosen(request.GET).qs)

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([name.replace("__", "_") for name in EXPORT_COLUMNS])
        for row in found:
            yield writer.writerow([cell(row[name]) for name in EXPORT_COLUMNS])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y-%m-%d")
    response["Content-Disposition"] = f'attachment; filename="mailings-{stamp}.csv"'
    return response


class _Echo:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """A value as a spreadsheet may read it: a text that begins like a formula is made a plain text."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_STARTS) else text
