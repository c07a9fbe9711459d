"""`manage.py sample_data`: something to look at on the first start, and nothing more on the next."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailings import accounts
from mailings.models import Delivery, Mailing, Recipient, State
from mailings.selectors import today
from mailings.wording import chips
from sandbox import Sandbox


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(username="demo")


@pytest.fixture
def shown(person: User, redis_url: str) -> dict[str, Mailing]:
    """What the first page finds after the command, by key (without its front) or name."""
    with Sandbox() as sandbox:
        accounts.ensure_sandbox_account(sandbox.url)
        call_command("sample_data")
        rows = Mailing.objects.select_related("account")
        return {row.key.removeprefix("sample-") if row.key else row.name: row for row in rows}


def test_its_numbers_have_the_form_of_all_that_is_stored(shown: dict[str, Mailing]) -> None:
    addresses = Recipient.objects.exclude(address__contains="@").values_list("address", flat=True)

    assert addresses
    assert {address[:2] for address in addresses} == {"+7"}


def test_the_past_of_two_weeks_shows_each_state_that_matters(shown: dict[str, Mailing]) -> None:
    words = {key: chips.chip(row).text for key, row in shown.items()}
    assert words["lost"] == "not known"
    assert shown["lost"].looks == 1
    assert words["refused"] == "refused"
    assert words["overdue"] == "held"
    assert words["cancelled"] == "cancelled"
    assert words["late"] == "gone out, too late to cancel"
    assert words["sale"] == words["autumn"] == "gone out"
    assert words["draft"] == "draft"
    assert shown["reminder"].is_personal
    assert shown["digest"].repeats == 5


def test_what_was_made_elsewhere_is_among_it_with_its_own_hours(shown: dict[str, Mailing]) -> None:
    made = shown["Made in the cabinet: tomorrow"]
    assert made.origin == "provider"
    assert made.remote_send_at is not None
    assert timezone.now() < made.remote_send_at < timezone.now() + timedelta(days=2)


def test_days_and_channels_have_figures_and_nothing_is_an_alarm(shown: dict[str, Mailing]) -> None:
    figures = today.spent(timezone.now())
    assert len({one.day for one in figures}) >= 8
    assert len({one.channel for one in figures}) >= 4
    assert all(one.cost for one in figures)
    assert not any(row.alarm or row.gone for row in shown.values())
    assert len(today.needs_a_person(timezone.now()).mailings) == 4


def test_whoever_got_what_has_gone_out_is_known(shown: dict[str, Mailing]) -> None:
    for key in ("autumn", "invite", "letter", "stock", "sale"):
        found = Delivery.objects.get(mailing=shown[key])
        assert found.delivered > found.recipients / 2, key
        assert found.delivered + found.read + found.failed + found.waiting == found.recipients, key
    assert Delivery.objects.filter(failed__gt=0).count() >= 5
    assert not Delivery.objects.filter(mailing=shown["cancelled"], delivered__gt=0).exists()


def test_a_second_run_makes_none(shown: dict[str, Mailing], person: User) -> None:
    call_command("sample_data")
    assert set(Mailing.objects.values_list("pk", flat=True)) == {row.pk for row in shown.values()}
    assert {row.created_by for row in Mailing.objects.filter(origin="local")} == {person}
    assert {State.QUEUED, State.DRAFT} < set(Mailing.objects.values_list("state", flat=True))


def test_without_a_sandbox_account_it_makes_none(db: None) -> None:
    with pytest.raises(CommandError, match="sandbox account only"):
        call_command("sample_data")
    assert not Mailing.objects.exists()


def test_without_the_sandbox_itself_it_makes_none(person: User) -> None:
    accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
    with pytest.raises(CommandError, match="does not answer"):
        call_command("sample_data")
    assert not Mailing.objects.exists()
