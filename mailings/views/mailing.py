"""The page of a mailing: its state, what can be done, its timeline, its recipients, and the calls for it."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from mailings import outbox, rights
from mailings.models import EventKind, Mailing, State
from mailings.selectors import jobs, mailing
from mailings.selectors.mailing import last_hour_change, latest_attempts
from mailings.smsc.api.answers import JobStatus
from mailings.views.actions import offered, withheld
from mailings.views.history import STOP_POLLING
from mailings.views.results import results_of
from mailings.views.wanted import wanted_in
from mailings.wording import chips, sentences, timeline

SOON_SECONDS = 3
LATER_SECONDS = 20
ATTEMPTS_AT_MOST = 100


def fetch(pk: int) -> Mailing:
    """A mailing with the related rows that its page shows. Raises Http404."""
    people = ("account", "created_by", "submitted_by", "wish_by", "candidate_by", "self_test__of", "delivery")
    rows = Mailing.objects.select_related(*people).prefetch_related("hour_changes")
    return get_object_or_404(rows, pk=pk)


def refresh_seconds(mailing: Mailing) -> int | None:
    """After how many seconds the page asks again; None: nothing changes by itself any more."""
    change = last_hour_change(mailing)
    moving = change is not None and not change.result
    if moving or not mailing.is_settled or any(job.cancelling for job in jobs.jobs(mailing)):
        return SOON_SECONDS
    seen = mailing.verified_at is not None
    under_way = not seen or mailing.remote_status in (JobStatus.WAITING, JobStatus.GOING)
    if mailing.state == State.ACCEPTED and under_way and not mailing.gone:
        return LATER_SECONDS
    return None


def state_of(request: HttpRequest, mailing: Mailing) -> dict[str, Any]:
    """The context of `_status.html`, which is a part of the page and is also polled."""
    now, attempts = timezone.now(), latest_attempts(mailing, ATTEMPTS_AT_MOST)
    bad, said = (
        sentences.bad_news(mailing, now),
        sentences.sentences(mailing, now, actor=_who_gave_up(mailing)),
    )
    return {
        "mailing": mailing,
        "jobs": jobs.jobs(mailing),
        "may_cancel": rights.may(request.user, "cancel", mailing),
        "chip": chips.chip(mailing, now),
        "bad_news": bad,
        "sentences": [one for one in said if one not in bad],
        "note": sentences.elsewhere(mailing),
        "hour_change": last_hour_change(mailing),
        "channel": chips.channel_label(mailing.channel),
        "actions": offered(mailing, request.user),
        "withheld": withheld(mailing, request.user),
        "seen": outbox.stamp(mailing, attempts if len(attempts) < ATTEMPTS_AT_MOST else None),
        "refresh_seconds": refresh_seconds(mailing),
        "version": version(mailing),
        "timeline": timeline.moments(mailing, attempts),
        "attempts": attempts,
    }


def version(mailing: Mailing) -> str:
    """Eight hex digits that change whenever the polled part does (ages are counted by the browser)."""
    names = [
        "state", "state_at", "held_reason", "alarm", "cost", "parts", "waiting_for", "not_before",
        "remote_id", "remote_status", "remote_word", "remote_send_at", "verified_at", "gone", "wish",
        "wish_next_at", "wish_agreed_at", "wish_result", "looks", "look_at", "look_note", "look_matches",
        "alarm_jobs", "other_jobs", "put_aside_at", "candidate", "adopted_at", "wish_before",
        "messages_seen",
    ]  # fmt: skip
    now = timezone.now()
    clock = (
        chips.is_unverified(mailing, now),
        now - mailing.state_at < sentences.A_MOMENT,
        outbox.may_hold(mailing),
    )
    change = last_hour_change(mailing)
    moved = (change.pk, change.result) if change else ()
    others = [(job.status, job.cancelling) for job in jobs.jobs(mailing)]
    return f"{chips.digest([*clock, *moved, others, *(getattr(mailing, name) for name in names)]):08x}"


def _who_gave_up(mailing: Mailing) -> Any:
    if mailing.state != State.ABANDONED:
        return None
    event = (
        mailing.events.filter(kind=EventKind.GIVEN_UP).select_related("who").order_by("-at", "-id").first()
    )
    return event.who if event else None


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    row = fetch(pk)
    context = state_of(request, row) | {
        "options": mailing.options(row),
        "files": list(row.attachments.all()) if not row.spec or row.spec.get("files") else [],
        "people": mailing.first_people(row),
        **results_of(row),
        "raw": json.dumps(row.remote, ensure_ascii=False, indent=2) if row.remote is not None else "",
        "stale_seconds": int(2 * settings.SYNC_SECONDS),
    }
    return render(request, "mailings/mailing.html", context)


@require_GET
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """The part that refreshes itself. 204: nothing has changed. 286: the page need not ask again."""
    row = fetch(pk)
    if request.GET.get("v") == version(row) and refresh_seconds(row) is not None:
        return HttpResponse(status=204)
    context = state_of(request, row) | {"polled": True}
    code = 200 if context["refresh_seconds"] is not None else STOP_POLLING
    return render(request, "mailings/_status.html", context, status=code)


@require_http_methods(["GET", "POST"])
def recipients(request: HttpRequest, pk: int) -> HttpResponse:
    """The recipients that a search finds. It is posted, because no number may be in an address."""
    row = fetch(pk)
    wanted = wanted_in(request, "number")
    context = {"mailing": row, "people": mailing.find_people(row, wanted), "wanted": wanted}
    part = bool(getattr(request, "htmx", False))
    return render(request, "mailings/_people.html" if part else "mailings/recipients.html", context)
