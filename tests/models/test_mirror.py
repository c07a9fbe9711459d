"""The mirror: what the provider said, only forwards in time, and kept as it came."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from mailings.models import Account, Alarm, Mailing, Observation, State
from mailings.models.mirror import absorb_twin, mark_gone, observe, raise_alarm
from mailings.smsc.api.answers import Job, JobStatus
from tests.helpers.factories import bare


@pytest.fixture
def mailing(db) -> Mailing:
    account = Account.objects.create(name="a", kind="sandbox")
    return bare(account, state=State.ACCEPTED, remote_id="7")


def job(word: str = "waiting", status: JobStatus | None = JobStatus.WAITING, **fields) -> Job:
    values: dict[str, Any] = {"remote_id": "7", "name": "n", "cost": None, "parts": None, "recipients": None}
    values |= {"send_at_text": None, "send_at": None, "payload": {"id": 7, "status": word}, "recognised": {}}
    return Job(status=status, status_word=word, unrecognised=[], **(values | fields))


def test_an_answer_is_written_with_its_moment_and_kept_raw(mailing):
    now = timezone.now()
    assert observe(mailing, job(cost=Decimal("1.5"), parts=3), at=now, source="get")
    mailing.refresh_from_db()
    assert (mailing.remote_status, mailing.remote_word, mailing.verified_at) == ("waiting", "waiting", now)
    assert (mailing.cost, mailing.parts) == (Decimal("1.5"), 3)
    assert Observation.objects.get().payload == {"id": 7, "status": "waiting"}


def test_the_same_answer_again_moves_only_the_moment(mailing):
    now = timezone.now()
    observe(mailing, job(), at=now, source="get")
    assert not observe(mailing, job(), at=now + timedelta(minutes=1), source="get_all")
    mailing.refresh_from_db()
    assert mailing.verified_at == now + timedelta(minutes=1)
    assert Observation.objects.count() == 1


def test_an_older_answer_that_comes_late_is_dropped(mailing):
    now = timezone.now()
    observe(mailing, job("sent", JobStatus.GONE_OUT), at=now, source="get")
    assert not observe(mailing, job(), at=now - timedelta(seconds=1), source="get_all")
    mailing.refresh_from_db()
    assert mailing.remote_status == "gone_out"


def test_an_unknown_word_is_kept_as_it_came(mailing):
    observe(mailing, job("aufgehoben", None), at=timezone.now(), source="get")
    mailing.refresh_from_db()
    assert (mailing.remote_status, mailing.remote_word) == ("", "aufgehoben")


def test_a_job_that_is_gone_stays_as_a_row_and_comes_back_when_it_is_seen(mailing):
    assert mark_gone(mailing, at=timezone.now())
    assert not mark_gone(mailing, at=timezone.now())
    observe(mailing, job(), at=timezone.now(), source="get")
    mailing.refresh_from_db()
    assert not mailing.gone


def test_a_row_that_a_pull_made_gives_all_it_has(mailing):
    mine = bare(mailing.account, state=State.UNKNOWN)
    twin = bare(mailing.account, code=None, origin="provider", state=State.ACCEPTED, remote_id="8")
    observe(twin, job(remote_id="8"), at=timezone.now(), source="get_all")
    Mailing.objects.filter(pk=twin.pk).update(wish="cancel")
    absorb_twin(mine, "8")
    mine.refresh_from_db()
    assert (mine.wish, mine.remote_status, mine.observations.count()) == ("cancel", "waiting", 1)
    assert not Mailing.objects.filter(pk=twin.pk).exists()


def test_an_alarm_is_raised_once_for_the_same_jobs(mailing):
    raise_alarm(mailing, Alarm.TWO_JOBS, ["7", "8"])
    raise_alarm(mailing, Alarm.TWO_JOBS, ["8"])
    assert mailing.events.filter(kind="alarm").count() == 1
    raise_alarm(mailing, Alarm.TWO_JOBS, ["9"])
    mailing.refresh_from_db()
    assert mailing.alarm_jobs == ["7", "8", "9"]
