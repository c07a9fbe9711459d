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
from django.db.models import Q
from django.utils import timezone

from mailings.models import Mailing, State
from mailings.models.mailing import CLOCK_WENT_BACK
from mailings.models.patience import drop_dead_connections
from mailings.models.prepared import Prepared, given
from mailings.outbox import notify
from mailings.outbox.deliver import deliver_mailing

log = logging.getLogger(__name__)

# Then the thread is given back, for a worker that is told to end, and for what else waits for one.
SECONDS = 3.0
# How long a mailing rests for which no call could go out, so that others are not kept behind it.
REST = timedelta(seconds=5)
# How many rows a look at the database brings.
LOOK = 64

_DUE = Prepared(
    lambda: (
        Mailing.objects.filter(
            Q(not_before=None)
            | Q(**given(Mailing, not_before__lte="now"))
            | Q(**given(Mailing, not_before__gt="far")),
            state=State.QUEUED,
        )
        .order_by("id")
        .values_list("id")[:LOOK]
    )
)


class Drain:
    """The threads of this process that hand mailings over, and what they have before them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._ahead: deque[int] = deque()
        # What a thread has in its hands, or failed at: the latter is left to a message of its own.
        self._taken: set[int] = set()

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
            while pk is not None and time.monotonic() < end:
                self._hand_over(pk)
                pk = self._next()
        except BaseException:
            self._leave()
            raise
        if pk is not None:
            self._leave()
            notify.send("deliver", pk, surely=True)

    def _enter(self) -> bool:
        with self._lock:
            enters = self._threads < settings.CALLS_AT_ONCE
            self._threads += enters
        return enters

    def _leave(self) -> None:
        with self._lock:
            self._threads -= 1

    def _hand_over(self, pk: int) -> None:
        with self._lock:
            self._taken.add(pk)
        try:
            went = deliver_mailing(pk)
        except Exception:
            log.exception("Mailing %s could not be handed over; the others go on.", pk)
            drop_dead_connections()
            return
        if not went:
            waiting = Mailing.objects.filter(pk=pk, state=State.QUEUED)
            waiting.exclude(not_before__gt=timezone.now()).update(not_before=timezone.now() + REST)
        with self._lock:
            self._taken.discard(pk)

    def _next(self) -> int | None:
        """The next one to hand over. None: nothing is due, and this thread has left, in the same moment."""
        with self._lock:
            if not self._ahead:
                now = timezone.now()
                due = _DUE.rows(now=now, far=now + CLOCK_WENT_BACK)
                self._ahead.extend(pk for (pk,) in due if pk not in self._taken)
            if not self._ahead:
                self._threads -= 1
                return None
            pk = self._ahead.popleft()
            more = self._ahead[0] if self._ahead and self._threads < settings.CALLS_AT_ONCE else None
        if more is not None:
            notify.send("deliver", more)
        return pk


DRAIN = Drain()


def deliver_and_go_on(mailing_id: int) -> None:
    """What a message asks for: `Drain.work` of this process."""
    DRAIN.work(mailing_id)
