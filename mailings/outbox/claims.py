"""Claims: who may send a mailing, until when, and the last look before the first byte."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailings.accounts import restore_guard
from mailings.models import Attempt, EventKind, Mailing, State, record
from mailings.models.mailing import MailingQuerySet, Tell, letters
from mailings.recipients import stop_list


class StaleClaim(Exception):
    """The claim is no longer ours, its mailing is unwanted, or its deadline has passed: send nothing."""


class NobodyLeft(Exception):
    """Everybody that the mailing is for is on the stop list."""


_TRIES = (
    "SELECT count(*) FROM mailings_attempt WHERE mailing_id = mailings_mailing.id"
    " AND kind = %s AND outcome <> %s"
)
_FILES = "SELECT count(*) FROM mailings_attachment WHERE mailing_id = mailings_mailing.id"


@dataclass(frozen=True)
class Claim:
    """The right to send one mailing once. `deadline` is a moment of `time.monotonic()`."""

    mailing: Mailing
    attempt: Attempt
    token: str
    deadline: float
    deadline_at: datetime
    first_try: bool
    files: bool = True

    def confirm(self) -> None:
        """The last look before the first byte: a frozen worker that thaws must not send, nor an unwanted one.

        Whatever may wait comes first (Redis, then the database), and the time last.
        """
        restore_guard.remember(self.mailing.account, self.attempt)
        ours = Mailing.objects.filter(pk=self.mailing.pk, state=State.SENDING, token=self.token, wish="")
        if not (ours.exists() and self._in_time()):
            raise StaleClaim

    def _in_time(self) -> bool:
        return time.monotonic() < self.deadline and timezone.now() < self.deadline_at


def claim(mailing: Mailing, held: Sequence[str]) -> Claim | None:
    """Take a queued mailing for sending, in one conditional UPDATE; None when another worker has it.

    Whoever was put on the stop list by now is left out, in the same transaction. `held`: tokens of attempts
    without which the database may be older than the truth. Nothing is changed by the errors: DifferentError,
    or NobodyLeft.
    """
    started, now, token = time.monotonic(), timezone.now(), uuid.uuid4().hex
    total = settings.PROVIDER_TOTAL_SECONDS
    deadline_at = now + timedelta(seconds=total)
    lease = now + timedelta(seconds=settings.LEASE_SECONDS)
    with transaction.atomic():
        told = _as_it_was_read(mailing).claim(
            mailing.pk, token=token, now=now, deadline=deadline_at, lease=lease, tell=_questions(held)
        )
        if told is None:
            return None
        count, files, stopped, found = told
        if found != len(held):
            raise restore_guard.DifferentError
        attempt = Attempt.objects.create(
            mailing=mailing,
            kind=Attempt.Kind.CREATE,
            reference=f"{mailing.code}{letters(count)}",
            token=token,
            begin=now,
        )
        if stopped:
            _leave_out(mailing)
        record(EventKind.CLAIMED, mailing, reference=attempt.reference)
    return Claim(
        mailing, attempt, token, started + total, deadline_at, first_try=not count, files=bool(files)
    )


def _as_it_was_read(mailing: Mailing) -> MailingQuerySet:
    """The row, unless it was held, changed and sent off anew while this worker waited for a permit."""
    return Mailing.objects.filter(
        account_id=mailing.account_id, spec_digest=mailing.spec_digest, submitted_at=mailing.submitted_at
    )


def _questions(held: Sequence[str]) -> Tell:
    """What a claim has to know, asked in its own statement: tries, files, anybody stopped, attempts held."""
    kinds = [Attempt.Kind.CREATE, Attempt.Outcome.NOT_SENT]
    places = ", ".join(["%s"] * len(held))
    tokens = f"SELECT count(*) FROM mailings_attempt WHERE token IN ({places}) AND kind = %s"  # noqa: S608
    return [
        (_TRIES, kinds),
        (_FILES, []),
        (stop_list.ANY_LISTED, []),
        (tokens, [*held, Attempt.Kind.CREATE]) if held else ("SELECT 0", []),
    ]


def _leave_out(mailing: Mailing) -> None:
    count = stop_list.leave_out(mailing)
    if not stop_list.reachable(mailing).exists():
        raise NobodyLeft
    record(EventKind.LEFT_OUT, mailing, count=count)
