"""The price beside the form: asked for when a person stops typing, shown once a worker has read it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from mailings import lookups
from mailings.forms import Preview, from_post
from mailings.models import Account, Quote
from mailings.views.compose import filled

PART = "mailings/_partials/compose_price.html"


# Open to all: without a login the panel stays as it is (see preview.py).
@login_not_required
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a worker for the price of what is in the form. 204: there is no price to ask for."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    form = filled(request, from_post(request.POST), check=False, uploads=False)
    asks = Preview(form).price_digest
    if not (asks and form.spec and form.account):
        return HttpResponse(status=204)
    return _part(request, lookups.want(form.account, form.spec), form.account)


@require_GET
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer about a price, or why there is none. 204: it is still being asked."""
    quote = get_object_or_404(Quote.objects.select_related("account"), pk=pk)
    if quote.answered_at is None:
        return HttpResponse(status=204)
    return _part(request, quote, quote.account)


def _part(request: HttpRequest, quote: Quote, account: Account) -> HttpResponse:
    return render(request, PART, {"quote": quote, "account": account, "asks": True})
