"""When the provider's list shows that a mailing is not there.

A read counts if it is complete: every window was read and none may have been cut; the counts in the answers
agree with their rows; every row could be read and had a name; every job of ours that belongs in the days was
there. At least one of ours must have borne its reference, and none may have lacked it, for else a reference
might not be seen. Two such reads, begun long enough after the deadline of the creating call, show that an
unknown mailing is absent. What then happens to it, a person decides.
"""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from mailings import accounts
from mailings.models import Account, Event, EventKind, LookNote, Mailing, Origin, State, Wish, record
from mailings.models.mirror import is_conflict, mark_gone, observe
from mailings.models.readings import before, verified
from mailings.smsc.api.errors import NotSaved, SmscError
from mailings.sync.spans import LOOKS_NEEDED, TWO_MONTHS, Span, span_of, with_tries
from mailings.sync.tally import Conflict, Tally

# How many missing jobs a pull asks for by their ids.
ASKED_FOR_AT_MOST = 20
# A draft may wait this long before it is sent: rows made longer before the days of a read are not searched.
LONGEST_DRAFT = timedelta(days=90)
# A job that a `get` has still shown is not asked for again before a list has shown it once more.
NOT_ASKED_FOR = Q(look_at=None) | Q(look_at__lt=verified())


def wanted(account: Account) -> frozenset[str]:
    """The codes of mailings that may have an unseen job: all texts of listed jobs are searched for them."""
    lost = [State.UNKNOWN, State.HELD]
    if account.doubt_from is not None:
        lost.append(State.QUEUED)
    rows = Mailing.objects.of(account).filter(state__in=lost, code__isnull=False)
    return frozenset(str(code) for code in rows.values_list("code", flat=True))


def control(tally: Tally) -> LookNote | None:
    """Why a reference of ours might not be seen in this read; None if it would be.

    Adopted jobs do not count: they may bear no reference.
    """
    adopted = Event.objects.filter(kind=EventKind.ADOPTED, mailing__in=tally.lacking)
    if tally.lacking - set(adopted.values_list("mailing_id", flat=True)):
        return LookNote.NO_REFERENCE
    return None if tally.controls or tally.bearers else LookNote.NO_CONTROL


def without_deleted(rows: list[Mailing], tally: Tally) -> list[Mailing]:
    """The missing rows without those whose delete the provider had agreed to before this complete read began.

    Those are marked as gone.
    """
    left = []
    for row in rows:
        agreed = row.wish == Wish.DELETE and row.wish_agreed_at and row.wish_agreed_at < tally.begun
        if agreed and mark_gone(row, at=tally.begun):
            tally.gone += 1
        else:
            left.append(row)
    return left


def missing(account: Account, span: Span, begun: datetime) -> list[Mailing]:
    """Rows whose job belongs in `span`, was accepted before the pull began, and was not shown by it.

    The day of a job made elsewhere is not known, so it counts as missing only in a read of two months or
    more.
    """
    unseen = Mailing.objects.of(account).filter(
        before(begun),
        state=State.ACCEPTED,
        gone=False,
        state_at__lt=begun,
        created_at__gte=datetime.combine(span.start, datetime.min.time(), UTC) - LONGEST_DRAFT,
    )
    ours = with_tries(unseen.filter(origin=Origin.LOCAL))
    found = [row for row in ours if span.holds(span_of(row))]
    if span.end - span.start >= TWO_MONTHS:
        found += list(unseen.filter(NOT_ASKED_FOR, origin=Origin.PROVIDER)[:ASKED_FOR_AT_MOST])
    return found


def ask_for_each(account: Account, rows: list[Mailing], tally: Tally) -> bool:
    """Ask for missing jobs by their ids, a few per pull. False: one of ours may still be at the provider."""
    fresh = Mailing.objects.filter(NOT_ASKED_FOR, pk__in=[row.pk for row in rows])
    may_ask = set(fresh.values_list("pk", flat=True))
    asked = [row for row in rows if row.pk in may_ask][:ASKED_FOR_AT_MOST]
    gone = {row.pk for row in asked if _is_gone(account, row, tally)}
    tally.gone += len(gone)
    return all(row.pk in gone or row.origin == Origin.PROVIDER for row in rows)


def _is_gone(account: Account, row: Mailing, tally: Tally) -> bool:
    remote_id, at = str(row.remote_id), timezone.now()
    try:
        with accounts.slot(account, "get", remote_id) as client:
            job = client.get(remote_id)
    except NotSaved:
        if mark_gone(row, at=at):
            record(EventKind.GONE, row)
        return True
    except (SmscError, accounts.CannotCall):
        return False
    finally:
        tally.calls += 1
    if is_conflict(row.code, job):
        tally.conflicts.append(Conflict(row.pk, job))
        return False
    observe(row, job, at=at, source="get")
    Mailing.objects.filter(pk=row.pk).update(look_at=at)
    return False


def look(account: Account, span: Span, begun: datetime, reason: str) -> None:
    """Write down what this read means for each mailing that it should have shown but did not.

    `reason`: why the read does not show absence, a LookNote, or "".
    """
    lost = Mailing.objects.looked_for().exclude(state=State.QUEUED)
    for row in with_tries(lost.of(account).filter(look_matches=[])):
        if span.holds(span_of(row)):
            _look(row, begun, reason)


def _is_too_early(row: Mailing, begun: datetime) -> bool:
    """Whether the read began too soon after the last moment at which the mailing could be sent.

    The provider may show a new job late.
    """
    last: datetime = getattr(row, "last_try", None) or row.state_at
    known = row.deadline_at
    if row.state == State.HELD:  # in doubt: a call that is not known here may have been under way
        last, known = row.state_at, None
    deadline = known or last + timedelta(seconds=settings.PROVIDER_TOTAL_SECONDS)
    return begun < deadline + timedelta(seconds=settings.SETTLE_AFTER_SECONDS)


def _look(row: Mailing, begun: datetime, note: str) -> None:
    if row.looks >= LOOKS_NEEDED:
        return
    same = Mailing.objects.filter(pk=row.pk, state=row.state, looks=row.looks)
    if note:
        same.update(look_note=note)
        return
    if _is_too_early(row, begun):
        return
    apart = timedelta(seconds=settings.SAME_REQUEST_SECONDS)
    earlier = Q(look_at=None) | Q(look_at__lte=begun - apart)
    if same.filter(earlier).update(looks=F("looks") + 1, look_at=begun, look_note=""):
        record(EventKind.LOOKED, row, complete=True, number=row.looks + 1, note="")
