"""History: every mailing, found quickly; rows that refresh themselves; many at once; a file to take along."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mailings import outbox, rights
from mailings.ids import row_id
from mailings.models import Mailing, Wish
from mailings.rights import Right
from mailings.selectors import history, totals
from mailings.wording.whom import whom_to_ask

STOP_POLLING = 286
BULK_LIMIT = 500
LONGEST_QUERY = 2000
MAIN_FILTERS = ("channel", "by", "period")
MORE_FILTERS = ("start", "end", "account", "origin")
EXPORT_COLUMNS = (
    "id", "name", "code", "state", "channel", "recipients_count", "cost", "account__currency", "created_at",
    "due_at", "created_by__username", "origin", "wish", "wish_result", "remote_status", "verified_at",
)  # fmt: skip
# What begins a formula, in ASCII and in the wide and small forms that are taken for it, at the beginning of a
# cell or behind whatever may begin another one: Excel goes by the separator of its reader's country and finds
# cells inside ours. Blanks, invisible marks and quotes may stand between.
FORMULA = re.compile(
    r"(?:^|(?<=[;,|\t\r\n\v\f\x85\u2028\u2029]))"
    r"(?=[\s\x00-\x1f\"'\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫−])"
)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """One page of the history, filtered by the address's query."""
    chosen = history.chosen(request.GET)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = history.page(chosen.qs, after=after, before=before)
    later, filtered = bool(after or before), any(map(request.GET.get, chosen.filters))
    context = {
        "filter": chosen,
        "fields": [chosen.form[name] for name in MAIN_FILTERS],
        "states_chosen": history.states_in_words(request.GET.getlist("state")),
        "more_fields": [chosen.form[name] for name in MORE_FILTERS],
        "more_open": any(request.GET.get(name) for name in MORE_FILTERS),
        "page": page,
        "totals": totals.totals(chosen.qs) if filtered and page.rows else None,
        "poll": history.poll(request.GET, page.rows, seen="" if later else history.newest_key(page)),
        "filtered": filtered,
        "failed_query": history.failed_query(),
        "mine_query": f"by={request.user.pk}",
        "query_string": request.GET.urlencode(),
        "may_cancel": rights.may(request.user, "bulk_cancel"),
        "may_pick": {row.id for row in page.rows if may_pick(request.user, row)},
    }
    return render(request, "mailings/history.html", context)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows of a page that changed since it was drawn (`row=<id>-<version>` for each), and how many are
    newer than its first one (`seen=<key>`; `new`: how many it knows of). 204: nothing of both."""
    known = dict(_known(request.GET.getlist("row")[: history.PAGE_SIZE]))
    seen = request.GET.get("seen", "")
    found = history.by_ids(known)
    changed = [row for row in found if known[row.id] != row.version]
    new = history.count_newer(history.chosen(request.GET).qs, seen) if seen else 0
    if (found or seen) and not changed and str(new) == request.GET.get("new", "0"):
        return HttpResponse(status=204)
    poll = history.poll(request.GET, found, seen=seen, new=new)
    context = {
        "changed": changed,
        "poll": poll,
        "may_cancel": rights.may(request.user, "bulk_cancel"),
        "may_pick": {row.id for row in changed if may_pick(request.user, row)},
    }
    return render(request, "mailings/_rows.html", context, status=200 if poll.seconds else STOP_POLLING)


def may_pick(user: Any, row: history.HistoryRow) -> bool:
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
    back = _same_page(data.get("filter", ""))
    ids = [number for text in data.getlist("id")[:BULK_LIMIT] if (number := row_id(text)) is not None]
    chosen = list(
        Mailing.objects.filter(pk__in=ids).select_related("account").defer("spec", "remote").newest_first()
    )
    if not chosen:
        messages.info(request, _("Nothing was chosen, so nothing was changed."))
        return redirect(back)
    if request.method == "GET":
        context = {
            "mailings": chosen,
            "total": _people(chosen),
            "back": back,
            "query": data.get("filter", ""),
        }
        return render(request, "mailings/bulk_cancel.html", context)
    _wish_all(request, chosen)
    return redirect(back)


def _same_page(query: str) -> str:
    """The history's address with the query that a form has brought along from there."""
    kept = QueryDict(query[:LONGEST_QUERY]).urlencode()
    return f"{reverse('history')}?{kept}" if kept else reverse("history")


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
        messages.info(request, text.format(n=asked))


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered history as CSV, streamed."""
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    found = history.all_rows(history.chosen(request.GET).qs)

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([name.replace("__", "_") for name in EXPORT_COLUMNS])
        for row in found:
            yield writer.writerow([cell(row[name]) for name in EXPORT_COLUMNS])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y-%m-%d")
    response["Content-Disposition"] = f'attachment; filename="mailings-{stamp}.csv"'
    return response


class Echo:
    """A file for csv.writer that gives each line back."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """A value as a spreadsheet may read it: an apostrophe stands wherever a text could begin a formula."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return FORMULA.sub("'", value) if isinstance(value, str) else str(value)
