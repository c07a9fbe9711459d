"""Claims: who may send a mailing, until when, and the last look before the first byte."""

import functools
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, OuterRef, Q
from django.utils import timezone

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import Attempt, EventKind, Mailing, State, record
from mailings.models.mailing import CLOCK_WENT_BACK, letters
from mailings.models.prepared import Given, Prepared, changing, given
from mailings.recipients import stop_list


class StaleClaim(Exception):
    """The claim is no longer ours, its mailing is unwanted, or its deadline has passed: send nothing."""


class NobodyLeft(Exception):
    """Everybody that the mailing is for is on the stop list."""


# What a claim has to know of its row, told by its own statement: tries, files, whether anybody is stopped,
# and how many of the attempts are here without which the database may be older than the truth.
_TRIES = (
    "SELECT count(*) FROM mailings_attempt WHERE mailing_id = mailings_mailing.id"
    " AND kind = 'create' AND outcome <> 'not_sent'"
)
_FILES = "SELECT count(*) FROM mailings_attachment WHERE mailing_id = mailings_mailing.id"
_HELD = "SELECT count(*) FROM mailings_attempt WHERE kind = 'create' AND token IN "
_PLACES = f"({', '.join(['%s'] * restore_guard.MARKS)})"
_TOLD = (_TRIES, _FILES, stop_list.ANY_LISTED, _HELD + _PLACES)
# Stands for an attempt where Redis remembers fewer: none has it.
_NONE = "-"
# The columns of a row that nothing was looked for yet.
_NOT_LOOKED_FOR = {"looks": 0, "look_at": None, "look_note": ""}
_OURS = Prepared(
    lambda: (
        Mailing.objects.filter(state=State.SENDING, wish="", **given(Mailing, "token", id="pk"))
        .order_by()
        .values_list("id")
    )
)


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
        ours = _OURS.rows(pk=self.mailing.pk, token=self.token)
        if not (ours and self._in_time()):
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
    with transaction.atomic():
        told = _told(mailing, held, token=token, now=now, deadline=deadline_at)
        if told is None:
            return None
        count, files, stopped, found = told
        if found != len(held):
            raise restore_guard.DifferentError
        attempt = Attempt.objects.begin(mailing, f"{mailing.code}{letters(count)}", token, now)
        if stopped:
            _leave_out(mailing)
        record(EventKind.CLAIMED, mailing, reference=attempt.reference)
    return Claim(
        mailing, attempt, token, started + total, deadline_at, first_try=not count, files=bool(files)
    )


def _told(
    mailing: Mailing, held: Sequence[str], *, token: str, now: datetime, deadline: datetime
) -> tuple[Any, ...] | None:
    """Queued becomes sending, once: what `_TOLD` asks for, or None."""
    places = [*held, *[_NONE] * (restore_guard.MARKS - len(held))]
    account = mailing.account
    told = _claiming(mailing.submitted_at is not None, account.proven_at is not None).rows(
        pk=mailing.pk,
        account=mailing.account_id,
        digest=mailing.spec_digest,
        submitted=mailing.submitted_at,
        token=token,
        now=now,
        far=now + CLOCK_WENT_BACK,
        deadline=deadline,
        lease=now + timedelta(seconds=settings.LEASE_SECONDS),
        secret=bytes(account.secret),
        kind=account.kind,
        base_url=account.base_url,
        **{f"held{number}": place for number, place in enumerate(places)},
    )
    return told[0] if told else None


@functools.cache
def _claiming(submitted: bool, proven: bool) -> Prepared:
    """The claim's UPDATE, of a row that was sent off, for an account with which a call has succeeded."""
    return Prepared(lambda: _claim_statement(submitted, proven))


def _claim_statement(submitted: bool, proven: bool) -> tuple[str, Sequence[Any]]:
    has_come = Q(not_before=None) | Q(**given(Mailing, not_before__lte="now"))
    rows = Mailing.objects.filter(
        has_come | Q(**given(Mailing, not_before__gt="far")),
        accounts.unchanged(OuterRef("account_id"), proven=proven),
        state=State.QUEUED, wish="",
        # As it was read, unless it was held, changed and sent off anew while this worker waited for a permit.
        **given(Mailing, id="pk", account_id="account", spec_digest="digest"),
        **(given(Mailing, submitted_at="submitted") if submitted else {"submitted_at": None}),
    )  # fmt: skip
    sql, params = changing(
        rows,
        state=State.SENDING,
        held_reason="",
        not_before=None,
        # What was looked for so far was an older attempt.
        **_NOT_LOOKED_FOR,
        **given(Mailing, "token", state_at="now", deadline_at="deadline", lease_until="lease"),
    )
    held = [Given(f"held{number}", CharField()) for number in range(restore_guard.MARKS)]
    return f"{sql} RETURNING {', '.join(f'({one})' for one in _TOLD)}", [*params, *held]


def _leave_out(mailing: Mailing) -> None:
    count = stop_list.leave_out(mailing)
    if not stop_list.reachable(mailing).exists():
        raise NobodyLeft
    record(EventKind.LEFT_OUT, mailing, count=count)
