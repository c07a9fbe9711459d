"""Totals over a filter of the history, in one bounded query."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils.translation import ngettext

from mailings.models import Mailing
from mailings.wording import money, sentences

# How many rows are added up at most; if there are more, the page says so.
COUNTED_AT_MOST = 10_000


@dataclass(frozen=True)
class Totals:
    """`cost`: None if the currencies differ. `more`: the limit was reached, so there may be more rows."""

    mailings: int
    people: int
    cost: Decimal | None
    currency: str
    more: bool

    @property
    def count(self) -> str:
        return money.count(self.mailings) + ("+" if self.more else "")

    @property
    def text(self) -> str:
        count = ngettext("{n} mailing", "{n} mailings", self.mailings)
        parts = [count.format(n=self.count), sentences.people(self.people)]
        if self.cost is not None:
            parts.append(money.amount(self.cost, self.currency))
        return " · ".join(parts)


def totals(rows: QuerySet[Mailing]) -> Totals:
    """The totals of the newest COUNTED_AT_MOST rows."""
    newest = rows.order_by("-created_at", "-id").values("id", "recipients_count", "cost", "account__currency")
    found = newest[:COUNTED_AT_MOST].aggregate(
        mailings=Count("id"),
        people=Sum("recipients_count"),
        cost=Sum("cost"),
        first=Min("account__currency"),
        last=Max("account__currency"),
    )
    return Totals(
        found["mailings"],
        found["people"] or 0,
        found["cost"] if found["first"] == found["last"] else None,
        found["first"] or "",
        more=found["mailings"] == COUNTED_AT_MOST,
    )
