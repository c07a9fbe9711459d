"""The panel beside the form, drawn anew while a person types."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from mailings.forms import Preview, from_post
from mailings.selectors import offers, repeats
from mailings.views.compose import filled


# Open to all: without a login the panel stays as it is, as a login page inside of it would be of no use.
@login_not_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    form = filled(request, from_post(request.POST), check=False, uploads=False)
    context = {"form": form, "facts": Preview(form), "offers": offers.of(form), "live": True}
    context["repeats"] = repeats.of_form(form)
    return render(request, "mailings/_partials/compose_panel.html", context)
