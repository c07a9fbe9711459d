"""A mailing at a glance: a chip for its present state, and marks beside it for bad news.

All pages make them with the same function, `chip`, so that none says what another does not.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from mailings.models import Account, Alarm, Breaker, Mailing, State, Wish, WishResult
from mailings.outbox import may_hold
from mailings.smsc.api.answers import JobStatus
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import moments


@dataclass(frozen=True)
class Chip:
    """A word with an icon and a colour (`tone`); the word alone must be enough.

    `struck`: the mailing's name is struck through. `wishing`: a wish is open. `marks`: one chip for each
    piece of bad news. `until`: when the state ends by itself, for a countdown on the page.
    """

    word: Any
    icon: str
    tone: str
    classes: str = ""
    struck: bool = False
    wishing: bool = False
    marks: tuple["Chip", ...] = ()
    until: datetime | None = None

    @property
    def text(self) -> str:
        """The chip and its marks in words alone."""
        return ", ".join([str(self.word), *(str(mark.word) for mark in self.marks)])


class Glance(NamedTuple):
    """The columns of a mailing that its chip depends on."""

    state: str
    gone: bool
    remote_status: str
    remote_word: str
    verified_at: datetime | None
    wish: str
    wish_result: str
    alarm: str
    waiting_for: str
    not_before: datetime | None

    @classmethod
    def of(cls, row: Mailing | Mapping[str, Any]) -> "Glance":
        """From a mailing, or from the values of its columns."""
        return cls._make(OF_MAILING(row) if isinstance(row, Mailing) else OF_VALUES(row))


OF_VALUES, OF_MAILING = itemgetter(*Glance._fields), attrgetter(*Glance._fields)

CHIPS: dict[State, Chip] = {
    State.DRAFT: Chip(State.DRAFT.label, "pencil-square", "grey"),
    State.AWAITING_APPROVAL: Chip(State.AWAITING_APPROVAL.label, "hand-raised", "yellow"),
    State.QUEUED: Chip(State.QUEUED.label, "queue-list", "azure"),
    State.SENDING: Chip(State.SENDING.label, "paper-airplane", "blue", "is-pulsing"),
    State.UNKNOWN: Chip(pgettext_lazy("chip", "not known"), "question-mark-circle", "orange"),
    State.HELD: Chip(State.HELD.label, "pause-circle", "purple"),
    State.REFUSED: Chip(State.REFUSED.label, "x-circle", "red"),
    State.ACCEPTED: Chip(pgettext_lazy("chip", "not looked at"), "check", "green", "is-outline"),
    State.CANCELLED: Chip(State.CANCELLED.label, "no-symbol", "grey", struck=True),
    State.DELETED: Chip(State.DELETED.label, "trash", "grey"),
    State.WITHDRAWN: Chip(State.WITHDRAWN.label, "arrow-uturn-left", "grey"),
    State.ABANDONED: Chip(State.ABANDONED.label, "flag", "grey"),
}

# For an accepted mailing: chips for the status that the provider gives its job.
REMOTE_CHIPS: dict[JobStatus, Chip] = {
    JobStatus.WAITING: Chip(pgettext_lazy("chip", "waits"), "clock", "blue", "is-outline"),
    JobStatus.GOING: Chip(pgettext_lazy("chip", "going out"), "chart-bar", "blue", "is-pulsing"),
    JobStatus.GONE_OUT: Chip(pgettext_lazy("chip", "gone out"), "check-circle", "green"),
    JobStatus.CANCELLED: Chip(pgettext_lazy("chip", "called off there"), "minus-circle", "grey"),
}
NO_STATUS = Chip(pgettext_lazy("chip", "status not known"), "inbox", "green", "is-outline")
NO_LONGER_THERE = Chip(pgettext_lazy("chip", "no longer there"), "eye-slash", "orange")

ALARMS: dict[Alarm, Chip] = {
    Alarm.TWO_JOBS: Chip(pgettext_lazy("mark", "alarm: two jobs"), "bell-alert", "red"),
    Alarm.MAYBE_TWO: Chip(pgettext_lazy("mark", "alarm: perhaps two jobs"), "bell-alert", "red"),
    **dict.fromkeys(
        (Alarm.TURNED_UP, Alarm.TURNED_UP_REFUSED, Alarm.TURNED_UP_WITHDRAWN, Alarm.TURNED_UP_UNSENT),
        Chip(pgettext_lazy("mark", "alarm: it turned up"), "bell-alert", "red"),
    ),
    Alarm.BACK: Chip(pgettext_lazy("mark", "alarm: it goes out again"), "bell-alert", "red"),
    Alarm.OTHER_JOB: Chip(pgettext_lazy("mark", "alarm: another's job"), "bell-alert", "red"),
}
UNHAPPY: dict[WishResult, Chip] = {
    WishResult.TOO_LATE: Chip(pgettext_lazy("mark", "too late to cancel"), "exclamation-circle", "red"),
    WishResult.UNCONFIRMED: Chip(
        pgettext_lazy("mark", "cancel not confirmed"), "exclamation-triangle", "orange"
    ),
    WishResult.FAILED: Chip(pgettext_lazy("mark", "cancel failed"), "x-mark", "red"),
}

STATUS_WORDS: dict[JobStatus, Any] = {
    JobStatus.WAITING: gettext_lazy("waiting"),
    JobStatus.GOING: gettext_lazy("going out"),
    JobStatus.GONE_OUT: gettext_lazy("gone out"),
    JobStatus.CANCELLED: gettext_lazy("cancelled"),
}


def stale_after() -> timedelta:
    """The age from which provider data is shown as unverified: two pull periods."""
    return timedelta(seconds=2 * settings.SYNC_SECONDS)


def is_unverified(row: Mailing | Glance, now: datetime) -> bool:
    """Whether the provider's word is too old to rely on. "Gone out" is final, so it never is."""
    if row.verified_at is None or row.remote_status == JobStatus.GONE_OUT:
        return False
    return now - row.verified_at > stale_after()


def chip(row: Mailing | Mapping[str, Any], now: datetime | None = None) -> Chip:
    """The chip of a mailing, or of the values of its columns, at a moment."""
    seen = Glance.of(row)
    found = _moment(seen, now or timezone.now())
    word, marks = str(found.word), _marks(seen)
    return Chip(
        word, found.icon, found.tone, found.classes, found.struck, bool(seen.wish), marks, found.until
    )


def _moment(seen: Glance, now: datetime) -> Chip:
    """The chip without marks. For an accepted mailing it shows the job's status as it was last read."""
    state = State(seen.state)
    if may_hold(seen, now):
        return replace(CHIPS[state], until=seen.not_before)
    if state != State.ACCEPTED or seen.verified_at is None:
        return CHIPS[state]
    if seen.gone and seen.remote_status != JobStatus.GONE_OUT:
        return NO_LONGER_THERE
    if is_unverified(seen, now):
        word = _("unverified since {time}").format(time=moments.short(seen.verified_at, now))
        return Chip(word, "signal-slash", "grey", "is-outline")
    return REMOTE_CHIPS[JobStatus(seen.remote_status)] if seen.remote_status else NO_STATUS


def _marks(seen: Glance) -> tuple[Chip, ...]:
    found: list[Chip] = []
    if seen.alarm:
        found.append(ALARMS[Alarm(seen.alarm)])
    if not seen.wish and seen.wish_result in UNHAPPY:
        found.append(UNHAPPY[WishResult(seen.wish_result)])
    return tuple(found)


CHANNEL_ICONS: dict[Channel, str] = {
    Channel.SMS: "chat-bubble-bottom-center-text",
    Channel.VIBER: "chat-bubble-oval-left",
    Channel.WHATSAPP: "chat-bubble-left-right",
    Channel.TELEGRAM: "key",
    Channel.BOT: "command-line",
    Channel.MAIL: "envelope",
    Channel.MMS: "photo",
    Channel.VOICE: "phone",
    Channel.SOC: "user-group",
    Channel.HLR: "magnifying-glass",
    Channel.PING: "signal",
}


def channel_label(channel: str) -> str:
    """The channel's name. A job made elsewhere has none: the provider does not tell its channel."""
    return _(Channel(channel).label) if channel else _("channel not known")


def channel_icon(channel: str) -> str:
    return CHANNEL_ICONS[Channel(channel)] if channel else "question-mark-circle"


def person(user: Any) -> str:
    """The name of a user in a sentence: full name or login; "somebody" for None."""
    return str(user.get_full_name() or user.get_username()) if user is not None else _("somebody")


def status_word(mailing: Mailing) -> str:
    """The job's status in our word if we know it, else the provider's own word in quotes, else ""."""
    if mailing.remote_status:
        return str(STATUS_WORDS[JobStatus(mailing.remote_status)])
    return f"«{mailing.remote_word}»" if mailing.remote_word else ""


def note(row: Mapping[str, Any]) -> str:
    """What a row of the history shows beside its chip: an open wish, or a status word that we do not know."""
    if row["wish"]:
        return WISHES[Wish(row["wish"])]()
    unread = row["state"] == State.ACCEPTED and not row["remote_status"]
    return f"«{row['remote_word']}»" if unread and row["remote_word"] else ""


WISHES = {
    Wish.CANCEL: lambda: pgettext("row", "cancel asked for"),
    Wish.DELETE: lambda: pgettext("row", "delete asked for"),
}


def digest(values: Iterable[Any]) -> int:
    """A CRC of what a part of a page shows: if it is unchanged, the part need not be redrawn.

    Unlike `hash` it is the same in every process.
    """
    return zlib.crc32("\x1f".join(str(value) for value in values).encode())


NOT_REFRESHED = Chip(pgettext_lazy("chip", "not refreshed"), "signal-slash", "orange")


def health_chip(account: Account, now: datetime | None = None) -> Chip:
    """How the account's calls are doing. A success older than `stale_after` no longer counts."""
    if account.breaker == Breaker.LOGIN:
        return Chip(_("login refused"), "lock-closed", "red")
    if account.breaker == Breaker.BLOCK:
        return Chip(_("blocked"), "no-symbol", "red")
    failed, answered = account.last_error_at, account.last_ok_at
    if failed and (answered is None or failed > answered):
        return Chip(_("not answering"), "exclamation-circle", "orange")
    if answered is None:
        return Chip(_("not asked yet"), "question-mark-circle", "grey")
    if (now or timezone.now()) - answered > stale_after():
        return Chip(_("not heard from lately"), "signal-slash", "orange")
    return Chip(_("answering"), "check-circle", "green")
