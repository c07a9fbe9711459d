"""The sweep: goes on with rows that a lost message, a killed worker or a breaker has left waiting."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from mailings import accounts
from mailings.models import Account, Attempt, Breaker, EventKind, HeldReason, Mailing, State, record
from mailings.models.mailing import has_come
from mailings.models.states import UNDECIDED, WISHES_ARE_FULFILLED
from mailings.outbox import notify
from mailings.outbox.columns import requeued
from mailings.outbox.hour_changes import conclude_all
from mailings.outbox.outcomes import suspect_second_job
from mailings.recipients import imports

# A row is not nudged again sooner: its worker may simply be busy.
NUDGE_AGAIN_AFTER = timedelta(seconds=60)
AT_MOST = 500
# The most "deliver" messages of one sweep: a few are enough, as each worker goes on with all due rows
# (drain.py).
DELIVERERS = 8


def sweep() -> dict[str, int]:
    """One round over everything open. Several sweeps may run at once, on any hosts.

    Returns for each step how many rows it moved or nudged; "probed" counts accounts whose probe succeeded.
    """
    return {
        "expired": expire_leases(),
        "probed": probe_accounts(),
        "freed": free_held(),
        "delivered": nudge_queued(),
        "wishes": nudge_wishes(),
        "candidates": nudge_candidates(),
        "hours": conclude_all(),
        "imports": nudge_imports(),
    }


def expire_leases() -> int:
    """Make mailings unknown whose lease ran out, as their worker is dead or frozen; never queue them again.

    Also closes attempts that were left open. Returns the number of both.
    """
    now = timezone.now()
    return sum(_expire(pk, token) for pk, token in _expired(now)) + _close_forgotten_attempts(now)


def _expired(now: datetime) -> list[tuple[int, str]]:
    """The rows whose lease has run out, as pairs of primary key and claim token."""
    sending = Mailing.objects.filter(has_come("lease_until", now), state=State.SENDING)
    return list(sending.values_list("pk", "token")[:AT_MOST])


def _close_forgotten_attempts(now: datetime) -> int:
    """Close attempts whose worker died, and for which no row is in `sending`.

    A cancel or delete will be repeated anyway. A create whose row has a job from another attempt may have
    made a second one, which is an alarm.
    """
    lease = timedelta(seconds=settings.LEASE_SECONDS)
    forgotten = Attempt.objects.open().filter(begin__lt=now - lease)
    forgotten = forgotten.exclude(kind=Attempt.Kind.CREATE, mailing__state=State.SENDING)
    return sum(_close(attempt, now) for attempt in forgotten[:AT_MOST])


def _close(attempt: Attempt, now: datetime) -> bool:
    with transaction.atomic():
        closed = Attempt.objects.finish(attempt.pk, Attempt.Outcome.UNKNOWN, now, text="lease_expired")
        if closed and attempt.kind == Attempt.Kind.CREATE:
            suspect_second_job(attempt.mailing_id)
    return closed


def _expire(pk: int, token: str) -> bool:
    now = timezone.now()
    with transaction.atomic():
        same = Mailing.objects.filter(has_come("lease_until", now), token=token)
        if not same.move(pk, State.SENDING, State.UNKNOWN, waiting_for="", unknown_reason="lease_expired"):
            return False
        for attempt in Attempt.objects.open().filter(token=token):
            Attempt.objects.finish(attempt.pk, Attempt.Outcome.UNKNOWN, now, text="lease_expired")
        record(EventKind.UNKNOWN, pk, reason="lease_expired")
    return True


def probe_accounts() -> int:
    """One call for each account whose block is over, or for which a person asked after a refused login."""
    stopped = Account.objects.exclude(breaker=Breaker.CLOSED)
    return sum(1 for account in stopped if accounts.probe_if_due(account))


def free_held() -> int:
    """Queue mailings again that were held for their account's breaker, once it has closed."""
    freed = 0
    waiting = Mailing.objects.filter(
        state=State.HELD,
        held_reason__in=[HeldReason.LOGIN, HeldReason.BLOCK],
        account__breaker=Breaker.CLOSED,
    )
    for pk in waiting.values_list("pk", flat=True)[:AT_MOST]:
        held = Mailing.objects.filter(held_reason__in=[HeldReason.LOGIN, HeldReason.BLOCK])
        with transaction.atomic():
            if held.move(pk, State.HELD, State.QUEUED, **requeued()):
                record(EventKind.RELEASED, pk)
                freed += 1
    return freed


def nudge_imports() -> int:
    """Nudge the reading of recipient files that nobody has begun, or whose worker died."""
    found = imports.overdue(AT_MOST)
    for pk in found:
        notify.send("read_import", pk)
    return len(found)


def nudge_queued() -> int:
    """Nudge queued rows that are due and were not nudged lately."""
    now = timezone.now()
    due = Mailing.objects.filter(
        has_come("not_before", now),
        Q(nudged_at=None) | Q(nudged_at__gt=now) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER),
        state=State.QUEUED,
    )
    pks = list(due.order_by("id").values_list("pk", flat=True)[:AT_MOST])
    return _nudge("deliver", pks, messages=DELIVERERS)


def nudge_wishes() -> int:
    """Nudge wishes whose next step is due, unless they were nudged since it became due, and lately."""
    now = timezone.now()
    due = Mailing.objects.filter(
        has_come("wish_next_at", now),
        Q(nudged_at=None)
        | Q(nudged_at__gt=now)
        | Q(nudged_at__lt=F("wish_next_at"))
        | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER),
        state__in=WISHES_ARE_FULFILLED,
        remote_id__isnull=False,
    ).exclude(wish="")
    return _nudge("fulfil", list(due.order_by("wish_at").values_list("pk", flat=True)[:AT_MOST]))


def nudge_candidates() -> int:
    """Nudge candidates (jobs that a person named) whose first or next check is due."""
    now = timezone.now()
    due = Mailing.objects.filter(has_come("candidate_next_at", now), state__in=UNDECIDED).exclude(
        candidate=""
    )
    return _nudge("verify", list(due.order_by("candidate_at").values_list("pk", flat=True)[:AT_MOST]))


def _nudge(task: str, pks: list[int], *, messages: int = AT_MOST) -> int:
    """Send messages for the first `messages` rows. Only those are marked: the others get their turn next."""
    told = pks[:messages]
    with transaction.atomic():
        Mailing.objects.filter(pk__in=told).update(nudged_at=timezone.now())
        for pk in told:
            notify.send(task, pk, surely=True)
    return len(told)
