"""The card with things to try in the sandbox, each with one button."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailings.accounts import sandbox_control
from mailings.accounts.sandbox_control import Trial
from mailings.models import Account
from mailings.wording.trials import TRIALS

DISMISSED = "sandbox_card_dismissed"


def card(request: HttpRequest, accounts: list[Account]) -> list[dict[str, object]]:
    """The trials that the first page offers: none for a live account, nor after the card was dismissed."""
    if not accounts or not sandbox_control.is_here(accounts[0]) or request.session.get(DISMISSED):
        return []
    return [{"trial": trial, "words": words} for trial, words in TRIALS.items()]


@require_POST
def order(request: HttpRequest, trial: str) -> HttpResponse:
    """Order a trial of the sandbox of the first account."""
    account = Account.objects.order_by("pk").first()
    if account is None or not sandbox_control.is_here(account) or trial not in Trial.values:
        raise Http404
    try:
        sandbox_control.order(account, Trial(trial))
    except sandbox_control.NoSandbox:
        messages.error(request, _("The sandbox did not answer, so nothing was ordered. Is it running?"))
    else:
        messages.info(request, str(TRIALS[Trial(trial)].done))
    return redirect("today")


@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """Hide the card until this person logs in again."""
    request.session[DISMISSED] = True
    return redirect("today")
