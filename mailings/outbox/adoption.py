"""Adopting: a person names the provider's job that an unknown mailing became, and we check that it can be.

Pages never wait for the provider, so the named job is only a candidate at first. If a read of the list has
shown that job already, it is decided at once; else a worker asks for it by `get`. A number that the provider
does not know, and a job with another mailing's reference, are refused. A job without a reference is accepted
on the person's word, which can be taken back until we have asked the provider to change that job.
See docs/decisions/0014-decisions-rest-on-what-was-seen.md.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import accounts
from mailings.models import Alarm, EventKind, Mailing, Origin, State, login_of, record
from mailings.models.mailing import CODE_LENGTH, has_come
from mailings.models.mirror import absorb_twin, forgotten_job, observe, raise_alarm, take_job
from mailings.models.references import is_of_another, reference_of
from mailings.models.states import UNDECIDED, NotItsJob
from mailings.outbox import notify
from mailings.outbox.errors import Impossible
from mailings.outbox.may import why_not_decide, why_not_undo_adoption
from mailings.outbox.seen import UNBOUND, Seen
from mailings.smsc.api.answers import Job
from mailings.smsc.api.errors import NotSaved, SmscError

# Job numbers as the provider shows them; anything longer is a typing error.
JOB_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
# Without an answer a candidate is asked for again after ASK_AGAIN, and dropped after GIVE_UP_AFTER.
ASK_AGAIN, GIVE_UP_AFTER = timedelta(minutes=2), timedelta(days=1)


def adopt(mailing_id: int, remote_id: str, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """Record that a person says: job `remote_id` of the provider is this mailing.

    Adopted at once when a read of the list has shown that job; else it becomes a candidate, which a worker
    checks by `verify`. Raises Impossible when it cannot be this mailing's job.
    """
    remote_id = remote_id.strip()
    if not JOB_NUMBER.fullmatch(remote_id):
        raise Impossible(_("A job's number consists of digits only, as SMS Centre shows it."))
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        seen.must_be_so(mailing)
        if why := why_not_decide(mailing):
            raise Impossible(why)
        twin = _twin(mailing, remote_id)
        reason = _why_not(mailing, twin.name) if twin else None
        if twin and (reason or twin.gone):
            raise Impossible(_not_its_job(remote_id, reason or NotItsJob.UNKNOWN_NUMBER))
        now = timezone.now()
        Mailing.objects.filter(pk=mailing_id).update(
            candidate=remote_id, candidate_at=now, candidate_by=login_of(by), candidate_next_at=now
        )
        record(EventKind.PROPOSED, mailing, by=by, remote_id=remote_id)
        mailing.refresh_from_db()
        if twin or remote_id in mailing.look_matches:
            _take(mailing, remote_id, name=twin.name if twin else None)
        else:
            notify.send("verify", mailing_id)
    return Mailing.objects.get(pk=mailing_id)


def verify(mailing_id: int) -> None:
    """Ask the provider for a candidate, and adopt or refuse it. May be called any number of times."""
    now = timezone.now()
    due = Mailing.objects.filter(
        has_come("candidate_next_at", now), pk=mailing_id, state__in=UNDECIDED
    ).exclude(candidate="")
    lease = now + timedelta(seconds=settings.LEASE_SECONDS)
    if not due.update(candidate_next_at=lease):
        return
    mailing = Mailing.objects.select_related("account").get(pk=mailing_id)
    remote_id = mailing.candidate
    try:
        with accounts.slot(mailing.account, "get", remote_id) as client:
            asked_at = timezone.now()
            job = client.get(remote_id)
    except NotSaved:
        _end(mailing, NotItsJob.UNKNOWN_NUMBER)
    except (SmscError, accounts.CannotCall):
        _ask_again_later(mailing)
    else:
        _end(mailing, _why_not(mailing, job.name), job, asked_at)


def undo_adoption(mailing_id: int, by: Any = None, seen: Seen = UNBOUND) -> Mailing:
    """Take an adoption back: the mailing is unknown again, and a wish from before it counts again."""
    with transaction.atomic():
        mailing = Mailing.objects.select_for_update().get(pk=mailing_id)
        seen.must_be_so(mailing)
        if why := why_not_undo_adoption(mailing):
            raise Impossible(why)
        fields: dict[str, Any] = {"adopted_at": None, "looks": 0, "look_at": None, "look_note": ""}
        wish = {"wish": mailing.wish or mailing.wish_before, "wish_before": "", "wish_next_at": None}
        Mailing.objects.move(
            mailing_id, State.ACCEPTED, State.UNKNOWN, **forgotten_job(mailing), **fields, **wish
        )
        record(EventKind.UNDONE, mailing, by=by, remote_id=mailing.remote_id)
    return Mailing.objects.get(pk=mailing_id)


def _twin(mailing: Mailing, remote_id: str) -> Mailing | None:
    """The row that a pull made for this job, if any: it will hand the job over to `mailing`.

    Raises Impossible when the job belongs to another mailing made here.
    """
    owner = Mailing.objects.filter(account_id=mailing.account_id, remote_id=remote_id).first()
    if owner is not None and owner.origin != Origin.PROVIDER:
        raise Impossible(
            _("Job %(job)s belongs to another mailing (%(code)s).") % {"job": remote_id, "code": owner.code}
        )
    return owner


def _why_not(mailing: Mailing, name: str | None) -> NotItsJob | None:
    return NotItsJob.OTHER_REFERENCE if is_of_another(name, mailing.code) else None


def _not_its_job(remote_id: str, reason: NotItsJob) -> str:
    return _("Job %(job)s was not taken to be this mailing: %(why)s.") % {
        "job": remote_id,
        "why": reason.label,
    }


def _end(
    mailing: Mailing, reason: NotItsJob | None, job: Job | None = None, asked_at: datetime | None = None
) -> None:
    """Adopt the candidate, or refuse it for `reason`; nothing if a person decided otherwise meanwhile."""
    with transaction.atomic():
        now = Mailing.objects.select_for_update().get(pk=mailing.pk)
        same = (now.candidate, now.candidate_at) == (mailing.candidate, mailing.candidate_at)
        if not same or now.state not in UNDECIDED:
            return
        if job is None or asked_at is None or reason is not None:
            Mailing.objects.filter(pk=now.pk).update(candidate="", candidate_next_at=None)
            record(EventKind.REJECTED, now, remote_id=now.candidate, reason=reason)
            return
        _take(now, now.candidate, name=job.name)
        now.refresh_from_db()
        observe(now, job, at=asked_at, source="get")


def _ask_again_later(mailing: Mailing) -> None:
    """The provider gave no answer: try again later, for a day. The mailing stays unknown meanwhile."""
    now = timezone.now()
    if mailing.candidate_at is not None and now - mailing.candidate_at > GIVE_UP_AFTER:
        _end(mailing, NotItsJob.NO_ANSWER)
        return
    same = Mailing.objects.filter(pk=mailing.pk, candidate=mailing.candidate)
    same.update(candidate_next_at=now + ASK_AGAIN)


def _take(mailing: Mailing, remote_id: str, *, name: str | None) -> None:
    """Make the job the mailing's own.

    When only a person's word ties the two, a wish (cancel, delete) from before is set aside, not carried out:
    if that word was wrong, it would hit a stranger's job.
    """
    reference = reference_of(name) or ""
    proven = remote_id in mailing.look_matches or reference[:CODE_LENGTH] == mailing.code
    others = [job for job in mailing.look_matches if job != remote_id]
    fields: dict[str, Any] = {
        "candidate": "",
        "candidate_next_at": None,
        "adopted_at": None if proven else timezone.now(),
    }
    wished_before = mailing.wish
    absorb_twin(mailing, remote_id)
    mailing.refresh_from_db()
    if wished_before and not proven and mailing.wish == wished_before:
        fields |= {"wish": "", "wish_next_at": None, "wish_before": wished_before}
    take_job(Mailing.objects.all(), mailing, remote_id, UNDECIDED, **fields)
    record(EventKind.ADOPTED, mailing, by=mailing.candidate_by, remote_id=remote_id)
    if others:
        raise_alarm(mailing, Alarm.TWO_JOBS, [remote_id, *others])
    if Mailing.objects.filter(pk=mailing.pk).exclude(wish="").exists():
        notify.send("fulfil", mailing.pk)
