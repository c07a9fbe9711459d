"""The first page: what needs a person, what goes out next, what was spent. All queries are bounded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import health, outbox
from mailings.accounts import calls_last_hour
from mailings.models import Account, Breaker, LookNote, Mailing, Origin, Pull, State
from mailings.models.among import as_one
from mailings.models.prepared import Given, Prepared, PreparedRow, PreparedValues, given
from mailings.models.states import NEEDS_A_PERSON, STILL_TO_GO, UNHAPPY
from mailings.smsc.api.answers import JobStatus
from mailings.smsc.spec.spec import Spec
from mailings.wording import chips, deliveries

AHEAD_DAYS = 7
BACK_DAYS = 14
BACK = timedelta(days=BACK_DAYS)
AT_MOST = 50
# So many of those that need a person are shown; up to AT_MOST are counted.
SHOWN_NEEDS = 20
SHOWN_A_DAY = 8
SHOWN_DRAFTS = 5
# How long a wish that failed, or could not be confirmed, stays on the first page.
REMIND = timedelta(days=3)


def light() -> QuerySet[Mailing]:
    """Mailings without the columns that can be large."""
    return Mailing.objects.select_related("account", "wish_by", "candidate_by").defer(
        "spec", "remote", "draft"
    )


@dataclass
class Needs:
    """Mailings that wait for a person, the most urgent first.

    `mailings`: those that are shown; `count`: how many wait; `uncounted`: there are others beyond these.
    """

    mailings: list[Mailing]
    count: int
    uncounted: bool

    @property
    def counted(self) -> str:
        return f"{self.count}+" if self.uncounted else str(self.count)

    @property
    def more(self) -> bool:
        return self.count > len(self.mailings)


def needs_a_person(now: datetime) -> Needs:
    """Alarms, unknown outcomes, refusals, held mailings, and wishes that failed in the last days."""
    found = {pk: (alarm, state, at) for pk, alarm, state, at in _WAITING.rows(reminded=now - REMIND)}
    # The newest first, and then, in this order, the most urgent.
    newest = sorted(found, key=lambda pk: found[pk][2], reverse=True)
    shown = sorted(newest, key=lambda pk: _urgency(*found[pk][:2]))[:SHOWN_NEEDS]
    rows = {mailing.pk: mailing for mailing in _SHOWN.all(pks=as_one(shown))}
    mailings = [rows[pk] for pk in shown if pk in rows]
    return Needs(mailings, min(len(found), AT_MOST), len(found) > AT_MOST)


def _waiting() -> QuerySet[Any, Any]:
    rows = Mailing.objects.all()
    remind = given(Mailing, wish_result_at__gte="reminded")
    unhappy = rows.filter(_stands("wish_result_at"), wish_result__in=UNHAPPY, **remind)
    # The newest of each state: an index gives them in order, while a query for all would have to sort.
    of_states = [rows.filter(_stands("state_at"), state=each).newest_first() for each in NEEDS_A_PERSON]
    fetched = rows.values_list("pk", "alarm", "state", "state_at")
    return _first_of([rows.filter(alarm__gt=""), unhappy, *of_states], AT_MOST + 1, fetched)


_WAITING = Prepared(_waiting)
_SHOWN = PreparedRow(lambda: light().filter(id__among=Given("pks")))


def _first_of(
    queries: Iterable[QuerySet[Mailing]], at_most: int, fetched: QuerySet[Any, Any]
) -> QuerySet[Any, Any]:
    """The first rows of each of these, some of them perhaps twice. `fetched`: what is read of a row."""
    one, *others = (fetched.filter(pk__in=query.values("pk")[:at_most]) for query in queries)
    return one.union(*others, all=True)


def _stands(since: str) -> Q:
    """Not put aside since the moment in column `since`. As `outbox.may_put_aside` has it."""
    return Q(put_aside_at=None) | Q(put_aside_at__lt=F(since))


def _urgency(alarm: str, state: str) -> int:
    order = NEEDS_A_PERSON
    return 0 if alarm else 1 + order.index(State(state)) if state in order else 9


def own_drafts(user_id: int | None) -> list[Mailing]:
    """A person's own drafts, the last edited first, with the columns that the page shows."""
    found = _DRAFTS.all(user=user_id)
    edited = {draft.pk: draft.draft_at.timestamp() if draft.draft_at else 0.0 for draft in found}
    return sorted(found, key=lambda draft: (-edited[draft.pk], -draft.pk))[:SHOWN_DRAFTS]


def _drafts() -> QuerySet[Mailing]:
    drafts = Mailing.objects.filter(state=State.DRAFT, **given(Mailing, created_by="user"))
    # Those never edited by themselves: PostgreSQL's index has them first, and all would have to be sorted.
    apart = [drafts.filter(draft_at__isnull=never).order_by("-draft_at", "-id") for never in (False, True)]
    return _first_of(apart, SHOWN_DRAFTS, Mailing.objects.only("name", "state", "draft_at"))


_DRAFTS = PreparedRow(_drafts)


@dataclass(frozen=True, order=True)
class Sending:
    """One sending ahead. `repeat`: a later occurrence of a repeating mailing."""

    at: datetime
    mailing: Mailing = field(compare=False)
    repeat: bool = field(default=False, compare=False)


def _in_order(sendings: Iterable[Sending]) -> list[Sending]:
    """Sorted by hour, without duplicates of mailing and hour."""
    found = {(one.at, one.mailing.pk): one for one in sendings}
    return [found[key] for key in sorted(found)]


@dataclass
class Day:
    """A day in the reader's zone, and what goes out on it."""

    date: date
    sendings: list[Sending] = field(default_factory=list)

    @property
    def shown(self) -> list[Sending]:
        return self.sendings[:SHOWN_A_DAY]

    @property
    def hidden(self) -> int:
        """How many sendings are not shown."""
        return max(0, len(self.sendings) - SHOWN_A_DAY)


def week_ahead(now: datetime) -> list[Day]:
    """The next seven days with their sendings, also the repeated ones, the earliest first."""
    today = timezone.localdate(now)
    days = {day: Day(day) for day in (today + timedelta(days=n) for n in range(AHEAD_DAYS))}
    for sending in _in_order([*_once(now), *_recurring(now)]):
        day = timezone.localtime(sending.at).date()
        if day in days:
            days[day].sendings.append(sending)
    return list(days.values())


def _still_to_go(mailing: Mailing) -> bool:
    """Whether a mailing will still go out.

    Not a condition of the query: the database would then use the index on states, and read nearly all rows.
    """
    over = {JobStatus.CANCELLED} if mailing.repeats else {JobStatus.CANCELLED, JobStatus.GONE_OUT}
    return mailing.state in STILL_TO_GO and not mailing.gone and mailing.remote_status not in over


def _once(now: datetime) -> Iterator[Sending]:
    """Sendings of mailings that do not repeat.

    By the provider's hour if it names one, as the job may have been moved there; else by ours.
    """
    held = timedelta(seconds=settings.HOLD_SECONDS)  # a mailing for "now" may still be in its hold
    found = _DUE.all(held=now - held, now=now, until=now + timedelta(days=AHEAD_DAYS))
    for mailing in {mailing.pk: mailing for mailing in found}.values():
        at = _goes_at(mailing, now)
        if not mailing.repeats and at >= now and _still_to_go(mailing):
            yield Sending(at, mailing)


def _due() -> QuerySet[Mailing]:
    rows = Mailing.objects.all()
    due = rows.filter(**given(Mailing, due_at__gte="held", due_at__lt="until")).order_by("due_at")
    theirs = rows.filter(**given(Mailing, remote_send_at__gte="now", remote_send_at__lt="until"))
    found = [due, theirs.order_by("remote_send_at")]
    return _first_of(found, 10 * AT_MOST, rows.defer("spec", "remote", "draft"))


_DUE = PreparedRow(_due)


def _goes_at(mailing: Mailing, now: datetime) -> datetime:
    """Its hour, or the end of its hold if that is later."""
    at = mailing.goes_out_at or now
    return max(at, mailing.not_before) if outbox.may_hold(mailing, now) and mailing.not_before else at


def _recurring(now: datetime) -> Iterator[Sending]:
    until = now + timedelta(days=AHEAD_DAYS)
    for mailing in filter(_still_to_go, _REPEATING.all()):
        # Computed from the moment it was sent off: a relative time such as "+5" must not move with the clock.
        begun = mailing.submitted_at or mailing.created_at
        for moment in occurrences(mailing, begun, now, until):
            yield Sending(moment, mailing, repeat=moment != mailing.due_at)


def _repeating() -> QuerySet[Mailing]:
    rows = Mailing.objects.filter(repeats__gt=0).defer("remote", "draft")
    return rows.order_by("-repeats", "-id")[: 10 * AT_MOST]


_REPEATING = PreparedRow(_repeating)


def occurrences(mailing: Mailing, begun: datetime, now: datetime, until: datetime) -> list[datetime]:
    """A repeating mailing's sendings from `now` to before `until`. `begun`: when it was sent off."""
    spec = Spec.from_json(mailing.spec, ())
    return [
        moment
        for moment in spec.occurrences(max(begun, now), limit=24 * AHEAD_DAYS, begun=begun)
        if now <= moment < until
    ]


@dataclass(frozen=True)
class Spent:
    """The figures of one channel on one day."""

    day: date
    channel: str
    mailings: int
    recipients: int
    cost: Decimal

    def with_(self, other: "Spent") -> "Spent":
        """The figures of both; they are of the same day and channel."""
        return replace(
            self,
            mailings=self.mailings + other.mailings,
            recipients=self.recipients + other.recipients,
            cost=self.cost + other.cost,
        )

    @property
    def channel_label(self) -> str:
        return chips.channel_label(self.channel)


def spent(now: datetime) -> list[Spent]:
    """What was spent in the last days, by day (in the reader's zone) and channel.

    Mailings made here count on the day of their creation. Those made elsewhere count on the provider's day;
    if it names none, on `created_at`, which is the last day of the list in which they were first seen.
    Cancelled and deleted ones do not count.
    """
    today, zone = timezone.localdate(now), timezone.get_current_timezone()
    days = [today - timedelta(days=back) for back in range(-1, BACK_DAYS)]
    ends = {_end(back): datetime.combine(day, time.min, tzinfo=zone) for back, day in enumerate(days)}
    together: dict[tuple[date, str], Spent] = {}
    for back, channel, *sums in _SPENT.all(now=now, **ends, **{_end(len(days)): now - BACK}):
        mailings, people, cost = sums
        one = Spent(today - timedelta(days=back), channel, mailings, people or 0, cost or Decimal())
        same = together.get((one.day, one.channel))
        together[one.day, one.channel] = one.with_(same) if same else one
    return sorted(together.values(), key=lambda one: (-one.day.toordinal(), one.channel))


def _end(back: int) -> str:
    """The name of the moment at which the day so many days ago has ended."""
    return f"end{back}"


def _spent() -> QuerySet[Any, Any]:
    """Each day is asked for by itself: an index has all that is added up, in the order of days."""
    going = Mailing.objects.exclude(remote_status=JobStatus.CANCELLED)
    local = Q(origin=Origin.LOCAL) | Q(remote_send_at=None)
    ours = going.filter(local, state=State.ACCEPTED)
    # `Concat` keeps SQLite from the indices of states and origins, by which it would read nearly all rows.
    theirs = going.alias(kind=Concat("state", "origin")).filter(
        kind=f"{State.ACCEPTED}{Origin.PROVIDER}", **given(Mailing, remote_send_at__lte="now")
    )
    one, *others = (
        _of_day(found, moment, back)
        for back in range(BACK_DAYS + 1)
        for found, moment in ((ours, "created_at"), (theirs, "remote_send_at"))
    )
    return one.union(*others, all=True)


def _of_day(rows: QuerySet[Mailing], moment: str, back: int) -> QuerySet[Any, Any]:
    between = given(Mailing, **{f"{moment}__gte": _end(back + 1), f"{moment}__lt": _end(back)})
    return (
        rows.filter(**between)
        .values("channel")
        .annotate(mailings=Count("id"), recipients=Sum("recipients_count"), sum=Sum("cost"))
        .order_by()
        .values_list(Value(back), "channel", "mailings", "recipients", "sum")
    )


_SPENT = PreparedValues(_spent)


def chart(figures: list[Spent], now: datetime) -> dict[str, Any]:
    """The same figures as data for chart.js: a series of values per channel, with the days as axis."""
    today = timezone.localdate(now)
    days = [today - timedelta(days=n) for n in range(BACK_DAYS - 1, -1, -1)]
    found = {(one.day, one.channel): one for one in figures}
    channels = sorted({one.channel for one in figures}, key=lambda channel: (not channel, channel))
    return {
        "days": [f"{day:%d.%m}" for day in days],
        "channels": [
            {
                "channel": channel,
                "label": chips.channel_label(channel),
                "cost": [float(one.cost) if (one := found.get((day, channel))) else 0 for day in days],
                "recipients": [one.recipients if (one := found.get((day, channel))) else 0 for day in days],
            }
            for channel in channels
        ],
        "words": {"cost": _("Spend"), "recipients": _("Recipients")},
    }


@dataclass(frozen=True)
class LastDay:
    """What became of the messages of the last 24 hours, over all accounts."""

    recipients: int
    delivered: int
    failed: int
    # When the oldest of the figures was read.
    as_of: datetime | None

    @property
    def open(self) -> int:
        """Those still on the way, and those of unknown result."""
        return self.recipients - self.delivered - self.failed


def last_day(accounts: list[Account]) -> LastDay | None:
    """The sum over accounts that were read by `news.read`; None if there are no recipients."""

    def total(*names: str) -> int:
        return sum(getattr(account, f"day_{name}", None) or 0 for account in accounts for name in names)

    ages = [age for account in accounts if (age := getattr(account, "day_as_of", None))]
    oldest = min(ages, default=None)
    found = LastDay(total("recipients"), total("delivered", "read"), total("failed"), oldest)
    return found if found.recipients else None


@dataclass(frozen=True)
class Purse:
    """An account, and for how many days its balance lasts at the present rate; None if not known."""

    account: Account
    days: int | None


def purses(accounts: list[Account], figures: list[Spent]) -> list[Purse]:
    """Forecasts exist for a single account only: `figures` do not tell which account has spent what."""
    total = sum((one.cost for one in figures), Decimal())
    daily = total / BACK_DAYS
    known = len(accounts) == 1 and daily > 0
    return [
        Purse(account, int(account.balance / daily) if known and account.balance is not None else None)
        for account in accounts
    ]


@dataclass(frozen=True)
class ProviderHealth:
    """An account's dealings with the provider. `calls`: in the last hour; None if Redis is away.

    `asking`: a sentence on the calls about messages (`wording.deliveries.asking`); "" if there are none.
    """

    account: Account
    chip: chips.Chip
    pull: Pull | None
    calls: int | None
    asking: str

    @property
    def incomplete(self) -> str:
        """Why the last read of the list may be incomplete; "" if it is complete."""
        reason = self.pull.incomplete_reason if self.pull else ""
        return str(LookNote(reason).label) if reason and reason != LookNote.NO_CONTROL else ""

    @property
    def may_probe(self) -> bool:
        return self.account.breaker == Breaker.LOGIN


def provider_health(accounts: Sequence[Account]) -> list[ProviderHealth]:
    """What is known of the provider, from the database and Redis, for accounts that were read by `news.read`;
    makes no call."""
    newest = {account.pk: getattr(account, "ended_pull", None) for account in accounts}
    pulls = Pull.objects.in_bulk(filter(None, newest.values()))
    return [_health_of(account, pulls.get(newest[account.pk])) for account in accounts]


def _health_of(account: Account, pull: Pull | None) -> ProviderHealth:
    calls = calls_last_hour(account) if health.current().redis else None
    asking = deliveries.asking(account, timezone.now())
    return ProviderHealth(account, chips.health_chip(account), pull, calls, asking)
