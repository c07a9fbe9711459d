"""Error 9 on a first try: before the second, the provider's list is read once for our reference.

A request that something on the way repeated (a proxy, say) is answered so, too: the first copy was saved.
"""

from datetime import datetime, timedelta

from django.conf import settings

from mailings.models import Attempt, LookNote, Mailing, Pull
from mailings.smsc.spec.times import MOSCOW

TOO_SOON = 9
# Reads in which our job may have stood unseen.
BLIND = tuple(note for note in LookNote if note is not LookNote.NO_CONTROL)


def must_be_read_for(mailing: Mailing) -> bool:
    """Whether a queued mailing waits for a read of the list, begun a gap after its try was called too soon.

    A read that shows its job ties it to the row, which is then queued no longer. A person's word ends it.
    """
    last = _last_try(mailing)
    if last is None or last.code != TOO_SOON or last.end is None:
        return False
    if mailing.released_at is not None and mailing.released_at > last.end:
        return False
    latest = max(last.begin, mailing.due_at or last.begin)
    reads = Pull.objects.filter(
        account_id=mailing.account_id,
        begun_at__gte=last.end + timedelta(seconds=settings.SAME_REQUEST_SECONDS),
        ended_at__isnull=False,
        start__lte=last.begin.astimezone(MOSCOW).date(),
        end__gte=latest.astimezone(MOSCOW).date(),
    )
    return not reads.exclude(incomplete_reason__in=BLIND).exists()


def was_too_soon_before(mailing: Mailing, moment: datetime) -> bool:
    """Whether the try that the mailing waits for ended before this moment."""
    last = _last_try(mailing)
    return last is not None and last.end is not None and last.end < moment


def _last_try(mailing: Mailing) -> Attempt | None:
    tries = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE)
    return tries.exclude(outcome=Attempt.Outcome.NOT_SENT).last()
