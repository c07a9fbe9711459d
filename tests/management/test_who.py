"""Who was behind the command line stands in the timeline."""

import os
import pwd

import pytest

from mailings.models import Account, Event, EventKind, Mailing, State
from mailings.wording import timeline
from sandbox import Sandbox
from tests.helpers.factories import PHONE, bare
from tests.helpers.people import person
from tests.management.conftest import Run

ORDER = {"options": {"name": "Spring sale", "phones": PHONE, "mes": "Hello"}}


@pytest.mark.parametrize("words", [("--as", "olga", "create"), ("create", "--as", "olga")])
def test_the_login_that_was_named_did_it(account: Account, mailings: Run, words: tuple[str, ...]):
    olga = person("olga")

    assert mailings(*words, given=ORDER)[0] == 0

    row = Mailing.objects.get()
    assert (row.created_by, row.submitted_by) == (olga, olga)
    assert set(row.events.values_list("kind", "who")) == {("created", olga.pk), ("submitted", olga.pk)}


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("verb", "state", "kind"),
    [
        (["cancel"], State.ACCEPTED, EventKind.WISHED),
        (["delete"], State.ACCEPTED, EventKind.WISHED),
        (["resolve", "--give-up"], State.UNKNOWN, EventKind.GIVEN_UP),
        (["resolve", "--send-again"], State.UNKNOWN, EventKind.SENT_AGAIN),
        (["resolve", "--adopt", "JOB"], State.UNKNOWN, EventKind.PROPOSED),
        (["release"], State.HELD, EventKind.RELEASED),
    ],
)
def test_else_the_machine_s_user_did_it(sandbox: Sandbox, mailings: Run, verb, state, kind):
    held = {"held_reason": "restored"} if state == State.HELD else {}
    row = bare(Account.objects.get(), state=state, remote_id="5" if state == State.ACCEPTED else None, **held)

    words = [str(sandbox.make_job("From the cabinet")) if word == "JOB" else word for word in verb]

    assert mailings(*words, str(row.pk))[0] == 0

    event = Event.objects.get(kind=kind)
    name = pwd.getpwuid(os.getuid()).pw_name
    assert (event.who, event.data["system_user"]) == (None, name)
    assert f"{name}, on the command line" in {
        moment.who for moment in timeline.moments(row, row.attempts.all())
    }


def test_a_login_that_there_is_not_does_nothing(account: Account, mailings: Run):
    person("gone", is_active=False)
    for name in ("nobody", "gone"):
        code, (said,) = mailings("create", "--as", name, given=ORDER)
        assert (code, list(said)) == (1, ["error"])
    assert not Mailing.objects.exists()
