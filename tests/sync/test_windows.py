"""Windows: which days are asked for, and what an answer of exactly ten rows leads to."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings import sync
from mailings.models import Account, Mailing, Pull
from mailings.sync import spans
from mailings.sync.spans import Span
from tests.sync.listing import Listing
from tests.sync.test_pulls import pull

DAY = timedelta(days=1)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1))


@st.composite
def any_span(draw: st.DrawFn) -> Span:
    start = draw(DAYS)
    return Span(start, start + draw(st.integers(0, 500)) * DAY)


def days_of(span: Span) -> set[date]:
    return {span.start + number * DAY for number in range((span.end - span.start).days + 1)}


@given(any_span(), DAYS)
def test_windows_cover_every_day_once(span: Span, today: date):
    windows = list(span.windows(today))

    assert windows[0].start == span.start
    assert windows[-1].end == span.end
    assert all(later.start == earlier.end + DAY for earlier, later in itertools.pairwise(windows))
    assert all(window.end - window.start < spans.WINDOW for window in windows[:-1])


@given(any_span())
def test_halves_cover_every_day_once(span: Span):
    if span.start == span.end:
        return
    first, second = span.halves()

    assert days_of(first) | days_of(second) == days_of(span)
    assert not days_of(first) & days_of(second)


@given(st.lists(any_span(), min_size=1, max_size=6))
def test_merged_spans_cover_the_same_days_and_do_not_touch(some: list[Span]):
    merged = spans.merged(some)

    assert set().union(*map(days_of, merged)) == set().union(*map(days_of, some))
    assert all(later.start > earlier.end + DAY for earlier, later in itertools.pairwise(merged))


@pytest.mark.parametrize("cap", [10, None], ids=["cut at ten rows", "not cut"])
def test_a_window_of_exactly_ten_rows_is_halved_until_everything_is_seen(
    listed_account: Account, listing: Listing, cap: int | None
):
    listing.cap = cap
    for day in range(5):
        listing.add(spans.today() - day * DAY, *range(100 * day + 1, 100 * day + (9 if cap else 3)))

    result = sync.pull(listed_account, spans.today() - 5 * DAY, spans.today(), wait=1)

    assert (result.reason, result.seen) == ("no_control", len(listing.rows))
    assert Mailing.objects.count() == len(listing.rows)
    assert Pull.objects.get().calls == len(listing.asked) > 1


@pytest.mark.parametrize("cap", [25, 100])
def test_an_answer_cut_at_another_round_number_is_noticed(
    listed_account: Account, listing: Listing, cap: int
):
    listing.cap = cap
    for day in range(2):
        listing.add(spans.today() - day * DAY, *range(1000 * day + 1, 1000 * day + cap - 2))

    result = sync.pull(listed_account, spans.today() - DAY, spans.today(), wait=1)

    assert (result.reason, result.seen) == ("no_control", len(listing.rows))

    listing.add(spans.today(), *range(5001, 5100))

    assert sync.pull(listed_account, spans.today(), spans.today(), wait=1).reason == "ten_rows"


@pytest.mark.parametrize("rows", [9, 11, 99])
def test_another_number_of_rows_is_not_halved(listed_account: Account, listing: Listing, rows: int):
    listing.add(spans.today(), *range(1, rows + 1))

    assert pull(listed_account).reason == "no_control"
    assert len(listing.asked) == 1


def test_a_single_day_of_exactly_ten_rows_is_asked_for_once_and_may_be_cut(listed_account, listing: Listing):
    listing.add(spans.today(), *range(1, 11))

    result = sync.pull(listed_account, spans.today(), spans.today(), wait=1)

    assert (result.complete, result.reason, result.seen) == (False, "ten_rows", 10)
    assert listing.asked == [(spans.today(), spans.today())]


def test_halves_that_show_less_than_the_whole_make_no_whole_read(listed_account: Account, listing: Listing):
    listing.end_excluded = True
    listing.add(spans.today() - 2 * DAY, *range(1, 8))
    listing.add(spans.today() - 3 * DAY, *range(11, 14))

    result = sync.pull(listed_account, spans.today() - 3 * DAY, spans.today(), wait=1)

    assert (result.complete, result.reason, result.seen) == (False, "ten_rows", 10)
