"""What a pull has met so far, and what it tells in the end."""

from dataclasses import dataclass, field
from datetime import datetime

from mailings.models import LookNote
from mailings.smsc.api.answers import Job, Jobs


@dataclass(frozen=True)
class Result:
    """How a pull went.

    `seen` counts jobs. Each is `new` (made elsewhere, first met), `changed`, `unchanged`, or `settled`: tied
    to the mailing of ours whose code it bears. One with a code that is not tied, since its mailing has a job
    already or a person has to choose, is unchanged. The four add up to `seen`, short of jobs that could not
    be written or that another pull wrote at the same moment. `gone` counts rows whose job was not there.

    `reason`: why it does not count as whole, a LookNote, or "". `error`: what stopped
    it, in words fit for a log and a page. `joined`: the very same read was made within the last minute, by
    someone else, so that nothing was asked.
    """

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    settled: int = 0
    gone: int = 0
    complete: bool = False
    reason: str = ""
    error: str = ""
    joined: bool = False

    def counts(self) -> dict[str, int]:
        names = ("seen", "new", "changed", "unchanged", "settled", "gone")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Bearer:
    """A job whose name begins with one of our references, and when the list that showed it was asked for."""

    job: Job
    reference: str
    at: datetime


@dataclass(frozen=True)
class Conflict:
    """A job that goes by the number of a row of ours and bears another mailing's reference."""

    pk: int
    job: Job


@dataclass
class Tally:
    """The running figures of one pull, over all its windows. `begun`: when its first call went out.

    `wanted`: the codes of the mailings that may be at the provider unseen.
    """

    begun: datetime
    wanted: frozenset[str] = frozenset()
    ids: set[str] = field(default_factory=set)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    settled: int = 0
    gone: int = 0
    odd: int = 0
    nameless: int = 0
    calls: int = 0
    rows: int = 0
    # A window that could not be split answered ten rows, or its halves did not show what it had shown.
    maybe_cut: bool = False
    # Code -> the jobs that bear it and have no row by their id.
    bearers: dict[str, list[Bearer]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    # Wanted code -> the ids of jobs that hold it somewhere, but not as a reference in front of their names.
    traces: dict[str, set[str]] = field(default_factory=dict)
    # Jobs of ours that bear their references, and the rows of those that do not.
    controls: int = 0
    lacking: set[int] = field(default_factory=set)
    # What the envelopes of the answers said against their rows (smsc.api.rows).
    doubts: set[str] = field(default_factory=set)

    def add(self, jobs: Jobs) -> None:
        """Take in what one answer says of itself."""
        self.rows += jobs.rows
        self.odd += len(jobs.odd)
        self.doubts |= jobs.doubts

    def reason(self) -> LookNote | None:
        """Why what was read may not be all there is, or not as it seems; None when it is whole."""
        if self.maybe_cut:
            return LookNote.TEN_ROWS
        if self.odd:
            return LookNote.ODD_ROWS
        if self.doubts:
            return LookNote(min(self.doubts))
        if self.traces or self.conflicts:
            return LookNote.ELSEWHERE
        return LookNote.NO_NAMES if self.nameless else None

    def result(self, *, reason: str, error: str = "") -> Result:
        return Result(
            seen=len(self.ids),
            new=self.new,
            changed=self.changed,
            unchanged=self.unchanged,
            settled=self.settled,
            gone=self.gone,
            complete=not reason,
            reason=reason,
            error=error,
        )
