"""Many mailings from one file: a JSON object a line, and a result for each line."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailings.models import Account, Mailing, State
from tests.helpers.factories import PHONE
from tests.management.conftest import Run


def lines(*orders: Any) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in orders).encode()


def order(name: str, **more: Any) -> dict[str, Any]:
    return {"options": {"name": name, "phones": PHONE, "mes": "Hello\u2028there"}, **more}


def test_each_line_makes_a_mailing_and_prints_its_id(account: Account, mailings: Run):
    code, said = mailings("create", given=lines(order("First"), "", order("Second"), order("Third")) + b"\n")

    rows = list(Mailing.objects.order_by("id"))
    assert code == 0
    assert [row.name for row in rows] == ["First", "Second", "Third"]
    assert said == [
        {"line": line, "id": row.pk, "state": "queued"} for line, row in zip((1, 3, 4), rows, strict=True)
    ]


@pytest.mark.parametrize("wrong_one", [1, 2])
def test_a_wrong_line_is_told_by_parameter_and_keeps_no_other_from_being_made(
    account: Account, mailings: Run, wrong_one: int
):
    orders = [order("First"), order("Second"), order("Third")]
    orders[wrong_one] = {"options": {"name": "Wrong", "phones": PHONE}}

    code, said = mailings("create", given=lines(*orders))

    assert code == 1
    assert Mailing.objects.count() == 2
    assert [set(one) for one in said].count({"line", "errors"}) == 1
    assert set(said[wrong_one]["errors"]) == {"mes"}


def test_a_line_that_is_no_object_is_an_error_of_the_file(account: Account, mailings: Run):
    code, said = mailings("create", given=lines(order("First"), "{broken"))

    assert (code, Mailing.objects.count()) == (1, 1)
    assert set(said[1]["errors"]) == {"file"}


def test_the_same_keys_again_make_nothing_more(account: Account, mailings: Run):
    given = lines(order("First", key="a"), order("Second", key="b"))
    first, second = mailings("create", given=given), mailings("create", given=given)

    assert first == second
    assert Mailing.objects.count() == 2


def test_waiting_says_of_each_what_became_of_it_until_then(account: Account, mailings: Run):
    """Given nobody who hands them over."""
    given = lines(order("First"), order("Second", submit=False))

    code, said = mailings("create", "--wait", "0.1", given=given)

    assert code == 3
    assert [one["state"] for one in said] == [State.QUEUED, State.DRAFT]


def test_one_object_over_many_lines_is_one_mailing(account: Account, mailings: Run):
    code, said = mailings("create", given=json.dumps(order("Only"), indent=2).encode())

    assert (code, said) == (0, [{"id": Mailing.objects.get().pk, "state": "queued"}])


def test_each_mailing_of_a_file_takes_twelve_statements(account: Account, mailings: Run):
    # given a command that has prepared its statements
    mailings("create", given=lines(order("First", key="a"), order("Second", key="b")))

    # when it makes one mailing more than before
    taken = []
    for keys in ("cd", "efg"):
        with CaptureQueriesContext(connection) as captured:
            mailings("create", given=lines(*(order(f"Order {key}", key=key) for key in keys)))
        words = [query["sql"] for query in captured.captured_queries]
        taken.append(sum(not word.startswith(("BEGIN", "SAVEPOINT", "RELEASE")) for word in words))

    # then: account; key; key, code, mailing, recipients, event, stop list, queued, file, event; left out
    assert taken[1] - taken[0] == 12
