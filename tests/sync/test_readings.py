"""Jobs that are shown together as they were known: one moment for all of them, and never for one too many."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailings import sync
from mailings.models import Account, Mailing, Reading, State
from mailings.models.mirror import absorb_twin, mark_gone, observe
from mailings.models.mirror_many import newest_observation, write_verified
from mailings.models.readings import before, not_after, verified
from mailings.smsc.api.aliases import JobStatus
from mailings.sync import absence, rows, spans
from mailings.sync.tally import Tally
from tests.helpers.factories import bare
from tests.sync.test_rows import BROKEN, job, mirror

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def shown(account: Account, numbers: Iterable[int], minute: int, **fields: object) -> Tally:
    tally = Tally(at(minute))
    mirror(account, [job(number, **fields) for number in numbers], at(minute), tally)
    return tally


def moments() -> dict[str, int]:
    """Minutes after noon at which each job was verified."""
    found = Mailing.objects.values_list("remote_id", "verified_at")
    return {str(number): (moment - NOON).seconds // 60 for number, moment in found}


def test_all_that_is_shown_together_is_verified_then(listed_account: Account):
    for minute in range(1, 5):
        shown(listed_account, range(4), minute)

    assert moments() == dict.fromkeys("0123", 4)
    assert [row.verified_at for row in Mailing.objects.all()] == [at(4)] * 4
    assert Reading.objects.count() == 1


def test_what_has_not_changed_is_not_written(listed_account: Account):
    shown(listed_account, range(4), 1)
    shown(listed_account, range(4), 2)

    with CaptureQueriesContext(connection) as captured:
        shown(listed_account, range(4), 3)

    assert not [one["sql"] for one in captured if one["sql"].startswith('UPDATE "mailings_mailing"')]
    assert not [one["sql"] for one in captured if one["sql"].startswith("UPDATE mailings_mailing")]


def test_a_job_that_is_missing_keeps_the_moment_at_which_it_was_shown(listed_account: Account):
    shown(listed_account, range(4), 1)
    shown(listed_account, range(4), 2)
    shown(listed_account, range(3), 3)
    shown(listed_account, range(3), 4)

    assert moments() == {"0": 4, "1": 4, "2": 4, "3": 2}
    missed = absence.missing(listed_account, spans.Span(NOON.date(), NOON.date() + timedelta(days=80)), at(4))
    assert [row.remote_id for row in missed] == ["3"]


@pytest.mark.parametrize("few", [1, 2, 3])
def test_a_list_of_fewer_days_says_nothing_of_the_others(listed_account: Account, few: int):
    for minute in (1, 2):
        shown(listed_account, range(4), minute)
    for minute in (3, 4):
        shown(listed_account, range(few), minute)
    assert moments() == {str(number): 4 if number < few else 2 for number in range(4)}

    shown(listed_account, range(4), 5)

    assert moments() == dict.fromkeys("0123", 5)
    assert Reading.objects.count() == 2


def test_an_older_list_takes_no_moment_back_and_joins_nobody_to_a_newer_one(listed_account: Account):
    shown(listed_account, [0, 1], 1)
    shown(listed_account, [0, 1], 5)
    shown(listed_account, [2], 2)

    shown(listed_account, [0, 1, 2], 3)

    assert moments() == {"0": 5, "1": 5, "2": 3}


def test_a_row_that_another_pull_has_moved_meanwhile_keeps_its_newer_moment(listed_account: Account):
    shown(listed_account, [0, 1, 2], 1)
    shown(listed_account, [0, 1, 2], 2)
    known = dict(Mailing.objects.values_list("id", "reading_id"))
    shown(listed_account, [0], 9)

    write_verified(listed_account, known, at(5), since=newest_observation())

    assert moments() == {"0": 9, "1": 5, "2": 5}


def test_a_row_that_came_to_be_read_with_others_meanwhile_is_not_shown_by_their_list(listed_account: Account):
    shown(listed_account, [0, 1, 2], 1)
    shown(listed_account, [0, 1, 2], 2)
    known = dict(Mailing.objects.values_list("id", "reading_id"))
    shown(listed_account, [3], 3)
    shown(listed_account, [0, 1, 2, 3], 4)

    write_verified(listed_account, known, at(6), since=newest_observation())

    assert moments() == {"0": 6, "1": 6, "2": 6, "3": 4}


def test_what_somebody_else_has_seen_since_the_rows_were_compared_gets_no_moment(listed_account: Account):
    for minute in (1, 2):
        shown(listed_account, [0, 1, 2], minute)
    known, since = dict(Mailing.objects.values_list("id", "reading_id")), newest_observation()
    row = Mailing.objects.get(remote_id="1")
    observe(row, job(1, status_word="Cancelled"), at=at(4), source="get")

    write_verified(listed_account, known, at(5), since=since)

    assert moments() == {"0": 5, "1": 4, "2": 5}


def test_a_row_that_takes_the_place_of_another_is_read_with_nobody(listed_account: Account):
    for minute in (1, 2):
        shown(listed_account, [0, 1], minute)
    ours = bare(listed_account, state=State.UNKNOWN)

    with transaction.atomic():
        absorb_twin(ours, "1")

    ours.refresh_from_db()
    assert (ours.verified_at, ours.reading) == (at(2), None)


def test_many_that_are_read_together_for_the_first_time_are_not_written_at_once(
    listed_account: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows, "CHUNK", 2)
    monkeypatch.setattr(rows, "FEW", 2)
    shown(listed_account, range(6), 1)

    with CaptureQueriesContext(connection) as captured:
        shown(listed_account, range(6), 2)

    joined = [
        one["sql"] for one in captured if one["sql"].startswith("UPDATE mailings_mailing SET reading_id")
    ]
    assert len(joined) == 3
    shown(listed_account, range(6), 3)
    assert moments() == dict.fromkeys("012345", 3)


def test_one_that_cannot_be_written_takes_no_other_changed_one_with_it(listed_account: Account):
    for minute in (1, 2):
        shown(listed_account, range(5), minute)
    tally = Tally(at(3))

    mirror(
        listed_account,
        [job(0, parts=7), job(1, status_word=BROKEN), job(2, parts=7), job(3), job(4)],
        at(3),
        tally,
    )

    assert (tally.odd, moments()) == (1, {"0": 3, "1": 2, "2": 3, "3": 3, "4": 3})
    assert set(Mailing.objects.exclude(remote_id="1").values_list("reading__at", flat=True)) == {at(3)}


def test_a_changed_job_stays_with_the_others_and_one_that_cannot_be_written_does_not(listed_account: Account):
    shown(listed_account, range(3), 1)
    shown(listed_account, range(3), 2)
    tally = Tally(at(3))
    mirror(listed_account, [job(0), job(1, cost=None, parts=7), job(2)], at(3), tally)
    assert (tally.changed, moments()) == (1, {"0": 3, "1": 3, "2": 3})

    tally = Tally(at(4))
    mirror(listed_account, [job(0), job(1, status_word=BROKEN, parts=8), job(2)], at(4), tally)

    assert (tally.odd, moments()) == (1, {"0": 4, "1": 3, "2": 4})
    assert Reading.objects.count() == 2


def test_an_answer_about_one_job_older_than_the_list_is_dropped(listed_account: Account):
    shown(listed_account, range(2), 1)
    shown(listed_account, range(2), 3)
    row = Mailing.objects.get(remote_id="1")

    assert not observe(row, job(1, parts=9), at=at(2), source="get")
    assert observe(row, job(1, parts=9), at=at(4), source="get")

    assert moments() == {"0": 3, "1": 4}
    assert Mailing.objects.get(pk=row.pk).parts == 9


def test_a_change_that_an_older_list_shows_is_dropped(listed_account: Account):
    shown(listed_account, range(2), 1)
    shown(listed_account, range(2), 3)

    shown(listed_account, [1], 2, parts=9)

    assert moments() == {"0": 3, "1": 3}
    assert Mailing.objects.get(remote_id="1").parts is None


def test_a_job_that_is_gone_is_not_verified_with_the_others(listed_account: Account):
    shown(listed_account, range(3), 1)
    shown(listed_account, range(3), 2)
    mark_gone(Mailing.objects.get(remote_id="1"), at=at(3))

    shown(listed_account, [0, 2], 4)

    assert moments() == {"0": 4, "1": 3, "2": 4}


def test_conditions_see_the_later_moment_of_the_row_and_of_its_reading(listed_account: Account):
    shown(listed_account, [0], 1)
    shown(listed_account, [1, 2], 1)
    shown(listed_account, [1, 2], 3)
    shown(listed_account, [2], 5, parts=1)
    Mailing.objects.create(
        account=listed_account, code="AAAAA", state=State.DRAFT, state_at=NOON, created_at=NOON
    )

    def ids(found: Iterable[str | None]) -> list[str]:
        return sorted(str(number) for number in found)

    every = Mailing.objects.values_list("remote_id", flat=True)
    assert ids(every.filter(not_after(at(3)))) == ["0", "1", "None"]
    assert ids(every.filter(before(at(3)))) == ["0", "None"]
    assert ids(every.alias(seen=verified()).filter(seen__gte=at(3))) == ["1", "2"]
    assert ids(every.alias(seen=verified()).filter(seen=at(5))) == ["2"]
    assert ids(every.alias(seen=verified()).filter(seen=None)) == ["None"]


def test_a_reading_that_no_row_is_left_in_goes_after_two_months(account: Account):
    cancelled = {"status": "cancelled", "status_word": JobStatus.CANCELLED}  # missing, it is not asked for
    shown(account, [1, 2], 1, **cancelled)
    shown(account, [1, 2], 2, **cancelled)
    with_rows = Reading.objects.get()
    old, young = timezone.now() - timedelta(days=61), timezone.now() - timedelta(days=59)
    Reading.objects.update(at=old)
    Reading.objects.create(account=account, at=old)
    empty = Reading.objects.create(account=account, at=young)

    sync.pull_two_months(account)

    assert set(Reading.objects.all()) == {with_rows, empty}
