"""What to ask next: the days, or the addresses, of mailings whose messages are not all settled.

The longer ago the last round was, the more seldom a mailing is asked about. The newest days are asked about
first. A day is read whole, unless all that is due for it is a few mailings with few recipients: these are
asked about by their addresses. Settled mailings are not asked about again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet

from mailings.delivery import hours, results
from mailings.delivery.hours import Tries
from mailings.delivery.match import NOT_SENT, tries_of
from mailings.models import Account, Attempt, Delivery, Mailing, Message, Origin, Recipient, Result, State
from mailings.models.deliveries import moment
from mailings.recipients.people import NUMBER
from mailings.smsc.spec import times

# The most calls in an hour that ask about messages; the account's other calls are for its mailings.
CALLS_AN_HOUR = 240
# Mailings with at most so many recipients are asked about by address ...
BY_NUMBER = 50
# ... unless so many mailings, or a larger one, are due for the same day: then the whole day is read.
BY_DAY = 4
# Until its last round is so old, a mailing is asked about again after so long; from then on after SELDOM.
INTERVALS = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(hours=6), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
)
SELDOM = timedelta(hours=6)
# Beat never comes to the second. What is due within this part of its pause is asked about now: a moment later
# would be a whole pause later.
EARLY = 0.1
ENROLLED_AT_ONCE = 2_000
# How many of the newest calls are searched for mailings that were handed over meanwhile, or once more.
LATELY = 2_000


@dataclass(frozen=True)
class Ask:
    """One list of messages to read to its end, from the day `start` to the day `end`, both included.

    `mail`: list e-mail, which the provider keeps apart. `addresses`: only messages to these; () for all.
    `mailing`: the primary key of the mailing whose recipients `addresses` are.
    """

    start: date
    end: date
    mail: bool = False
    addresses: tuple[str, ...] = ()
    mailing: int | None = None


def enrol(account: Account, lately: int = 0) -> int:
    """Create the missing `Delivery` of every mailing that may have sent something; returns how many.

    `lately`: search only this many of the newest attempts, which is quicker; 0 for all.
    """
    tries = _tries(lately)
    missing = Mailing.objects.filter(
        account=account, origin=Origin.LOCAL, delivery=None, pk__in=tries.values("mailing")
    )
    new = 0
    while found := list(missing.defer("remote")[:ENROLLED_AT_ONCE]):
        begun = tries_of([mailing.pk for mailing in found])
        rows = [_new(mailing, begun[mailing.pk]) for mailing in found]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        new += len(rows)
    return new


def _new(mailing: Mailing, tries: Tries) -> Delivery:
    found = hours.hours_of(mailing, tries)
    return Delivery(
        mailing=mailing,
        account_id=mailing.account_id,
        opens=found.opens,
        closes=found.closes,
        recipients=mailing.recipients_count or 0,
        ask_at=found.opens,
    )


def due(account: Account, now: datetime) -> list[Delivery]:
    """What to ask about now, after closing what is over and following jobs that were moved."""
    _close(account, now)
    _follow(account)
    by = now + EARLY * timedelta(seconds=settings.DELIVERY_SECONDS)
    return list(_with_mailings(open_ones(account).filter(ask_at__lte=by)))


def _close(account: Account, now: datetime) -> None:
    """Ask no more about mailings that ended DELIVERY_DAYS ago.

    A cancelled or deleted one has ended when it was cancelled; if that was before its first hour, it has sent
    nothing and is closed at once.
    """
    over, found = now - timedelta(days=settings.DELIVERY_DAYS), open_ones(account)
    called_off = found.filter(mailing__state__in=(State.CANCELLED, State.DELETED))
    before_it_began = called_off.filter(mailing__state_at__lt=F("opens"))
    for rows in (
        found.filter(closes__lt=over),
        called_off.filter(mailing__state_at__lt=over),
        before_it_began,
    ):
        rows.update(final=True, ask_at=None)


def _tries(lately: int) -> QuerySet[Attempt]:
    """The calls that may have created a job. `lately`: among the so many newest calls; 0 for all."""
    tries = Attempt.objects.filter(kind=Attempt.Kind.CREATE).exclude(outcome__in=NOT_SENT)
    if lately:
        tries = tries.filter(pk__gt=(Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0) - lately)
    return tries


def _follow(account: Account) -> None:
    """Correct the hours of mailings whose job somebody moved to another hour, or that were sent again."""
    rows = [*_moved(account), *_sent_again(account)]
    tries = tries_of([row.pk for row in rows])
    for row in (row for row in rows if row.pk in tries):
        found = hours.hours_of(row.mailing, tries[row.pk])
        if (found.opens, found.closes) != (row.opens, row.closes):
            row.opens, row.closes, row.ask_at, row.final = found.opens, found.closes, found.opens, False
            row.save(update_fields=["opens", "closes", "ask_at", "final"])


def _moved(account: Account) -> QuerySet[Delivery]:
    """Those whose job is at another hour at the provider, or may be."""
    later = Q(mailing__remote_send_at__gt=F("closes") - hours.LATER)
    moved = open_ones(account).filter(later | Q(mailing__remote_send_at__lt=F("opens")), mailing__repeats=0)
    return _with_mailings(moved)


def _sent_again(account: Account) -> list[Delivery]:
    """Those that were sent again lately, after their hours. Nothing more may have been expected of them."""
    last = _tries(LATELY).filter(begin__gt=F("mailing__delivery__closes") - hours.LATER)
    rows = list(_with_mailings(Delivery.objects.filter(account=account, pk__in=last.values("mailing"))))
    tries = tries_of([row.pk for row in rows])
    return [row for row in rows if tries[row.pk].first < tries[row.pk].last]


def _with_mailings(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return rows.select_related("mailing").defer("mailing__remote")


def open_ones(account: Account) -> QuerySet[Delivery]:
    return Delivery.objects.filter(account=account, final=False)


def asks(deliveries: Iterable[Delivery], now: datetime) -> list[Ask]:
    """The lists to read for these mailings, newest days first, each once."""
    by_day: dict[tuple[date, bool], list[Delivery]] = {}
    for delivery in deliveries:
        for day in _days(delivery, now):
            by_day.setdefault((day, delivery.mailing.channel == "mail"), []).append(delivery)
    found = []
    for (day, mail), meant in sorted(by_day.items(), key=lambda item: item[0], reverse=True):
        few = [one for one in meant if one.recipients <= BY_NUMBER]
        numbers = {one.pk: _numbers(one, now) for one in few} if len(few) == len(meant) < BY_DAY else {}
        if numbers and all(numbers.values()):
            found += [Ask(day, day, mail, some, pk) for pk, some in numbers.items()]
        else:
            found.append(Ask(day, day, mail))
    return list(dict.fromkeys(found))


def _days(delivery: Delivery, now: datetime) -> list[date]:
    """The days to ask about, newest first, at most DELIVERY_DAYS back.

    All of the mailing's days as long as nothing is known of some recipient, if it is a recurring one, or if a
    second channel may follow; otherwise only the days of messages that are still on their way.
    """
    back = timedelta(days=settings.DELIVERY_DAYS)
    if delivery.unheard or delivery.mailing.repeats or results.may_follow(delivery, now):
        return hours.days(delivery.opens, delivery.closes, now, back)
    open_messages = Message.objects.filter(mailing=delivery.mailing_id, final=False)
    sent = {moment(seconds) or now for seconds in open_messages.values_list("sent", flat=True)}
    return sorted({one.astimezone(times.MOSCOW).date() for one in sent if one > now - back}, reverse=True)


def fully_read(deliveries: Iterable[Delivery], days: Iterable[date], now: datetime) -> list[Delivery]:
    """Those for which no other days than `days` need to be read."""
    read = set(days)
    return [one for one in deliveries if read.issuperset(_days(one, now))]


def _numbers(delivery: Delivery, now: datetime) -> tuple[str, ...]:
    """The addresses whose messages are not final yet; () if one is neither a number nor an e-mail address.

    All addresses of a recurring mailing: each of its rounds sends to everybody again. Also of those who did
    not get it, as long as a second channel may follow.
    """
    told = Message.objects.filter(mailing=delivery.mailing_id, round=delivery.round)
    settled, on_the_way = (told.filter(final=final).values("position") for final in (True, False))
    people = Recipient.objects.filter(mailing=delivery.mailing_id, stopped=False)
    open_ones = ~Q(position__in=settled) | Q(position__in=on_the_way)
    if results.may_follow(delivery, now):
        open_ones |= Q(result=Result.FAILED)
    left = people if delivery.mailing.repeats else people.filter(open_ones)
    found = tuple(left.order_by("position").values_list("address", flat=True))
    plain = all("@" in one or NUMBER.fullmatch(one) for one in found)
    return found if plain else ()


def reschedule(deliveries: Iterable[Delivery], now: datetime) -> None:
    """Decide when to ask about each of these again; never, if it is settled."""
    for delivery in deliveries:
        delivery.refresh_from_db(
            fields=["delivered", "read", "failed", "waiting", "unclear", "recipients", "round"]
        )
        delivery.final = results.is_settled(delivery, now)
        delivery.ask_at = None if delivery.final else now + interval(now - last_round(delivery, now))
        delivery.save(update_fields=["final", "ask_at"])


def last_round(delivery: Delivery, now: datetime) -> datetime:
    """The moment from which the last round's age counts: of a recurring mailing, its newest message.

    Any other mailing has one round, which begins with its hours.
    """
    if not delivery.mailing.repeats:
        return delivery.opens
    newest = (
        Message.objects.filter(mailing=delivery.mailing_id).order_by("-sent").values_list("sent", flat=True)
    )
    return datetime.fromtimestamp(newest[0], UTC) if newest else delivery.opens


def interval(age: timedelta) -> timedelta:
    """How long to wait before asking again about a mailing whose last round is so old."""
    return next((pause for until, pause in INTERVALS if age < until), SELDOM)
