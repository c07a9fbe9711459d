"""The timeline of a mailing: who did what, what the provider answered, what was seen; oldest first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from mailings.models import (
    Alarm,
    Attempt,
    Confirmation,
    Event,
    EventKind,
    HeldReason,
    HourChange,
    LookNote,
    Mailing,
    Wish,
    WishAnswer,
    WishResult,
)
from mailings.models.states import NotItsJob
from mailings.outbox.drafts import HOUR
from mailings.outbox.own_templates import ASIDE
from mailings.smsc.api.aliases import JobStatus, status_of
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.wording import chips, reasons
from mailings.wording.moments import exact

AT_MOST = 300


@dataclass(frozen=True)
class Moment:
    """One line of the timeline. `who`: "" if no person did it. `words`: the provider's own text, if any."""

    at: datetime
    text: str
    who: str = ""
    words: str = ""


def moments(mailing: Mailing, attempts: Iterable[Attempt]) -> list[Moment]:
    """The newest events and words of the provider (AT_MOST of each), and the `attempts` under way."""
    found = [*_events(mailing), *_observations(mailing), *_under_way(attempts)]
    return sorted(found, key=lambda moment: moment.at)


def _events(mailing: Mailing) -> Iterable[Moment]:
    for event in list(mailing.events.select_related("who").order_by("-at", "-id")[:AT_MOST]):
        yield Moment(
            event.at,
            tell(event),
            _who(event),
            str(event.data.get("text") or ""),
        )


def _who(event: Event) -> str:
    if event.who:
        return chips.person(event.who)
    if name := event.data.get("system_user"):
        return _("{name}, on the command line").format(name=name)
    return ""


def _observations(mailing: Mailing) -> Iterable[Moment]:
    """Changes of the provider's status word. Figures are shown elsewhere on the page."""
    last = None
    seen = list(mailing.observations.order_by("-at", "-id").values_list("at", "status_word")[:AT_MOST])
    for at, word in reversed(seen):
        if word and word != last:
            yield Moment(at, _("SMS Centre's word for it: {word}").format(word=word))
        last = word


def _under_way(attempts: Iterable[Attempt]) -> Iterable[Moment]:
    for attempt in attempts:
        if not attempt.outcome:
            yield Moment(attempt.begin, _("Call under way: {kind}").format(kind=attempt.get_kind_display()))


def rejected_since(mailing: Mailing) -> list[str]:
    """Which jobs were refused as this mailing's since it reached its state, and why."""
    events = Event.objects.filter(mailing=mailing, kind=EventKind.REJECTED, at__gte=mailing.state_at)
    return [tell(event) for event in events]


def tell(event: Event) -> str:
    """An event in words."""
    own = TELL.get(event.kind)
    return own(event.data) if own else str(event.get_kind_display()).capitalize()


def _job(data: dict[str, Any]) -> str:
    return str(data.get("remote_id") or "–")


def _code(data: dict[str, Any]) -> str:
    code = data.get("code")
    return " " + _("(error {code})").format(code=code) if code is not None else ""


def _reason(data: dict[str, Any]) -> str:
    reason = str(data.get("reason") or "")
    if reason == HeldReason.RESTORED:  # a backup or a lagging replica; we cannot tell which
        return _("the database is older than what was sent last")
    return str(HeldReason(reason).label) if reason in HeldReason.values else reasons.words(reason)


def _not_its_job(data: dict[str, Any]) -> str:
    reason = str(data.get("reason") or "")
    return str(NotItsJob(reason).label) if reason in NotItsJob.values else "–"


def _looked(data: dict[str, Any]) -> str:
    if data.get("complete"):
        text = _("Looked for it: a complete look did not show it (number {number})")
        return text.format(number=data.get("number") or "–")
    note = str(data.get("note") or "")
    return _("Looked for it, but absence cannot be shown: {note}").format(
        note=LookNote(note).label if note else "–"
    )


def _wished(data: dict[str, Any]) -> str:
    if data.get("remote_id"):
        return _("Asked to cancel job {job}").format(job=_job(data))
    return _("Asked to cancel it") if data.get("wish") == Wish.CANCEL else _("Asked to delete it")


def _wish_step(data: dict[str, Any]) -> str:
    cancel = data.get("wish") == Wish.CANCEL
    if data.get("outcome") == Attempt.Outcome.ACCEPTED:
        return _("SMS Centre said OK to cancelling it") if cancel else _("SMS Centre said OK to deleting it")
    said = _("Cancelling it did not go through") if cancel else _("Deleting it did not go through")
    return said + _code(data)


def _wish_ended(data: dict[str, Any]) -> str:
    cancel = data.get("wish") == Wish.CANCEL
    result = data.get("result")
    if result == WishResult.CONFIRMED:
        return _("A second look confirmed: cancelled") if cancel else _("A second look confirmed: deleted")
    if result == WishResult.TOO_LATE:
        return _too_late(data)
    if result == WishResult.UNCONFIRMED:
        return _("Could not be confirmed; SMS Centre's own words: “{words}”").format(
            words=data.get("words") or "–"
        )
    answer = str(data.get("answer") or "")
    why = str(WishAnswer(answer).label) if answer in WishAnswer.values else _("it was not seen to be done")
    return (_("Cancelling it failed: {why}") if cancel else _("Deleting it failed: {why}")).format(why=why)


def _too_late(data: dict[str, Any]) -> str:
    """Says that it has gone out only if the provider's word says so."""
    match status_of(str(data.get("words") or "")):
        case JobStatus.GONE_OUT:
            return _("Too late: it had already gone out")
        case JobStatus.GOING:
            return _("Too late: it was going out already")
    return _("Too late, as far as is known: its hour had passed, but it was not seen to go out")


def _left_out(data: dict[str, Any]) -> str:
    if data.get("all"):
        return _("Everybody it was for is on the stop list, so nothing was sent")
    return _("Left out, since they are on the stop list: {count}").format(count=data.get("count") or "–")


def _alarm(data: dict[str, Any]) -> str:
    if data.get("left"):
        return _("No more than one of its jobs is left, so the alarm is over")
    if not data.get("alarm"):
        return _("Alarm dealt with")
    label = str(Alarm(data["alarm"]).label)
    jobs = ", ".join(str(job) for job in data.get("remote_ids") or [])
    return _("Alarm: {what} ({jobs})").format(what=label, jobs=jobs or "–")


def _edited(data: dict[str, Any]) -> str:
    own = {"account": _("Account"), "files": _("Files"), "braces": _("Text"), "voice_language": _("Voice")}
    own |= dict.fromkeys(("phones", "skip_wrong", "with_doubtful"), _("Recipients"))
    own |= dict.fromkeys(HOUR, _("When"))
    names = [str(name).removeprefix(ASIDE) for name in data.get("fields") or []]
    labels = [own.get(name) or (_(OPTIONS[name].label) if name in OPTIONS else name) for name in names]
    what = ", ".join(dict.fromkeys(labels))
    return _("Changed: {what}").format(what=what) if labels else _("Changed")


def _confirmed(data: dict[str, Any]) -> str:
    what = str(data.get("what") or "")
    return _("Confirmed before sending it off: {what}").format(
        what=Confirmation(what).label if what in Confirmation.values else "–"
    )


def _handed_over(data: dict[str, Any]) -> str:
    return _("Being handed over, reference {reference}").format(reference=data.get("reference") or "–")


def _hour(data: dict[str, Any]) -> str:
    due = parse_datetime(str(data.get("due") or ""))
    return exact(due) if due else "–"


def _hour_ended(data: dict[str, Any]) -> str:
    if data.get("result") == HourChange.Result.MOVED:
        return _("A copy was sent off for {hour}").format(hour=_hour(data))
    known = data.get("result") in HourChange.Result.values
    why = HourChange.Result(data["result"]).label if known else "–"
    return _("The hour was not changed, and nothing was sent again: {why}").format(why=why)


TELL: dict[str, Callable[[dict[str, Any]], str]] = {
    EventKind.CREATED: lambda data: _("Made"),
    EventKind.EDITED: _edited,
    EventKind.SUBMITTED: lambda data: _("Sent off"),
    EventKind.CONFIRMED: _confirmed,
    EventKind.HELD_BACK: lambda data: _("Held back in time: a draft again"),
    EventKind.CLAIMED: _handed_over,
    EventKind.ACCEPTED: lambda data: _("SMS Centre took it as job {job}").format(job=_job(data)),
    EventKind.REFUSED: lambda data: _("SMS Centre refused it") + _code(data),
    EventKind.REQUEUED: lambda data: _("Nothing had left us; back in the queue: {why}").format(
        why=_reason(data)
    ),
    EventKind.HELD: lambda data: _("Held: {why}").format(why=_reason(data)) + _code(data),
    EventKind.RELEASED: lambda data: _("Released: may go"),
    EventKind.UNKNOWN: lambda data: _("Outcome unknown: {why}").format(why=_reason(data)) + _code(data),
    EventKind.LATE_ANSWER: lambda data: _("A late answer arrived") + _code(data),
    EventKind.LOOKED: _looked,
    EventKind.SETTLED: lambda data: _("Found at SMS Centre by its reference, as job {job}").format(
        job=_job(data)
    ),
    EventKind.PROPOSED: lambda data: _("Said to be job {job}; looked at first").format(job=_job(data)),
    EventKind.REJECTED: lambda data: _("Not taken to be job {job}: {why}").format(
        job=_job(data), why=_not_its_job(data)
    ),
    EventKind.UNDONE: lambda data: _("Not taken to be job {job} any more").format(job=_job(data)),
    EventKind.ADOPTED: lambda data: _("Taken to be job {job}").format(job=_job(data)),
    EventKind.SENT_AGAIN: lambda data: _("Said to be sent again"),
    EventKind.GIVEN_UP: lambda data: _("Given up"),
    EventKind.WITHDRAWN: lambda data: _("Taken back before anything was sent"),
    EventKind.WISHED: _wished,
    EventKind.LEFT_OUT: _left_out,
    EventKind.PUT_ASIDE: lambda data: _("Put aside: nothing more is to be done"),
    EventKind.HOUR_ASKED: lambda data: _("Another hour was asked for: {hour}").format(hour=_hour(data)),
    EventKind.HOUR_ENDED: _hour_ended,
    EventKind.WISH_STEP: _wish_step,
    EventKind.WISH_ENDED: _wish_ended,
    EventKind.BACK: lambda data: _("Listed again at SMS Centre; its word for it: {word}").format(
        word=data.get("words") or "–"
    ),
    EventKind.GONE: lambda data: _("No longer at SMS Centre"),
    EventKind.FOUND: lambda data: _("Found at SMS Centre as job {job}; made elsewhere").format(
        job=_job(data)
    ),
    EventKind.ALARM: _alarm,
}
