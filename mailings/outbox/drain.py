"""One Celery message makes a worker hand over all mailings that are due, not only the one it names.

A message costs half as much as handing a mailing over. So the thread that got one goes on with everything
else that is due, and nudges another thread while there is more than it can do alone.
"""

import logging
import random
import threading
import time
from collections import deque
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from mailings import accounts
from mailings.models import Mailing, State, Waiting
from mailings.models.mailing import CLOCK_WENT_BACK
from mailings.models.patience import AWAY, drop_dead_connections
from mailings.models.prepared import Prepared, given
from mailings.outbox import notify
from mailings.outbox.deliver import deliver_mailing

log = logging.getLogger(__name__)

# A thread works so long, then returns to the pool: so the worker can shut down, and other tasks get a turn.
SECONDS = 3.0
# How long a mailing, and its account in this process, wait after no call could go out for it.
REST = timedelta(seconds=5)
# How long a mailing that failed by a bug of ours is passed over, unless a message names it.
FAILED_RESTS = 30.0
# How many due rows one query brings, and how many of them are taken, at random: workers that all went for the
# first ones would go for the same, and all but one in vain.
AT_ONCE = 64
TAKEN = 16
# A thread that works nudges another one this often at most: one that is told has others told in its turn.
NUDGE_SECONDS = 0.25
# How many threads there are beyond the permits: they read and write rows while the others call.
SPARE = 2


def _due(now: object, far: object) -> QuerySet[Mailing]:
    come = Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=far)
    return Mailing.objects.filter(come, state=State.QUEUED).order_by("id")


_DUE = Prepared(
    lambda: _due(
        given(Mailing, not_before__lte="now")["not_before__lte"],
        given(Mailing, not_before__gt="far")["not_before__gt"],
    ).values_list("id")[:AT_ONCE]
)


class Drain:
    """The threads of this process that hand mailings over, and the due mailings that they have read ahead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._ahead: deque[int] = deque()
        self._in_hand: set[int] = set()
        self._nudged_at = float("-inf")
        # By mailing, and by account: until when (time.monotonic()) it is passed over.
        self._failed: dict[int, float] = {}
        self._resting: dict[int, float] = {}

    def work(self, mailing_id: int) -> None:
        """Hand over this mailing, if it may go now, and then whatever else is due, for SECONDS.

        At most CALLS_AT_ONCE + SPARE threads of a process work here. A further message returns at once: each
        of those threads queries for due rows once more before it ends, so nothing is missed.
        """
        notify.begun()
        if not self._enter():
            return
        end = time.monotonic() + SECONDS
        pk: int | None = mailing_id
        try:
            self._tell_another(mailing_id)
            self._hand_over(mailing_id)
            while (pk := self._next()) is not None and time.monotonic() < end:
                self._hand_over(pk)
        except BaseException:
            self._leave(pk)
            raise
        if pk is not None:
            self._leave(pk)
            notify.send("deliver", pk, surely=True)

    def _enter(self) -> bool:
        with self._lock:
            enters = self._may_enter()
            self._threads += enters
        return enters

    def _leave(self, pk: int | None) -> None:
        with self._lock:
            self._threads -= 1
            self._in_hand.discard(pk or 0)

    def _hand_over(self, pk: int) -> None:
        """Deliver one mailing. Raises only if the database is away: then no other could go either."""
        with self._lock:
            self._in_hand.add(pk)
        try:
            if not deliver_mailing(pk):
                self._rest(pk)
        except Exception as error:
            log.exception("Mailing %s could not be handed over; the others go on.", pk)
            drop_dead_connections()
            if isinstance(error, AWAY):
                raise
            with self._lock:
                self._failed[pk] = time.monotonic() + FAILED_RESTS
        finally:
            with self._lock:
                self._in_hand.discard(pk)

    def _rest(self, pk: int) -> None:
        """Postpone a mailing for which no call can go out; if there was no permit, the whole account.

        But not if this process has calls of it under way: their threads go on with it.
        """
        waiting = Mailing.objects.filter(pk=pk, state=State.QUEUED)
        without_permit = waiting.filter(waiting_for=Waiting.GATE).values_list(
            "account_id", "account__identity"
        )
        waiting.exclude(not_before__gt=timezone.now()).update(not_before=timezone.now() + REST)
        for account, identity in without_permit[:1]:
            with self._lock:
                if not accounts.is_calling(identity):
                    self._resting[account] = time.monotonic() + REST.total_seconds()
                self._ahead.clear()
            notify.send("deliver", pk, after=REST.total_seconds())

    def _tell_another(self, mailing_id: int) -> None:
        """Nudge another thread for other due mailings: this one's call may take long.

        They may have had no message of their own, because a worker was nudged already (see `notify.send`).
        """
        with self._lock:
            self._in_hand.add(mailing_id)
            more = self._more()
        if more is not None:
            notify.send("deliver", more)

    def _next(self) -> int | None:
        """The next mailing to hand over. None when nothing is due.

        With None this thread is no longer counted, under the same lock: a message that comes right after the
        last query finds room for a thread.
        """
        with self._lock:
            if self._first_due() is None:
                self._threads -= 1
                return None
            pk = self._ahead.popleft()
            self._in_hand.add(pk)
            more = self._more() if self._ahead and self._may_nudge() else None
        if more is not None:
            notify.send("deliver", more)
        return pk

    def _may_nudge(self) -> bool:
        """Whether the last nudge of a thread at work was long enough ago; if so, this is one."""
        now = time.monotonic()
        may = now - self._nudged_at >= NUDGE_SECONDS
        self._nudged_at = now if may else self._nudged_at
        return may

    def _more(self) -> int | None:
        """A due mailing for another thread, if one more may work."""
        return self._first_due() if self._may_enter() else None

    def _may_enter(self) -> bool:
        """Whether one more thread may work: not if enough wait beside the calls that are under way.

        Where workers of other processes have most of the permits, further threads would only wait, each with
        a mailing that another worker sends meanwhile. But while there is no call at all, any may be the one
        whose account has a permit.
        """
        calls = accounts.calls_under_way()
        enough = calls > 0 and self._threads - calls > SPARE
        return self._threads < settings.CALLS_AT_ONCE + SPARE and not enough

    def _first_due(self) -> int | None:
        """The first due mailing, read from the database if none was read ahead. Holds the lock."""
        if not self._ahead:
            self._ahead.extend(pk for pk in self._found() if pk not in self._in_hand)
        return self._ahead[0] if self._ahead else None

    def _found(self) -> list[int]:
        now, moment = timezone.now(), time.monotonic()
        for passed_over in (self._failed, self._resting):
            for key in [key for key, until in passed_over.items() if until <= moment]:
                del passed_over[key]
        if not self._failed and not self._resting:
            found = [pk for (pk,) in _DUE.rows(now=now, far=now + CLOCK_WENT_BACK)]
            return random.sample(found, min(len(found), TAKEN))
        due = _due(now, now + CLOCK_WENT_BACK).exclude(pk__in=self._failed).exclude(account__in=self._resting)
        return list(due.values_list("id", flat=True)[:AT_ONCE])


DRAIN = Drain()


def deliver_and_go_on(mailing_id: int) -> None:
    """The task of a "deliver" message: see `Drain.work`."""
    DRAIN.work(mailing_id)
