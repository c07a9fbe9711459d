"""The history: all mailings with filters, rows that refresh themselves, and an export."""

import csv
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from mailings import rights
from mailings.ids import row_id
from mailings.selectors import history, orders, totals
from mailings.views.wanted import number_in
from mailings.wording import money

# With this status htmx stops asking.
STOP_POLLING = 286
MARKED = "marked"
# The values of each filter, as they stand in an address.
Asked = tuple[tuple[str, tuple[str, ...]], ...]
MAIN_FILTERS = ("channel", "by", "period")
MORE_FILTERS = ("start", "end", "account", "origin")
EXPORT_COLUMNS = (
    "id", "name", "code", "state", "channel", "recipients_count", "cost", "account__currency", "created_at",
    "due_at", "created_by__username", "origin", "wish", "wish_result", "remote_status", "verified_at",
)  # fmt: skip
# The characters that begin a formula, in ASCII and in wide and small forms, which are taken for the same.
# They count at the beginning of a cell and after each separator, because Excel splits by the separator of its
# user's country, and so may find a cell inside ours. Blanks, invisible marks and quotes may come before.
FORMULA = re.compile(
    r"(?:^|(?<=[;,|\t\r\n\v\f\x85\u2028\u2029]))"
    r"(?=[\s\x00-\x1f\"'\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫−])"
)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """One page of the history, filtered and ordered by the query of the address."""
    chosen, order = history.chosen(request.GET), orders.of(request.GET.get("sort", ""))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = history.page_of(chosen, after=after, before=before, order=order)
    filtered = bool(chosen.filters)
    seen = "" if after or before else history.newest_key(page, order, timezone.now())
    marked = request.session.pop(MARKED, ())
    context = {
        "filters": _filters(request.GET, order),
        "order": order,
        "heads": orders.heads(order),
        "page": page,
        "adds_up": filtered and page.rows,
        "totals": _totals_at_once(request, chosen, page) if filtered and page.rows else None,
        "poll": history.poll(request.GET, page.rows, seen=seen, marked=marked),
        "filtered": filtered,
        "number": number_in(request.GET.get("q", "")),
        "failed_query": history.failed_query(),
        "mine_query": f"by={request.user.pk}",
        "query_string": request.GET.urlencode(),
        **_of_rows(request.user, page.rows, marked),
    }
    return render(request, "mailings/history.html", context)


def _filters(params: QueryDict, order: orders.Order) -> SafeString:
    """The form with the filters, for a query of an address."""
    asked = tuple((name, tuple(params.getlist(name))) for name in history.ALL_FILTERS)
    return _form(get_language(), asked, order, history.people(), history.accounts())


@lru_cache(maxsize=200)
def _form(
    language: str | None,
    asked: Asked,
    order: orders.Order,
    people: history.Choices,
    accounts: history.Choices,
) -> SafeString:
    """The form, which shows nothing but these: its many controls take as long as a page of mailings."""
    params = QueryDict(mutable=True)
    for name, values in asked:
        params.setlist(name, values)
    form = history.form(params)
    context = {
        "form": form,
        "order": order,
        "fields": [form[name] for name in MAIN_FILTERS],
        "states_chosen": history.states_in_words(params.getlist("state")),
        "more_fields": [form[name] for name in MORE_FILTERS],
        "more_open": any(params.get(name) for name in MORE_FILTERS),
    }
    return render_to_string("mailings/_filters.html", context)


def _totals_at_once(
    request: HttpRequest, chosen: history.HistoryFilter, page: history.Page
) -> totals.Totals | None:
    """The totals if the page has all rows or a person asked for them. None: the page asks for them later."""
    is_all = not (page.older or page.newer)
    return totals.totals(chosen.qs) if is_all or "added" in request.GET else None


@require_GET
def added_up(request: HttpRequest) -> HttpResponse:
    """The totals of a filter, for a page that is shown already."""
    found = totals.totals(history.chosen(request.GET).qs)
    context = {"totals": found, "oob": rights.may(request.user, "bulk_cancel")}
    return render(request, "mailings/_totals.html", context)


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The rows of a page that have changed, and how many newer ones there are. 204: nothing has changed.

    The page sends `row=<id>-<version>` for each row, `seen=<key>` of its first one, and `new`: the number of
    newer ones that it shows already.
    """
    known = dict(_known(request.GET.getlist("row")[: history.PAGE_SIZE]))
    seen = request.GET.get("seen", "")
    found = history.by_ids(known)
    changed = [row for row in found if known[row.id] != row.version]
    new = history.count_newer(history.chosen(request.GET), seen) if seen else 0
    if (found or seen) and not changed and str(new) == request.GET.get("new", "0"):
        return HttpResponse(status=204)
    marked = {number for text in request.GET.getlist("mark") if (number := row_id(text)) is not None}
    poll = history.poll(request.GET, found, seen=seen, new=new, marked=marked)
    context = {"changed": changed, "poll": poll, **_of_rows(request.user, changed, marked)}
    return render(request, "mailings/_rows.html", context, status=200 if poll.seconds else STOP_POLLING)


def _of_rows(user: Any, rows: list[history.HistoryRow], marked: Collection[int]) -> dict[str, Any]:
    """The context that the line of a row needs besides the row."""
    return {
        "may_cancel": rights.may(user, "bulk_cancel"),
        "may_pick": {row.id for row in rows if may_pick(user, row)},
        "marked": marked,
    }


def may_pick(user: Any, row: history.HistoryRow) -> bool:
    """Whether this person may tick a row, to cancel it with others."""
    return row.selectable and rights.may(user, "cancel", row)


def _known(texts: list[str]) -> Iterator[tuple[int, str]]:
    for text in texts:
        pk, _dash, version = text.partition("-")
        if (number := row_id(pk)) is not None:
            yield number, version


def mark(request: HttpRequest, ids: list[int]) -> None:
    """Make the next page of the history show on which mailings this person has just acted."""
    request.session[MARKED] = ids


@require_GET
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered history as CSV, streamed."""
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    found = history.all_rows(history.chosen(request.GET).qs, orders.of(request.GET.get("sort", "")))

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([name.replace("__", "_") for name in EXPORT_COLUMNS])
        for row in found:
            yield writer.writerow([cell(row[name]) for name in EXPORT_COLUMNS])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y-%m-%d")
    response["Content-Disposition"] = f'attachment; filename="mailings-{stamp}.csv"'
    return response


class Echo:
    """A file for csv.writer that returns each line instead of storing it."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """A value for a spreadsheet, with an apostrophe wherever a text could begin a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return str(money.plain(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return FORMULA.sub("'", value) if isinstance(value, str) else str(value)
