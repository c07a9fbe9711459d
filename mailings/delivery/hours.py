"""When a mailing's messages may go out: its hours, its rounds, the days to ask for.

The provider sends nothing before it has a mailing, nor before the hour asked for. It may send later: for as
long as it was told to stretch it, and at night it waits for the recipients' morning.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailings.models import Mailing
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.times import TimeForm, When

# Clocks differ a little, and the provider's hour is that of its own.
EARLIER = timedelta(minutes=2)
# Night hours, and the furthest zone's morning.
LATER = timedelta(hours=24)
# A date in the account's own zone, which is not known: it may be any.
ANY_ZONE = timedelta(hours=15)
HOURS_OF_THE_DAY = timedelta(hours=24)
DAY = timedelta(days=1)
ROUNDS_AT_MOST = 3_000


@dataclass(frozen=True)
class Hours:
    """From when to when (None: for ever) messages may go out, and when each round begins."""

    opens: datetime
    closes: datetime | None
    rounds: tuple[datetime, ...]

    def hold(self, moment: datetime) -> bool:
        return self.opens <= moment and (self.closes is None or moment <= self.closes)

    def round_of(self, moment: datetime) -> int:
        """The round that a message of this hour belongs to; 0 for a mailing that goes out once."""
        return max(bisect_right(self.rounds, moment + EARLIER) - 1, 0)


def hours_of(mailing: Mailing, first_try: datetime) -> Hours:
    """A mailing's hours. `first_try`: when the first call that may have created it began."""
    options = mailing.options
    asked, loose = _asked(mailing, first_try)
    # Somebody may have moved the job there.
    moved = mailing.remote_send_at if not mailing.repeats and mailing.remote_send_at else asked
    begins = max(first_try, min(asked - loose, moved))
    repeats, repeat_times = mailing.repeats, options.get("rptn")
    rounds = _rounds(max(first_try, asked), repeats, repeat_times) if repeats else (begins,)
    stretch = timedelta(hours=float(options.get("period") or 0))
    endless = repeats and (repeat_times is None or len(rounds) == ROUNDS_AT_MOST)
    closes = None if endless else max(rounds[-1], asked + loose, moved) + stretch + LATER
    return Hours(begins - EARLIER, closes, rounds)


def days(opens: datetime, closes: datetime | None, now: datetime, most: timedelta) -> list[date]:
    """The days on the provider's clock, the newest first, of which something may be told by now."""
    last = now if closes is None else min(closes, now)
    first = max(opens, now - most)
    day, found = last.astimezone(times.MOSCOW).date(), list[date]()
    while day >= first.astimezone(times.MOSCOW).date():
        found.append(day)
        day -= DAY
    return found


def _asked(mailing: Mailing, first_try: datetime) -> tuple[datetime, timedelta]:
    """The hour asked for, and how far from it the truth may lie."""
    if mailing.due_at is not None:
        return mailing.due_at, timedelta(0)
    try:
        when = times.parse(str(mailing.options.get("time", times.NOW)))
    except Refusal:
        when = When(TimeForm.HOURS, "")
    if when.local is not None:
        return times.absolute(when.local, 0), ANY_ZONE
    return first_try, HOURS_OF_THE_DAY


def _rounds(first: datetime, rpt: int, rptn: int | None) -> tuple[datetime, ...]:
    when = When(TimeForm.MOMENT, "", moment=first)
    found = times.occurrences(when, 0, (rpt, rptn), first, ROUNDS_AT_MOST)
    return tuple(found) or (first,)
