"""Many rows inserted at once stand there as if each had been inserted alone, in their order."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import Error

from mailings.models import Recipient
from mailings.models.bulk import MOST_PARAMETERS, insert
from mailings.models.states import State
from tests.views.rows import row

pytestmark = pytest.mark.django_db
TABLE, COLUMNS = "mailings_recipient", ("position", "address", "text", "front")
# As many rows as one statement takes on SQLite.
FULL = MOST_PARAMETERS // len(COLUMNS)


def person(number: int) -> tuple[Any, ...]:
    return number, f"+7999{number:07}", None if number % 3 else f"Привет\t{number} \\N “{number}”\n😀", ""


@pytest.mark.parametrize("count", [0, 1, FULL - 1, FULL, FULL + 1, 2 * FULL, 2 * FULL + 7])
def test_all_rows_are_there_in_their_order(count: int) -> None:
    mailing = row(State.ACCEPTED, options={"phones": "+79990000001"})
    Recipient.objects.all().delete()

    insert(TABLE, COLUMNS, [person(number) for number in range(count)], mailing_id=mailing.pk, stopped=False)

    found = Recipient.objects.order_by("pk").values_list(*COLUMNS, "mailing", "stopped")
    assert list(found) == [(*person(number), mailing.pk, False) for number in range(count)]


def test_a_row_that_cannot_be_stored_is_an_error_and_leaves_nothing() -> None:
    mailing = row(State.ACCEPTED, options={"phones": "+79990000001"})
    before = Recipient.objects.count()
    people = [*map(person, range(1, 3 * FULL)), person(1)]

    with pytest.raises(Error), transaction.atomic():
        insert(TABLE, COLUMNS, people, mailing_id=mailing.pk, stopped=False)

    assert Recipient.objects.count() == before
    assert connection.is_usable()
