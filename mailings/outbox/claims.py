"""Claims: the right to send one mailing once, with a deadline, checked again before the first byte."""

import functools
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Q
from django.utils import timezone

from mailings import accounts
from mailings.accounts import restore_guard
from mailings.models import Account, Attempt, Event, EventKind, Mailing, State, record
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
    whole = partial(Claim, mailing, token=token, deadline=started + total, deadline_at=deadline_at)
    values = _values(mailing, held, token=token, now=now, deadline=deadline_at)
    if connection.vendor == "postgresql" and (first := _claimed_at_once(mailing, values)):
        attempt, files = first
        return whole(attempt=attempt, first_try=True, files=files)
    with transaction.atomic():
        told = _statement(_claiming, mailing).rows(**values)
        if not told:
            return None
        ((count, files, stopped, found),) = told
        if found != len(held):
            raise restore_guard.DifferentError
        attempt = Attempt.objects.begin(mailing, f"{mailing.code}{letters(count)}", token, now)
        if stopped:
            _leave_out(mailing)
        record(EventKind.CLAIMED, mailing, reference=attempt.reference)
    return whole(attempt=attempt, first_try=not count, files=bool(files))


def _claimed_at_once(mailing: Mailing, values: dict[str, Any]) -> tuple[Attempt, bool] | None:
    """The usual claim, its attempt and its event in one statement: the attempt, and if there are files.

    For PostgreSQL only: the statement is a transaction by itself, and the steps of `claim` go to the server
    and back five times. None: nothing was changed. So it is if there was a try before, if somebody is on the
    stop list, or if the database does not hold all that Redis remembers.
    """
    reference = f"{mailing.code}{letters(0)}"
    found = _statement(_claiming_at_once, mailing).rows(
        **values, reference=reference, data={"reference": reference}
    )
    if not found:
        return None
    ((pk, files),) = found
    begun = {"reference": reference, "token": values["token"], "begin": values["now"]}
    return Attempt(pk=pk, mailing=mailing, kind=Attempt.Kind.CREATE, **begun), bool(files)


def _statement(kind: Callable[[bool, bool], Prepared], mailing: Mailing) -> Prepared:
    return kind(mailing.submitted_at is not None, mailing.account.proven_at is not None)


def _values(
    mailing: Mailing, held: Sequence[str], *, token: str, now: datetime, deadline: datetime
) -> dict[str, Any]:
    """The values of the claiming statements."""
    return {
        "pk": mailing.pk,
        "account": mailing.account_id,
        "digest": mailing.spec_digest,
        "submitted": mailing.submitted_at,
        "token": token,
        "now": now,
        "far": now + CLOCK_WENT_BACK,
        "deadline": deadline,
        "lease": now + timedelta(seconds=settings.LEASE_SECONDS),
        "held": as_each(held),
        **_as_read(mailing.account),
    }


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


@functools.cache
def _claiming_at_once(submitted: bool, proven: bool) -> Prepared:
    """That of `_claimed_at_once`, likewise."""
    return Prepared(lambda: _statement_at_once(submitted, proven))


def _statement_at_once(submitted: bool, proven: bool) -> tuple[str, Sequence[Any]]:
    claiming, params = _update(submitted, proven)
    token, reference, now = given(Attempt, "token", "reference", begin="now").values()
    data, at = given(Event, "data", at="now").values()
    sql = f"""
        WITH claimed AS (
            {claiming} AND ({_TRIES}) = 0 AND ({stop_list.ANY_LISTED}) = 0
            AND ({_held()}) = json_array_length(%s::json) RETURNING id, ({_FILES}) AS files
        ),
        begun AS (
            INSERT INTO mailings_attempt (mailing_id, kind, reference, token, "begin", outcome, text, raw)
            SELECT id, %s, %s, %s, %s, '', '', '' FROM claimed RETURNING id
        ),
        told AS (INSERT INTO mailings_event (mailing_id, kind, at, data) SELECT id, %s, %s, %s FROM claimed)
        SELECT begun.id, claimed.files FROM begun CROSS JOIN claimed
    """  # noqa: S608 (our own statement)
    held, create = Given("held"), str(Attempt.Kind.CREATE)
    return sql, [*params, held, held, create, reference, token, now, str(EventKind.CLAIMED), at, data]


def _held() -> str:
    found = each_of("mailings_attempt", "1 AS there", "token", "varchar", "kind = 'create'")
    return _HELD.format(found=found)


def _claim_statement(submitted: bool, proven: bool) -> tuple[str, Sequence[Any]]:
    sql, params = _update(submitted, proven)
    told = (_TRIES, _FILES, stop_list.ANY_LISTED, _held())
    return f"{sql} RETURNING {', '.join(f'({one})' for one in told)}", [*params, Given("held")]


def _update(submitted: bool, proven: bool) -> tuple[str, Sequence[Any]]:
    """The UPDATE from queued to sending."""
    has_come = Q(not_before=None) | Q(**given(Mailing, not_before__lte="now"))
    rows = Mailing.objects.filter(
        has_come | Q(**given(Mailing, not_before__gt="far")),
        accounts.unchanged(OuterRef("account_id"), proven=proven),
        state__unindexed=State.QUEUED, wish="",
        # Only the very mailing that was read: it may have been held, edited and sent off again meanwhile.
        **given(Mailing, id="pk", account_id="account", spec_digest="digest"),
        **(given(Mailing, submitted_at="submitted") if submitted else {"submitted_at": None}),
    )  # fmt: skip
    return changing(
        rows,
        state=State.SENDING,
        held_reason="",
        not_before=None,
        # Earlier searches were for an older attempt.
        **_NOT_LOOKED_FOR,
        **given(Mailing, "token", state_at="now", deadline_at="deadline", lease_until="lease"),
    )


def _leave_out(mailing: Mailing) -> None:
    count = stop_list.leave_out(mailing)
    if not stop_list.reachable(mailing).exists():
        raise NobodyLeft
    record(EventKind.LEFT_OUT, mailing, count=count)
