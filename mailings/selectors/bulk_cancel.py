"""Cancelling many mailings at once: which of the selected ones can be, and why the others cannot."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.utils.translation import ngettext

from mailings.models import Mailing
from mailings.selectors import history
from mailings.selectors.history import HistoryFilter, HistoryRow
from mailings.selectors.orders import Order

# How many mailings one request cancels, and how many rows of a filter are read to find them.
MOST, READ_AT_MOST = 500, 10_000
# How many names are shown with a reason.
NAMED = 3

WhyNot = Callable[[HistoryRow], str]


@dataclass
class Choice:
    """`rows`: the mailings that can be cancelled. `left`: the others, as names by the reason why not.

    `more`: the filter has further mailings, which were not read.
    """

    rows: list[HistoryRow] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    more: bool = False

    @property
    def people(self) -> int:
        return sum(row.values["recipients_count"] or 0 for row in self.rows)

    @property
    def staying(self) -> int:
        return sum(map(len, self.left.values()))

    @property
    def fit(self) -> int:
        return len(self.rows) + self.staying

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Pairs of shortened names and the reason why these cannot be cancelled, the commonest first."""
        commonest = sorted(self.left.items(), key=lambda one: -len(one[1]))
        return [(_named(names), why) for why, names in commonest]


def of_ids(ids: Iterable[int], why_not: WhyNot) -> Choice:
    """The choice among the mailings with these ids, newest first."""
    rows = Mailing.objects.filter(id__in=list(ids)).newest_first().values(*history.COLUMNS)
    return _choice(map(HistoryRow, rows), why_not)


def of_filter(chosen: HistoryFilter, order: Order, why_not: WhyNot) -> Choice:
    """The choice among all mailings of a filter, in the order of the page; MOST of them at most."""
    return _choice(map(HistoryRow, history.all_rows(chosen.qs, order)), why_not)


def is_bounded(chosen: HistoryFilter) -> bool:
    """Whether the filter is valid and not empty. An ignored condition would select mailings not meant."""
    return chosen.form.is_valid() and any(chosen.form.cleaned_data.values())


def _choice(rows: Iterable[HistoryRow], why_not: WhyNot) -> Choice:
    found = Choice()
    for row in rows:
        if len(found.rows) == MOST or found.fit == READ_AT_MOST:
            found.more = True
            break
        if why := why_not(row):
            found.left[why].append(row.name)
        else:
            found.rows.append(row)
    return found


def _named(names: list[str]) -> str:
    first, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return first
    return ngettext("{names} and {n} more", "{names} and {n} more", more).format(names=first, n=more)
