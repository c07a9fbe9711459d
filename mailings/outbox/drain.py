"""Working through what waits: one message is enough for all mailings whose moment has come.

A message to a worker costs as much as half of what handing a mailing over does. So the thread that got one
goes on with whatever else is due, and asks for another thread while there is more than it takes at once.
"""

import logging
import threading
import time
from collections import deque
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from mailings.models import Mailing, State, Waiting
from mailings.models.mailing import CLOCK_WENT_BACK
from mailings.models.patience import AWAY, drop_dead_connections
from mailings.models.prepared import Prepared, given
from mailings.outbox import notify
from mailings.outbox.deliver import deliver_mailing

log = logging.getLogger(__name__)

# Then the thread is given back, for a worker that is told to end, and for what else waits for one.
SECONDS = 3.0
# How long a mailing rests for which no call could go out, and its account here, so that others go meanwhile.
REST = timedelta(seconds=5)
# How long one rests that failed by a defect, if no message asks for it by name.
FAILED_RESTS = 30.0
# How many rows a look at the database brings.
LOOK = 64


def _due(now: object, far: object) -> QuerySet[Mailing]:
    come = Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=far)
    return Mailing.objects.filter(come, state=State.QUEUED).order_by("id")


_DUE = Prepared(
    lambda: _due(
        given(Mailing, not_before__lte="now")["not_before__lte"],
        given(Mailing, not_before__gt="far")["not_before__gt"],
    ).values_list("id")[:LOOK]
)


class Drain:
    """The threads of this process that hand mailings over, and what they have before them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._ahead: deque[int] = deque()
        self._in_hand: set[int] = set()
        # Until when (time.monotonic()) one that failed, and an account without a permit, are passed over.
        self._failed: dict[int, float] = {}
        self._resting: dict[int, float] = {}

    def work(self, mailing_id: int) -> None:
        """Hand this mailing over, if it may go now, and then whatever else is due, for some seconds.

        By as many threads at once as an account has calls: a message more changes nothing, for each of them
        looks once more before it ends.
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
            enters = self._threads < settings.CALLS_AT_ONCE
            self._threads += enters
        return enters

    def _leave(self, pk: int | None) -> None:
        with self._lock:
            self._threads -= 1
            self._in_hand.discard(pk or 0)

    def _hand_over(self, pk: int) -> None:
        """Raises nothing but what says that the database is away: then nothing else can go either."""
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
        """No call can go out for it now. Where its account has no permit left, its others wait likewise."""
        waiting = Mailing.objects.filter(pk=pk, state=State.QUEUED)
        without_permit = waiting.filter(waiting_for=Waiting.GATE).values_list("account_id", flat=True).first()
        waiting.exclude(not_before__gt=timezone.now()).update(not_before=timezone.now() + REST)
        if without_permit is not None:
            with self._lock:
                self._resting[without_permit] = time.monotonic() + REST.total_seconds()
                self._ahead.clear()
            notify.send("deliver", pk, after=REST.total_seconds())

    def _tell_another(self, mailing_id: int) -> None:
        """Of what waits beside this one, which came while a worker was told already, and may take long."""
        with self._lock:
            self._in_hand.add(mailing_id)
            more = self._more()
        if more is not None:
            notify.send("deliver", more)

    def _next(self) -> int | None:
        """The next one to hand over. None: nothing is due, and this thread has left, in the same moment."""
        with self._lock:
            if self._look() is None:
                self._threads -= 1
                return None
            pk = self._ahead.popleft()
            self._in_hand.add(pk)
            more = self._more() if self._ahead else None
        if more is not None:
            notify.send("deliver", more)
        return pk

    def _more(self) -> int | None:
        """What another thread may take, where one more may work."""
        return self._look() if self._threads < settings.CALLS_AT_ONCE else None

    def _look(self) -> int | None:
        """The first of what is ahead, after a look at the database where nothing is."""
        if not self._ahead:
            self._ahead.extend(pk for pk in self._found() if pk not in self._in_hand)
        return self._ahead[0] if self._ahead else None

    def _found(self) -> list[int]:
        now, moment = timezone.now(), time.monotonic()
        for passed_over in (self._failed, self._resting):
            for key in [key for key, until in passed_over.items() if until <= moment]:
                del passed_over[key]
        if not self._failed and not self._resting:
            return [pk for (pk,) in _DUE.rows(now=now, far=now + CLOCK_WENT_BACK)]
        due = _due(now, now + CLOCK_WENT_BACK).exclude(pk__in=self._failed).exclude(account__in=self._resting)
        return list(due.values_list("id", flat=True)[:LOOK])


DRAIN = Drain()


def deliver_and_go_on(mailing_id: int) -> None:
    """What a message asks for: `Drain.work` of this process."""
    DRAIN.work(mailing_id)
