"""Another hour for a mailing that waits at the provider."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailings import outbox, rights
from mailings.forms import HourForm, when
from mailings.models import Mailing
from mailings.smsc.spec.vocabulary import Channel
from mailings.views.actions import attempt, what_it_is
from mailings.wording import chips


@require_http_methods(["GET", "POST"])
def change_hour(request: HttpRequest, pk: int) -> HttpResponse:
    # A copy is sent off, which needs more than the right to stop mailings.
    if not rights.may(request.user, "compose"):
        raise PermissionDenied
    mailing = get_object_or_404(Mailing.objects.select_related("account").defer("remote"), pk=pk)
    now = timezone.now()
    form = HourForm(data=request.POST or None, now=now)
    if request.method == "POST" and getattr(request, "htmx", False):
        return _said(request, form, mailing)
    if request.method == "POST" and form.is_valid():
        seen = outbox.Seen(stamp=request.POST.get("seen", ""))
        return attempt(request, pk, lambda: outbox.change_hour(pk, form.moment, request.user, seen))
    if why := outbox.why_not_change_hour(mailing):
        messages.error(request, why)
        return redirect("mailing", pk)
    context = {
        "mailing": mailing,
        "form": form,
        "chip": chips.chip(mailing),
        "facts": what_it_is(mailing, now),
        "seen": outbox.stamp(mailing),
    }
    return render(request, "mailings/change_hour.html", context)


def _said(request: HttpRequest, form: HourForm, mailing: Mailing) -> HttpResponse:
    """The hour that is being typed, in full. Nothing is changed by it."""
    context: dict[str, Any] = {"form": form, "clock": request.POST.get("clock", "")}
    if form.is_valid():
        context["arrival"] = when.arrival(
            form.moment, mailing.account.home, Channel(mailing.channel or Channel.SMS)
        )
    return render(request, "mailings/_partials/hour_said.html", context)
