"""What the list says of mailings that were cancelled or deleted, and of wishes. Nothing is final there.

A cancelled or deleted mailing whose job waits or goes out again is accepted again, with an alarm. A wish that
the list shows to be done is checked at once: the list counts as a second look, like a `get`. A wish that had
ended unconfirmed can be confirmed by it later.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from mailings.models import (
    Account,
    Alarm,
    Attempt,
    EventKind,
    Mailing,
    State,
    Wish,
    WishAnswer,
    WishResult,
    record,
)
from mailings.models.mirror import raise_alarm
from mailings.models.readings import verified
from mailings.smsc.api.answers import JobStatus
from mailings.sync.tally import Tally

ON_ITS_WAY = frozenset({JobStatus.WAITING, JobStatus.GOING})


def note_reversals(account: Account, tally: Tally) -> None:
    """Act on what this pull wrote to the rows of cancelled and deleted mailings, and of those with a wish."""
    rows = Mailing.objects.of(account).alias(verified=verified())
    ended = rows.filter(state__in=[State.CANCELLED, State.DELETED])
    shown = ended.filter(verified__gte=tally.begun, gone=False)
    later = Q(wish_result_at=None) | Q(verified__gt=F("wish_result_at"))
    cancelled = Q(state=State.CANCELLED, remote_status__in=[*ON_ITS_WAY, JobStatus.GONE_OUT])
    listed = Q(state=State.DELETED) & ~Q(remote_status="")
    for row in shown.filter(later, cancelled | listed):
        if not (row.repeats and row.state == State.CANCELLED and row.remote_status == JobStatus.GONE_OUT):
            _take_back(row)
    hasten_wishes(account, tally.begun)
    _confirm_late(account, tally.begun)


def hasten_wishes(account: Account, since: datetime) -> None:
    """Make the next step of a wish due now if a read since then shows that the wish can be settled."""
    wished = Mailing.objects.of(account).exclude(wish="").alias(verified=verified())
    ended = Q(wish=Wish.CANCEL, remote_status__in=[JobStatus.CANCELLED, JobStatus.GONE_OUT])
    due = wished.filter(ended | Q(wish=Wish.DELETE, gone=True), verified__gte=since)
    due.update(wish_next_at=timezone.now(), nudged_at=None)


def _confirm_late(account: Account, since: datetime) -> None:
    """Confirm wishes that ended unconfirmed or unclear, if a read since then shows that they were fulfilled.

    A cancel counts even if the provider gave no clear answer, a delete only if it had said OK.
    """
    unseen = Q(wish_result=WishResult.UNCONFIRMED)
    unclear = Q(wish_result=WishResult.FAILED, wish_answer=WishAnswer.UNCLEAR)
    # Found by the time of their end, which has an index; nearly all rows are accepted.
    rows = Mailing.objects.of(account).alias(verified=verified())
    ended = rows.filter(wish_result_at__lt=timezone.now(), wish="")
    shown = ended.filter(unseen | unclear, verified__gte=since, verified__gt=F("wish_result_at"))
    for row in shown:
        if row.state != State.ACCEPTED:
            continue
        asked = row.attempts.exclude(kind=Attempt.Kind.CREATE).order_by("-id").first()
        kind = Wish(asked.kind) if asked else None
        if kind == Wish.CANCEL and row.remote_status == JobStatus.CANCELLED and not row.gone:
            _confirm(row, State.CANCELLED, kind)
        elif kind == Wish.DELETE and row.gone and row.wish_result == WishResult.UNCONFIRMED:
            _confirm(row, State.DELETED, kind)


def _confirm(row: Mailing, done: State, kind: Wish) -> None:
    fields = {"wish_result": WishResult.CONFIRMED, "wish_result_at": row.verified_at, "wish_answer": ""}
    with transaction.atomic():
        same = Mailing.objects.filter(wish="", wish_result_at=row.wish_result_at)
        if same.move(row.pk, State.ACCEPTED, done, **fields):
            said = {"wish": kind, "result": WishResult.CONFIRMED, "words": row.remote_word}
            record(EventKind.WISH_ENDED, row, by=row.wish_by, **said)


def _take_back(row: Mailing) -> None:
    """Make the row accepted again, because its job is not cancelled or deleted any more."""
    before = State(row.state)
    with transaction.atomic():
        rows = Mailing.objects.alias(verified=verified())
        same = rows.filter(verified=row.verified_at, wish_result_at=row.wish_result_at)
        if not same.move(row.pk, before, State.ACCEPTED, wish_result=""):
            return
        record(EventKind.BACK, row, before=before, words=row.remote_word)
        if _goes_out(row) and row.alarm != Alarm.TWO_JOBS:
            raise_alarm(row, Alarm.BACK, [str(row.remote_id)])


def _goes_out(row: Mailing) -> bool:
    """Whether people get it after all. Not if it had gone out before the delete: it is only listed again."""
    if row.remote_status != JobStatus.GONE_OUT:
        return row.remote_status in ON_ITS_WAY
    ended = row.wish_result_at or row.state_at
    return row.state == State.CANCELLED or (row.due_at is not None and row.due_at > ended)
