"""Cancels many mailings of the history at once: those that were ticked, or all that fit its filter."""

from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from mailings import outbox, rights
from mailings.ids import row_id
from mailings.models import Wish
from mailings.rights import Right
from mailings.selectors import bulk_cancel as selector
from mailings.selectors import history, orders
from mailings.views.history import mark
from mailings.wording.whom import whom_to_ask

LONGEST_QUERY = 2000


@require_http_methods(["GET", "POST"])
def bulk_cancel(request: HttpRequest) -> HttpResponse:
    """A GET shows the facts and asks; the POST cancels exactly the mailings that were shown."""
    data = request.POST if request.method == "POST" else request.GET
    query = data.get("filter", "")
    back = _same_page(query)
    choice = _chosen(request, data, query)
    if choice is None:
        messages.info(request, _("All were to be chosen that fit a filter, but none was set, so none was."))
        return redirect(back)
    if not choice.fit:
        messages.info(request, _("Nothing was chosen, so nothing was changed."))
        return redirect(back)
    if request.method == "GET" and choice.rows:
        context = {"choice": choice, "most": selector.MOST, "back": back, "query": query}
        return render(request, "mailings/bulk_cancel.html", context)
    _wish_all(request, choice)
    return redirect(back)


def _chosen(request: HttpRequest, data: QueryDict, query: str) -> selector.Choice | None:
    """The chosen mailings. None: all that fit a filter were asked for, but there is no valid filter."""
    why_not = _why_not(request.user)
    if "all" not in data or request.method == "POST":
        ids = [number for text in data.getlist("id") if (number := row_id(text)) is not None]
        return selector.of_ids(ids, why_not)
    params = QueryDict(query[:LONGEST_QUERY])
    fitting = history.chosen(params)
    if len(query) > LONGEST_QUERY or not selector.is_bounded(fitting):
        return None
    return selector.of_filter(fitting, orders.of(params.get("sort", "")), why_not)


def _why_not(user: Any) -> selector.WhyNot:
    """For each row, why this person cannot cancel it: no right to, or what the row itself says."""

    @cache
    def no_right() -> str:
        return whom_to_ask(Right.STOP)

    return lambda row: row.why_not_cancel if rights.may(user, "cancel", row) else no_right()


def _same_page(query: str) -> str:
    """The history's address with the query that was posted."""
    kept = QueryDict(query[:LONGEST_QUERY]).urlencode()
    return f"{reverse('history')}?{kept}" if kept else reverse("history")


def _wish_all(request: HttpRequest, choice: selector.Choice) -> None:
    """Ask for each to be cancelled; say for how many, and why not for the others."""
    asked = []
    for row in choice.rows:
        try:
            outbox.wish(row.id, Wish.CANCEL, request.user)
            asked.append(row.id)
        except outbox.Impossible as why:
            choice.left[str(why)].append(row.name)
    if asked:
        mark(request, asked)
        text = ngettext(
            "Cancelling of {n} mailing was asked for.",
            "Cancelling of {n} mailings was asked for.",
            len(asked),
        )
        messages.info(request, text.format(n=len(asked)))
    for names, reason in choice.reasons:
        messages.warning(request, f"{names}: {reason}")
    if choice.more:
        text = _("At most {n} are cancelled at once. Those beyond that stay as they are: choose them again.")
        messages.warning(request, text.format(n=selector.MOST))
