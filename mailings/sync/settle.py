"""Matches jobs that bear one of our codes with the rows of these codes, whatever state these are in.

The reason for all of it: a mailing whose job is at the provider must not be sent again. Why rows can have a
job although nothing was handed over (a restored backup):
docs/decisions/0002-a-job-found-is-a-mailing-sent.md.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.db import transaction

from mailings.models import Account, Alarm, Attempt, EventKind, Mailing, State, record
from mailings.models.mailing import CODE_LENGTH
from mailings.models.mirror import jobs_of, note_jobs, observe, raise_alarm, row_of_job, take_job
from mailings.models.references import reference_of
from mailings.models.states import SURPRISES
from mailings.smsc.api.answers import JobStatus
from mailings.sync.tally import Bearer, Conflict, Tally


def settle(account: Account, tally: Tally) -> None:
    """Give every job in `tally.bearers` to its row, and count those that settled one.

    A job with only a trace of a code is not given to a row, but shown to the person who decides on it.
    """
    for code, bearers in tally.bearers.items():
        with transaction.atomic():
            row = Mailing.objects.select_for_update().filter(account=account, code=code).first()
            settled = row is not None and _settle_row(row, bearers)
            if row is not None:
                _note(row, bearers)
        tally.settled += settled
        # One job at most settles the row; the others with its code leave it unchanged.
        tally.unchanged += len(bearers) - settled
    for code, jobs in tally.traces.items():
        _show(account, code, jobs)


def note_conflicts(account: Account, tally: Tally) -> None:
    """Raise alarms for rows whose job came back with another mailing's reference."""
    for conflict in {each.pk: each for each in tally.conflicts}.values():
        _note_conflict(account, conflict)
        tally.unchanged += conflict.job.remote_id in tally.ids


def _show(account: Account, code: str, jobs: set[str]) -> None:
    """Show jobs that may be an unknown mailing's to the person who decides on it. Earlier looks are void."""
    with transaction.atomic():
        unknown = Mailing.objects.select_for_update().filter(account=account, code=code, state=State.UNKNOWN)
        for row in unknown:
            if jobs - set(row.look_matches):
                unknown.update(look_matches=sorted(jobs | set(row.look_matches)), looks=0)


def _note_conflict(account: Account, conflict: Conflict) -> None:
    """By its number the job is one mailing's, by its reference another's: a person decides."""
    row = Mailing.objects.get(pk=conflict.pk)
    if not (row.alarm or _was_dealt_with(row, Alarm.OTHER_JOB, conflict.job.remote_id)):
        raise_alarm(row, Alarm.OTHER_JOB, [conflict.job.remote_id])
    reference = reference_of(conflict.job.name)
    if reference is not None:
        _show(account, reference[:CODE_LENGTH], {conflict.job.remote_id})
        named = Mailing.objects.filter(account=account, code=reference[:CODE_LENGTH], remote_id__isnull=False)
        for other in named.exclude(remote_id=conflict.job.remote_id):
            _alarm(other, [str(other.remote_id), conflict.job.remote_id])


def _settle_row(row: Mailing, bearers: Sequence[Bearer]) -> bool:
    if row.remote_id is not None:
        _compare(row, bearers)
        return False
    if row.state == State.SENDING:
        return _settle_sending(row, bearers)
    jobs = sorted({bearer.job.remote_id for bearer in bearers} | _bearers_before(row))
    if len(jobs) == 1:
        return _accept(row, bearers[0])
    _alarm(row, jobs)
    if row.state == State.UNKNOWN:
        Mailing.objects.filter(pk=row.pk, state=State.UNKNOWN).update(look_matches=jobs)
        return False
    return _accept(row, min(bearers, key=lambda bearer: bearer.reference))


def _note(row: Mailing, bearers: Sequence[Bearer]) -> None:
    """Keep what the list says of each job if there is more than one, for the person who decides."""
    row.refresh_from_db(fields=["remote_id", "look_matches", "alarm", "alarm_jobs"])
    if row.remote_id is not None or row.look_matches or row.alarm_jobs:
        note_jobs(row, [bearer.job for bearer in bearers], at=bearers[-1].at, source="get_all")
        if row.alarm in ("", Alarm.TWO_JOBS):
            _end_alarm_or_bring_it_back(row)


def _end_alarm_or_bring_it_back(row: Mailing) -> None:
    """End the alarm of two jobs once at most one of them is not cancelled: nobody gets the mailing twice.

    The one that is left must be the row's own, unless a person has cancelled that one after the alarm. Else
    the alarm stays: the row would be shown as cancelled although people get the mailing. What ended so comes
    back when it is no longer so; what a person has dealt with does not.
    """
    row.refresh_from_db(fields=["other_jobs"])
    left = [job for job in jobs_of(row) if row_of_job(row, job).remote_status != JobStatus.CANCELLED]
    last = row.events.filter(kind=EventKind.ALARM).order_by("-at", "-id").first()
    chosen = bool(last and row.wish_at and row.wish_at > last.at)
    over = left in ([], [row.remote_id]) or (len(left) == 1 and chosen)
    if row.alarm and over:
        Mailing.objects.filter(pk=row.pk, alarm=Alarm.TWO_JOBS).update(alarm="")
        record(EventKind.ALARM, row, alarm="", left=1)
    elif not (row.alarm or over) and last and _ended_by_itself(last.data):
        raise_alarm(row, Alarm.TWO_JOBS, left)


def _ended_by_itself(said: dict[str, Any]) -> bool:
    return not said["alarm"] and bool(said.get("left"))


def _was_dealt_with(row: Mailing, alarm: Alarm, job: str) -> bool:
    """Whether a person has dismissed this alarm about this job. The row itself remembers only the jobs."""
    said = row.events.filter(kind=EventKind.ALARM).order_by("at", "id").values_list("data", flat=True)
    return any(
        raised["alarm"] == alarm and job in raised["remote_ids"] and not ended["alarm"]
        for raised, ended in pairwise(said)
        if not _ended_by_itself(ended)
    )


def _bearers_before(row: Mailing) -> set[str]:
    """The jobs seen earlier that bear the row's code. One with a row of its own has only a trace of it."""
    own_rows = Mailing.objects.filter(account_id=row.account_id, remote_id__in=row.look_matches)
    return set(row.look_matches) - {str(job) for job in own_rows.values_list("remote_id", flat=True)}


def _compare(row: Mailing, bearers: Sequence[Bearer]) -> None:
    """Raise an alarm for other jobs with the code of a row that has its job."""
    others = {bearer.job.remote_id for bearer in bearers} - {row.remote_id}
    if others:
        _alarm(row, [str(row.remote_id), *others])


def _settle_sending(row: Mailing, bearers: Sequence[Bearer]) -> bool:
    """Settle a row that is being sent by the job of the attempt under way. Other jobs have to wait until that
    attempt has ended."""
    current = Attempt.objects.filter(mailing=row, token=row.token).first()
    mine = [bearer for bearer in bearers if current and bearer.reference == current.reference]
    if len(mine) != 1 or not _accept(row, mine[0]):
        return False
    _compare(row, bearers)
    return True


def _accept(row: Mailing, bearer: Bearer) -> bool:
    job, old = bearer.job, State(row.state)
    values: dict[str, Any] = {"not_before": None, "candidate": ""}
    if old == State.WITHDRAWN:
        values["wish_result"] = ""
    if not take_job(Mailing.objects.all(), row, job.remote_id, [old], **values):
        return False
    for attempt in Attempt.objects.open().filter(
        mailing=row, kind=Attempt.Kind.CREATE, reference=bearer.reference
    ):
        Attempt.objects.finish(attempt.pk, Attempt.Outcome.ACCEPTED, bearer.at)
    record(EventKind.SETTLED, row, remote_id=job.remote_id, reference=bearer.reference, before=old)
    row.refresh_from_db()
    observe(row, job, at=bearer.at, source="get_all")
    if old in SURPRISES and not row.alarm:
        raise_alarm(row, SURPRISES[old], [job.remote_id])
    return True


def _alarm(row: Mailing, jobs: Sequence[str]) -> None:
    """Tell of two jobs if one of them is new: a dismissed alarm does not come back for the same jobs."""
    if set(jobs) - set(row.alarm_jobs):
        raise_alarm(row, Alarm.TWO_JOBS, list(jobs))
        row.refresh_from_db()
