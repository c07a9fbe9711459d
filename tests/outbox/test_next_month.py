"""A copy for next month: same day and hour by the clock; a month without that day uses its last."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from mailings import outbox
from mailings.forms import ComposeForm, from_draft
from mailings.models import Account, Mailing
from mailings.outbox.again import in_next_month
from tests.helpers.factories import queued

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "now", "meant"),
    [
        ("2026-01-31 10:00", "2026-01-31 12:00", "2026-02-28 10:00"),
        ("2028-01-31 10:00", "2028-01-31 12:00", "2028-02-29 10:00"),
        ("2026-12-15 10:00", "2026-12-15 12:00", "2027-01-15 10:00"),
        ("2026-01-31 10:00", "2026-03-05 12:00", "2026-03-31 10:00"),
        ("2026-01-05 10:00", "2026-03-05 12:00", "2026-04-05 10:00"),
        ("2026-01-05 10:00", "2026-01-02 12:00", "2026-02-05 10:00"),
        ("2025-10-31 10:00", "2026-09-30 10:00", "2026-10-31 10:00"),
    ],
)
def test_the_next_month_that_lies_ahead(at: str, now: str, meant: str) -> None:
    moments = [datetime.fromisoformat(one).replace(tzinfo=BERLIN) for one in (at, now)]
    assert in_next_month(*moments) == datetime.fromisoformat(meant)


@pytest.mark.django_db
@pytest.mark.parametrize("clock", ["Europe/Berlin", ""], ids=["typed by", "the reader's own"])
def test_summer_time_moves_no_hour(clock: str) -> None:
    account = Account.objects.create(name="default")
    with time_machine.travel(datetime(2026, 3, 16, 8, tzinfo=UTC), tick=False):
        hour = datetime(2026, 3, 16, 9, 30, tzinfo=BERLIN)
        mailing = queued(account, time=f"0{int(hour.timestamp())}")
        Mailing.objects.filter(pk=mailing.pk).update(prepared={"clock": clock})
    now = datetime(2026, 3, 17, 8, tzinfo=UTC)
    with time_machine.travel(now, tick=False), timezone.override(ZoneInfo("Asia/Tokyo") if clock else BERLIN):
        draft = outbox.next_month(mailing.pk)

        form = ComposeForm(from_draft(draft.draft), now=now, accounts=[account])

        typed = form.typed.values
        assert (typed["time_at"], typed.get("clock", "")) == ("16.04.2026 09:30", clock)
        assert form.spec is not None
        assert form.spec.due_at(now) == datetime(2026, 4, 16, 7, 30, tzinfo=UTC)
        assert (draft.draft["phones"], draft.draft["mes"]) == ("79990000001", "Hello")


@pytest.mark.django_db
def test_what_repeats_or_had_no_hour_is_not_made_for_the_next_month() -> None:
    account = Account.objects.create(name="default")
    for options in ({"rpt": 1}, {"time": "9-21"}):
        mailing = queued(account, **options)
        assert not outbox.may_send_next_month(mailing)
        with pytest.raises(outbox.Impossible):
            outbox.next_month(mailing.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("clock", ["Nonsense", "../x", " "])
def test_a_clock_that_is_none_gives_way_to_the_readers_own(clock: str) -> None:
    mailing = queued(Account.objects.create(name="default"), time="01924592400")
    Mailing.objects.filter(pk=mailing.pk).update(prepared={"clock": clock})

    draft = outbox.next_month(mailing.pk)

    assert draft.draft["clock"] == timezone.get_current_timezone_name()
