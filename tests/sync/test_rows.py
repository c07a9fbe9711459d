"""One odd row among many, and many rows at once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailings.models import Account, Event, Mailing, Observation, Pull
from mailings.models.mirror_many import known
from mailings.smsc.api.jobs import Columns, Job, canonical
from mailings.sync import rows, spans
from mailings.sync.tally import Tally
from tests.sync.listing import Listing
from tests.sync.test_pulls import pull


@dataclass
class Read(Columns):
    """Rows of a list that were read already."""

    read: list[Job] = field(default_factory=list)

    def all(self) -> tuple[list[Any], ...]:
        return *super().all(), self.read

    def job(self, place: int) -> Job:
        return self.read[place]


def mirror(account: Account, jobs: list[Job], at: datetime, tally: Tally) -> None:
    texts = [canonical(each.payload) for each in jobs]
    listed = Read()
    ids, names = [each.remote_id for each in jobs], [each.name for each in jobs]
    listed.add(ids, names, texts, texts, [each.fingerprint for each in jobs], jobs)
    rows.mirror(account, listed, at, tally, latest=at)


# Text that no database takes.
BROKEN = "\ud800"


def job(number: int, **fields: object) -> Job:
    plain: dict[str, Any] = {
        "name": f"Job {number}",
        "status": None,
        "status_word": None,
        "cost": None,
        "parts": None,
        "recipients": None,
        "send_at_text": None,
        "send_at": None,
        "payload": {"id": number, **{name: str(value) for name, value in fields.items()}},
        "recognised": {},
        "unrecognised": [],
    }
    return Job(remote_id=str(number), **(plain | fields))


def test_one_row_that_cannot_be_written_leaves_the_others(listed_account: Account):
    tally = Tally(timezone.now())

    mirror(listed_account, [job(1), job(2, name=BROKEN), job(3)], timezone.now(), tally)

    assert set(Mailing.objects.values_list("remote_id", flat=True)) == {"1", "3"}
    assert (tally.new, tally.odd) == (2, 1)


def test_figures_beyond_all_measure_are_left_to_the_payload(listed_account: Account):
    odd = job(1, cost=Decimal("1e30"), parts=10**11, recipients=10**11)

    mirror(listed_account, [odd], timezone.now(), Tally(timezone.now()))

    row = Mailing.objects.get()
    assert (row.cost, row.parts, row.recipients_count) == (None, None, None)
    assert row.remote == {"id": 1, "cost": "1E+30", "parts": str(10**11), "recipients": str(10**11)}


def test_a_change_that_cannot_be_written_leaves_the_others(listed_account: Account):
    at = timezone.now()
    mirror(listed_account, [job(number) for number in (1, 2, 3)], at, Tally(timezone.now()))
    tally = Tally(timezone.now())

    jobs = [job(1, name="New"), job(2, name=BROKEN), job(3, name="New")]
    mirror(listed_account, jobs, at + timedelta(seconds=1), tally)

    assert (tally.changed, tally.odd) == (2, 1)
    assert list(Mailing.objects.order_by("id").values_list("name", flat=True)) == ["New", "Job 2", "New"]


def test_a_name_longer_than_ours_may_be_is_cut(listed_account: Account, listing: Listing):
    listing.add(spans.today(), 1, name="ß" * 5000)

    assert pull(listed_account).new == 1
    row = Mailing.objects.get()
    assert row.name == "ß" * 255
    assert row.remote == {"id": 1, "name": "ß" * 5000}


def test_unknown_fields_are_kept_as_they_came(listed_account: Account, listing: Listing):
    strange = {"wibble": [1, {"a": None}], "Статус": "в пути"}
    listing.add(spans.today(), 1, **strange)

    pull(listed_account)

    assert Mailing.objects.get().remote == {"id": 1, "name": "Job 1"} | strange


def test_figures_that_an_answer_leaves_out_stay(listed_account: Account):
    at = timezone.now()
    mirror(listed_account, [job(1, cost=Decimal("1.40"), parts=2, recipients=2)], at, Tally(timezone.now()))

    mirror(listed_account, [job(1, status_word="x")], at + timedelta(seconds=1), Tally(timezone.now()))

    row = Mailing.objects.get()
    assert (row.cost, row.parts, row.recipients_count, row.remote_word) == (Decimal("1.40"), 2, 2, "x")


def test_of_the_figures_of_a_changed_job_those_are_written_that_differ(listed_account: Account):
    at, hour = timezone.now(), datetime(2026, 11, 30, 9, tzinfo=UTC)
    before = {"cost": Decimal("1.40"), "parts": 2, "recipients": 2, "send_at": hour}
    mirror(listed_account, [job(1, **before), job(2, **before)], at, Tally(timezone.now()))

    after = [job(1, **(before | {"cost": Decimal("1.50")})), job(2, **(before | {"status_word": "x"}))]
    mirror(listed_account, after, at + timedelta(seconds=1), Tally(timezone.now()))

    found = Mailing.objects.order_by("id").values_list(
        "cost", "parts", "recipients_count", "remote_send_at", "remote_word"
    )
    assert list(found) == [(Decimal("1.50"), 2, 2, hour, ""), (Decimal("1.40"), 2, 2, hour, "x")]


def test_of_rows_with_the_same_id_the_last_counts(listed_account: Account):
    tally = Tally(timezone.now())

    mirror(listed_account, [job(1, parts=1), job(2), job(1, parts=3)], timezone.now(), tally)

    assert (tally.new, Mailing.objects.get(remote_id="1").parts) == (2, 3)


def test_a_few_changes_of_many_chunks_are_written_together(
    listed_account: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rows, "CHUNK", 2)
    at, tally = timezone.now(), Tally(timezone.now())
    mirror(listed_account, [job(number) for number in range(1, 8)], at, Tally(timezone.now()))

    with CaptureQueriesContext(connection) as captured:
        later = [job(number, parts=number % 2) for number in range(1, 9)]
        mirror(listed_account, later, at + timedelta(seconds=1), tally)

    assert sum("SET remote_status" in one["sql"] for one in captured) == 1
    assert (tally.changed, tally.new) == (7, 1)
    assert Mailing.objects.filter(verified_at=at + timedelta(seconds=1)).count() == 8


def test_two_pulls_that_meet_a_job_at_once_make_one_row(listed_account: Account, monkeypatch):
    at = timezone.now()
    mirror(listed_account, [job(1)], at, Tally(timezone.now()))
    monkeypatch.setattr(rows, "prints", lambda account, remote_ids: [])
    tally = Tally(timezone.now())

    mirror(listed_account, [job(1), job(2)], at, tally)

    assert (tally.new, Mailing.objects.count(), Observation.objects.count()) == (1, 2, 2)
    assert Event.objects.filter(kind="found").count() == 2


def test_a_thousand_unchanged_jobs_take_a_handful_of_queries(
    listed_account: Account, django_assert_max_num_queries
):
    at = timezone.now()
    many = [job(number) for number in range(1, rows.CHUNK + 1)]
    mirror(listed_account, many, at, Tally(timezone.now()))
    mirror(listed_account, many, at + timedelta(seconds=1), Tally(timezone.now()))
    tally = Tally(timezone.now())

    with django_assert_max_num_queries(8):
        mirror(listed_account, many, at + timedelta(seconds=2), tally)

    assert (tally.unchanged, tally.new, tally.changed) == (rows.CHUNK, 0, 0)
    assert set(Mailing.objects.values_list("verified_at", flat=True)) == {at + timedelta(seconds=2)}


def test_what_is_as_it_was_never_becomes_an_object(listed_account: Account, monkeypatch):
    at = timezone.now()
    many = [job(number) for number in range(1, 4)]
    mirror(listed_account, many, at, Tally(timezone.now()))
    monkeypatch.delattr(Read, "job")
    monkeypatch.delattr(Columns, "job")
    tally = Tally(timezone.now())

    mirror(listed_account, many, at + timedelta(seconds=1), tally)

    assert (tally.unchanged, len(tally.ids)) == (3, 3)


def test_changes_are_written_together(listed_account: Account, django_assert_max_num_queries):
    at = timezone.now()
    mirror(listed_account, [job(number) for number in range(1, 201)], at, Tally(timezone.now()))
    tally = Tally(timezone.now())

    with django_assert_max_num_queries(17 if connection.vendor == "sqlite" else 14):
        later = [job(number, name=f"Later {number}") for number in range(1, 201)]
        mirror(listed_account, later, at + timedelta(seconds=1), tally)

    assert tally.changed == 200
    assert Mailing.objects.filter(name__startswith="Later").count() == 200
    assert Observation.objects.count() == 400


def test_what_could_not_be_read_is_counted_in_the_pull(listed_account: Account, listing: Listing):
    listing.add(spans.today(), 1)
    listing.rows.append((spans.today(), {"nothing": "known"}))

    pull(listed_account)

    kept = Pull.objects.get()
    assert (kept.rows, kept.counts["odd"], kept.counts["seen"]) == (2, 1, 1)


def test_what_is_known_of_jobs_tells_which_are_gone_and_leaves_other_accounts_alone(listed_account: Account):
    mirror(listed_account, [job(number) for number in (1, 2, 3)], timezone.now(), Tally(timezone.now()))
    Mailing.objects.filter(remote_id="2").update(gone=True)
    other = Account.objects.create(name="other", kind="sandbox")

    found = known(listed_account, ["2", "1", "9"])

    assert {remote_id: bool(row.gone) for remote_id, row in found.items()} == {"1": False, "2": True}
    assert found["1"].fingerprint == job(1).fingerprint
    assert known(other, ["1", "2"]) == {}
