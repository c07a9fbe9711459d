"""What a person does to a mailing. Each is asked once, with the facts (GET), and done by a POST.

The outbox decides whether something is possible; what it refuses comes back as a sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from mailings import outbox, rights
from mailings.models import Mailing, State, Wish
from mailings.models.states import HELD_FOR_A_PERSON, MAY_BE_AT_PROVIDER, NOT_HANDED_OVER
from mailings.rights import Right
from mailings.wording import chips, sentences
from mailings.wording.whom import whom_to_ask

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
    ),
    Verb(
        "release",
        gettext_lazy("It may go now…"),
        "play",
        lambda row: row.state == State.HELD and row.held_reason in HELD_FOR_A_PERSON,
        "primary",
    ),
    Verb(
        "edit",
        gettext_lazy("Change it and send again"),
        "pencil-square",
        lambda row: row.state == State.REFUSED,
        "primary",
        post=True,
    ),
    Verb("cancel", gettext_lazy("Cancel this mailing…"), "no-symbol", _cancellable, "danger"),
    Verb(
        "withdraw",
        gettext_lazy("Take it back…"),
        "arrow-uturn-left",
        lambda row: row.state in NOT_HANDED_OVER,
        "danger",
    ),
    Verb("delete", gettext_lazy("Delete at SMS Centre…"), "trash", _deletable, "danger"),
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
    ),
)


def offered(mailing: Mailing, user: Any) -> list[dict[str, Any]]:
    """The buttons for this mailing and this person."""
    return [
        {"verb": verb, "url": verb.url(mailing)}
        for verb in VERBS
        if verb.when(mailing) and rights.may(user, verb.name, mailing)
    ]


def withheld(mailing: Mailing, user: Any) -> list[str]:
    """In place of buttons that others have for this mailing: whom to ask, a sentence for each right."""
    missing: dict[Right, list[str]] = {}
    for verb in VERBS:
        if verb.when(mailing) and not rights.may(user, verb.name, mailing):
            label = _("“{button}”").format(button=str(verb.label).rstrip("…"))
            missing.setdefault(rights.RIGHTS[verb.name], []).append(label)
    return [f"{', '.join(labels)}: {whom_to_ask(right, mailing)}" for right, labels in missing.items()]


def _fetch(pk: int) -> Mailing:
    return get_object_or_404(Mailing.objects.select_related("account", "wish_by").defer("remote"), pk=pk)


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
    }
    return render(request, "mailings/confirm.html", context)


def what_it_is(mailing: Mailing, now: datetime) -> list[str | SafeString]:
    """How many people and how much money hang on it."""
    return [sentences.size(mailing), *([sentences.hour(mailing, now)] if mailing.due_at else [])]


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
    """Take back what has not left us."""
    mailing = _fetch(pk)
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
            request, pk, lambda: outbox.release(pk, request.user), _("It will be handed over in a moment.")
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


@require_POST
def dismiss_alarm(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The alarm is off; the timeline keeps it.")
    return attempt(request, pk, lambda: outbox.dismiss_alarm(pk, request.user), done)


@asked_once
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's decision on an unknown outcome, with all the evidence there is."""
    mailing = _fetch(pk)
    if request.method == "POST":
        decide = DECISIONS.get(request.POST.get("decision", ""))
        if decide is None:
            messages.error(request, _("Choose one of the decisions."))
            return redirect("resolve", pk)
        return attempt(request, pk, lambda: decide(request, pk), _("Your decision was carried out."))
    now = timezone.now()
    context = {
        "mailing": mailing,
        "chip": chips.chip(mailing.state),
        "sentences": sentences.sentences(mailing, now),
        "looking": sentences.looking(mailing, now),
        "facts": what_it_is(mailing, now),
        "attempts": mailing.attempts.order_by("begin", "id")[:20],
        "absent": mailing.looks >= 2 and not mailing.look_matches,
        "settle_minutes": int(settings.SETTLE_AFTER_SECONDS // 60),
    }
    return render(request, "mailings/resolve.html", context)


DECISIONS: dict[str, Callable[[HttpRequest, int], Any]] = {
    "adopt": lambda request, pk: outbox.adopt(pk, request.POST.get("remote_id", ""), request.user),
    "send_again": lambda request, pk: outbox.send_again(pk, request.user),
    "give_up": lambda request, pk: outbox.give_up(pk, request.user),
}
