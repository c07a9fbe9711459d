"""`mailings price`: what a mailing would cost, asked of the provider; nothing is sent and nothing stored."""

import json
from typing import Any

import pytest

from mailings import outbox
from mailings.models import Account, Mailing, State
from sandbox import Sandbox
from tests.helpers.factories import PHONE, bare, spec
from tests.management.conftest import Run

OPTIONS: dict[str, Any] = {
    "name": "Spring sale",
    "phones": f"{PHONE},79990000002",
    "mes": "Hello",
    "time": "+60",
}
COSTS = {"cost": "2.80", "messages": 2, "currency": "RUR"}


def asked(sandbox: Sandbox) -> list[dict[str, str]]:
    """The parameters of every price that the provider was asked for."""
    return [dict(call["parameters"]) for call in sandbox.calls if call["kind"] == "price"]


def test_a_price_is_told_and_nothing_is_sent_or_stored(account: Account, sandbox: Sandbox, mailings: Run):
    said = mailings("price", given={"options": OPTIONS})

    assert said == (0, [COSTS])
    assert (sandbox.jobs, Mailing.objects.count()) == ([], 0)
    (call,) = asked(sandbox)
    assert {"cost": "1", "time": "+60", "mes": "Hello"}.items() <= call.items()
    assert "name" not in call


def test_a_price_is_told_of_a_file(account: Account, mailings: Run, tmp_path):
    path = tmp_path / "sale.json"
    path.write_text(json.dumps({"options": OPTIONS}))

    assert mailings("price", str(path)) == (0, [COSTS])


@pytest.mark.parametrize("typed", [False, True])
def test_a_price_is_told_of_a_mailing_of_ours(account: Account, mailings: Run, typed: bool):
    if typed:  # in the form, with what belongs to the page alone
        mailing = outbox.save_draft(OPTIONS | {"skip_wrong": "1", "kept:subj": "Hi"}, account=account)
    else:
        mailing = outbox.make(spec(**OPTIONS), account=account, submit=False)

    assert mailings("price", str(mailing.pk)) == (0, [COSTS])
    mailing.refresh_from_db()
    assert (mailing.state, mailing.cost) == (State.DRAFT, None)


def test_files_go_along(account: Account, sandbox: Sandbox, mailings: Run, tmp_path):
    """Given a call that is nothing but a sound: without its file it would be refused."""
    sound = tmp_path / "hello.wav"
    sound.write_bytes(b"RIFF\x00\x00\x00\x00WAVE" + b"\x00" * 200)
    given = {"options": {"name": "Call", "phones": PHONE, "call": 1}, "files": [str(sound)]}

    assert mailings("price", given=given) == (0, [COSTS | {"cost": "2.50", "messages": 1}])
    (call,) = [call for call in sandbox.calls if call["kind"] == "price"]
    assert [file["name"] for file in call["files"]] == ["hello.wav"]


def test_the_same_price_within_the_gap_is_joined_to_the_first(
    account: Account, sandbox: Sandbox, mailings: Run, settings
):
    settings.SAME_REQUEST_SECONDS = 61

    assert [mailings("price", given={"options": OPTIONS}) for _again in range(7)] == [(0, [COSTS])] * 7

    assert len(asked(sandbox)) == 1


def test_what_is_wrong_is_said_by_parameter_and_nothing_is_asked(
    account: Account, sandbox: Sandbox, mailings: Run
):
    wrong = mailings("price", given={"options": OPTIONS | {"valid": "99", "cost": 1}})
    draft = outbox.save_draft({"name": "Half", "phones": PHONE}, account=account)

    assert (wrong[0], set(wrong[1][0]["errors"])) == (1, {"valid", "cost"})
    code, (said,) = mailings("price", str(draft.pk))
    assert (code, set(said["errors"])) == (1, {"mes"})
    assert asked(sandbox) == []


def test_a_mailing_that_is_not_there_or_has_no_text_has_no_price(account: Account, mailings: Run):
    elsewhere = bare(account, code=None, origin="provider", state=State.ACCEPTED, remote_id="77")

    for number in (str(elsewhere.pk), "999999"):
        code, (said,) = mailings("price", number)
        assert (code, list(said)) == (1, ["error"])


def test_a_provider_that_names_no_price_is_said_in_a_sentence(
    account: Account, sandbox: Sandbox, mailings: Run
):
    sandbox.fault("wrong_error", "price", error=1)
    assert mailings("price", given={"options": OPTIONS})[0] == 2

    sandbox.fault("empty", "price")
    code, (said,) = mailings("price", given={"options": OPTIONS | {"mes": "Other"}})

    assert code == 2
    assert said["error"] == "SMS Centre did not tell: its answer was empty."
