"""Today: what needs a person now, what goes out next, and how things stand with the provider."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import KombuError

from mailings import accounts, health, outbox
from mailings.models import Account, Mailing
from mailings.selectors import deliveries, history, news, today
from mailings.views import sandbox
from mailings.views.actions import ASIDE, HOLD, offered
from mailings.views.back import back
from mailings.wording import chips, sentences

log = logging.getLogger(__name__)

REFRESH_SECONDS = 10


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    drafts = today.own_drafts(request.user.pk)
    return render(request, "mailings/today.html", _today(request, timezone.now()) | {"drafts": drafts})


@require_GET
def part(request: HttpRequest) -> HttpResponse:
    """The part that refreshes itself. 204: nothing has changed."""
    now = timezone.now()
    if request.GET.get("v") == news.read(now).version:
        return HttpResponse(status=204)
    return render(request, "mailings/_today_news.html", _today(request, now))


def _today(request: HttpRequest, now: datetime) -> dict[str, object]:
    latest = news.read(now)
    rows = latest.accounts
    needs = today.needs_a_person(now)
    figures, week = today.spent(now), today.week_ahead(now)
    return {
        "now": now,
        "trials": sandbox.card(request, rows),
        "version": latest.version,
        "refresh_seconds": REFRESH_SECONDS,
        "needs": _cards(needs.mailings, request.user),
        "waiting": needs,
        "last_day": today.last_day(rows),
        "failed": deliveries.failed_since(now - news.DAY),
        "week": week,
        "may_hold": _holdable(week, request.user),
        "figures": figures,
        "chart": today.chart(figures, now),
        "purses": today.purses(rows, figures),
        "health": today.provider_health(rows),
        "not_refreshed": chips.NOT_REFRESHED,
        "currency": rows[0].currency if len(rows) == 1 else "",
        "failed_query": history.failed_query(),
    }


def _holdable(week: Sequence[today.Day], user: Any) -> set[int]:
    """The primary keys of the shown mailings that this person can still hold."""
    shown = [sending.mailing for day in week for sending in day.shown]
    return {mailing.pk for mailing in shown if offered(mailing, user, (HOLD,))}


def _cards(mailings: Sequence[Mailing], user: Any) -> list[tuple[Mailing, dict[str, object]]]:
    """Each with the context of its card. `seen`: the stamp of what its button relies on."""
    seen = outbox.stamps(mailings)
    return [(mailing, _card(mailing, user) | {"seen": seen[mailing.pk]}) for mailing in mailings]


def _card(mailing: Mailing, user: Any) -> dict[str, object]:
    said = sentences.sentences(mailing, timezone.now())
    aside = next(iter(offered(mailing, user, ASIDE)), None)
    button = sentences.invitation(mailing)
    return {"chip": chips.chip(mailing), "sentences": said, "button": button, "aside": aside}


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask a worker to read the provider's list now. If two people press it at once, one call is made."""
    if _ask_for_pull():
        messages.info(request, _("Asked SMS Centre for news. What is new appears here in a moment."))
    else:
        messages.warning(request, _("The queue (Redis) cannot be reached, so nothing can be refreshed now."))
    return back(request)


@require_POST
def probe(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for one call with a login that was refused and is corrected now; the next sweep makes it."""
    if accounts.ask_probe(get_object_or_404(Account, pk=pk), request.user):
        messages.info(request, _("The login will be tried once in a moment."))
    else:
        messages.info(request, _("This account's calls are not stopped by a refused login."))
    return redirect("today")


def _ask_for_pull() -> bool:
    """Whether the message was sent. A broker that is known to be away is not waited for."""
    health.forget()
    if not health.current().redis:
        return False
    try:
        current_app.send_task("mailings.tasks.pull_recent", expires=settings.SYNC_SECONDS)
    except (KombuError, OSError):
        log.warning("a pull could not be asked for: the broker is away")
        return False
    return True
