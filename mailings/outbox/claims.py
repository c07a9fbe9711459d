"""Claims: who may send a mailing, until when, and the last look before the first byte."""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailings.accounts import restore_guard
from mailings.models import Attempt, EventKind, Mailing, State, record
from mailings.models.mailing import letters
from mailings.recipients import stop_list


class StaleClaim(Exception):
    """The claim is no longer ours, its mailing is unwanted, or its deadline has passed: send nothing."""


@dataclass(frozen=True)
class Claim:
    """The right to send one mailing once. `deadline` is a moment of `time.monotonic()`."""

    mailing: Mailing
    attempt: Attempt
    token: str
    deadline: float
    deadline_at: datetime
    first_try: bool

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


def claim(mailing: Mailing) -> Claim | None:
    """Take a queued mailing for sending, in one conditional UPDATE; None when another worker has it.

    Whoever was put on the stop list by now is left out, in the same transaction.
    """
    started, now, token = time.monotonic(), timezone.now(), uuid.uuid4().hex
    total = settings.PROVIDER_TOTAL_SECONDS
    deadline_at = now + timedelta(seconds=total)
    lease = now + timedelta(seconds=settings.LEASE_SECONDS)
    with transaction.atomic():
        if not Mailing.objects.claim(mailing.pk, token=token, now=now, deadline=deadline_at, lease=lease):
            return None
        tries = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE)
        count = tries.exclude(outcome=Attempt.Outcome.NOT_SENT).count()
        attempt = Attempt.objects.create(
            mailing=mailing,
            kind=Attempt.Kind.CREATE,
            reference=f"{mailing.code}{letters(count)}",
            token=token,
            begin=now,
        )
        if left_out := stop_list.leave_out(mailing):
            record(EventKind.LEFT_OUT, mailing, count=left_out)
        record(EventKind.CLAIMED, mailing, reference=attempt.reference)
    return Claim(mailing, attempt, token, started + total, deadline_at, first_try=count == 0)
