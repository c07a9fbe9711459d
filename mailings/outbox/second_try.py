"""After error 9 on a first try, the provider's list must be read before the second try.

Error 9 means "the same request within a minute". If a proxy repeated our request, it answers the copy, while
the first one was accepted: then our reference is in the list, and there must be no second try.
"""

from datetime import datetime, timedelta

from django.conf import settings

from mailings.models import Attempt, LookNote, Mailing, Pull
from mailings.smsc.spec.times import MOSCOW

TOO_SOON = 9
# Notes of reads that may have missed our job. NO_CONTROL is not among them: such a read was complete, and
# only could not prove how references look in the list.
BLIND = tuple(note for note in LookNote if note is not LookNote.NO_CONTROL)


def must_be_read_for(mailing: Mailing) -> bool:
    """Whether a queued mailing still has to wait for a read of the list after error 9.

    The read must have begun SAME_REQUEST_SECONDS after the try had ended, and cover its days. If it shows the
    job, the row gets it and is no longer queued. If a person released the mailing since, it need not wait.
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
    """Whether the mailing's last try ended before this moment."""
    last = _last_try(mailing)
    return last is not None and last.end is not None and last.end < moment


def _last_try(mailing: Mailing) -> Attempt | None:
    tries = Attempt.objects.filter(mailing=mailing, kind=Attempt.Kind.CREATE)
    return tries.exclude(outcome=Attempt.Outcome.NOT_SENT).last()
