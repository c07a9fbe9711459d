"""The command line on what became of messages."""

import pytest

from mailings import delivery
from mailings.delivery.pulls import STUCK
from mailings.models import Account, Waiting
from sandbox import Sandbox
from tests.helpers.factories import delivered

PEOPLE = "+79990000001,+79990000002"


@pytest.fixture
def sandbox():
    with Sandbox(going_seconds=1, same_request_seconds=0) as provider:
        provider.settings({"messages": {"settle_seconds": 10, "outcomes": {"20": 1.0}}})
        yield provider


def test_before_anything_was_asked_everybody_is_waited_for(mailings, account: Account):
    mailing = delivered(account, phones=PEOPLE)

    assert mailings("deliveries", str(mailing.pk)) == (
        0,
        [
            {
                "id": mailing.pk,
                "recipients": 2,
                "delivered": 0,
                "read": 0,
                "failed": 0,
                "waiting": 2,
                "unclear": 0,
                "unknown": 0,
                "as_of": None,
                "final": False,
            }
        ],
    )


def test_one_pull_and_then_the_figures_and_the_rows(mailings, account: Account, sandbox: Sandbox):
    mailing = delivered(account, phones=PEOPLE)
    sandbox.advance(60)

    code, (pulled,) = mailings("deliveries", "--pull")
    _, (figures,) = mailings("deliveries", str(mailing.pk))
    _, rows = mailings("deliveries", str(mailing.pk), "--rows")

    assert (code, pulled) == (0, {"calls": 2, "rows": 2, "matched": 2, "changed": 2, "left_alone": {}})
    assert (figures["failed"], figures["waiting"], figures["final"]) == (2, 0, True)
    assert figures["as_of"].endswith("Z")
    assert [row["recipient"] for row in rows] == ["+79990000001", "+79990000002"]
    assert {(row["status"], row["status_code"], row["err"], row["parts"]) for row in rows} == {
        ("failed", 20, 6, 1)
    }
    assert all(row["at"].endswith("Z") and row["cost"] == "1.40" for row in rows)


def test_a_person_is_told_with_its_result(mailings, account: Account, sandbox: Sandbox):
    delivered(account, phones=PEOPLE)
    sandbox.advance(60)
    mailings("deliveries", "--pull")

    _, (line,) = mailings("person", "8 999 000-00-01")

    assert line["status"] == "failed"
    assert line["at"].endswith("Z")


def test_days_that_are_none_and_no_mailing_are_said(mailings, account: Account):
    assert mailings("deliveries", "--pull", "--start", "31.02.2026")[0] == 1
    assert mailings("deliveries", "99")[0] == 1
    assert mailings("deliveries")[0] == 1


def test_a_pull_that_ends_early_is_a_failure_with_what_was_read(mailings, account, sandbox: Sandbox):
    sandbox.fault("server_error", ["messages"], count=None)

    code, (said,) = mailings("deliveries", "--pull", "--start", "26.11.2026", "--end", "26.11.2026")

    assert (code, said["calls"]) == (2, 1)
    assert said["error"]


@pytest.mark.parametrize("why", [*Waiting.values, STUCK])
def test_why_a_pull_ended_early_is_a_sentence(mailings, account: Account, monkeypatch, why: str):
    # given a pull that ends for a reason of ours, which is stored as one word
    monkeypatch.setattr(delivery, "pull", lambda *_days: delivery.Pulled(ended_by=why))
    # when
    code, (said,) = mailings("deliveries", "--pull")
    # then
    assert code == 2
    assert " " in said["error"]
    assert said["error"].endswith(".")
