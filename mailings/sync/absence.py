"""What a read that is whole may say about jobs that it does not show.

A read is whole when every window was read, none may have been cut, its own counts agree with it, every row
could be read and had a name, every job of ours that belongs in its days was there, and at least one of them
bore its reference while none that should bear it lacked it: only then is it known that a reference would be
seen. Only two such reads, begun long enough after the deadline of the creating call, show that an unknown
mailing is absent; and then a person decides.
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

LOOK_UPS_AT_MOST = 20
# A draft may have waited this long before it was sent: older rows are not looked through at every pull.
LONGEST_DRAFT = timedelta(days=90)
# A job that a `get` still showed is asked for again only after a list has shown it once more.
NOT_ASKED_FOR = Q(look_at=None) | Q(look_at__lt=verified())


def wanted(account: Account) -> frozenset[str]:
    """The codes of mailings that may be at the provider unseen: no job may hold one and be passed over."""
    lost = [State.UNKNOWN, State.HELD]
    if account.doubt_from is not None:
        lost.append(State.QUEUED)
    rows = Mailing.objects.of(account).filter(state__in=lost, code__isnull=False)
    return frozenset(str(code) for code in rows.values_list("code", flat=True))


def control(tally: Tally) -> LookNote | None:
    """Why a read does not show that our references would be seen in it; None when it does.

    A job that a person said is a mailing's may well bear no reference.
    """
    adopted = Event.objects.filter(kind=EventKind.ADOPTED, mailing__in=tally.lacking)
    if tally.lacking - set(adopted.values_list("mailing_id", flat=True)):
        return LookNote.NO_REFERENCE
    return None if tally.controls or tally.bearers else LookNote.NO_CONTROL


def without_deleted(rows: list[Mailing], tally: Tally) -> list[Mailing]:
    """The missing rows but those of which the provider said, before this whole read, that it deleted them."""
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

    Of jobs made elsewhere the day is not known: only a read of two months or more can miss them.
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
        found += list(unseen.filter(NOT_ASKED_FOR, origin=Origin.PROVIDER)[:LOOK_UPS_AT_MOST])
    return found


def ask_for_each(account: Account, rows: list[Mailing], tally: Tally) -> bool:
    """Ask for missing jobs by their ids, a few per pull; False when one of ours may still be there."""
    fresh = Mailing.objects.filter(NOT_ASKED_FOR, pk__in=[row.pk for row in rows])
    may_ask = set(fresh.values_list("pk", flat=True))
    asked = [row for row in rows if row.pk in may_ask][:LOOK_UPS_AT_MOST]
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
    """Write down what this read means for each mailing that is looked for, whose days it reached in vain."""
    lost = Mailing.objects.looked_for().exclude(state=State.QUEUED)
    for row in with_tries(lost.of(account).filter(look_matches=[])):
        if span.holds(span_of(row)):
            _look(row, begun, reason)


def _is_too_early(row: Mailing, begun: datetime) -> bool:
    """A job may be saved late: reads count only some time after the last moment it could be sent."""
    last: datetime = getattr(row, "last_try", None) or row.state_at
    known = row.deadline_at
    if row.state == State.HELD:  # in doubt: what other calls were under way until then is not known
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
