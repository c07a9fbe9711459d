"""The states of a mailing, the transitions between them, and the other enums of a mailing.

State is ours: what we know of handing a mailing over. What the provider says of the job is kept apart
(`Mailing.remote_status`). `MailingQuerySet.move` refuses a change that TRANSITIONS does not have. The two
prepared statements `outbox.claims.claim` and `mirror.take_free_job` do not ask it: their change is fixed.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    AWAITING_APPROVAL = "awaiting_approval", _("awaiting approval")
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    UNKNOWN = "unknown", _("unknown")
    HELD = "held", _("held")
    REFUSED = "refused", _("refused")
    ACCEPTED = "accepted", _("accepted")
    CANCELLED = "cancelled", _("cancelled")
    DELETED = "deleted", _("deleted")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ABANDONED = "abandoned", _("abandoned")


class HeldReason(models.TextChoices):
    LOGIN = "login", _("the login was refused")
    BLOCK = "block", _("the address is blocked")
    OVERDUE = "overdue", _("its time has passed")
    RESTORED = "restored", _("the database may be older than what was sent last")
    FORGOTTEN = "forgotten", _("the queue's memory was lost")


class Waiting(models.TextChoices):
    """Why a queued mailing has not been handed over yet. The label is the sentence on its page."""

    PROVIDER = "provider", _("SMS Centre could not be reached; nothing has left us.")
    GAP = "gap", _("SMS Centre takes the same request only once a minute.")
    GATE = "gate", _("Other calls of this account are under way.")
    SHUT = "shut", _("The queue (Redis) was emptied, so calls wait until those before it must have ended.")
    REDIS = "redis", _("The queue (Redis) is away.")
    BREAKER = "breaker", _("The account's calls are stopped.")
    CREDENTIALS = (
        "credentials",
        _("The account's login cannot be opened with our keys. An administrator has to enter it anew."),
    )
    LOOK = (
        "look",
        _("SMS Centre said that it had this request already, so its list is read before it is tried again."),
    )


class LookNote(models.TextChoices):
    """Why a read of the provider's list cannot show that a mailing is not there. The label is shown."""

    TEN_ROWS = (
        "ten_rows",
        _("a list came back with exactly ten mailings or another round number, so it may have been cut"),
    )
    ODD_ROWS = "odd_rows", _("the list had rows that could not be read")
    COUNT = "count", _("the list says that it holds another number of mailings than it showed")
    MORE = "more", _("the list says that there are more mailings than it showed")
    UNREAD = "unread", _("a part of the answer could not be told from the list")
    NO_NAMES = "no_names", _("the list has mailings without a name, so our reference cannot be seen in them")
    OWN_JOB_MISSING = "own_job_missing", _("a mailing of ours that must be there was missing from the list")
    NO_REFERENCE = (
        "no_reference",
        _("mailings of ours stand in the list without their references, so another may stand there too"),
    )
    ELSEWHERE = "elsewhere", _("a mailing in the list holds one of our references in an unexpected place")
    NO_CONTROL = (
        "no_control",
        _("no mailing of ours stands in the list yet that shows how our references look in it"),
    )
    FAILED = "failed", _("the list could not be read")


class Wish(models.TextChoices):
    CANCEL = "cancel", _("cancel")
    DELETE = "delete", _("delete")


class WishResult(models.TextChoices):
    CONFIRMED = "confirmed", _("confirmed")
    TOO_LATE = "too_late", _("too late")
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    FAILED = "failed", _("failed")


class WishAnswer(models.TextChoices):
    """Why a wish failed. The label is shown."""

    REFUSED = "refused", _("SMS Centre refused it, so nothing was changed by it")
    NOT_THERE = "not_there", _("SMS Centre did not find the job")
    UNCLEAR = "unclear", _("no clear answer came for a day, so it is not known whether it was done")


class Origin(models.TextChoices):
    LOCAL = "local", _("made here")
    PROVIDER = "provider", _("made elsewhere")


class Alarm(models.TextChoices):
    """What a person must be told, since it contradicts what Mailroom has said or done."""

    TWO_JOBS = "two_jobs", _("two jobs bear this mailing's reference")
    MAYBE_TWO = "maybe_two", _("a second sending of this mailing may have arrived too")
    TURNED_UP = "turned_up", _("the job turned up after the mailing was given up")
    TURNED_UP_REFUSED = "turned_up_refused", _("the job turned up although SMS Centre had refused it")
    TURNED_UP_WITHDRAWN = "turned_up_withdrawn", _("the job turned up after the mailing was taken back")
    TURNED_UP_UNSENT = "turned_up_unsent", _("the job turned up although the mailing was never sent off")
    BACK = "back", _("the job waits or goes out again after it was cancelled or deleted")
    OTHER_JOB = "other_job", _("the job now bears another mailing's reference")


class NotItsJob(models.TextChoices):
    """Why a job was not taken to be a mailing's, although a person said that it is."""

    UNKNOWN_NUMBER = "unknown_number", _("SMS Centre knows no job of this number")
    OTHER_REFERENCE = "other_reference", _("it bears another mailing's reference")
    NO_ANSWER = "no_answer", _("SMS Centre gave no readable answer about it for a day")


class Confirmation(models.TextChoices):
    """What a person may have to confirm, one by one, before a mailing is sent off."""

    BALANCE = "balance", _("the balance does not cover it")
    REPEATED = "repeated", _("some of these people get the same text twice within 24 hours")
    LEFT_OUT = "left_out", _("doubtful and wrong entries are left out")


class EventKind(models.TextChoices):
    """What the timeline tells. The label begins its sentence; beside it stand the keys of `Event.data`."""

    CREATED = "created", _("made")
    EDITED = "edited", _("changed")  # fields: parameters, account, files
    SUBMITTED = "submitted", _("sent off")
    CONFIRMED = "confirmed", _("confirmed before sending off")  # what: a Confirmation
    HELD_BACK = "held_back", _("held back: a draft again")
    CLAIMED = "claimed", _("being handed over")  # reference
    ACCEPTED = "accepted", _("accepted by SMS Centre")  # remote_id, cost
    REFUSED = "refused", _("refused by SMS Centre")  # code, text
    REQUEUED = "requeued", _("nothing had left us; back in the queue")  # reason
    HELD = "held", _("held")  # reason
    RELEASED = "released", _("released")
    UNKNOWN = "unknown", _("outcome unknown")  # reason
    LATE_ANSWER = "late_answer", _("a late answer arrived")  # outcome, code, text
    LOOKED = "looked", _("looked for it")  # complete, number, note
    SETTLED = "settled", _("found at SMS Centre")  # remote_id
    PROPOSED = "proposed", _("said to be the job")  # remote_id
    REJECTED = "rejected", _("not its job")  # remote_id, reason
    ADOPTED = "adopted", _("taken to be the job")  # remote_id
    UNDONE = "undone", _("not taken to be the job any more")  # remote_id
    SENT_AGAIN = "sent_again", _("sent again")
    GIVEN_UP = "given_up", _("given up")
    WITHDRAWN = "withdrawn", _("taken back")
    WISHED = "wished", _("asked for")  # wish
    PUT_ASIDE = "put_aside", _("put aside")
    HOUR_ASKED = "hour_asked", _("another hour was asked for")  # due
    HOUR_ENDED = "hour_ended", _("the wish for another hour is settled")  # result, due, copy
    LEFT_OUT = "left_out", _("left out: on the stop list")  # count, all
    WISH_STEP = "wish_step", _("asked SMS Centre")  # wish, outcome, code, text
    WISH_ENDED = "wish_ended", _("wish settled")  # wish, result, words
    BACK = "back", _("waits or goes out again at SMS Centre")  # before, words
    GONE = "gone", _("no longer at SMS Centre")
    FOUND = "found", _("found at SMS Centre; made elsewhere")  # remote_id
    ALARM = "alarm", _("alarm")  # alarm, remote_ids
    BREAKER_OPENED = "breaker_opened", _("calls stopped")  # reason, text
    BREAKER_CLOSED = "breaker_closed", _("calls may go out again")
    DOUBTED = "doubted", _("older mailings are looked for before they are sent")  # reason
    PROBE_ASKED = "probe_asked", _("a probe was asked for")
    CREDENTIALS_CHANGED = "credentials_changed", _("the credentials were changed")
    ADDRESS_CHANGED = "address_changed", _("the kind or address was changed")  # kind, base_url: before, after


# The `refusal_text` if it was not the provider who refused: an attached file was missing or had changed.
FILE_MISSING = "upload"

# A mailing in one of these states waits for a person, the most urgent first.
NEEDS_A_PERSON = (State.UNKNOWN, State.HELD, State.REFUSED, State.AWAITING_APPROVAL)

# A wish that ended so was not fulfilled, or may not have been: a person has to know.
UNHAPPY = frozenset({WishResult.TOO_LATE, WishResult.UNCONFIRMED, WishResult.FAILED})

# A mailing held for one of these may have been sent already: it is looked for like an unknown one.
HELD_IN_DOUBT = frozenset({HeldReason.RESTORED, HeldReason.FORGOTTEN})
# Held for one of these, it is sent only when a person releases it.
HELD_FOR_A_PERSON = HELD_IN_DOUBT | {HeldReason.OVERDUE}

# A job that turns up for a mailing in one of these states contradicts what was shown or decided: an alarm.
SURPRISES = {
    State.ABANDONED: Alarm.TURNED_UP,
    State.REFUSED: Alarm.TURNED_UP_REFUSED,
    State.WITHDRAWN: Alarm.TURNED_UP_WITHDRAWN,
    State.DRAFT: Alarm.TURNED_UP_UNSENT,
    State.AWAITING_APPROVAL: Alarm.TURNED_UP_UNSENT,
}

# A person may say what became of a mailing in these states.
UNDECIDED = frozenset({State.UNKNOWN, State.ABANDONED})

# Nothing has been handed to the provider in these states, so a mailing can be taken back by us alone.
NOT_HANDED_OVER = frozenset({State.DRAFT, State.AWAITING_APPROVAL, State.QUEUED, State.HELD})

# In these states the provider has the job, or may have it, so that a wish can be recorded.
MAY_BE_AT_PROVIDER = frozenset({State.SENDING, State.UNKNOWN, State.ACCEPTED})

# A worker hands it over, or will do so without being asked.
BEING_HANDED_OVER = frozenset({State.QUEUED, State.SENDING})
# The state may change without a person, so its page goes on asking for news.
PENDING = BEING_HANDED_OVER | {State.UNKNOWN}
# In these states a wish is asked of the provider: a cancelled job can still be deleted.
WISHES_ARE_FULFILLED = frozenset({State.ACCEPTED, State.CANCELLED})

# In these states a mailing may still go out; for an accepted one the remote status has to be asked as well.
STILL_TO_GO = frozenset(
    {State.QUEUED, State.HELD, State.AWAITING_APPROVAL, State.SENDING, State.UNKNOWN, State.ACCEPTED}
)

# `accepted` may follow every state without a job: a job that bears a row's code shows that the mailing was
# sent, whatever was believed of it (docs/decisions/0002-a-job-found-is-a-mailing-sent.md).
TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.AWAITING_APPROVAL, State.QUEUED, State.WITHDRAWN, State.ACCEPTED}),
    State.AWAITING_APPROVAL: frozenset({State.QUEUED, State.WITHDRAWN, State.ACCEPTED}),
    # A draft again while its sender can take it back, in the seconds after sending off. Unknown if error 9
    # said that an earlier try may have arrived, and no list could show whether it had.
    State.QUEUED: frozenset(
        {State.SENDING, State.HELD, State.WITHDRAWN, State.ACCEPTED, State.DRAFT, State.UNKNOWN}
    ),
    State.HELD: frozenset({State.QUEUED, State.WITHDRAWN, State.ACCEPTED}),
    State.SENDING: frozenset({State.ACCEPTED, State.QUEUED, State.HELD, State.REFUSED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.ACCEPTED, State.REFUSED, State.QUEUED, State.ABANDONED}),
    State.REFUSED: frozenset({State.DRAFT, State.ACCEPTED}),
    State.ABANDONED: frozenset({State.ACCEPTED}),
    # Unknown again if a person undoes an adoption.
    State.ACCEPTED: frozenset({State.CANCELLED, State.DELETED, State.UNKNOWN}),
    # Accepted again when the provider shows that the job waits or goes out after all.
    State.CANCELLED: frozenset({State.DELETED, State.ACCEPTED}),
    State.DELETED: frozenset({State.ACCEPTED}),
    State.WITHDRAWN: frozenset({State.ACCEPTED}),
}


def may_follow(old: State | str, new: State | str) -> bool:
    """Whether a mailing may go from `old` to `new`."""
    return State(new) in TRANSITIONS[State(old)]
