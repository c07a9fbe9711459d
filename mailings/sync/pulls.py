"""Pulls: the provider's list of mailings, read window by window and written to the rows."""

import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from mailings import accounts
from mailings.models import Account, LookNote, Mailing, Pull, Reading
from mailings.models.bulk import without_collection
from mailings.smsc.api.answers import Jobs
from mailings.smsc.api.errors import SmscError
from mailings.sync import absence, reverse, rows, settle, spans
from mailings.sync.spans import Span
from mailings.sync.tally import Pulled, Tally

log = logging.getLogger(__name__)

# An answer with so many rows may have been cut. Ten is the published limit of requests without both dates.
# What limit others have is not known, but it will be a round number.
CUT_AT = frozenset({10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000})
PULLS_KEPT = timedelta(days=60)
# How long to wait for a permit: an account whose login is not proven yet has one, for all calls.
PATIENCE_SECONDS = 10.0


def pull(account: Account, start: date, end: date, *, wait: float = 0.0) -> Pulled:
    """Read the list from `start` to `end` (days, both included) into the rows. Failed calls are not raised.

    `wait`: how many seconds to wait for a permit, and for the gap if the same read was made just before. With
    too few for that, nothing is read and the result is `joined`. What was read is kept if a later window
    fails.
    """
    span, tally = Span(start, end), Tally(timezone.now(), absence.wanted(account))
    try:
        _read(account, span, tally, wait)
        error = ""
    except accounts.CannotCall as why:
        if why.reason == "gap" and not tally.calls:
            return Pulled(joined=True)
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


def pull_recent(account: Account, *, wait: float = PATIENCE_SECONDS) -> Pulled:
    """Pull the last and the next few days, and those of unknown and scheduled mailings (`spans.recent`)."""
    return _together([pull(account, span.start, span.end, wait=wait) for span in spans.recent(account)])


def pull_two_months(account: Account, *, wait: float = PATIENCE_SECONDS) -> Pulled:
    """Pull all days from sixty days back to the last hour of an open mailing; delete old pulls."""
    _forget_old(account, timezone.now() - PULLS_KEPT)
    span = spans.two_months(account)
    return pull(account, span.start, span.end, wait=wait)


def _forget_old(account: Account, before: datetime) -> None:
    """Delete old pulls, and old readings without rows."""
    Pull.objects.filter(account=account, begun_at__lt=before).delete()
    members = Mailing.objects.filter(reading=OuterRef("pk"))
    Reading.objects.filter(~Exists(members), account=account, at__lt=before).delete()


def read_list(account: Account, start: date, end: date, *, wait: float = 0.0) -> Jobs:
    """The provider's list, not written to the rows. Raises SmscError or CannotCall."""
    return _ask(account, Span(start, end), wait)[0]


def _read(account: Account, span: Span, tally: Tally, wait: float) -> None:
    for window in span.windows(spans.today()):
        _read_window(account, window, tally, wait)


def _read_window(account: Account, window: Span, tally: Tally, wait: float) -> list[str]:
    """Read one window, and again by halves if the answer may have been cut; returns the ids shown."""
    # Only the first call of a pull may be joined to another: later ones wait for the gap.
    patience = max(wait, settings.SAME_REQUEST_SECONDS + 5) if tally.calls else wait
    jobs, at = _ask(account, window, patience)
    tally.begun = tally.begun if tally.calls else at
    tally.calls += 1
    with without_collection():
        rows.mirror(account, jobs.listed, at, tally, window.latest(at))
    tally.add(jobs)
    _remember_most(account, jobs.rows)
    shown = jobs.listed.ids
    if jobs.rows not in CUT_AT or account.most_rows > jobs.rows:
        return shown
    if window.start == window.end:
        tally.maybe_cut = True
        return shown
    halves = [each for half in window.halves() for each in _read_window(account, half, tally, wait)]
    # If the provider leaves the day `end` out, the halves lack rows that the whole window has shown.
    tally.maybe_cut |= not set(shown) <= set(halves)
    return shown + halves


def _remember_most(account: Account, shown: int) -> None:
    """Remember the longest answer: a shorter one was not cut."""
    if shown > account.most_rows:
        Account.objects.filter(pk=account.pk, most_rows__lt=shown).update(most_rows=shown)
        account.most_rows = shown


def _ask(account: Account, window: Span, wait: float) -> tuple[Jobs, datetime]:
    """One `get_all`: its jobs, and when it was asked."""
    span = f"{window.start:%d.%m.%Y}-{window.end:%d.%m.%Y}"
    with accounts.slot(account, "get_all", span, wait=wait) as client:
        asked_at = timezone.now()
        return client.get_all(window.start, window.end), asked_at


def _reason(account: Account, span: Span, tally: Tally) -> str:
    """Why the read cannot show absence (a LookNote), "" if it can. Asks for missing jobs by their ids."""
    reason, blind = tally.reason(), absence.control(tally)
    unseen = absence.missing(account, span, tally.begun)
    if not (reason or blind):
        unseen = absence.without_deleted(unseen, tally)
    all_there = absence.ask_for_each(account, unseen, tally)
    return reason or ("" if all_there else LookNote.OWN_JOB_MISSING) or blind or ""


def _keep(account: Account, span: Span, tally: Tally, result: Pulled) -> None:
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


def _together(results: list[Pulled]) -> Pulled:
    """The results of several pulls as one: figures are added up; of reasons and errors the first counts."""
    counts = {name: sum(getattr(result, name) for result in results) for name in Pulled().counts()}
    return Pulled(
        **counts,
        complete=all(result.complete for result in results),
        reason=next((result.reason for result in results if result.reason), ""),
        error=next((result.error for result in results if result.error), ""),
        joined=all(result.joined for result in results),
    )
