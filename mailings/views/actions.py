"""What a person does to a mailing. Each is asked once, with the facts (GET), and done by a POST.

The outbox decides whether something is possible; what it refuses comes back as a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from mailings import outbox
from mailings.models import Mailing, State, Wish
from mailings.models.states import HELD_FOR_A_PERSON, MAY_BE_AT_PROVIDER, NOT_HANDED_OVER
from mailings.wording import chips, sentences, timeline

MAY_CANCEL = "mailings.cancel_mailing"
may_cancel = permission_required(MAY_CANCEL, raise_exception=True)
asked_once = require_http_methods(["GET", "POST"])


@dataclass(frozen=True)
class Verb:
    """A button of a mailing's page. `post`: done at once, for it changes nothing that matters outside."""

    name: str
    label: Any
    icon: str
    when: Callable[[Mailing], bool]
    tone: str = ""
    post: bool = False
    permission: str = ""

    def url(self, mailing: Mailing) -> str:
        return reverse(self.name, args=[mailing.pk])


def _cancellable(mailing: Mailing) -> bool:
    return mailing.state in MAY_BE_AT_PROVIDER and not mailing.gone and not mailing.wish


def _deletable(mailing: Mailing) -> bool:
    at_provider = mailing.state in MAY_BE_AT_PROVIDER or mailing.state == State.CANCELLED
    return at_provider and not mailing.gone and mailing.wish != Wish.DELETE


VERBS = (
    Verb(
        "resolve",
        gettext_lazy("Decide what became of it…"),
        "scale",
        lambda row: row.state in (State.UNKNOWN, State.ABANDONED),
        "primary",
        permission=MAY_CANCEL,
    ),
    Verb(
        "release",
        gettext_lazy("It may go now…"),
        "play",
        lambda row: row.state == State.HELD and row.held_reason in HELD_FOR_A_PERSON,
        "primary",
    ),
    Verb(
        "undo_adoption",
        gettext_lazy("That is not its job…"),
        "arrow-uturn-left",
        outbox.may_undo_adoption,
        permission=MAY_CANCEL,
    ),
    Verb(
        "edit",
        gettext_lazy("Change it and send again"),
        "pencil-square",
        lambda row: row.state == State.REFUSED,
        "primary",
        post=True,
    ),
    Verb(
        "cancel",
        gettext_lazy("Cancel this mailing…"),
        "no-symbol",
        _cancellable,
        "danger",
        permission=MAY_CANCEL,
    ),
    Verb(
        "withdraw",
        gettext_lazy("Take it back…"),
        "arrow-uturn-left",
        lambda row: row.state in NOT_HANDED_OVER,
        "danger",
    ),
    Verb(
        "delete", gettext_lazy("Delete at SMS Centre…"), "trash", _deletable, "danger", permission=MAY_CANCEL
    ),
    Verb(
        "duplicate",
        gettext_lazy("Make a copy"),
        "document-duplicate",
        lambda row: bool(row.spec or row.draft),
        post=True,
    ),
    Verb(
        "dismiss_alarm",
        gettext_lazy("The alarm is dealt with"),
        "bell-slash",
        lambda row: bool(row.alarm),
        post=True,
        permission=MAY_CANCEL,
    ),
)


def offered(mailing: Mailing, user: Any) -> list[dict[str, Any]]:
    """The buttons for this mailing and this person."""
    return [
        {"verb": verb, "url": verb.url(mailing)}
        for verb in VERBS
        if verb.when(mailing) and (not verb.permission or user.has_perm(verb.permission))
    ]


def _fetch(pk: int) -> Mailing:
    return get_object_or_404(
        Mailing.objects.select_related("account", "wish_by", "candidate_by").defer("remote"), pk=pk
    )


def attempt(request: HttpRequest, pk: int, act: Callable[[], Any], done: str) -> HttpResponse:
    """Do it, say what came of it, and go back to the mailing's page."""
    try:
        act()
    except Mailing.DoesNotExist:
        return redirect("history")
    except outbox.Impossible as why:
        messages.error(request, str(why))
    else:
        messages.success(request, done)
    return redirect("mailing", pk)


def ask(
    request: HttpRequest, mailing: Mailing, *, title: str, facts: list[str | SafeString], button: str
) -> HttpResponse:
    """The page that asks once: what it is about, what follows, one button."""
    now = timezone.now()
    context = {
        "mailing": mailing,
        "chip": chips.chip(mailing.state),
        "sentences": sentences.sentences(mailing, now),
        "title": title,
        "facts": [*what_it_is(mailing, now), *facts],
        "button": button,
        "seen": outbox.stamp(mailing),
    }
    return render(request, "mailings/confirm.html", context)


def _seen(request: HttpRequest) -> outbox.Seen:
    """What the page showed on which a person decided; a form without it decides nothing."""
    return outbox.Seen(stamp=request.POST.get("seen", ""))


def what_it_is(mailing: Mailing, now: datetime) -> list[str | SafeString]:
    """How many people and how much money hang on it."""
    return [sentences.size(mailing), *([sentences.hour(mailing, now)] if mailing.due_at else [])]


@may_cancel
@asked_once
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        done = _("Cancelling was asked for. This page says when SMS Centre has confirmed it.")
        return attempt(request, pk, lambda: outbox.wish(pk, Wish.CANCEL, request.user), done)
    facts = [
        _("What has gone out already stays gone out; the rest is not sent."),
        _("“Cancelled” is shown once SMS Centre has confirmed it on a second look."),
    ]
    if mailing.repeats:
        facts.insert(0, _("It repeats: cancelling means that there are no further repeats."))
    return ask(
        request, mailing, title=_("Cancel this mailing?"), facts=facts, button=_("Cancel this mailing")
    )


@may_cancel
@asked_once
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        done = _("Deleting was asked for. This page says when SMS Centre has confirmed it.")
        return attempt(request, pk, lambda: outbox.wish(pk, Wish.DELETE, request.user), done)
    facts = [
        _(
            "SMS Centre forgets the mailing, and what has not gone out is not sent. "
            "It cannot be brought back there."
        ),
        _("Here it is kept for the record."),
    ]
    return ask(
        request,
        mailing,
        title=_("Delete this mailing at SMS Centre?"),
        facts=facts,
        button=_("Delete at SMS Centre"),
    )


@asked_once
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what has not left us; what others sent off, with the permission to cancel."""
    mailing = _fetch(pk)
    own = mailing.state == State.DRAFT or mailing.created_by_id == request.user.pk
    if not own and not request.user.has_perm(MAY_CANCEL):
        messages.error(request, _("Taking back what somebody else sent off needs the permission to cancel."))
        return redirect("mailing", pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: _withdraw(pk, request.user), _("Taken back. Nothing was sent."))
    facts = [_("Nothing has been handed over yet. It stays in the history, and can be copied.")]
    return ask(request, mailing, title=_("Take this mailing back?"), facts=facts, button=_("Take it back"))


def _withdraw(pk: int, by: Any) -> None:
    if not outbox.withdraw(pk, by):
        raise outbox.Impossible(_("It has left us, or may have, so it can only be cancelled now."))


@asked_once
def release(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(
            request,
            pk,
            lambda: outbox.release(pk, request.user, _seen(request)),
            _("It will be handed over in a moment."),
        )
    facts = [_("Its hour has passed, so SMS Centre sends it at once.")] if sentences.is_past(mailing) else []
    facts.append(_("If it has gone out before after all, everybody gets it twice."))
    return ask(
        request, mailing, title=_("May this mailing go now?"), facts=facts, button=_("Hand it over now")
    )


@require_POST
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        copy = outbox.duplicate(pk, request.user)
    except Mailing.DoesNotExist:
        return redirect("history")
    except outbox.Impossible as why:
        messages.error(request, str(why))
        return redirect("mailing", pk)
    return redirect(f"{reverse('compose')}?draft={copy.pk}")


@may_cancel
@require_POST
def dismiss_alarm(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The alarm is off; the timeline keeps it.")
    return attempt(request, pk, lambda: outbox.dismiss_alarm(pk, request.user, _seen(request)), done)


@may_cancel
@asked_once
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's decision on an unknown outcome, with all the evidence there is."""
    mailing = _fetch(pk)
    if request.method == "POST":
        decision = DECISIONS.get(request.POST.get("decision", ""))
        if decision is None:
            messages.error(request, _("Choose one of the decisions."))
            return redirect("resolve", pk)
        return attempt(request, pk, lambda: decision.act(request, pk), str(decision.done))
    now = timezone.now()
    context = {
        "mailing": mailing,
        "chip": chips.chip(mailing.state),
        "sentences": sentences.sentences(mailing, now),
        "looking": sentences.looking(mailing, now),
        "facts": what_it_is(mailing, now),
        "attempts": mailing.attempts.order_by("begin", "id")[:20],
        "absent": mailing.looks >= 2 and not mailing.look_matches,
        "rejected": timeline.rejected_since(mailing),
        "settle_minutes": int(settings.SETTLE_AFTER_SECONDS // 60),
        "seen": outbox.stamp(mailing),
    }
    return render(request, "mailings/resolve.html", context)


@dataclass(frozen=True)
class Decision:
    """One of the decisions on an unknown outcome, and what is said when it was made."""

    act: Callable[[HttpRequest, int], Any]
    done: Any


DECISIONS = {
    "adopt": Decision(
        lambda request, pk: outbox.adopt(pk, request.POST.get("remote_id", ""), request.user, _seen(request)),
        gettext_lazy("Your word was noted. This page says what SMS Centre shows of that job."),
    ),
    "send_again": Decision(
        lambda request, pk: outbox.send_again(pk, request.user, _seen(request)),
        gettext_lazy("It will be sent again in a moment."),
    ),
    "give_up": Decision(
        lambda request, pk: outbox.give_up(pk, request.user, _seen(request)),
        gettext_lazy("It was given up. If it turns up at SMS Centre, you will be told."),
    ),
}


@may_cancel
@asked_once
def undo_adoption(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that a job is this mailing, as long as nothing was asked of the job."""
    mailing = _fetch(pk)
    if request.method == "POST":
        done = _("It is unknown again what became of it. Nothing was asked of that job.")
        return attempt(request, pk, lambda: outbox.undo_adoption(pk, request.user, _seen(request)), done)
    facts: list[str | SafeString] = [
        _("Nothing is sent, and nothing is asked of job %(job)s.") % {"job": mailing.remote_id},
        _("You can then say anew what became of this mailing."),
    ]
    title = _("Is job %(job)s not this mailing?") % {"job": mailing.remote_id}
    return ask(request, mailing, title=title, facts=facts, button=_("That is not its job"))
