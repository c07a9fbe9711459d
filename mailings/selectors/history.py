"""The history: filters that live in the address, pages by key, rows as light as can be.

A page is found by the last row of the page before it (see `orders`), never by counting: the thousandth page
costs what the first one costs. Rows are read as plain values; a mailing's spec, payload and recipients
are not touched.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mailings import outbox
from mailings.models import Account, Mailing, Origin, State
from mailings.models.among import as_one
from mailings.models.prepared import Given, Prepared, PreparedValues
from mailings.models.states import PENDING, STILL_TO_GO
from mailings.selectors import search
from mailings.selectors.orders import Key, Order
from mailings.smsc.api.answers import JobStatus
from mailings.smsc.spec.vocabulary import CHANNEL_LABELS
from mailings.wording import chips, deliveries

PAGE_SIZE = 50
EXPORT_SIZE = 2000
# At so many rows a search looks before it asks an index.
LOOK = 1000
NEW_AT_MOST = 100
# How often a page asks for news: while a row of it is about to change, and else.
SOON_SECONDS, LATER_SECONDS = 4, 15
NEWEST = Order()
FAILED = (State.REFUSED, State.UNKNOWN, State.ABANDONED, State.HELD)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)
PERIODS = {"today": 0, "7": 7, "30": 30, "365": 365}
COLUMNS = (
    "id", "name", "code", "state", "state_at", "channel", "recipients_count", "cost", "account__currency",
    "created_at", "due_at", "remote_send_at", "repeats", "created_by__username", "origin", "wish",
    "wish_result", "gone", "alarm", "remote_status", "remote_word", "verified_at", "created_by_id",
    "submitted_by_id", "delivery__recipients", "delivery__delivered", "delivery__read", "delivery__failed",
    "delivery__as_of", "self_test", "not_before",
    "waiting_for",
)  # fmt: skip


Choices = tuple[tuple[str, str], ...]


def people() -> Choices:
    """Who may have made a mailing, for the filter."""
    return tuple((str(pk), name) for pk, name in _PEOPLE.rows())


def accounts() -> Choices:
    return tuple((str(pk), name) for pk, name in _ACCOUNTS.rows())


_PEOPLE = Prepared(lambda: get_user_model().objects.order_by("username").values_list("id", "username")[:500])
_ACCOUNTS = Prepared(lambda: Account.objects.order_by("name").values_list("id", "name"))


class HistoryFilter(django_filters.FilterSet):
    """The filters of the history; each name is a key of the address's query."""

    def __init__(self, params: QueryDict, *, names: Collection[str]) -> None:
        self.base_filters = {name: ALL_FILTERS[name] for name in names}
        super().__init__(params, queryset=Mailing.objects.all())
        # Whether rows next to each other were searched, and not enough was found.
        self._seldom = False

    q = django_filters.CharFilter(label=_("Search"), method="search")
    state = django_filters.MultipleChoiceFilter(
        label=_("State"),
        choices=State.choices,
        method="in_states",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    channel = django_filters.ChoiceFilter(
        label=_("Channel"),
        choices=[(channel.value, _(label)) for channel, label in CHANNEL_LABELS.items()],
        empty_label=_("any"),
    )
    by = django_filters.ChoiceFilter(
        label=_("Made by"), choices=people, field_name="created_by_id", empty_label=_("anybody")
    )
    period = django_filters.ChoiceFilter(
        label=_("Period"),
        choices=[
            ("today", _("today")),
            ("7", _("last 7 days")),
            ("30", _("last 30 days")),
            ("365", _("last 365 days")),
        ],
        method="within",
        empty_label=_("all time"),
    )
    start = django_filters.DateFilter(
        label=pgettext_lazy("period", "From"),
        method="from_day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    end = django_filters.DateFilter(
        label=pgettext_lazy("period", "To"),
        method="to_day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    account = django_filters.ChoiceFilter(
        label=_("Account"), choices=accounts, field_name="account_id", empty_label=_("all")
    )
    origin = django_filters.ChoiceFilter(label=_("Made"), choices=Origin.choices, empty_label=_("anywhere"))

    class Meta:
        model = Mailing
        fields: tuple[str, ...] = ()

    def in_states(self, rows: QuerySet[Mailing], name: str, value: list[str]) -> QuerySet[Mailing]:
        """Rare states by their index. With the common one among them that index would sort most of the table,
        so it is kept out of use: going down the newest rows meets enough of them soon."""
        if State.ACCEPTED not in value or len(value) == 1:
            return rows.filter(state__in=value) if value else rows
        return rows.alias(any_state=Concat("state", Value(""))).filter(any_state__in=value)

    @property
    def rare_states(self) -> list[str]:
        """The chosen states, if they are several and the common one (accepted) is not among them; else []."""
        states: list[str] = self.form.cleaned_data.get("state", []) if self.form.is_valid() else []
        return states if len(states) > 1 and State.ACCEPTED not in states else []

    def search(self, rows: QuerySet[Mailing], name: str, value: str) -> QuerySet[Mailing]:
        return search.found(rows, value, seldom=self._seldom)

    @property
    def text(self) -> str:
        """What is searched for, if nothing else is asked for; else ""."""
        alone = list(self.filters) == ["q"] and self.form.is_valid()
        return str(self.form.cleaned_data["q"]) if alone else ""

    def tries(
        self, key: Key | None, order: Order, *, forwards: bool
    ) -> Iterator[tuple[QuerySet[Mailing], bool]]:
        """Rows in which to look for those next to a key, and whether there are no others: first what is near.

        A text that many bear is found there, and no index of letters need be asked, nor how many bear it.
        """
        if self.text and order == NEWEST:
            near = NEWEST.slice(self.queryset, key, LOOK, forwards=forwards)
            last = list(near.values_list("created_at", flat=True)[LOOK - 1 :])
            within = [Q(created_at__gte=one) if forwards else Q(created_at__lte=one) for one in last]
            yield search.read(self.queryset.filter(*within), self.text), not last
            self._seldom = True
        yield self.qs, True

    def within(self, rows: QuerySet[Mailing], name: str, value: str) -> QuerySet[Mailing]:
        return rows.filter(created_at__gte=start_of_day(PERIODS[value]))

    def from_day(self, rows: QuerySet[Mailing], name: str, value: Any) -> QuerySet[Mailing]:
        return rows.filter(created_at__gte=_midnight(_sensible(value)))

    def to_day(self, rows: QuerySet[Mailing], name: str, value: Any) -> QuerySet[Mailing]:
        return rows.filter(created_at__lt=_midnight(_sensible(value) + timedelta(days=1)))


def start_of_day(days_ago: int) -> datetime:
    """Midnight, so many days ago, on the reader's clock."""
    return _midnight(timezone.localdate() - timedelta(days=days_ago))


def _sensible(day: Any) -> Any:
    """A day that every clock has: the first and the last of the calendar are none, and no row lies there."""
    return min(max(day, FIRST_DAY), LAST_DAY)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())


ALL_FILTERS: dict[str, Any] = vars(HistoryFilter)["base_filters"]


def chosen(params: QueryDict) -> HistoryFilter:
    """The filters that an address's query has; what they do not understand the form says."""
    return HistoryFilter(params, names=[name for name in ALL_FILTERS if params.get(name)])


def form(params: QueryDict) -> forms.Form:
    """The form with all filters."""
    whole: forms.Form = HistoryFilter(params, names=list(ALL_FILTERS)).form
    return whole


@dataclass(frozen=True)
class HistoryRow:
    """One line of the history."""

    values: dict[str, Any]

    @property
    def id(self) -> int:
        return int(self.values["id"])

    @property
    def state(self) -> str:
        return str(self.values["state"])

    @property
    def created_by_id(self) -> int | None:
        maker: int | None = self.values["created_by_id"]
        return maker

    @property
    def submitted_by_id(self) -> int | None:
        sender: int | None = self.values["submitted_by_id"]
        return sender

    @cached_property
    def chip(self) -> chips.Chip:
        return chips.chip(self.values)

    @cached_property
    def words(self) -> str:
        """The chip in words."""
        return self.chip.text

    @property
    def note(self) -> str:
        return chips.note(self.values)

    @property
    def share(self) -> str:
        """How many of its people got it, as far as that was told."""
        return deliveries.share(self.values)

    @property
    def when(self) -> datetime | None:
        """Its hour: the provider's, where it names one, else the one asked for here; None: not known."""
        own: datetime | None = self.values["remote_send_at"] or self.values["due_at"]
        return own if own or self.values["origin"] == Origin.PROVIDER else self.values["created_at"]

    @property
    def waits(self) -> bool:
        """Whether its hour lies ahead, so that the row tells how far."""
        there = self.values["remote_status"] in ("", JobStatus.WAITING) and not self.values["gone"]
        to_go = there and self.state in STILL_TO_GO
        return to_go and self.when is not None and self.when > timezone.now()

    @property
    def cost(self) -> Decimal | None:
        amount: Decimal | None = self.values["cost"]
        return amount

    @property
    def pending(self) -> bool:
        return self.state in PENDING or bool(self.values["wish"])

    @property
    def name(self) -> str:
        return str(self.values["name"]) or gettext("(no name yet)")

    @property
    def why_not_cancel(self) -> str:
        """Why it cannot be cancelled, by the rule of the verb itself; "" when it can."""
        return outbox.why_not_cancel(SimpleNamespace(**self.values))

    @property
    def selectable(self) -> bool:
        return not self.why_not_cancel

    @property
    def version(self) -> str:
        """Changes whenever what the row shows changes, ages apart."""
        names = ("name", "state", "recipients_count", "cost")
        shown = [
            self.words,
            self.chip.wishing,
            self.chip.until,
            self.note,
            self.share,
            self.when,
            *(self.values[n] for n in names),
        ]
        return f"{chips.digest(shown):08x}"


@dataclass(frozen=True)
class Poll:
    """What a page of the history asks for while it is looked at.

    `query`: of the address to ask; `filters`: those of the page, its order among them; `new`: how many
    mailings that fit have been made since, at most NEW_AT_MOST; `seconds`: how often to ask, 0: not at all.
    """

    query: str
    filters: str
    new: int
    seconds: int

    @property
    def new_text(self) -> str:
        return f"{self.new - 1}+" if self.new == NEW_AT_MOST else str(self.new)


def poll(
    params: QueryDict, rows: list[HistoryRow], *, seen: str, new: int = 0, marked: Collection[int] = ()
) -> Poll:
    """How a page with these rows goes on asking. `seen`: the key of its newest row; "" on later pages.
    `marked`: the ids of those that a person has just acted on."""
    filters = params.copy()
    for name in ("row", "seen", "new", "after", "before", "mark"):
        filters.pop(name, None)
    own = filters.urlencode()
    asked = [own, *(f"row={row.id}-{row.version}" for row in rows)]
    asked += [f"mark={row.id}" for row in rows if row.id in marked]
    if seen:
        asked.append(urlencode({"seen": seen, "new": new}))
    seconds = SOON_SECONDS if any(row.pending for row in rows) else LATER_SECONDS
    return Poll("&".join(filter(None, asked)), own, new, seconds if rows or seen else 0)


def newest_key(page: "Page", order: Order, now: datetime) -> str:
    """The key after which rows are new: that of the newest row. In another order, one of just now."""
    if order != NEWEST:
        return NEWEST.key({"created_at": now, "id": 0})
    return NEWEST.key(page.rows[0].values) if page.rows else "0-0"


def count_newer(chosen: HistoryFilter, seen: str) -> int:
    """How many rows of a filter are newer than a key, at most NEW_AT_MOST."""
    key = NEWEST.read(seen)
    if not key:
        return 0
    tries = chosen.tries(key, NEWEST, forwards=False)
    counted = ((_count(rows, key), all_there) for rows, all_there in tries)
    return next(count for count, all_there in counted if all_there or count == NEW_AT_MOST)


def _count(rows: QuerySet[Mailing], key: Key) -> int:
    return len(NEWEST.slice(rows, key, NEW_AT_MOST, forwards=False).values_list("id"))


@dataclass(frozen=True)
class Page:
    """One page of rows, in order, with the keys of its neighbours (None where there is none)."""

    rows: list[HistoryRow]
    older: str | None
    newer: str | None


def page_of(chosen: HistoryFilter, *, after: str = "", before: str = "", order: Order = NEWEST) -> Page:
    """The rows of a filter, as `page` has them."""
    forwards, key = _start(order, after, before)
    pages = (
        (page(rows, after=after, before=before, order=order, states=chosen.rare_states), all_there)
        for rows, all_there in chosen.tries(key, order, forwards=forwards)
    )
    return next(one for one, all_there in pages if all_there or (one.older if forwards else one.newer))


def _start(order: Order, after: str, before: str) -> tuple[bool, Key | None]:
    """Whether a page goes forwards, and from which key."""
    back = order.read(before) if before else None
    return (True, order.read(after)) if back is None else (False, back)


def page(
    rows: QuerySet[Mailing],
    *,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
    order: Order = NEWEST,
    states: Collection[str] = (),
) -> Page:
    """The rows behind the key `after`, or just before the key `before`; else the first ones of the order.

    `states`: those that all of the rows are in, if these are better looked for one by one.
    """
    forwards, key = _start(order, after, before)
    # Not on PostgreSQL, which would not use the index of ids for several such subqueries.
    if states and order == NEWEST and connection.vendor == "sqlite":
        rows = _of_each(states, rows, key, size + 1, forwards=forwards)
    ids = list(order.slice(rows, key, size + 1, forwards=forwards).values_list("id", flat=True))
    more, ids = len(ids) > size, ids[:size]
    if not forwards:
        ids.reverse()
    found = with_ids(ids)
    if not found:
        return Page([], None, None)
    older_there = more if forwards else True
    newer_there = (key is not None) if forwards else more
    return Page(
        found,
        order.key(found[-1].values) if older_there else None,
        order.key(found[0].values) if newer_there else None,
    )


def _of_each(
    states: Collection[str], rows: QuerySet[Mailing], key: Any, count: int, *, forwards: bool
) -> QuerySet[Mailing]:
    """As many of each state as a page takes: an index has these in order, all would have to be sorted."""
    found = Q()
    for state in states:
        some = NEWEST.slice(rows.filter(state=state), key, count, forwards=forwards)
        found |= Q(pk__in=some.values("pk"))
    return Mailing.objects.filter(found)


def with_ids(ids: list[int]) -> list[HistoryRow]:
    """The rows with these ids, in their order. The statement is always the same, and so made only once."""
    found = _ROWS.all(ids=as_one(ids)) if ids else []
    rows = {values[0]: HistoryRow(dict(zip(COLUMNS, values, strict=True))) for values in found}
    return [rows[pk] for pk in ids if pk in rows]


_ROWS = PreparedValues(
    lambda: Mailing.objects.filter(id__among=Given("ids")).order_by().values_list(*COLUMNS)
)


def by_ids(ids: Iterable[int]) -> list[HistoryRow]:
    """The rows with these ids, newest first."""
    found = with_ids(list(ids)[:PAGE_SIZE])
    return sorted(found, key=lambda row: (row.values["created_at"], row.id), reverse=True)


def all_rows(rows: QuerySet[Mailing], order: Order = NEWEST) -> Iterator[dict[str, Any]]:
    """Every row of a filter, page by page by key, so that no export holds a table in memory."""
    key = None
    while found := list(order.slice(rows, key, EXPORT_SIZE, forwards=True).values(*COLUMNS)):
        yield from found
        key = (order.column.value(found[-1]), found[-1]["id"])


def states_in_words(states: list[str]) -> str:
    """The chosen states for the filter's button."""
    known = [str(State(state).label) for state in states if state in set(State)]
    return ", ".join(known) or gettext("any")


def failed_query() -> str:
    """The address's query of the saved view "Failed"."""
    params = QueryDict(mutable=True)
    params.setlist("state", [str(state) for state in FAILED])
    return params.urlencode()
