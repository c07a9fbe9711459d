"""Pulls: the provider's list of mailings, read window by window and brought to the rows."""

import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mailings import accounts
from mailings.models import Account, LookNote, Mailing, Pull, Reading
from mailings.smsc.api.answers import Jobs
from mailings.smsc.api.errors import SmscError
from mailings.sync import absence, reverse, rows, settle, spans
from mailings.sync.spans import Span
from mailings.sync.tally import Result, Tally

log = logging.getLogger(__name__)

# The provider is known to give this many rows where it gives no more (its page, start and end).
# Where another provider's answers end is not known, but it is a round number.
CUT_AT = frozenset({10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000})
PULLS_KEPT = timedelta(days=60)
# An account that has not proved its login yet has one permit: who comes second waits for it.
PATIENCE_SECONDS = 10.0


def pull(account: Account, start: date, end: date, *, wait: float = 0.0) -> Result:
    """Read the list from `start` to `end` (days, both included) into the rows; never raises for the provider.

    `wait`: seconds to wait when the very same read was made within the last minute; with 0 it is joined to
    that one. Everything that was read counts, also when a later window fails.
    """
    span, tally = Span(start, end), Tally(timezone.now(), absence.wanted(account))
    try:
        _read(account, span, tally, wait)
        error = ""
    except accounts.CannotCall as why:
        if why.reason == "gap" and not tally.calls:
            return Result(joined=True)
        error = str(why)
    except SmscError as failure:
        error = str(failure)
    settle.settle(account, tally)
    reason = LookNote.FAILED if error else _reason(account, span, tally)
    settle.note_conflicts(account, tally)
    reverse.note_reversals(account, tally)
    absence.look(account, span, tally.begun, reason)
    result = tally.result(reason=reason, error=error)
    _keep(account, span, tally, result)
    if error:
        log.warning("The pull of account %s failed: %s", account.pk, error)
    return result


def pull_recent(account: Account, *, wait: float = PATIENCE_SECONDS) -> Result:
    """The last and the next few days, and the days that unknown and scheduled mailings ask for."""
    return _together([pull(account, span.start, span.end, wait=wait) for span in spans.recent(account)])


def pull_two_months(account: Account, *, wait: float = PATIENCE_SECONDS) -> Result:
    """From sixty days back to the furthest hour that an open mailing asks for."""
    _forget_old(account, timezone.now() - PULLS_KEPT)
    span = spans.two_months(account)
    return pull(account, span.start, span.end, wait=wait)


def _forget_old(account: Account, before: datetime) -> None:
    """Pulls, and the readings that no row is left in."""
    Pull.objects.filter(account=account, begun_at__lt=before).delete()
    members = Mailing.objects.filter(reading=OuterRef("pk"))
    Reading.objects.filter(~Exists(members), account=account, at__lt=before).delete()


def read_list(account: Account, start: date, end: date, *, wait: float = 0.0) -> Jobs:
    """What the provider's list says, without bringing it to the rows. Raises what the call raises."""
    return _ask(account, Span(start, end), wait)[0]


def _read(account: Account, span: Span, tally: Tally, wait: float) -> None:
    for window in span.windows(spans.today()):
        _read_window(account, window, tally, wait)


def _read_window(account: Account, window: Span, tally: Tally, wait: float) -> set[str]:
    """Read one window, halved as long as an answer may have been cut; returns the ids that it showed."""
    # Within a pull the gap is waited for: only a first call is joined to another.
    patience = max(wait, settings.SAME_REQUEST_SECONDS + 5) if tally.calls else wait
    jobs, at = _ask(account, window, patience)
    tally.begun = tally.begun if tally.calls else at
    tally.calls += 1
    rows.mirror(account, jobs.listed, at, tally, window.latest(at))
    tally.add(jobs)
    _remember_most(account, jobs.rows)
    shown = {each.remote_id for each in jobs.listed}
    if jobs.rows not in CUT_AT or account.most_rows > jobs.rows:
        return shown
    if window.start == window.end:
        tally.maybe_cut = True
        return shown
    halves: set[str] = set()
    for half in window.halves():
        halves |= _read_window(account, half, tally, wait)
    # A provider that takes `end` for the first day left out would lose rows between the halves.
    tally.maybe_cut |= not shown <= halves
    return shown | halves


def _remember_most(account: Account, shown: int) -> None:
    """An answer of more than ten rows shows that this account's are not cut at ten; so with any number."""
    if shown > account.most_rows:
        Account.objects.filter(pk=account.pk, most_rows__lt=shown).update(most_rows=shown)
        account.most_rows = shown


def _ask(account: Account, window: Span, wait: float) -> tuple[Jobs, datetime]:
    """One `get_all`, and when it went out."""
    span = f"{window.start:%d.%m.%Y}-{window.end:%d.%m.%Y}"
    with accounts.slot(account, "get_all", span, wait=wait) as client:
        asked_at = timezone.now()
        return client.get_all(window.start, window.end), asked_at


def _reason(account: Account, span: Span, tally: Tally) -> str:
    """Why the read cannot show absence, after looking for what it did not show; "" when it can."""
    reason, blind = tally.reason(), absence.control(tally)
    unseen = absence.missing(account, span, tally.begun)
    if not (reason or blind):
        unseen = absence.without_deleted(unseen, tally)
    all_there = absence.ask_for_each(account, unseen, tally)
    return reason or ("" if all_there else LookNote.OWN_JOB_MISSING) or blind or ""


def _keep(account: Account, span: Span, tally: Tally, result: Result) -> None:
    extra = {"odd": tally.odd, "nameless": tally.nameless}
    moment = "list_failed_at" if result.error else "list_read_at"
    Account.objects.filter(pk=account.pk).update(**{moment: tally.begun})
    Pull.objects.create(
        account=account,
        start=span.start,
        end=span.end,
        begun_at=tally.begun,
        ended_at=timezone.now(),
        complete=result.complete,
        incomplete_reason=result.reason,
        rows=tally.rows,
        calls=tally.calls,
        counts=result.counts() | extra | ({"error": result.error} if result.error else {}),
    )


def _together(results: list[Result]) -> Result:
    """Several pulls as one: figures add up, and the first thing that was wrong is what was wrong."""
    counts = {name: sum(getattr(result, name) for result in results) for name in Result().counts()}
    return Result(
        **counts,
        complete=all(result.complete for result in results),
        reason=next((result.reason for result in results if result.reason), ""),
        error=next((result.error for result in results if result.error), ""),
        joined=all(result.joined for result in results),
    )
