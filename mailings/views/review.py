"""The review: shows what a draft would do, and has the button that sends it off."""

from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from mailings import lookups, outbox
from mailings.forms import ComposeForm, own_test
from mailings.models import Confirmation, Mailing, Quote
from mailings.selectors import review as selector
from mailings.selectors.offers import Offers
from mailings.selectors.review import Review
from mailings.views import compose
from mailings.wording import chips


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the facts of a draft (GET); send it off if they are still the same (POST)."""
    mailing = get_object_or_404(Mailing.objects.select_related("account").defer("draft"), pk=pk)
    if not outbox.may_send_off(mailing):
        return _elsewhere(request, mailing)
    if _is_asking(request.GET.get("quote", "")):
        return HttpResponse(status=204)
    found = selector.of(mailing, timezone.now())
    if request.method == "POST":
        return _send(request, found)
    ticked = [one for one in Confirmation if one.value in request.GET.getlist("confirm")]
    return show(request, _priced(found), confirmed=ticked)


def _elsewhere(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Redirect to the mailing's page, or to the form of a draft that is not ready."""
    there = reverse("mailing", args=[mailing.pk])
    if outbox.may_edit(mailing):
        messages.info(request, _("Finish it first: “Review” below the form then shows what would be sent."))
        there = f"{reverse('compose')}?draft={mailing.pk}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(there)
    return redirect(there)


def _is_asking(quote: str) -> bool:
    """Whether the price that the page waits for is still being asked."""
    waiting = Quote.objects.filter(answered_at=None)
    return quote.isascii() and quote.isdigit() and waiting.filter(pk=int(quote[:18])).exists()


def _priced(found: Review) -> Review:
    """The review with its price, which is asked for if it is not known."""
    quote = lookups.want_for(found.mailing, found.mailing.prepared["price"])
    return Review(found.mailing, found.spec, found.now, quote, found.repeats)


def _send(request: HttpRequest, found: Review) -> HttpResponse:
    confirmed = [one for one in Confirmation if one.value in request.POST.getlist("confirm")]
    needed = [need.what for need in found.needs]
    if found.is_past:
        return show(request, found, _("Its hour has passed, so nothing was sent. Go back and give another."))
    if why := found.stale(request.POST.get("seen", "")):
        return show(request, _priced(found), why)
    if missing := [what for what in needed if what not in confirmed]:
        return show(request, found, missing=missing, confirmed=confirmed)
    try:
        mailing = outbox.send_off(
            found.mailing.pk,
            request.user,
            spec_digest=found.mailing.spec_digest,
            hold_seconds=settings.HOLD_SECONDS,
            confirmed=needed,
        )
    except outbox.Impossible as why:
        messages.error(request, str(why))
        return redirect("review", found.mailing.pk)
    return redirect("mailing", mailing.pk)


@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the reviewed draft to the person's own addresses, and show the review again."""
    mailing = get_object_or_404(Mailing.objects.select_related("account"), pk=pk)
    if not outbox.may_send_off(mailing):
        return _elsewhere(request, mailing)
    form = compose.form_of(mailing)
    form.typed.own_addresses = request.POST.get("own_addresses", "")
    form.typed.test_key = request.POST.get("test_key", "")
    spec = own_test.spec_of(form, form.typed.own_addresses)
    if spec is None:
        found = selector.of(mailing, timezone.now())
        return show(request, _priced(found), test=_test_of(form, request))
    try:
        compose.send_test(request, mailing, spec, form.typed.test_key)
    except DatabaseError:
        text = _("The database is busy, so nothing was stored and nothing was sent. Press the button again.")
        found = _priced(selector.of(mailing, timezone.now()))
        return show(request, found, text, test=_test_of(form, request))
    return redirect("review", pk)


def _test_of(form: ComposeForm, request: HttpRequest) -> own_test.Box:
    """The test with all errors of the form, since the review shows no fields to which they belong."""
    made = own_test.box(form, request.user, compose.new_key())
    return replace(made, errors=tuple(one.text for one in form.listed_errors))


def show(
    request: HttpRequest,
    found: Review,
    notice: str = "",
    *,
    missing: list[Confirmation] | None = None,
    confirmed: list[Confirmation] | None = None,
    test: own_test.Box | None = None,
) -> HttpResponse:
    """The page. `notice`: why nothing was sent; `missing`: what was not confirmed."""
    context = {
        "review": found,
        "mailing": found.mailing,
        "account": found.mailing.account,
        "channel": chips.channel_label(found.channel),
        "offers": Offers(found.mailing.account, found.channel, found.sender, found.fallback_sender),
        "notice": notice,
        "missing": missing or [],
        "confirmed": confirmed or [],
        "files": list(found.mailing.attachments.all()),
        "test": test or own_test.box_for(request.user, found.channel, compose.new_key()),
    }
    return render(request, "mailings/review.html", context)
