"""A mailing in sentences: its state, and what happens next.

They say how old each fact is, and when the provider's word was last verified.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailings.models import (
    Alarm,
    HeldReason,
    LookNote,
    Mailing,
    Origin,
    State,
    Waiting,
    WishResult,
)
from mailings.models.states import FILE_MISSING, HELD_FOR_A_PERSON, HELD_IN_DOUBT
from mailings.smsc.api.answers import JobStatus
from mailings.sync.spans import LOOKS_NEEDED
from mailings.wording import money, reasons, wishes
from mailings.wording.chips import is_unverified, person, status_word
from mailings.wording.moments import ago, at, both_clocks
from mailings.wording.phrases import join, say
from mailings.wording.reasons import Reason

# A worker normally takes a queued mailing within a second. After this long the page says that none has.
A_MOMENT = timedelta(minutes=1)


def sentences(mailing: Mailing, now: datetime, *, actor: Any = None) -> list[SafeString]:
    """The state in sentences, the most important first. `actor`: who gave an abandoned mailing up."""
    texts = [*_alarm(mailing), SENTENCES[State(mailing.state)](mailing, now, actor)]
    texts += _candidate(mailing, now) + wishes.before(mailing, now)
    texts += wishes.open_wish(mailing, now) + wishes.result(mailing, now) + _gone(mailing, now)
    return [text for text in texts if text]


def _draft(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    return say(
        _("Not sent. Only you and your team see this. Last changed {age}."), age=ago(mailing.state_at, now)
    )


def _awaiting(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    if mailing.cost is None:
        text = _(
            "Waiting for a second person to approve {count} recipients at a price that is not known yet. "
            "Asked for {age}."
        )
    else:
        text = _(
            "Waiting for a second person to approve {count} recipients at about {cost}. Asked for {age}."
        )
    return say(
        text,
        count=money.count(mailing.recipients_count),
        cost=money.amount(mailing.cost, mailing.account.currency),
        age=ago(mailing.state_at, now),
    )


def _queued(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    """Every mailing is handed over at once; SMS Centre itself waits for its hour."""
    later = mailing.due_at is not None and mailing.due_at > now
    if not mailing.waiting_for and mailing.not_before and mailing.not_before > now:
        return say(_("Goes to SMS Centre {age}."), age=ago(mailing.not_before, now))
    if why := _why_waiting(mailing, now):
        text = _("Not handed to SMS Centre yet; queued {age}.")
        if later:
            text = _("Not handed to SMS Centre yet, to go out on {when}; queued {age}.")
    elif later:
        text = _("Will be handed to SMS Centre in a moment, to go out on {when}. Queued {age}.")
    else:
        text = _("Will be handed to SMS Centre in a moment. Queued {age}.")
    when = both_clocks(mailing.due_at, now) if mailing.due_at else ""
    return join(say(text, when=when, age=ago(mailing.state_at, now)), why)


def _why_waiting(mailing: Mailing, now: datetime) -> SafeString:
    if not mailing.waiting_for:
        taken_soon = now - mailing.state_at < A_MOMENT
        return SafeString() if taken_soon else say(_("No worker has taken it yet."))
    reason = say(str(Waiting(mailing.waiting_for).label))
    if mailing.not_before and mailing.not_before > now:
        return join(reason, say(_("Next try {age}."), age=ago(mailing.not_before, now)))
    return reason


def _sending(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    if mailing.deadline_at is not None and mailing.deadline_at < now:
        text = _(
            "It was being handed over {age}, and how that ended is not known yet. "
            "If no answer is written down soon, it is looked for at SMS Centre."
        )
        return say(text, age=ago(mailing.state_at, now))
    return say(_("Being handed over now. Begun {age}."), age=ago(mailing.state_at, now))


def _accepted(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    """The provider's word on the job, and when it was last verified."""
    verified = mailing.verified_at
    if mailing.gone:
        return _it_said(mailing, now)
    if verified is None:
        text = _("SMS Centre took it as job {job}. Not looked at since, {age}.")
        return say(text, job=mailing.remote_id or "–", age=ago(mailing.state_at, now))
    if is_unverified(mailing, now):
        text = _("Unverified since {time}, {age}.")
        return join(_it_said(mailing, now), say(text, time=at(verified, now), age=ago(verified, now)))
    return join(_it_says(mailing, now), say(_("Checked {age}."), age=ago(verified, now)))


def _it_says(mailing: Mailing, now: datetime) -> SafeString:
    job, hour = mailing.remote_id or "–", mailing.goes_out_at
    when = both_clocks(hour, now) if hour else ""
    match mailing.remote_status:
        case JobStatus.WAITING if hour and hour < now:
            text = _("SMS Centre has it as job {job}; it still waits there, though its hour was {when}.")
            return say(text, job=job, when=when)
        case JobStatus.WAITING if mailing.was_moved and mailing.due_at:
            text = _("SMS Centre has it as job {job} and names another hour for it: {when}, not {asked}.")
            return say(text, job=job, when=when, asked=both_clocks(mailing.due_at, now))
        case JobStatus.WAITING if hour:
            return say(_("SMS Centre has it as job {job} and sends it on {when}."), job=job, when=when)
        case JobStatus.WAITING:
            return say(_("SMS Centre has it as job {job}; it waits there."), job=job)
        case JobStatus.GOING:
            count = people(mailing.recipients_count)
            return say(_("Going out now, as job {job}: {count}."), job=job, count=count)
        case JobStatus.GONE_OUT:
            text = _("Gone out, as job {job}; its hour was {when}.") if hour else _("Gone out, as job {job}.")
            return say(text, job=job, when=when)
        case JobStatus.CANCELLED:
            return say(_("SMS Centre has it as job {job} and shows it as cancelled."), job=job)
    said = say(_("SMS Centre has it as job {job}."), job=job)
    word = status_word(mailing)
    return join(said, say(_("It says: {word}."), word=word) if word else say(_("It gives no status for it.")))


def _it_said(mailing: Mailing, now: datetime) -> SafeString:
    """What was read of the job, in the past tense: it may have changed. "Gone out" is final."""
    if mailing.remote_status == JobStatus.GONE_OUT:
        return _it_says(mailing, now)
    job, word, hour = mailing.remote_id or "–", status_word(mailing), mailing.goes_out_at
    if not word:
        return say(_("SMS Centre had it as job {job}."), job=job)
    said = say(_("SMS Centre had it as job {job} and said of it: {word}."), job=job, word=word)
    if hour and mailing.remote_status == JobStatus.WAITING:
        return join(said, say(_("As far as is known, its hour is {when}."), when=both_clocks(hour, now)))
    return said


def _unknown(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    if mailing.unknown_reason == Reason.LEASE_EXPIRED:
        text = _(
            "The worker that was handing it over stopped {age}, perhaps before anything was sent, "
            "so SMS Centre may or may not have it."
        )
    elif reasons.perhaps_not_sent(mailing.unknown_reason):
        text = _(
            "It was being handed over {age}, and it is not certain how much of it got there ({cause}), "
            "so SMS Centre may or may not have it."
        )
    elif mailing.unknown_reason:
        text = _(
            "It was sent {age}, but no clear answer came back ({cause}), "
            "so SMS Centre may or may not have it."
        )
    else:
        text = _("It was sent {age}, but no clear answer came back, so SMS Centre may or may not have it.")
    cause = reasons.words(mailing.unknown_reason)
    return join(
        say(text, age=ago(mailing.state_at, now), cause=cause),
        search_progress(mailing, now),
        say(_("It will not be sent again without you.")),
    )


def search_progress(mailing: Mailing, now: datetime) -> SafeString:
    """How far the search has come for a mailing that SMS Centre may or may not have."""
    if mailing.look_matches:
        jobs = ", ".join(str(job) for job in mailing.look_matches)
        return say(_("Jobs that may be it: {jobs}."), jobs=jobs)
    if mailing.looks >= LOOKS_NEEDED:
        return say(_("Looked for it: two complete looks did not show it."))
    if mailing.look_note:
        return say(_("Absence cannot be shown: {note}."), note=LookNote(mailing.look_note).label)
    text = ngettext(
        "Looking for it: {n} complete look of 2.", "Looking for it: {n} complete looks of 2.", mailing.looks
    )
    following = next_look(mailing)
    coming = say(_("Next {age}."), age=ago(following, now)) if following > now else SafeString()
    return join(say(text, n=mailing.looks), coming)


def absence_shown(mailing: Mailing) -> list[str]:
    """For a mailing held in doubt: whether the provider's list has shown its absence. Else empty."""
    if mailing.held_reason not in HELD_IN_DOUBT:
        return []
    if mailing.looks >= LOOKS_NEEDED:
        return [_("Two complete looks did not show it. That makes it very likely that it did not arrive.")]
    text = _(
        "Its absence has not been shown: at least {minutes} minutes and two complete looks are needed "
        "for that."
    )
    return [text.format(minutes=int(settings.SETTLE_AFTER_SECONDS // 60))]


def next_look(mailing: Mailing) -> datetime:
    """When the next look can count: after SETTLE_AFTER_SECONDS, and a pull period after the last look."""
    settled = (mailing.deadline_at or mailing.state_at) + timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    pulled = (mailing.look_at or mailing.state_at) + timedelta(seconds=settings.SYNC_SECONDS)
    return max(settled, pulled)


HELD: dict[HeldReason, Any] = {
    HeldReason.LOGIN: gettext_lazy(
        "Waiting since {time}: SMS Centre refused our login. An administrator has to look at the account."
    ),
    HeldReason.BLOCK: gettext_lazy(
        "Waiting since {time}: SMS Centre has blocked our address. "
        "It goes on by itself once the block is over."
    ),
    HeldReason.OVERDUE: gettext_lazy(
        "Waiting since {time}: its hour had passed before it could be handed over. "
        "Say whether it may still go, or take it back."
    ),
    HeldReason.RESTORED: gettext_lazy(
        "Waiting since {time}: the database is older than what was sent last (a backup was restored, or "
        "a copy that lagged behind took over), so it may have gone out already. "
        "Look at SMS Centre, then say whether it may go, or take it back."
    ),
    HeldReason.FORGOTTEN: gettext_lazy(
        "Waiting since {time}: the queue (Redis) was emptied, and with it what tells whether a backup was "
        "restored. If one was, it may have gone out already. "
        "Look at SMS Centre, then say whether it may go, or take it back."
    ),
}


def _held(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    reason = HeldReason(mailing.held_reason)
    said = say(str(HELD[reason]) + " ({age})", time=at(mailing.state_at, now), age=ago(mailing.state_at, now))
    return join(said, search_progress(mailing, now)) if reason in HELD_IN_DOUBT else said


def _refused(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    if mailing.refusal_text == FILE_MISSING:
        return say(
            _(
                "It could not be sent {age}: an attached file is no longer as it was stored. "
                "Nothing was sent. Attach it again and send."
            ),
            age=ago(mailing.state_at, now),
        )
    return say(
        _("SMS Centre refused it {age}: {words}. Nothing was sent. Change it and send again."),
        age=ago(mailing.state_at, now),
        words=mailing.refusal_text.rstrip(". ") or _("it gave no reason"),
    )


def refused_before(mailing: Mailing) -> str:
    """Why a draft was refused when it was sent off earlier; "" if it never was."""
    if mailing.refusal_text == FILE_MISSING:
        return _("It could not be sent: an attached file is no longer as it was stored. Attach it again.")
    if not mailing.refusal_text and mailing.refusal_code is None:
        return ""
    words = mailing.refusal_text.rstrip(". ") or _("it gave no reason")
    return _("SMS Centre refused it: {words}. Nothing was sent. Change it and send again.").format(
        words=words
    )


def _cancelled(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    confirmed = mailing.wish_result_at or mailing.state_at
    if mailing.wish_result != WishResult.CONFIRMED:
        text = _("SMS Centre shows it as cancelled, seen at {seen}, {age}. It was not cancelled from here.")
        return say(text, seen=at(confirmed, now), age=ago(confirmed, now))
    return say(
        _("Cancelled by {who} at {asked}. SMS Centre confirmed it on a second look at {seen}, {age}."),
        who=person(mailing.wish_by),
        asked=at(mailing.wish_at or confirmed, now),
        seen=at(confirmed, now),
        age=ago(confirmed, now),
    )


def _deleted(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    if mailing.wish_result == WishResult.CONFIRMED and mailing.wish_at:
        confirmed = mailing.wish_result_at or mailing.state_at
        return say(
            _(
                "Deleted at SMS Centre: {who} asked for it at {asked}, and a second look at {seen}, {age}, "
                "did not find it any more. Kept here for the record."
            ),
            who=person(mailing.wish_by),
            asked=at(mailing.wish_at, now),
            seen=at(confirmed, now),
            age=ago(confirmed, now),
        )
    return say(
        _("Deleted at SMS Centre at {time}, {age}; kept here for the record."),
        time=at(mailing.state_at, now),
        age=ago(mailing.state_at, now),
    )


def _withdrawn(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    return say(_("Taken back before anything was sent, {age}."), age=ago(mailing.state_at, now))


def _abandoned(mailing: Mailing, now: datetime, actor: Any) -> SafeString:
    return say(
        _("Given up by {who} at {time}, {age}. SMS Centre may have it; if it turns up, you will be told."),
        who=person(actor),
        time=at(mailing.state_at, now),
        age=ago(mailing.state_at, now),
    )


SENTENCES: dict[State, Callable[[Mailing, datetime, Any], SafeString]] = {
    State.DRAFT: _draft,
    State.AWAITING_APPROVAL: _awaiting,
    State.QUEUED: _queued,
    State.SENDING: _sending,
    State.UNKNOWN: _unknown,
    State.HELD: _held,
    State.REFUSED: _refused,
    State.ACCEPTED: _accepted,
    State.CANCELLED: _cancelled,
    State.DELETED: _deleted,
    State.WITHDRAWN: _withdrawn,
    State.ABANDONED: _abandoned,
}


ALARMS: dict[str, Any] = {
    Alarm.TWO_JOBS: gettext_lazy(
        "Alarm: SMS Centre has more than one job of this mailing ({jobs}), so people may get it twice. "
        "Cancel the one that is not wanted."
    ),
    Alarm.MAYBE_TWO: gettext_lazy(
        "Alarm: it was sent a second time before the first job ({jobs}) was known, and no clear answer "
        "came to that. People may get it twice: look at SMS Centre for another job with its reference."
    ),
    Alarm.TURNED_UP: gettext_lazy(
        "Alarm: this mailing was given up, and then it turned up at SMS Centre after all (job {jobs})."
    ),
    Alarm.TURNED_UP_REFUSED: gettext_lazy(
        "Alarm: SMS Centre had refused this mailing, and then it turned up there all the same (job {jobs})."
    ),
    Alarm.TURNED_UP_WITHDRAWN: gettext_lazy(
        "Alarm: this mailing was taken back before it was sent, and then it turned up at SMS Centre all "
        "the same (job {jobs})."
    ),
    Alarm.TURNED_UP_UNSENT: gettext_lazy(
        "Alarm: this mailing was not sent off from here, and yet SMS Centre has it (job {jobs})."
    ),
    Alarm.BACK: gettext_lazy(
        "Alarm: this mailing was cancelled or deleted, and SMS Centre now shows that it waits or goes out "
        "after all (job {jobs}). Cancel it again if it must not go out."
    ),
    Alarm.OTHER_JOB: gettext_lazy(
        "Alarm: SMS Centre now shows another mailing's reference on job {jobs}, so it may not be this "
        "mailing's job. Look at SMS Centre which mailing it is before anything is asked of it."
    ),
}


def _alarm(mailing: Mailing) -> list[SafeString]:
    if not mailing.alarm:
        return []
    jobs = ", ".join(str(job) for job in mailing.alarm_jobs)
    return [format_html("<strong>{}</strong>", say(str(ALARMS[mailing.alarm]), jobs=jobs))]


def bad_news(mailing: Mailing, now: datetime) -> list[SafeString]:
    """The sentences that tell what went wrong, for a page's separate box."""
    refused = [_refused(mailing, now, None)] if mailing.state == State.REFUSED else []
    return [*_alarm(mailing), *refused, *wishes.result(mailing, now)]


def _candidate(mailing: Mailing, now: datetime) -> list[SafeString]:
    """A job that a person named, and that we have not checked yet."""
    if not mailing.candidate:
        return []
    text = _("{who} said {age} that it is job {job}. SMS Centre is asked whose job that is.")
    named_at = mailing.candidate_at or mailing.state_at
    return [say(text, who=person(mailing.candidate_by), age=ago(named_at, now), job=mailing.candidate)]


def _gone(mailing: Mailing, now: datetime) -> list[SafeString]:
    if not mailing.gone or mailing.state == State.DELETED:
        return []
    seen = mailing.gone_at or mailing.state_at
    text = _(
        "SMS Centre no longer has this job, seen at {time}, {age}; what is shown is the last that was known."
    )
    return [say(text, time=at(seen, now), age=ago(seen, now))]


def elsewhere(mailing: Mailing) -> str:
    """A note on a mailing that was not made here."""
    return _("Made elsewhere and found at SMS Centre.") if mailing.origin == Origin.PROVIDER else ""


def invitation(mailing: Mailing) -> str:
    """The text of the button beside a mailing that needs a person."""
    return {
        State.UNKNOWN: _("Look at it"),
        State.REFUSED: _("Change it"),
        State.HELD: _("Decide") if mailing.held_reason in HELD_FOR_A_PERSON else _("Look at it"),
        State.AWAITING_APPROVAL: _("Review"),
    }.get(State(mailing.state), _("Look at it"))


def size(mailing: Mailing) -> str:
    """How many recipients a mailing has, and its cost if that is known."""
    count = people(mailing.recipients_count)
    if mailing.cost is None:
        return count
    return f"{count}, {money.amount(mailing.cost, mailing.account.currency)}"


def people(count: int | None) -> str:
    """`48 recipients`; a dash for an unknown number."""
    text = ngettext("{count} recipient", "{count} recipients", count or 0)
    return text.format(count=money.count(count))


def hour(mailing: Mailing, now: datetime) -> SafeString:
    """A sentence on the hour asked for, in the reader's zone and Moscow's."""
    if mailing.due_at is None:
        return SafeString()
    text = _("Its hour was {when}, {age}.") if mailing.due_at < now else _("It goes out on {when}, {age}.")
    return say(text, when=both_clocks(mailing.due_at, now), age=ago(mailing.due_at, now))


def is_past(mailing: Mailing) -> bool:
    """Whether the hour asked for has passed."""
    return mailing.due_at is not None and mailing.due_at <= timezone.now()
