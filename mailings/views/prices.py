"""The price beside the form: wanted once a person stops typing, shown when a worker has brought it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from mailings import lookups
from mailings.forms import Preview, from_post
from mailings.models import Account, Quote
from mailings.views.compose import filled

PART = "mailings/_partials/compose_price.html"


# Without a login the panel just stays as it is, like the rest of it.
@login_not_required
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Want the price of what stands in the form."""
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    form = filled(request, from_post(request.POST), check=False, uploads=False)
    asks = Preview(form).price_digest
    if not (asks and form.spec and form.account):
        return HttpResponse(status=204)
    return _part(request, lookups.want(form.account, form.spec), form.account)


@require_GET
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What came of a price that is being asked; 204 while nothing did."""
    quote = get_object_or_404(Quote.objects.select_related("account"), pk=pk)
    if quote.answered_at is None:
        return HttpResponse(status=204)
    return _part(request, quote, quote.account)


def _part(request: HttpRequest, quote: Quote, account: Account) -> HttpResponse:
    return render(request, PART, {"quote": quote, "account": account, "asks": True})
