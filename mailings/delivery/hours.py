"""When a mailing's messages may go out: its hours, its rounds, and the days to ask about.

The provider sends nothing before it has the mailing, nor before the hour asked for. It may send later: over
the hours of the option `period`, and at night it may wait for the recipients' morning.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from mailings.models import Mailing
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.times import TimeForm, When

# The provider's clock may be a little behind ours.
EARLIER = timedelta(minutes=2)
# How long the provider may wait for the morning, in any of the recipients' time zones.
LATER = timedelta(hours=24)
# A date without a zone is read in the account's own, which is not known: it may be so far from Moscow's.
ANY_ZONE = timedelta(hours=15)
# If hours of the day were asked for, the first message may be so far from the handing over.
HOURS_OF_THE_DAY = timedelta(hours=24)
DAY = timedelta(days=1)
ROUNDS_AT_MOST = 3_000


@dataclass(frozen=True)
class Hours:
    """When messages may go out, in UTC: from `opens` to `closes` (None: for ever); when each round begins."""

    opens: datetime
    closes: datetime | None
    rounds: tuple[datetime, ...]

    def include(self, moment: datetime) -> bool:
        return self.opens <= moment and (self.closes is None or moment <= self.closes)

    def round_of(self, moment: datetime) -> int:
        """The number of the round, from 0, to which a message that was sent at `moment` belongs."""
        return max(bisect_right(self.rounds, moment + EARLIER) - 1, 0)


class Tries(NamedTuple):
    """When the first and the last of those calls began that may have created a mailing's job."""

    first: datetime
    last: datetime


def hours_of(mailing: Mailing, tries: Tries) -> Hours:
    """A mailing's hours."""
    options, first_try = mailing.options, tries.first
    asked, loose = _asked(mailing, first_try)
    # The provider's hour: somebody may have moved the job there.
    moved = mailing.remote_send_at if not mailing.repeats and mailing.remote_send_at else asked
    begins = max(first_try, min(asked - loose, moved))
    repeats, repeat_times = mailing.repeats, options.get("rptn")
    rounds = _rounds(max(first_try, asked), repeats, repeat_times) if repeats else (begins,)
    stretch = timedelta(hours=float(options.get("period") or 0))
    endless = repeats and (repeat_times is None or len(rounds) == ROUNDS_AT_MOST)
    # A job that a later call created goes out so much later.
    late = max(tries.last - max(first_try, asked), timedelta(0))
    last = max(rounds[-1] + late, asked + loose, moved, tries.last)
    closes = None if endless else last + stretch + LATER
    return Hours(begins - EARLIER, closes, rounds)


def days(opens: datetime, closes: datetime | None, now: datetime, most: timedelta) -> list[date]:
    """The days (in Moscow time), newest first, on which messages may have gone out by now.

    `most`: how far back to go.
    """
    last = now if closes is None else min(closes, now)
    first = max(opens, now - most)
    day, found = last.astimezone(times.MOSCOW).date(), list[date]()
    while day >= first.astimezone(times.MOSCOW).date():
        found.append(day)
        day -= DAY
    return found


def _asked(mailing: Mailing, first_try: datetime) -> tuple[datetime, timedelta]:
    """The hour asked for, and how far from it the true one may be, earlier or later."""
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
