"""Which days to ask the provider for. All days are those of Moscow time, as the provider's are.

It is not published whether `get_all` goes by the day on which a job was made or that on which it is sent, nor
in which zone. So every span is longer by a day at each end than it would have to be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from mailings.models import Account, Attempt, Mailing, Origin, State
from mailings.models.states import HELD_IN_DOUBT
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal

DAY = timedelta(days=1)
WINDOW = timedelta(days=14)
RECENT_BACK, RECENT_AHEAD = timedelta(days=2), timedelta(days=3)
TWO_MONTHS = timedelta(days=60)
# How far ahead a pull of two months reaches at least: a monthly mailing goes out once within it.
MONTH_AHEAD = timedelta(days=31)
# Recent pulls also ask for the days of so many scheduled mailings, the next ones.
SCHEDULED_AT_MOST = 20
# Absence is shown by so many complete reads; after them a mailing is not looked for any more.
LOOKS_NEEDED = 2


@dataclass(frozen=True, order=True)
class Span:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def holds(self, other: "Span") -> bool:
        return self.start <= other.start and other.end <= self.end

    def latest(self, now: datetime) -> datetime:
        """The last moment of these days that is not after `now`."""
        end = datetime.combine(self.end + DAY, datetime.min.time(), times.MOSCOW) - timedelta(seconds=1)
        return min(end, now)

    def halves(self) -> tuple["Span", "Span"]:
        """Two spans that make up this one, which must be longer than a day."""
        middle = self.start + (self.end - self.start) // 2
        return Span(self.start, middle), Span(middle + DAY, self.end)

    def windows(self, today: date) -> Iterator["Span"]:
        """The spans to ask for one by one: two weeks each, and one for all that lies far ahead."""
        start = self.start
        while start <= self.end:
            end = min(start + WINDOW - DAY, self.end)
            if start > today + WINDOW:
                end = self.end
            yield Span(start, end)
            start = end + DAY


def moscow_day(moment: datetime) -> date:
    return moment.astimezone(times.MOSCOW).date()


def today() -> date:
    return moscow_day(timezone.now())


def with_tries(mailings: "QuerySet[Mailing]") -> "QuerySet[Mailing]":
    """The rows with `first_try` and `last_try`: when their creating calls began (None: no call is known)."""
    creates = Attempt.objects.filter(mailing=OuterRef("pk"), kind=Attempt.Kind.CREATE).values("begin")
    first, last = creates.order_by("begin", "id")[:1], creates.order_by("-begin", "-id")[:1]
    return mailings.annotate(first_try=Subquery(first), last_try=Subquery(last))


def span_of(mailing: Mailing) -> Span:
    """The days that a read must cover to show a mailing's job. Takes a row of `with_tries`.

    From the day before its first creating call to the day after the last one, or after the hour asked for. A
    mailing that is held in doubt may have been handed over on any day since it was made.
    """
    first: datetime = getattr(mailing, "first_try", None) or mailing.state_at
    first = min(first, mailing.created_at) if mailing.held_reason in HELD_IN_DOUBT else first
    last: datetime = getattr(mailing, "last_try", None) or mailing.state_at
    return Span(moscow_day(first) - DAY, max(moscow_day(last), asked_day(mailing, moscow_day(last))) + DAY)


def asked_day(mailing: Mailing, handed: date) -> date:
    """The latest day on which a mailing may go out for the first time; `handed`: when it was handed over."""
    if mailing.due_at is not None:
        return moscow_day(mailing.due_at)
    try:
        when = times.parse(str(mailing.spec.get("options", {}).get("time", times.NOW)))
    except Refusal:
        return handed
    if when.local is not None:
        return when.local.date() + DAY  # its zone is not known here
    return handed + DAY if when.hours is not None else handed


def recent(account: Account) -> list[Span]:
    """The last and the next days, and those of mailings that are looked for or scheduled.

    Days of scheduled mailings that lie further ahead are read by turns, one window in each sync period: else
    a call more would be made in each for every mailing that has its days to itself.
    """
    now = today()
    days = [Span(now - RECENT_BACK, now + RECENT_AHEAD)]
    days += [Span(day - DAY, day + DAY) for day in _scheduled_days(account)]
    near, *further = [window for span in merged(days) for window in span.windows(now)]
    spans = [near, *_with_control(account, [span_of(row) for row in _looked_for(account)])]
    if further:
        spans.append(further[int(timezone.now().timestamp() // settings.SYNC_SECONDS) % len(further)])
    return merged(spans)


def _with_control(account: Account, spans: list[Span]) -> list[Span]:
    """These spans, each extended to a day that has a job of ours.

    A read shows absence only if it also shows a job of ours with its reference (see `absence`).
    """
    newest = (
        Mailing.objects.filter(account=account, origin=Origin.LOCAL, gone=False, remote_id__isnull=False)
        .filter(created_at__gte=datetime.combine(today() - TWO_MONTHS + DAY, datetime.min.time(), UTC))
        .order_by("-created_at", "-id")
    )
    control = with_tries(newest).first() if spans else None
    if control is None:
        return spans
    near = span_of(control)
    return [Span(min(span.start, near.start), max(span.end, near.start + DAY)) for span in spans]


def two_months(account: Account) -> Span:
    """From sixty days back to the last hour that an open mailing asks for, MONTH_AHEAD at least."""
    now = today()
    furthest = _open(account).aggregate(latest=Max("due_at"))["latest"]
    end = now + MONTH_AHEAD
    return Span(now - TWO_MONTHS, max(end, moscow_day(furthest) + DAY) if furthest else end)


def merged(spans: list[Span]) -> list[Span]:
    """The same days in as few spans as possible, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end + DAY:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _open(account: Account) -> "QuerySet[Mailing]":
    """What may still go out: one that was cancelled or deleted may be switched on again."""
    here = Q(state__in=[State.ACCEPTED, State.UNKNOWN, State.SENDING, State.CANCELLED], gone=False)
    return Mailing.objects.filter(here | Q(state=State.DELETED), account=account)


def _looked_for(account: Account) -> "QuerySet[Mailing]":
    earliest = datetime.combine(today() - TWO_MONTHS, datetime.min.time(), UTC)
    lost = Mailing.objects.looked_for().filter(account=account, looks__lt=LOOKS_NEEDED)
    return with_tries(lost.filter(state_at__gte=earliest))


def _scheduled_days(account: Account) -> list[date]:
    later = datetime.combine(today() + RECENT_AHEAD, datetime.min.time(), UTC)
    due = _open(account).filter(remote_id__isnull=False, due_at__gt=later).order_by("due_at")
    moments = due.values_list("due_at", flat=True)[:SCHEDULED_AT_MOST]
    return [moscow_day(moment) for moment in moments if moment is not None]
