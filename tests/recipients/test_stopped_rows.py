"""A copy of a file is judged by the stop list of now: what was read may be months old."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files import File
from django.core.files.storage import storages

from mailings.models import Account, Import, StopEntry
from mailings.recipients import imports
from mailings.recipients.corrections import Chosen, correct

pytestmark = pytest.mark.django_db
PEOPLE = b"+79990000001\n+79990000002\n+79990000001\n+71230000001\n12345\nG7\n"
COUNTS = ("valid", "duplicate", "stopped", "doubtful", "wrong", "groups")


@pytest.fixture
def account(db: None) -> Account:
    return Account.objects.create(name="default", kind=Account.Kind.SANDBOX)


@pytest.fixture
def people(account: Account) -> Import:
    return bring(account, PEOPLE)


def bring(account: Account, content: bytes) -> Import:
    path = storages["default"].save("pending/test", File(BytesIO(content)))
    about: dict[str, Any] = {"path": path, "name": "people.txt", "size": len(content), "channel": "sms"}
    imported = imports.begin(**about, owner=None, account=account)
    assert imports.read_at_once(imported)
    return imported


def stop(*addresses: str, account: Account | None = None) -> None:
    for address in addresses:
        StopEntry.objects.create(account=account, address=address)


def found(imported: Import) -> tuple[list[Any], tuple[int, ...]]:
    """The rows and the counts, as kept."""
    imported.refresh_from_db()
    fields = ("position", "verdict", "reason", "value", "address", "key")
    rows = list(imported.rows.order_by("position").values_list(*fields))
    return rows, tuple(getattr(imported, name) for name in COUNTS)


def as_if_read_now(imported: Import, account: Account) -> tuple[list[Any], tuple[int, ...]]:
    with storages["default"].open(imported.path) as file:
        return found(bring(account, file.read()))


def test_who_was_stopped_since_is_stopped_in_the_copy(people: Import, account: Account) -> None:
    before = found(people)
    stop("+79990000001", "g7", account=account)
    stop("+71230000001")

    copy = imports.copy(people, None)

    assert found(copy) == as_if_read_now(people, account)
    assert found(copy)[1] == (1, 1, 3, 0, 1, 0)
    assert Chosen(copy, doubtful=True).first == ("+79990000002",)
    assert copy.revision > people.revision
    assert found(people) == before


def test_who_is_stopped_no_more_is_sent_to_in_the_copy(people: Import, account: Account) -> None:
    before = found(people)
    stop("+79990000001", "+71230000001", "g7")
    stopped = imports.copy(people, None)
    StopEntry.objects.all().delete()

    copy = imports.copy(stopped, None)

    assert found(stopped)[1][2] == 3
    assert found(copy) == before


def test_nobody_stands_twice_among_those_who_are_stopped_no_more(people: Import) -> None:
    stop("+79990000002")
    stopped = imports.copy(people, None)
    correct(stopped, 4, "+79990000002")
    assert found(stopped)[1][:3] == (2, 1, 2)
    StopEntry.objects.all().delete()

    copy = imports.copy(stopped, None)

    assert found(copy)[1] == (3, 2, 0, 1, 0, 1)


def test_the_list_of_another_account_stops_nobody(people: Import) -> None:
    other = Account.objects.create(name="other", kind=Account.Kind.SANDBOX)
    stop("+79990000001", account=other)

    copy = imports.copy(people, None)

    assert found(copy) == found(people)


def test_a_doubtful_one_who_is_stopped_cannot_be_sent_to(account: Account) -> None:
    stop("+71230000001", "+71230000002")

    imported = bring(account, b"+79990000001\n+71230000001\n12345\n")
    correct(imported, 2, "+71230000002")

    assert found(imported)[1] == (1, 0, 2, 0, 0, 0)
