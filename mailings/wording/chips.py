"""A mailing at a glance: its chip, the provider's word for it, and the few words that a row adds."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from mailings.models import Account, Breaker, Mailing, State, Wish, WishResult
from mailings.smsc.api.answers import JobStatus


@dataclass(frozen=True)
class Chip:
    """A state at a glance: a word, an icon and a tone, in this order of weight."""

    word: Any
    icon: str
    tone: str
    classes: str = ""


CHIPS: dict[str, Chip] = {
    State.DRAFT: Chip(State.DRAFT.label, "pencil-square", "grey"),
    State.AWAITING_APPROVAL: Chip(State.AWAITING_APPROVAL.label, "hand-raised", "yellow"),
    State.QUEUED: Chip(State.QUEUED.label, "clock", "azure"),
    State.SENDING: Chip(State.SENDING.label, "paper-airplane", "blue", "is-pulsing"),
    State.UNKNOWN: Chip(State.UNKNOWN.label, "question-mark-circle", "orange"),
    State.HELD: Chip(State.HELD.label, "pause-circle", "purple"),
    State.REFUSED: Chip(State.REFUSED.label, "x-circle", "red"),
    State.ACCEPTED: Chip(State.ACCEPTED.label, "check-circle", "green"),
    State.CANCELLED: Chip(State.CANCELLED.label, "no-symbol", "grey", "is-struck"),
    State.DELETED: Chip(State.DELETED.label, "trash", "grey"),
    State.WITHDRAWN: Chip(State.WITHDRAWN.label, "arrow-uturn-left", "grey"),
    State.ABANDONED: Chip(State.ABANDONED.label, "question-mark-circle", "grey"),
}


STATUS_WORDS: dict[str, Any] = {
    JobStatus.WAITING: gettext_lazy("waiting"),
    JobStatus.GOING: gettext_lazy("going out"),
    JobStatus.GONE_OUT: gettext_lazy("gone out"),
    JobStatus.CANCELLED: gettext_lazy("cancelled"),
}


def stale_after() -> timedelta:
    """Past this age, what is shown of the provider counts as unverified: two pull periods."""
    return timedelta(seconds=2 * settings.SYNC_SECONDS)


def chip(state: str) -> Chip:
    return CHIPS[state]


def person(user: Any) -> str:
    """A person's name for a sentence."""
    return str(user.get_full_name() or user.get_username()) if user is not None else _("somebody")


def status_word(mailing: Mailing) -> str:
    """What the provider says of the job: our word for it, else its own word as it came."""
    known = STATUS_WORDS.get(mailing.remote_status)
    if known is not None:
        return str(known)
    return f"«{mailing.remote_word}»" if mailing.remote_word else ""


def note(state: str, *, wish: str, wish_result: str, gone: bool, alarm: str) -> str:
    """What a row of the history adds to its chip, in a few words."""
    if alarm:
        return pgettext("row", "alarm")
    if wish:
        return (
            pgettext("row", "cancel asked for")
            if wish == Wish.CANCEL
            else pgettext("row", "delete asked for")
        )
    if gone and state != State.DELETED:
        return pgettext("row", "no longer at SMS Centre")
    short: dict[str, str] = {
        WishResult.TOO_LATE: pgettext("row", "too late to cancel"),
        WishResult.UNCONFIRMED: pgettext("row", "cancel not confirmed"),
        WishResult.FAILED: pgettext("row", "cancel failed"),
    }
    return short.get(wish_result, "")


def digest(values: Iterable[Any]) -> int:
    """A short digest of what a part of a page shows, the same in every process: equal, nothing to redraw."""
    return zlib.crc32("\x1f".join(str(value) for value in values).encode())


def health_chip(account: Account) -> Chip:
    """How the provider stands, at a glance."""
    if account.breaker == Breaker.LOGIN:
        return Chip(_("login refused"), "lock-closed", "red")
    if account.breaker == Breaker.BLOCK:
        return Chip(_("blocked"), "no-symbol", "red")
    failed, answered = account.last_error_at, account.last_ok_at
    if failed and (answered is None or failed > answered):
        return Chip(_("not answering"), "exclamation-circle", "orange")
    if answered is None:
        return Chip(_("not asked yet"), "question-mark-circle", "grey")
    return Chip(_("answering"), "check-circle", "green")
