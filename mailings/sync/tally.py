"""The running figures of a pull, and its result."""

from dataclasses import dataclass, field
from datetime import datetime

from mailings.models import LookNote
from mailings.smsc.api.answers import Job, Jobs


@dataclass(frozen=True)
class Pulled:
    """How a pull went.

    `seen`: how many jobs. Each is `new` (made elsewhere, first met), `changed`, `unchanged`, or `settled`
    (given to the mailing of ours whose code it bears). A job with a code is unchanged if the mailing has a
    job already or a person has to choose. The four add up to `seen`, except for jobs that could not be
    written or that another pull wrote at the same moment. `gone`: how many rows have a job that the provider
    no longer has.

    `reason`: why it is not `complete`, a LookNote, or "". `error`: what stopped it, a Waiting or
    an error in words. `joined`: the same read was made within the last minute, so nothing was asked.
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
    """A job that has the remote id of a row of ours (`pk`) but bears another mailing's reference."""

    pk: int
    job: Job


@dataclass
class Tally:
    """The running figures of one pull, over all its windows. `begun`: when its first call went out.

    `wanted`: the codes of mailings that may have a job which we have not seen.
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
    # The answer for a single day may have been cut, or the halves of a window lacked rows that it had shown.
    maybe_cut: bool = False
    # By code: the jobs that bear it and whose id no row of ours has.
    bearers: dict[str, list[Bearer]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    # By wanted code: the ids of jobs with a trace of it (models.references).
    traces: dict[str, set[str]] = field(default_factory=dict)
    # How many jobs of ours bear their references, and the rows of those that do not.
    controls: int = 0
    lacking: set[int] = field(default_factory=set)
    # What in the answers contradicts their rows, as values of LookNote (smsc.api.rows).
    doubts: set[str] = field(default_factory=set)

    def add(self, jobs: Jobs) -> None:
        """Add the figures of one answer."""
        self.rows += jobs.rows
        self.odd += len(jobs.odd)
        self.doubts |= jobs.doubts

    def reason(self) -> LookNote | None:
        """Why the read is not complete, as far as the answers themselves tell; None if it is."""
        if self.maybe_cut:
            return LookNote.TEN_ROWS
        if self.odd:
            return LookNote.ODD_ROWS
        if self.doubts:
            return LookNote(min(self.doubts))
        if self.traces or self.conflicts:
            return LookNote.ELSEWHERE
        return LookNote.NO_NAMES if self.nameless else None

    def result(self, *, reason: str, error: str = "") -> Pulled:
        return Pulled(
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
