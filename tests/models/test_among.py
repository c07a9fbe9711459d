"""A look at many values at once."""

import pytest
from django.db import connection

from mailings.models import Message
from mailings.models.among import as_each, each_of
from mailings.models.states import State
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def test_what_stands_among_many_numbers_is_found_and_nothing_among_none() -> None:
    mailing = row(State.ACCEPTED, options={"phones": "+79990000001"})
    for number in (1, 2, 2**62):
        Message.objects.create(
            account=mailing.account,
            mailing=mailing,
            position=0,
            int_id=number,
            sent=1,
            alone=True,
            final=True,
        )

    assert set(Message.objects.filter(int_id__among={2, 2**62}).values_list("int_id", flat=True)) == {
        2,
        2**62,
    }
    assert not Message.objects.filter(int_id__among=()).exists()


def test_each_of_many_texts_is_looked_up_whatever_stands_in_it() -> None:
    mailing = row(State.ACCEPTED, options={"phones": "+79990000001,+79990000002,+79990000003"})
    wanted = ["+79990000003", "+79990000001", 'no "number", {or} \\', "ё\n"]
    statement = each_of("mailings_recipient", "address", "address", "text", "mailing_id = %s")

    with connection.cursor() as cursor:
        cursor.execute(statement, [as_each(wanted), mailing.pk])
        found = cursor.fetchall()

    assert sorted(found) == [("+79990000001",), ("+79990000003",)]


def test_each_is_looked_up_by_the_index_even_in_a_table_without_statistics() -> None:
    statement = each_of("mailings_message", "id", "int_id", "bigint", "account_id = %s")
    explain, by_index = {
        "postgresql": ("EXPLAIN", "Index Cond: ((account_id = 1) AND (int_id = "),
        "sqlite": ("EXPLAIN QUERY PLAN", "(account_id=? AND int_id=?)"),
    }[connection.vendor]

    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}", [as_each(range(1000)), 1])
        plan = str(cursor.fetchall())

    assert by_index in plan
