"""The command line keeps to the rules that the pages keep to."""

from typing import Any

import pytest

from mailings import outbox
from mailings.models import Account, HeldReason, State
from tests.helpers.factories import bare
from tests.management.conftest import Run

STATES: tuple[tuple[State, dict[str, Any]], ...] = (
    (State.DRAFT, {}),
    (State.HELD, {"held_reason": HeldReason.LOGIN}),
    (State.HELD, {"held_reason": HeldReason.RESTORED}),
    (State.REFUSED, {}),
    (State.ACCEPTED, {"remote_id": "7"}),
    (State.ACCEPTED, {"remote_id": "7", "remote_status": "gone_out"}),
    (State.ACCEPTED, {"remote_id": "7", "gone": True}),
    (State.CANCELLED, {"remote_id": "7"}),
    (State.WITHDRAWN, {}),
)


@pytest.mark.parametrize(("state", "given"), STATES)
@pytest.mark.parametrize("verb", ["cancel", "delete", "release"])
def test_a_verb_goes_through_when_its_rule_says_so(
    verb: str, state: State, given: dict[str, Any], account: Account, mailings: Run
) -> None:
    rules = {"cancel": outbox.may_cancel, "delete": outbox.may_delete, "release": outbox.may_release}
    mailing = bare(account, state=state, **given)
    may = rules[verb](mailing)

    code, (said,) = mailings(verb, str(mailing.pk))

    assert (code, "error" in said) == ((0, False) if may else (1, True))
