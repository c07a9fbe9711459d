"""Saves a draft while a person types, and discards drafts."""

from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailings import outbox, rights
from mailings.forms import ComposeForm, Files, Typed, filed, from_post
from mailings.models import Mailing, State
from mailings.outbox import Elsewhere, Impossible, Overtaken
from mailings.views.compose import accounts, apart, draft_of


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Save what is typed so far (an autosave).

    204: there is nothing to save, a later save has arrived already, or it is no draft any more.
    """
    typed = from_post(request.POST)
    file = filed.find(request.POST.get("held_recipients", ""), request.user)
    files = Files(recipients=file)
    form = ComposeForm(typed, now=timezone.now(), files=files, accounts=accounts(), judge=False)
    if form.account is None or form.unstorable or typed.odd_channel or not typed.says_something:
        return HttpResponse(status=204)
    context: dict[str, Any] = {"typed": typed}
    try:
        context["draft"] = _saved(form, request.user, taken_out="recipients" in request.POST.getlist("drop"))
    except Overtaken:
        return HttpResponse(status=204)
    except Elsewhere as why:
        context |= {"draft": apart(form, request.user), "elsewhere": why}
    except Impossible:
        return HttpResponse(status=204)
    except DatabaseError:
        context["busy"] = True
    return render(request, "mailings/_partials/compose_saved.html", context)


def _saved(form: ComposeForm, by: Any, *, taken_out: bool) -> Mailing:
    """Save the form. `taken_out`: whether the draft's file of recipients was taken out of it."""
    typed = form.typed
    whose: dict[str, Any] = {"account": form.account, "by": by, "key": typed.key or None}
    options, draft = form.draft_options(), draft_of(typed)
    own = draft.imports.first() if draft and not taken_out else None
    whose["imported"] = form.uploads.recipients or own
    return outbox.save_draft(options, **whose, mailing=draft, version=typed.version, quiet=True)


@require_POST
def discard(request: HttpRequest) -> HttpResponse:
    """Withdraw the draft. A form that was never saved is only emptied."""
    draft = draft_of(Typed(draft=request.POST.get("draft", ""), key=request.POST.get("key", "")))
    if draft is None or draft.state != State.DRAFT:
        return redirect("compose")
    if not rights.may(request.user, "withdraw", draft):
        messages.error(request, _("Only whoever made this draft may discard it, or an administrator."))
        return redirect(f"{reverse('compose')}?draft={draft.pk}")
    if not outbox.withdraw(draft.pk, request.user):
        messages.error(request, _("This draft was sent off meanwhile, so it was not discarded."))
        return redirect("mailing", draft.pk)
    messages.info(request, _("The draft is discarded. It stays in the history, where it can be copied."))
    return redirect("today")
