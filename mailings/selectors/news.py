"""Whether the first page has anything new to show: one query for the newest records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, IntegerField, Min, OuterRef, QuerySet, Subquery, Sum, When

from mailings.models import Account, Delivery, DeliveryPull, Event, Observation, Pull, State
from mailings.models.prepared import PreparedRow, given
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import chips

# Some things change by the clock alone (an hour has come, a read is too old), so the version changes this
# often.
CLOCK_SECONDS = 300
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIGURES = ("recipients", "delivered", "read", "failed")
NEWEST = ("newest_event", "newest_word", "newest_pull", "newest_delivery")
ACCOUNTS_AT_MOST = 20


@dataclass(frozen=True)
class News:
    """What the first page compares to know whether it is up to date.

    `version`: 8 hex digits. It changes with every event, new status word, pull and changed delivery, with
    each account's health and balance, and every CLOCK_SECONDS.
    """

    version: str
    accounts: list[Account]


def read(now: datetime) -> News:
    """The present version. Call it before reading the page's rows, so that later ones are news next time."""
    accounts = _ACCOUNTS.all(day_ago=now - DAY, hour_ago=now - HOUR)
    seen = [
        (chips.health_chip(row, now).word, row.balance, *(getattr(row, name) for name in NEWEST))
        for row in accounts
    ]
    return News(f"{chips.digest([*seen, int(now.timestamp()) // CLOCK_SECONDS]):08x}", accounts)


def _accounts() -> QuerySet[Account]:
    # The highest keys of tables that are only added to.
    newest = {
        "newest_event": _newest(Event.objects.all()),
        "newest_word": _newest(Observation.objects.all()),
        "newest_pull": _newest(Pull.objects.all()),
        "newest_delivery": _newest(DeliveryPull.objects.exclude(changed=0)),
    }
    rows = Account.objects.annotate(**newest, **_last_day(), **_asking(), **_ended_pull())
    return rows.order_by("pk")[:ACCOUNTS_AT_MOST]


_ACCOUNTS = PreparedRow(_accounts)


def _last_day() -> dict[str, Subquery]:
    """Per account: the results of mailings of the last day, without those that only check numbers.

    A mailing that the provider may not have counts only once a message of it was seen.
    """
    day = given(Delivery, opens__gte="day_ago")
    lately = Delivery.objects.filter(account=OuterRef("pk"), as_of__isnull=False, **day)
    # One value, not alternatives in two tables: PostgreSQL takes 4 ms to plan those, for each figure.
    messages = F("delivered") + F("read") + F("failed") + F("waiting") + F("unclear")
    accepted = When(mailing__state=State.ACCEPTED, then=1)
    sent = lately.alias(sent=Case(accepted, default=messages, output_field=IntegerField())).filter(sent__gt=0)
    one = sent.exclude(mailing__channel__in=(Channel.HLR, Channel.PING)).order_by().values("account")
    oldest = Subquery(one.annotate(oldest=Min("as_of")).values("oldest"))
    sums = {f"day_{name}": Subquery(one.annotate(sum=Sum(name)).values("sum")) for name in FIGURES}
    return {**sums, "day_as_of": oldest}


def _asking() -> dict[str, Subquery]:
    """Per account: calls about messages in the last hour, the first one's time, and when the next is due."""
    hour = given(DeliveryPull, begun_at__gt="hour_ago")
    lately = DeliveryPull.objects.filter(account=OuterRef("pk"), calls__gt=0, **hour)
    due = Delivery.objects.filter(account=OuterRef("pk"), final=False, ask_at__isnull=False)
    calls = lately.order_by().values("account").annotate(sum=Sum("calls"))
    return {
        "asked_calls": Subquery(calls.values("sum")),
        "asked_since": Subquery(lately.order_by("begun_at").values("begun_at")[:1]),
        "asked_next": Subquery(due.order_by("ask_at").values("ask_at")[:1]),
    }


def _ended_pull() -> dict[str, Subquery]:
    """Per account: its newest pull that has ended."""
    ended = Pull.objects.filter(account=OuterRef("pk"), ended_at__isnull=False)
    return {"ended_pull": Subquery(ended.order_by("-begun_at").values("pk")[:1])}


def _newest(records: QuerySet[Any]) -> Subquery:
    return Subquery(records.order_by("-pk").values("pk")[:1])
