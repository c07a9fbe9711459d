"""Today: what needs a person now, what goes out next, and how things stand with the provider."""

import logging

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from kombu.exceptions import KombuError

from mailings import outlook, pulse, wording
from mailings.models import Account, Mailing, Pull

log = logging.getLogger(__name__)


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    needs = outlook.needs_a_person(now)
    figures = outlook.spent(now)
    accounts = list(Account.objects.order_by("id")[:20])
    context = {
        "needs": [(mailing, _card(mailing)) for mailing in needs.mailings],
        "more_needs": needs.more,
        "week": outlook.week_ahead(now),
        "figures": figures,
        "chart": outlook.chart(figures, now),
        "purses": outlook.purses(accounts, figures),
        "pulls": [(account, _last_pull(account)) for account in accounts],
        "stale_before": now - wording.stale_after(),
    }
    return render(request, "mailings/today.html", context)


def _card(mailing: Mailing) -> dict[str, object]:
    said = wording.sentences(mailing, timezone.now())
    return {"chip": wording.chip(mailing.state), "sentences": said, "button": wording.invitation(mailing)}


def _last_pull(account: Account) -> Pull | None:
    return account.pulls.filter(ended_at__isnull=False).order_by("-begun_at").first()


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask a worker to read the provider's list now. Two people pressing it are one call (the gap sees to it)."""
    if _ask_for_pull():
        messages.success(request, _("Asked SMS Centre for news. What is new appears here in a moment."))
    else:
        messages.warning(request, _("The queue (Redis) cannot be reached, so nothing can be refreshed now."))
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "today")


def _ask_for_pull() -> bool:
    """Whether the message was taken; a page does not wait for a broker that is known to be away."""
    pulse.forget()
    if not pulse.current().redis:
        return False
    try:
        current_app.send_task("mailings.tasks.pull_recent", expires=settings.SYNC_SECONDS)
    except (KombuError, OSError):
        log.warning("a pull could not be asked for: the broker is away")
        return False
    return True
