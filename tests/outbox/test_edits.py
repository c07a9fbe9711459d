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


def test_making_a_draft_ready_for_its_review_is_no_edit_unless_something_was_typed_anew(draft, account):
    typed = TYPED | {"time_at": "tomorrow 9:30", "clock": "Europe/Moscow"}
    outbox.save_draft(typed, account=account, mailing=draft, quiet=True)
    ready = spec(phones=PHONE, mes="Hello", time="01796806200")

    outbox.prepare(ready, typed, {}, account=account, draft=Mailing.objects.get())
    assert edits() == []

    outbox.prepare(ready, typed | {"mes": "Bye"}, {}, account=account, draft=Mailing.objects.get())
    assert edits() == [["mes"]]


def test_the_pages_own_controls_are_told_by_the_words_of_the_page(draft, account):
    typed = {"time_at": "tomorrow 9:30", "clock": "Europe/Moscow", "skip_wrong": "1", "kept:mes2": "Hi"}

    outbox.save_draft(TYPED | typed | {"phones": "1"}, account=account, mailing=draft)

    told = tell(Event.objects.get(kind=EventKind.EDITED))
    assert told == "Changed: When, Text of that SMS, Recipients"
