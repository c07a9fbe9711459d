"""A line of the timeline says what was seen, and no more."""

from typing import Any

import pytest

from mailings.models import Event, EventKind, WishAnswer, WishResult
from mailings.wording import timeline

TOO_LATE, FAILED = WishResult.TOO_LATE, WishResult.FAILED


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"result": TOO_LATE, "words": "sent"}, "Too late: it had already gone out"),
        ({"result": TOO_LATE, "words": "sending"}, "Too late: it was going out already"),
        ({"result": TOO_LATE, "words": "omega"}, "it was not seen to go out"),
        ({"result": TOO_LATE}, "it was not seen to go out"),
        ({"result": FAILED, "answer": WishAnswer.UNCLEAR}, "it is not known whether it was done"),
        ({"result": FAILED, "answer": WishAnswer.REFUSED}, "SMS Centre refused it"),
        ({"result": FAILED, "answer": WishAnswer.NOT_THERE}, "SMS Centre did not find the job"),
        ({"result": FAILED}, "it was not seen to be done"),
    ],
)
def test_how_a_wish_ended_is_told_as_far_as_it_was_seen(data: dict[str, Any], said: str) -> None:
    for wish, verb in (("cancel", "Cancelling"), ("delete", "Deleting")):
        told = timeline.tell(Event(kind=EventKind.WISH_ENDED, data={**data, "wish": wish}))
        assert said in told
        assert told.startswith("Too late" if data["result"] == TOO_LATE else verb)


def test_a_look_in_vain_is_no_proof() -> None:
    event = Event(kind=EventKind.LOOKED, data={"complete": True, "number": 2})
    assert timeline.tell(event) == "Looked for it: a complete look did not show it (number 2)"


def test_a_database_that_is_older_may_be_a_replica_as_well_as_a_backup() -> None:
    event = Event(kind=EventKind.HELD, data={"reason": "restored"})
    assert timeline.tell(event) == "Held: the database is older than what was sent last"
