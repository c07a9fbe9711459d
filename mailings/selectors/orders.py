"""The orders of the history, each with its own index.

Pages are found by key (keyset pagination): the key of a row is the value it is ordered by, and its id. There
is no order by name, state, channel or person, only filters and search: each would need an index, which every
pull would have to update.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mailings.ids import row_id
from mailings.models import Mailing
from mailings.models.mailing import BY_HOUR, BY_PEOPLE, BY_PRICE, NO_FIGURE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Longest digits in a key that still make a valid datetime (in microseconds), and a valid integer column.
LONGEST_MOMENT, LONGEST_COUNT = 17, 9
PRICE = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,4})?", re.ASCII)

Key = tuple[Any, int]


@dataclass(frozen=True)
class Column:
    """A value to order by: its expression, how to get it from a row, and from a URL (None if invalid)."""

    by: Any
    value: Callable[[dict[str, Any]], Any]
    read: Callable[[str], Any]


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(text: str) -> datetime | None:
    micros = row_id(text) if len(text) <= LONGEST_MOMENT else None
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def _count(text: str) -> int | None:
    return NO_FIGURE if text == str(NO_FIGURE) else row_id(text) if len(text) <= LONGEST_COUNT else None


def _price(text: str) -> Decimal | None:
    return Decimal(text) if PRICE.fullmatch(text) else None


def _or_nothing(value: Any) -> Any:
    return NO_FIGURE if value is None else value


MADE = Column(F("created_at"), lambda row: row["created_at"], _moment)
COLUMNS = {
    "when": Column(BY_HOUR, lambda row: row["remote_send_at"] or row["due_at"] or row["created_at"], _moment),
    "people": Column(BY_PEOPLE, lambda row: _or_nothing(row["recipients_count"]), _count),
    "price": Column(BY_PRICE, lambda row: _or_nothing(row["cost"]), _price),
}
LABELS = {
    "": _("newest"),
    "-when": _("latest hour"),
    "when": _("earliest hour"),
    "-people": _("most people"),
    "people": _("fewest people"),
    "-price": _("dearest"),
    "price": _("cheapest"),
}


@dataclass(frozen=True)
class Order:
    """`name`: the URL's parameter `sort`; "" is the newest first, by creation."""

    name: str = ""

    @property
    def column(self) -> Column:
        return COLUMNS.get(self.name.removeprefix("-"), MADE)

    @property
    def descending(self) -> bool:
        return self.name.startswith("-") or not self.name

    @property
    def label(self) -> str:
        return str(LABELS[self.name])

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, label in LABELS.items()]

    def key(self, row: dict[str, Any]) -> str:
        """A row's key as text for a URL: the value it is ordered by, and its id."""
        value = self.column.value(row)
        return f"{_micros(value) if isinstance(value, datetime) else format(value)}-{row['id']}"

    def read(self, text: str) -> Key | None:
        """The key in a URL; None if it is not valid."""
        before, _dash, after = text.rpartition("-")
        value, pk = self.column.read(before), row_id(after)
        return None if value is None or pk is None else (value, pk)

    def slice(
        self, rows: QuerySet[Mailing], key: Key | None, count: int, *, forwards: bool
    ) -> QuerySet[Mailing]:
        """`count` rows after the key, or before it (then in reverse order); without a key, the first ones."""
        down = self.descending is forwards
        rows = rows.alias(rank=self.column.by)
        if key is not None:
            value, pk = key
            side = "lt" if down else "gt"
            beyond = Q(**{f"rank__{side}": value}) | Q(rank=value, **{f"id__{side}": pk})
            rows = rows.filter(beyond, **{f"rank__{side}e": value})
        return rows.order_by(*(("-rank", "-id") if down else ("rank", "id")))[:count]


@dataclass(frozen=True)
class Head:
    """A column's head. `sort`: the order that its link asks for; None is the newest first."""

    aria: str
    icon: str
    sort: str | None


def of(text: str) -> Order:
    """The order with this name; the newest first if there is none."""
    return Order(text if text in LABELS else "")


def heads(order: Order) -> dict[str, Head]:
    """The heads. Repeated clicks go from largest first to smallest first, then back to newest first."""
    return {name: _head(name, order) for name in COLUMNS}


def _head(name: str, order: Order) -> Head:
    if order.name.removeprefix("-") != name:
        return Head("", "", f"-{name}")
    if order.descending:
        return Head("descending", "chevron-down", name)
    return Head("ascending", "chevron-up", None)
