"""Claims: the right to send one mailing once, with a deadline, checked again before the first byte."""

import functools
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q
from django.utils import timezone

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import Account, Attempt, EventKind, Mailing, State, record
from mailings.models.among import as_each, each_of
from mailings.models.mailing import CLOCK_WENT_BACK, letters
from mailings.models.prepared import Given, Prepared, changing, given
from mailings.recipients import stop_list


class StaleClaim(Exception):
    """Nothing may be sent: the claim is lost, the mailing is to be cancelled, or the deadline has passed."""


class NobodyLeft(Exception):
    """Everybody that the mailing is for is on the stop list."""


# What the claiming UPDATE returns, to save queries: the number of earlier tries, the number of files, whether
# any recipient is on the stop list, and how many of the attempts that Redis remembers this database holds.
# For each there is one index that PostgreSQL can take: of two it takes the wrong one while a table begins to
# fill, and keeps to it.
_TRIES = (
    "SELECT count(*) FILTER (WHERE kind = 'create' AND outcome <> 'not_sent') FROM mailings_attempt"
    " WHERE mailing_id = mailings_mailing.id"
)
_FILES = "SELECT count(*) FROM mailings_attachment WHERE mailing_id = mailings_mailing.id"
_HELD = "SELECT count(*) FROM ({found}) AS held"
# Forgets earlier searches of the provider's list for this row.
_NOT_LOOKED_FOR = {"looks": 0, "look_at": None, "look_note": ""}


@dataclass(frozen=True)
class Claim:
    """The right to send one mailing once.

    `deadline` is a moment of `time.monotonic()`, `deadline_at` the same by the wall clock: the first stands
    still while a machine is suspended, the second can be set back.
    """

    mailing: Mailing
    attempt: Attempt
    token: str
    deadline: float
    deadline_at: datetime
    first_try: bool
    files: bool = True

    def confirm(self) -> None:
        """Check once more, right before the first byte: a worker may have been frozen since the claim, or may
        have waited for a permit while another call showed that the account can make none.

        Raises StaleClaim, or what `restore_guard.remember` raises. Redis and the database may be slow, so the
        deadline is checked after them.
        """
        account = self.mailing.account
        restore_guard.remember(account, self.attempt)
        ours = _ours(account.proven_at is not None).rows(
            pk=self.mailing.pk, token=self.token, **_as_read(account)
        )
        if not (ours and self._in_time()):
            raise StaleClaim

    def _in_time(self) -> bool:
        return time.monotonic() < self.deadline and timezone.now() < self.deadline_at


def claim(mailing: Mailing, held: Sequence[str]) -> Claim | None:
    """Take a queued mailing for sending, in one conditional UPDATE; None when another worker has it.

    Recipients that are on the stop list by now are left out in the same transaction. `held`: tokens of the
    attempts that Redis remembers. Raises DifferentError when the database does not hold all of them,
    NobodyLeft when every recipient is on the stop list; both roll the claim back.
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
    """Run the UPDATE from queued to sending: what it returns, or None when the row did not match."""
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
        held=as_each(held),
        **_as_read(account),
    )
    return told[0] if told else None


def _as_read(account: Account) -> dict[str, Any]:
    """The values that `accounts.unchanged` compares."""
    return {"secret": bytes(account.secret), "kind": account.kind, "base_url": account.base_url}


@functools.cache
def _ours(proven: bool) -> Prepared:
    """The claimed row, if it still may be sent, prepared once for each. `proven`: as in `_claiming`."""
    return Prepared(
        lambda: (
            Mailing.objects.filter(
                accounts.unchanged(OuterRef("account_id"), proven=proven),
                state__unindexed=State.SENDING,
                wish="",
                **given(Mailing, "token", id="pk"),
            )
            .order_by()
            .values_list("id")
        )
    )


@functools.cache
def _claiming(submitted: bool, proven: bool) -> Prepared:
    """The claiming UPDATE, prepared once for each combination.

    `submitted`: the row was sent off by a person. `proven`: a call has succeeded with the account's
    credentials.
    """
    return Prepared(lambda: _claim_statement(submitted, proven))


def _claim_statement(submitted: bool, proven: bool) -> tuple[str, Sequence[Any]]:
    has_come = Q(not_before=None) | Q(**given(Mailing, not_before__lte="now"))
    rows = Mailing.objects.filter(
        has_come | Q(**given(Mailing, not_before__gt="far")),
        accounts.unchanged(OuterRef("account_id"), proven=proven),
        state__unindexed=State.QUEUED, wish="",
        # Only the very mailing that was read: it may have been held, edited and sent off again meanwhile.
        **given(Mailing, id="pk", account_id="account", spec_digest="digest"),
        **(given(Mailing, submitted_at="submitted") if submitted else {"submitted_at": None}),
    )  # fmt: skip
    sql, params = changing(
        rows,
        state=State.SENDING,
        held_reason="",
        not_before=None,
        # Earlier searches were for an older attempt.
        **_NOT_LOOKED_FOR,
        **given(Mailing, "token", state_at="now", deadline_at="deadline", lease_until="lease"),
    )
    found = each_of("mailings_attempt", "1 AS there", "token", "varchar", "kind = 'create'")
    told = (_TRIES, _FILES, stop_list.ANY_LISTED, _HELD.format(found=found))
    return f"{sql} RETURNING {', '.join(f'({one})' for one in told)}", [*params, Given("held")]


def _leave_out(mailing: Mailing) -> None:
    count = stop_list.leave_out(mailing)
    if not stop_list.reachable(mailing).exists():
        raise NobodyLeft
    record(EventKind.LEFT_OUT, mailing, count=count)
