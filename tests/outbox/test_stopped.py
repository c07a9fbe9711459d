"""The stop list counts at the claim: whoever was added after a mailing was made gets nothing."""

import pytest

from mailings import outbox
from mailings.models import EventKind, Mailing, Recipient, State
from mailings.recipients import stop_list
from tests.helpers.factories import queued

pytestmark = pytest.mark.django_db

ANNA, OLEG = "+79990000001", "+79990000002"


def stop(*addresses: str, account=None) -> None:
    stop_list.add(addresses, country="RU", account=account)


def handed_over(mailing: Mailing) -> Mailing:
    outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    return mailing


def asked(sandbox, name: str) -> str:
    """A parameter of the only creating call that the provider got."""
    (call,) = [call for call in sandbox.calls if call["kind"] == "add"]
    return dict(call["parameters"])[name]


def test_somebody_stopped_after_the_mailing_was_made_gets_nothing(account, sandbox):
    mailing = queued(account, phones=f"{ANNA},{OLEG}")
    stop(ANNA)

    assert handed_over(mailing).state == State.ACCEPTED

    assert asked(sandbox, "phones") == OLEG
    assert mailing.events.get(kind=EventKind.LEFT_OUT).data == {"count": 1}


def test_of_personal_messages_only_the_lines_of_the_others_go(account, sandbox):
    text = f"{ANNA}:Hi Anna\n{OLEG},{ANNA}:Hi both\nSHOP|{OLEG}:Line\\nbreak"
    mailing = queued(account, phones="", mes="", list=text)
    stop(ANNA)

    handed_over(mailing)

    assert asked(sandbox, "list") == f"{OLEG}:Hi both\nSHOP|{OLEG}:Line\\nbreak"


def test_a_mailing_to_nobody_else_is_taken_back_and_says_why(account, sandbox):
    mailing = queued(account, phones=ANNA)
    stop("8 999 000-00-01")

    assert handed_over(mailing).state == State.WITHDRAWN

    assert [call["kind"] for call in sandbox.calls if call["kind"] == "add"] == []
    assert mailing.events.get(kind=EventKind.LEFT_OUT).data == {"count": 1, "all": True}


def test_what_is_stopped_for_another_account_does_not_count(account, sandbox):
    other = type(account).objects.create(name="other")
    stop(ANNA, account=other)

    assert handed_over(queued(account, phones=ANNA)).state == State.ACCEPTED


def test_a_personal_mailing_is_made_of_its_rows_so_that_they_and_the_wire_agree(account, sandbox):
    text = f"SHOP|{ANNA}:Hi Anna\n{OLEG}:C:\\\\temp"
    mailing = queued(account, phones="", mes="", list=text, nl=1)
    Recipient.objects.filter(mailing=mailing, address=OLEG).update(text="Bye; Oleg: two\nlines")

    handed_over(mailing)

    assert "list" not in mailing.spec["options"]
    assert asked(sandbox, "list") == f"SHOP|{ANNA}:Hi Anna\n{OLEG}:Bye; Oleg: two\nlines"
    assert asked(sandbox, "nl") == "1"
