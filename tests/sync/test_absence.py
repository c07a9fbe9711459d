"""When a list that does not show a mailing says something, and when it says nothing."""

import time
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from mailings import outbox, sync
from mailings.models import Account, Mailing, State
from mailings.sync import absence, spans
from sandbox import Sandbox
from tests.helpers.factories import bare, delivered, queued
from tests.sync.listing import Listing, control
from tests.sync.test_pulls import pull

DAY = timedelta(days=1)


def never_arrived(account: Account, sandbox: Sandbox, **options: object) -> Mailing:
    """A mailing that the provider does not have, as nobody here knows; its deadline is past."""
    mailing = queued(account, **options)
    sandbox.fault("cut_before_saving", calls="add")
    outbox.deliver_mailing(mailing.pk)
    Mailing.objects.filter(pk=mailing.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))
    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN
    return mailing


def an_hour_ago() -> datetime:
    return timezone.now() - timedelta(hours=1)


def looked(mailing: Mailing) -> tuple[int, str]:
    mailing.refresh_from_db()
    return mailing.looks, mailing.look_note


def test_absence_is_shown_by_two_whole_reads_and_never_sends(account, sandbox: Sandbox, any_dialect: str):
    delivered(account)
    mailing = never_arrived(account, sandbox)

    looks = []
    for _ in range(3):
        assert pull(account).complete
        looks.append(looked(mailing))

    assert looks == [(1, ""), (2, ""), (2, "")]
    assert mailing.state == State.UNKNOWN
    assert len(sandbox.jobs) == 1
    events = list(mailing.events.filter(kind="looked").values_list("data", flat=True))
    assert events == [{"complete": True, "number": number, "note": ""} for number in (1, 2)]


def test_two_reads_at_the_same_time_count_as_one(account: Account, sandbox: Sandbox, settings):
    mailing = never_arrived(account, sandbox)
    begun = timezone.now()
    settings.SAME_REQUEST_SECONDS = 60
    span = spans.Span(spans.today() - 2 * DAY, spans.today() + 2 * DAY)

    absence.look(account, span, begun, "")
    absence.look(account, span, begun + timedelta(seconds=59), "")
    assert looked(mailing)[0] == 1

    absence.look(account, span, begun + timedelta(seconds=60), "")
    assert looked(mailing)[0] == 2


def test_a_read_too_soon_after_the_deadline_says_nothing(account: Account, sandbox: Sandbox, settings):
    settings.SETTLE_AFTER_SECONDS = 600
    delivered(account)
    mailing = never_arrived(account, sandbox)

    pull(account)
    assert looked(mailing) == (0, "")

    Mailing.objects.update(deadline_at=timezone.now() - timedelta(seconds=601))
    pull(account)
    assert looked(mailing) == (1, "")


def test_a_read_that_failed_says_nothing(account: Account, sandbox: Sandbox):
    mailing = never_arrived(account, sandbox)
    sandbox.fault("half_json", calls="get_all")

    pull(account)

    assert looked(mailing) == (0, "failed")


@pytest.mark.parametrize(("before", "after", "looks"), [(1, 1, 1), (0, 1, 0), (1, 0, 0)])
def test_a_read_must_reach_from_the_day_before_to_the_day_after(account, sandbox, before, after, looks):
    delivered(account)
    mailing = never_arrived(account, sandbox)
    day = spans.moscow_day(mailing.attempts.get().begin)

    sync.pull(account, day - before * DAY, day + after * DAY, wait=1)

    assert looked(mailing) == (looks, "")


def test_a_read_must_reach_the_day_after_the_hour_asked_for(account: Account, sandbox: Sandbox):
    delivered(account)
    due = timezone.now() + 20 * DAY
    mailing = never_arrived(account, sandbox, time=f"0{int(due.timestamp())}")
    day = spans.moscow_day(due)

    sync.pull(account, spans.today() - 2 * DAY, day, wait=1)
    assert looked(mailing)[0] == 0

    sync.pull(account, spans.today() - 2 * DAY, day + DAY, wait=1)
    assert looked(mailing)[0] == 1


def test_recent_pulls_reach_far_enough_for_every_unknown_mailing(account: Account, sandbox: Sandbox):
    delivered(account)
    due = timezone.now() + 40 * DAY
    mailing = never_arrived(account, sandbox, time=f"0{int(due.timestamp())}")
    old = bare(account, state=State.UNKNOWN, state_at=timezone.now() - 30 * DAY, deadline_at=an_hour_ago())

    for _ in range(2):
        assert sync.pull_recent(account, wait=1).complete

    assert (looked(mailing)[0], looked(old)[0]) == (2, 2)


@pytest.mark.parametrize(
    ("time", "days"),
    [("0", 1), ("10-18", 2), ("01.01.30 10:00", None)],
    ids=["now", "hours of the day", "a date in a zone that is not known"],
)
def test_an_hour_that_is_not_known_is_reached_generously(account: Account, time: str, days: int | None):
    mailing = queued(account, time=time)
    Mailing.objects.filter(pk=mailing.pk).update(due_at=None)

    row = spans.with_tries(Mailing.objects.all()).get()

    end = spans.span_of(row).end
    assert end == (date(2030, 1, 3) if days is None else spans.today() + days * DAY)


def test_a_mailing_of_ours_that_must_be_there_and_is_not_spoils_the_read(
    listed_account: Account, listing: Listing
):
    there = bare(listed_account, state=State.ACCEPTED, remote_id="17")
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())
    listing.rows.append((spans.today() - 400 * DAY, {"id": 17, "name": f"{there.code}a Bare"}))

    result = pull(listed_account)

    assert (result.complete, result.reason) == (False, "own_job_missing")
    assert looked(unknown) == (0, "own_job_missing")


def test_a_job_that_is_gone_does_not_spoil_the_read(listed_account: Account, listing: Listing):
    there = bare(listed_account, state=State.ACCEPTED, remote_id="17")
    control(listed_account, listing, spans.today())
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())

    result = pull(listed_account)

    there.refresh_from_db()
    assert (result.complete, result.gone, there.gone) == (True, 1, True)
    assert looked(unknown)[0] == 1


def test_a_list_without_names_says_nothing(listed_account: Account, listing: Listing):
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())
    listing.rows.append((spans.today(), {"id": 5, "status": "waiting"}))

    result = pull(listed_account)

    assert (result.reason, result.new) == ("no_names", 1)
    assert looked(unknown) == (0, "no_names")


@pytest.mark.parametrize("name", [None, "", "   "])
def test_a_nameless_row_of_a_mailing_that_we_know_shows_that_names_are_not_told(
    listed_account: Account, listing: Listing, name: str | None
):
    bare(listed_account, state=State.ACCEPTED, remote_id="5")
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())
    listing.rows.append((spans.today(), {"id": 5, "status": "waiting", "name": name}))

    assert pull(listed_account).reason == "no_reference"
    assert looked(unknown) == (0, "no_reference")


def test_a_list_with_an_odd_row_says_nothing(listed_account: Account, listing: Listing):
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())
    listing.add(spans.today(), 1, 2)
    listing.rows.append((spans.today(), ["what", "is", "this"]))

    result = pull(listed_account)

    assert (result.reason, result.new) == ("odd_rows", 2)
    assert looked(unknown) == (0, "odd_rows")


def test_a_day_with_exactly_ten_rows_says_nothing(listed_account: Account, listing: Listing):
    unknown = bare(listed_account, state=State.UNKNOWN, deadline_at=an_hour_ago())
    listing.add(spans.today(), *range(1, 13))
    listing.cap = 10

    result = pull(listed_account)

    assert (result.reason, result.seen) == ("ten_rows", 10)
    assert looked(unknown) == (0, "ten_rows")


def test_few_jobs_are_asked_for_by_id_in_one_pull(listed_account: Account, listing: Listing):
    control(listed_account, listing, spans.today())
    for number in range(absence.ASKED_FOR_AT_MOST + 5):
        bare(listed_account, state=State.ACCEPTED, remote_id=str(1000 + number))

    first, second = pull(listed_account), pull(listed_account)

    assert (first.gone, first.reason) == (absence.ASKED_FOR_AT_MOST, "own_job_missing")
    assert (second.gone, second.reason) == (5, "")


def test_a_job_that_could_not_be_asked_for_is_asked_for_by_the_next_pull(account, sandbox: Sandbox, settings):
    mailing = delivered(account)
    delivered(account)
    pull(account)
    sandbox.change_job(int(mailing.remote_id or 0), deleted=True)
    sandbox.fault("server_error", calls="get")

    first = pull(account)
    time.sleep(2 * settings.SAME_REQUEST_SECONDS)  # the same job may not be asked for sooner
    second = pull(account)

    assert (first.gone, first.reason) == (0, "own_job_missing")
    assert (second.gone, second.reason) == (1, "")


def test_a_stored_hour_that_cannot_be_read_counts_as_now(account: Account):
    mailing = bare(account, state=State.UNKNOWN, spec={"options": {"time": "whenever"}})

    assert spans.asked_day(mailing, spans.today()) == spans.today()
