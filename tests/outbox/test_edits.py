"""The timeline names what an edit changed, and has no line if nothing changed."""

import pytest

from mailings import outbox
from mailings.models import Account, Event, EventKind, Mailing
from mailings.wording.timeline import tell
from tests.helpers.factories import PHONE, spec

TYPED = {"name": "Spring sale", "phones": "+7 (999) 000-00-01", "mes": "Hello"}


@pytest.fixture
def account(db) -> Account:
    return Account.objects.create(name="one", kind="sandbox")


@pytest.fixture
def draft(account: Account) -> Mailing:
    return outbox.save_draft(TYPED, account=account)


def edits() -> list[list[str]]:
    return [event.data["fields"] for event in Event.objects.filter(kind=EventKind.EDITED)]


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"mes": "Bye"}, ["mes"]),
        ({"mes": "Bye", "name": "Sale", "time": "+600"}, ["mes", "name", "time"]),
        ({"phones": "79990000002"}, ["phones"]),
        ({"mes": ""}, ["mes"]),
    ],
)
def test_an_edit_of_a_draft_names_what_changed(draft, account, typed, fields):
    outbox.save_draft(TYPED | typed, account=account, mailing=draft)

    assert edits() == [fields]


def test_saving_what_is_there_is_no_edit(draft, account):
    outbox.save_draft(TYPED, account=account, mailing=draft)

    assert edits() == []


def test_another_account_is_an_edit(draft):
    outbox.save_draft(TYPED, account=Account.objects.create(name="two", kind="sandbox"), mailing=draft)

    assert edits() == [["account"]]
    assert tell(Event.objects.get(kind=EventKind.EDITED)) == "Changed: Account"


def test_sending_off_an_edited_draft_names_what_changed_last(draft, account):
    outbox.make(spec(phones=PHONE, mes="Bye"), account=account, draft=draft, submit=True)

    assert edits() == [["mes"]]
