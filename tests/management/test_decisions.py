"""`mailings resolve` and `release`: a person's decisions, from the command line."""

import pytest
from django.utils import timezone

from mailings.models import Account, Attempt, HeldReason, State
from sandbox import Sandbox
from tests.helpers.factories import bare
from tests.management.conftest import Run


@pytest.mark.parametrize(
    ("words", "state"),
    [(["--adopt", "17"], "accepted"), (["--send-again"], "queued"), (["--give-up"], "abandoned")],
)
def test_resolve_settles_an_unknown_mailing_once(
    account: Account, sandbox: Sandbox, mailings: Run, words, state: str
):
    mailing = bare(account, state=State.UNKNOWN)
    number = str(sandbox.make_job("Spring sale"))

    code, (said,) = mailings(
        "resolve", str(mailing.pk), *[number if word == "17" else word for word in words]
    )

    assert (code, said["state"]) == (0, state)
    code, (said,) = mailings("resolve", str(mailing.pk), "--give-up")
    assert (code, list(said)) == (1, ["error"])


def test_resolve_refuses_a_number_that_the_provider_does_not_know(account: Account, mailings: Run):
    mailing = bare(account, state=State.UNKNOWN)

    code, (said,) = mailings("resolve", str(mailing.pk), "--adopt", "17")

    assert (code, list(said)) == (1, ["error"])
    assert "knows no job of this number" in said["error"]


@pytest.mark.parametrize("words", [["--adopt", "17"], ["--send-again"], ["--give-up"]])
def test_resolve_is_refused_when_a_newer_attempt_was_made(account: Account, mailings: Run, words):
    mailing = bare(account, state=State.UNKNOWN)
    Attempt.objects.create(mailing=mailing, kind="create", reference="K7Q2Mb", begin=timezone.now())

    code, (said,) = mailings("resolve", str(mailing.pk), *words, "--attempt", "K7Q2Ma")

    assert (code, list(said)) == (1, ["error"])
    assert "K7Q2Mb" in said["error"]
    mailing.refresh_from_db()
    assert mailing.state == State.UNKNOWN


def test_release_lets_a_held_mailing_go(account: Account, mailings: Run):
    mailing = bare(account, state=State.HELD, held_reason=HeldReason.OVERDUE)

    assert mailings("release", str(mailing.pk))[1][0]["state"] == "queued"
    assert mailings("release", str(mailing.pk))[0] == 1
