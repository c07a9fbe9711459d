"""Adds numbers that were looked up to a saved list or the stop list, by what they were found to be."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from mailings import accounts
from mailings.ids import row_id
from mailings.models import Mailing, SavedList
from mailings.recipients import saved_lists, stop_list
from mailings.selectors import lists, verdicts
from mailings.selectors.verdicts import Verdict
from mailings.wording import chips

STOP, NEW = "stop", "new"


class _Refused(Exception):
    """It cannot be done as asked; the text says why."""


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose verdicts, see how many numbers these are (GET), and add them to a list (POST)."""
    mailing = get_object_or_404(Mailing.objects.select_related("account").defer("remote"), pk=pk)
    if not verdicts.can_take_over(mailing):
        raise Http404
    found, asked = verdicts.verdicts(mailing), request.POST if request.method == "POST" else request.GET
    chosen = [one for one in found if one.key in asked.getlist("verdict")]
    preview = verdicts.preview(mailing, [one.key for one in chosen])
    context = {"mailing": mailing, "verdicts": found, "chosen": chosen, "preview": preview, "error": ""}
    if request.method == "POST":
        try:
            return _take(request, mailing, chosen, preview.count)
        except _Refused as why:
            context["error"] = str(why)
    context |= {"lists": lists.all_lists(), "typed": {"name": request.POST.get("name", "")}}
    status = 422 if context["error"] else 200
    return render(request, "mailings/take_over.html", context, status=status)


def _take(request: HttpRequest, mailing: Mailing, chosen: list[Verdict], count: int) -> HttpResponse:
    """Do what was asked, if the number of addresses is still the one that the person saw."""
    if not count:
        messages.error(request, _("Nobody is meant. Choose what the numbers were found to be."))
        return redirect("take_over", mailing.pk)
    if request.POST.get("seen") != str(count):
        raise _Refused(_("Meanwhile more is known of these numbers. Look at the figures and choose again."))
    rows = verdicts.people_with(mailing, [one.key for one in chosen])
    addresses = rows.values_list("address", flat=True).iterator(chunk_size=saved_lists.AT_ONCE)
    where = request.POST.get("where", "")
    if where == STOP:
        _stop(request, addresses, _reason(mailing, chosen))
        return redirect("stop_list")
    saved, added = _listed(request, where, addresses, mailing)
    said = ngettext("{n} person was added.", "{n} people were added.", added).format(n=added)
    messages.success(request, said)
    return redirect("list", saved.pk)


def _stop(request: HttpRequest, addresses: Iterable[str], reason: str) -> None:
    try:
        added = stop_list.add(addresses, country=accounts.home_country(), reason=reason, by=request.user)
    except stop_list.NotAnAddress as problem:
        said = _(
            "“%(value)s” is no number, e-mail address or Telegram name. Nothing was changed; correct it."
        )
        raise _Refused(said % {"value": problem.value}) from None
    messages.success(request, _("Nothing is sent to these any more: %(count)s.") % {"count": len(added)})


def _listed(
    request: HttpRequest, where: str, addresses: Iterable[str], mailing: Mailing
) -> tuple[SavedList, int]:
    """Add them to a saved list, an old one or a new one; returns it, and how many were added."""
    if where != NEW:
        saved = SavedList.objects.filter(pk=row_id(where) or 0).first()
        if saved is None:
            raise _Refused(_("Choose where the numbers go: the stop list, a saved list or a new one."))
        return saved, saved_lists.add(saved, addresses, source=mailing.name)
    name = request.POST.get("name", "")
    try:
        saved = saved_lists.make(name, addresses, source=mailing.name, by=request.user)
    except saved_lists.BadName as why:
        raise _Refused(str(why)) from None
    return saved, saved.count


def _reason(mailing: Mailing, chosen: list[Verdict]) -> str:
    """The reason that the stop list keeps for them."""
    words = ", ".join(one.label for one in chosen)
    day = timezone.localdate()
    return f"{words} ({chips.channel_label(mailing.channel)}, {day:%d.%m.%Y})"
