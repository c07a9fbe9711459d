"""What a person can do to a mailing. A GET shows the facts and asks; a POST does it.

The outbox decides whether something is possible. If it is not, a message says why.
"""

from collections.abc import Callable, Sequence
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
from mailings.models import Mailing, Wish
from mailings.rights import Right
from mailings.selectors import jobs
from mailings.selectors.deliveries import delivery_of
from mailings.selectors.mailing import latest_attempts
from mailings.wording import chips, deliveries, sentences, timeline
from mailings.wording.whom import who_can_do_it, who_can_grant_it

asked_once = require_http_methods(["GET", "POST"])


@dataclass(frozen=True)
class Verb:
    """A button of a mailing's page. `name`: that of its address. `when`: whether it is possible now.

    `post`: done at once, without being asked, because nothing changes at the provider. `also`: the name of
    another address to which the person must have a right too.
    """

    name: str
    label: Any
    icon: str
    when: Callable[[Mailing], bool]
    tone: str = ""
    post: bool = False
    also: str = ""

    def url(self, mailing: Mailing) -> str:
        return reverse(self.name, args=[mailing.pk])


def _only_cancel(mailing: Mailing) -> bool:
    """Whether to offer a cancel: what was not handed over is taken back instead."""
    return outbox.may_cancel(mailing) and not outbox.may_withdraw(mailing)


def _only_delete(mailing: Mailing) -> bool:
    return outbox.may_delete(mailing) and not outbox.may_withdraw(mailing)


HOLD = Verb("hold", gettext_lazy("Hold it"), "hand-raised", outbox.may_hold, "primary", post=True)
VERBS = (
    Verb(
        "resolve",
        gettext_lazy("Decide what became of it…"),
        "scale",
        outbox.may_resolve,
        "primary",
    ),
    HOLD,
    Verb("release", gettext_lazy("It may go now…"), "play", outbox.may_release, "primary"),
    Verb("edit", gettext_lazy("Go on writing"), "pencil-square", outbox.may_edit, "primary"),
    Verb(
        "undo_adoption",
        gettext_lazy("That is not its job…"),
        "arrow-uturn-left",
        outbox.may_undo_adoption,
    ),
    Verb(
        "edit",
        gettext_lazy("Change it and send again"),
        "pencil-square",
        outbox.may_reopen,
        "primary",
        post=True,
    ),
    Verb("cancel", gettext_lazy("Cancel this mailing…"), "no-symbol", _only_cancel, "danger"),
    Verb(
        "change_hour",
        gettext_lazy("Another hour…"),
        "clock",
        outbox.may_change_hour,
        also="compose",
    ),
    Verb("withdraw", gettext_lazy("Take it back…"), "arrow-uturn-left", outbox.may_withdraw, "danger"),
    Verb(
        "delete",
        gettext_lazy("Delete at SMS Centre…"),
        "trash",
        _only_delete,
        "danger",
    ),
    Verb("duplicate", gettext_lazy("Make a copy"), "document-duplicate", outbox.may_duplicate, post=True),
    Verb("save_template", gettext_lazy("Save as a template…"), "bookmark", outbox.may_duplicate),
    Verb(
        "next_month",
        gettext_lazy("The same next month"),
        "calendar-days",
        outbox.may_send_next_month,
        post=True,
    ),
    Verb(
        "dismiss_alarm",
        gettext_lazy("The alarm is dealt with"),
        "bell-slash",
        outbox.may_dismiss_alarm,
        post=True,
    ),
    Verb(
        "put_aside",
        gettext_lazy("Put it aside"),
        "archive-box",
        outbox.may_put_aside,
        post=True,
    ),
)


# Verbs that take a mailing off the list of those that need a person, and change nothing else.
ASIDE = tuple(verb for verb in VERBS if verb.name in ("dismiss_alarm", "put_aside"))


def offered(mailing: Mailing, user: Any, among: Sequence[Verb] = VERBS) -> list[dict[str, Any]]:
    """The buttons for this mailing and this person: each a `verb` and its `url`."""
    return [
        {"verb": verb, "url": verb.url(mailing)}
        for verb in among
        if verb.when(mailing)
        and rights.may(user, verb.name, mailing)
        and (not verb.also or rights.may(user, verb.also))
    ]


def withheld(mailing: Mailing, user: Any) -> list[str]:
    """For buttons that this person has no right to: who can press them, and who can grant the right."""
    missing: dict[Right, list[str]] = {}
    for verb in VERBS:
        if verb.when(mailing) and not rights.may(user, verb.name, mailing):
            label = _("“{button}”").format(button=str(verb.label).rstrip("…"))
            missing.setdefault(rights.RIGHTS[verb.name], []).append(label)
    said = [f"{', '.join(labels)}: {who_can_do_it(right, mailing)}" for right, labels in missing.items()]
    return [*said, who_can_grant_it()] if said else []


def _fetch(pk: int) -> Mailing:
    return get_object_or_404(
        Mailing.objects.select_related("account", "wish_by", "candidate_by").defer("remote"), pk=pk
    )


def attempt(request: HttpRequest, pk: int, act: Callable[[], Any], done: str = "") -> HttpResponse:
    """Do it, and go back to the mailing's page, or to Today if the form came from there.

    `done`: a message, only for what the page itself does not show. The page goes on being refreshed while a
    message stays as it is, so it is not green: bad news may follow below it.
    """
    try:
        act()
    except Mailing.DoesNotExist:
        return redirect("history")
    except outbox.Impossible as why:
        messages.error(request, str(why))
    else:
        if done:
            messages.info(request, done)
    return redirect("today") if request.POST.get("from") == "today" else redirect("mailing", pk)


def ask(
    request: HttpRequest,
    mailing: Mailing,
    *,
    title: str,
    facts: list[str | SafeString],
    button: str,
    why_not: str = "",
) -> HttpResponse:
    """The page that asks: facts and one button. `why_not`: why it cannot be done; then only this is said."""
    if why_not:
        messages.error(request, why_not)
        return redirect("mailing", mailing.pk)
    now = timezone.now()
    context = {
        "mailing": mailing,
        "chip": chips.chip(mailing),
        "sentences": sentences.sentences(mailing, now),
        "title": title,
        "facts": [*what_it_is(mailing, now), *facts],
        "button": button,
        "seen": outbox.stamp(mailing),
    }
    return render(request, "mailings/confirm.html", context)


def _seen(request: HttpRequest) -> outbox.Seen:
    """The stamp of what the person saw when deciding. One that is missing never matches."""
    return outbox.Seen(stamp=request.POST.get("seen", ""))


def what_it_is(mailing: Mailing, now: datetime) -> list[str | SafeString]:
    """How many people it goes to, what it costs, and its hour."""
    return [sentences.size(mailing), *([sentences.hour(mailing, now)] if mailing.due_at else [])]


@asked_once
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: outbox.wish(pk, Wish.CANCEL, request.user))
    facts = [
        _("What has gone out already stays gone out; the rest is not sent."),
        _("“Cancelled” is shown once SMS Centre has confirmed it on a second look."),
    ]
    if mailing.repeats:
        facts.insert(0, _("It repeats: cancelling means that there are no further repeats."))
    return ask(
        request,
        mailing,
        title=_("Cancel this mailing?"),
        facts=facts,
        button=_("Cancel this mailing"),
        why_not=outbox.why_not_cancel(mailing),
    )


@asked_once
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: outbox.wish(pk, Wish.DELETE, request.user))
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
        why_not=outbox.why_not_delete(mailing),
    )


@asked_once
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was not handed over yet."""
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: _withdraw(pk, request.user))
    facts = [_("Nothing has been handed over yet. It stays in the history, and can be copied.")]
    return ask(
        request,
        mailing,
        title=_("Take this mailing back?"),
        facts=facts,
        button=_("Take it back"),
        why_not=outbox.why_not_withdraw(mailing),
    )


def _withdraw(pk: int, by: Any) -> None:
    if not outbox.withdraw(pk, by):
        raise outbox.Impossible(outbox.why_not_withdraw(Mailing.objects.get(pk=pk)))


@asked_once
def release(request: HttpRequest, pk: int) -> HttpResponse:
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: outbox.release(pk, request.user, _seen(request)))
    facts = [_("Its hour has passed, so SMS Centre sends it at once.")] if sentences.is_past(mailing) else []
    facts += sentences.absence_shown(mailing)
    facts.append(_("If it has gone out before after all, everybody gets it twice."))
    return ask(
        request,
        mailing,
        title=_("May this mailing go now?"),
        facts=facts,
        button=_("Hand it over now"),
        why_not=outbox.why_not_release(mailing),
    )


@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a mailing that was just sent off a draft again, and open it if the person may write mailings."""
    try:
        mailing = outbox.hold(pk, request.user)
    except Mailing.DoesNotExist:
        return redirect("history")
    except outbox.Impossible as why:
        messages.error(request, str(why))
        return redirect("mailing", pk)
    messages.info(request, _("Held in time: nothing was sent. It is a draft again."))
    return redirect("edit", pk) if rights.may(request.user, "edit", mailing) else redirect("mailing", pk)


@require_POST
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    return _copied(request, pk, outbox.duplicate)


@require_POST
def next_month(request: HttpRequest, pk: int) -> HttpResponse:
    """Copy a mailing for the next month, and open the form with it."""
    return _copied(request, pk, outbox.next_month)


def _copied(request: HttpRequest, pk: int, copy_of: Callable[[int, Any], Mailing]) -> HttpResponse:
    try:
        copy = copy_of(pk, request.user)
    except Mailing.DoesNotExist:
        return redirect("history")
    except outbox.Impossible as why:
        messages.error(request, str(why))
        return redirect("mailing", pk)
    return redirect(f"{reverse('compose')}?draft={copy.pk}")


@require_POST
def dismiss_alarm(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("The alarm is off; the timeline keeps it.")
    return attempt(request, pk, lambda: outbox.dismiss_alarm(pk, request.user, _seen(request)), done)


@require_POST
def put_aside(request: HttpRequest, pk: int) -> HttpResponse:
    done = _("Put aside; the timeline says by whom. It comes back if something new goes wrong.")
    return attempt(request, pk, lambda: outbox.put_aside(pk, request.user, _seen(request)), done)


@asked_once
def cancel_job(request: HttpRequest, pk: int, remote_id: str) -> HttpResponse:
    """Cancel one of the jobs of a mailing that has several."""
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: outbox.cancel_job(pk, remote_id, request.user))
    job = next((job for job in jobs.jobs(mailing) if job.remote_id == remote_id), None)
    if job is None:
        return redirect("mailing", pk)
    facts = [
        _("The mailing's other jobs stay as they are."),
        _("“Cancelled” is shown once SMS Centre has confirmed it on a second look."),
    ]
    title = _("Cancel job {job} of this mailing?").format(job=remote_id)
    button = _("Cancel job {job}").format(job=remote_id)
    why_not = outbox.why_not_cancel(job.row)
    return ask(request, mailing, title=title, facts=[job.words, *facts], button=button, why_not=why_not)


@asked_once
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide on an unknown outcome, with all the evidence on one page."""
    mailing = _fetch(pk)
    if request.method == "POST":
        decide = DECISIONS.get(request.POST.get("decision", ""))
        if decide is None:
            messages.error(request, _("Choose one of the decisions."))
            return redirect("resolve", pk)
        return attempt(request, pk, lambda: decide(request, pk))
    now = timezone.now()
    context = {
        "mailing": mailing,
        "chip": chips.chip(mailing),
        "sentences": sentences.sentences(mailing, now),
        "search_progress": sentences.search_progress(mailing, now),
        **_messages_seen(mailing),
        "facts": what_it_is(mailing, now),
        "attempts": latest_attempts(mailing, 20),
        "jobs": jobs.jobs(mailing),
        "may_send_again": outbox.may_send_again(mailing),
        "may_give_up": outbox.may_give_up(mailing),
        "absent": mailing.looks >= 2 and not mailing.look_matches,
        "rejected": timeline.rejected_since(mailing),
        "settle_minutes": int(settings.SETTLE_AFTER_SECONDS // 60),
        "seen": outbox.stamp(mailing),
    }
    return render(request, "mailings/resolve.html", context)


def _messages_seen(mailing: Mailing) -> dict[str, Any]:
    """What its messages show about the outcome, and when they were read."""
    delivery = delivery_of(mailing)
    return {
        "evidence": deliveries.evidence(delivery),
        "read_at": delivery.as_of if delivery else None,
    }


DECISIONS: dict[str, Callable[[HttpRequest, int], Any]] = {
    "adopt": lambda request, pk: outbox.adopt(
        pk, request.POST.get("remote_id", ""), request.user, _seen(request)
    ),
    "send_again": lambda request, pk: outbox.send_again(pk, request.user, _seen(request)),
    "give_up": lambda request, pk: outbox.give_up(pk, request.user, _seen(request)),
}


@asked_once
def undo_adoption(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an adoption, as long as nothing was asked of the job since."""
    mailing = _fetch(pk)
    if request.method == "POST":
        return attempt(request, pk, lambda: outbox.undo_adoption(pk, request.user, _seen(request)))
    facts: list[str | SafeString] = [
        _("Nothing is sent, and nothing is asked of job %(job)s.") % {"job": mailing.remote_id},
        _("You can then say anew what became of this mailing."),
    ]
    return ask(
        request,
        mailing,
        title=_("Is job %(job)s not this mailing?") % {"job": mailing.remote_id},
        facts=facts,
        button=_("That is not its job"),
        why_not=outbox.why_not_undo_adoption(mailing),
    )
