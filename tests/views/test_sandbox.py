"""The card with things to try: one button each, at a sandbox of this machine and nowhere else."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailings import accounts
from mailings.accounts.sandbox_control import Trial
from mailings.models import Account
from mailings.wording.trials import TRIALS
from sandbox import Sandbox
from tests.views.rows import account

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Iterator[Sandbox]:
    with Sandbox() as running:
        accounts.ensure_sandbox_account(running.url)
        yield running


def faults(provider: Sandbox) -> list[dict[str, Any]]:
    return [rule.shown() for rule in provider.provider.faults.rules]


@pytest.mark.parametrize(
    ("trial", "fault", "calls"),
    [
        (Trial.CUT, "cut_after_saving", ["add"]),
        (Trial.REFUSE, "wrong_error", ["cancel"]),
        (Trial.AWAY, "server_error", []),
    ],
)
def test_a_button_orders_its_trial(
    page: Client, provider: Sandbox, trial: Trial, fault: str, calls: list[str]
) -> None:
    assert f'id="trial-{trial.value}"' in page.get("/").content.decode()
    answer = page.post(reverse("trial", args=[trial.value]), follow=True).content.decode()
    assert str(TRIALS[trial].done) in answer
    (ordered,) = faults(provider)
    assert (ordered["fault"], ordered["calls"]) == (fault, calls)
    page.post(reverse("trial", args=[Trial.CALM.value]))
    assert faults(provider) == []


def test_every_trial_has_its_words() -> None:
    assert set(TRIALS) == set(Trial)


def test_the_card_can_be_put_away(page: Client, provider: Sandbox) -> None:
    assert b"trials-title" in page.get("/").content
    page.post(reverse("dismiss_trials"))
    assert b"trials-title" not in page.get("/").content


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "live", "base_url": "http://127.0.0.1:9/sys/"},
        {"kind": "sandbox", "base_url": "http://sandbox.example/sys/"},
        {"kind": "sandbox", "base_url": ""},
        {"kind": "sandbox", "base_url": "http://127.0.0.1.example/sys/"},
    ],
)
def test_nothing_is_offered_or_ordered_anywhere_else(page: Client, fields: dict[str, str]) -> None:
    account(**fields)
    assert b"trials-title" not in page.get("/").content
    assert page.post(reverse("trial", args=["cut"])).status_code == 404


def test_a_sandbox_that_is_away_is_said(page: Client) -> None:
    Account.objects.create(name="s", kind="sandbox", base_url="http://127.0.0.1:9/sys/")
    assert b"did not answer" in page.post(reverse("trial", args=["cut"]), follow=True).content


def test_what_is_no_trial_is_not_there(page: Client, provider: Sandbox) -> None:
    assert page.post(reverse("trial", args=["explode"])).status_code == 404
    assert page.get(reverse("trial", args=["cut"])).status_code == 405
