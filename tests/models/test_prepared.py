"""A statement that is made once says what Django's own would say, whatever its values."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailings.models import Account, Attempt, Event, EventKind, Mailing, State, record
from mailings.models.among import as_one
from mailings.models.prepared import Given, Prepared, PreparedInsert, PreparedRow, adding, changing, given
from tests.helpers.factories import bare


@pytest.fixture
def mailing(db) -> Mailing:
    account = Account.objects.create(name="a", secret=b"\x00\xff")
    return bare(account, state=State.REFUSED, spec={"a": ["ж", None]}, cost=Decimal("3.5"), looks=2)


def test_a_row_is_read_as_django_reads_it(mailing):
    rows = PreparedRow(
        lambda: Mailing.objects.filter(**given(Mailing, id="pk")).select_related("account", "created_by")
    )

    for _again in range(2):
        found = rows.one(pk=mailing.pk)
        assert found is not None
        expected = Mailing.objects.select_related("account").get(pk=mailing.pk)
        for row, other in ((found, expected), (found.account, expected.account)):
            assert {**vars(row), "_state": None} == {**vars(other), "_state": None}
        assert found.created_by is None
    assert rows.one(pk=mailing.pk + 1) is None


def test_a_new_row_is_what_django_would_have_saved(mailing):
    kept = {**vars(Mailing.objects.get(pk=mailing.pk)), "_state": None, "id": None}
    new = Mailing.objects.get(pk=mailing.pk)
    new.pk, new.code = None, "OTHER"

    PreparedInsert(Mailing).add(new)

    assert new.pk not in (None, mailing.pk)
    assert not new._state.adding
    found = vars(Mailing.objects.get(pk=new.pk))
    assert {**found, "_state": None, "id": None} == kept | {"code": "OTHER"}


def test_a_new_row_that_another_has_already_is_not_stored(mailing):
    twin = Mailing.objects.get(pk=mailing.pk)
    twin.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        PreparedInsert(Mailing).add(twin)

    assert Mailing.objects.count() == 1


def test_a_change_writes_what_django_would_write(mailing):
    at = timezone.now() - timedelta(days=3)
    rows = Mailing.objects.filter(**given(Mailing, id="pk"))
    change = Prepared(lambda: changing(rows, **given(Mailing, "cost", "spec", "wish", "wish_at")))

    assert change.change(pk=mailing.pk, cost=Decimal("1.25"), spec={"b": 1}, wish="", wish_at=at) == 1
    assert change.change(pk=mailing.pk + 1, cost=None, spec={}, wish="", wish_at=None) == 0

    mailing.refresh_from_db()
    assert (mailing.cost, mailing.spec, mailing.wish, mailing.wish_at) == (Decimal("1.25"), {"b": 1}, "", at)
    assert change.change(pk=mailing.pk, cost=None, spec={}, wish="", wish_at=None) == 1
    mailing.refresh_from_db()
    assert (mailing.cost, mailing.spec, mailing.wish_at) == (None, {}, None)


def test_what_is_added_has_every_column_that_a_row_of_django_has(mailing):
    now = timezone.now()
    begun = Attempt.objects.begin(mailing, "AAAAAa", "token", now)
    record(EventKind.CLAIMED, mailing, reference="AAAAAa")

    attempt, event = Attempt.objects.get(), Event.objects.get()
    assert attempt == begun
    ordinary = Attempt(
        id=begun.pk, mailing=mailing, kind="create", reference="AAAAAa", token="token", begin=now
    )
    assert {**vars(attempt), "_state": None} == {
        name: value for name, value in {**vars(ordinary), "_state": None}.items() if name != "_fields_cache"
    }
    assert (event.mailing, event.kind, event.who, event.data) == (
        mailing, EventKind.CLAIMED, None, {"reference": "AAAAAa"},
    )  # fmt: skip


def test_many_values_are_one_placeholder(mailing):
    rows = PreparedRow(lambda: Mailing.objects.filter(id__among=Given("pks")))

    assert rows.all(pks=as_one([mailing.pk, mailing.pk + 1])) == [mailing]
    assert rows.all(pks=as_one([])) == []


def test_who_watches_statements_sees_it_too(mailing):
    count = Prepared(lambda: Mailing.objects.filter(**given(Mailing, id="pk")).values_list("looks"))

    with CaptureQueriesContext(connection) as captured:
        watched = count.rows(pk=mailing.pk)

    assert watched == count.rows(pk=mailing.pk) == [(2,)]
    assert len(captured) == 1
    assert f"({mailing.pk})" in captured[0]["sql"]


def test_an_error_of_the_database_is_django_s(mailing):
    twice = Prepared(lambda: adding("mailings_account", **given(Account, "id", "name")))

    for _with_the_plan_kept in range(8):
        with pytest.raises(IntegrityError), transaction.atomic():
            twice.rows(id=mailing.account_id, name="b")


def test_a_percent_sign_in_the_statement_stays_one(mailing):
    like = Prepared(lambda: ("SELECT 'a%%b' FROM mailings_mailing WHERE id = %s", [Given("pk")]))

    assert like.rows(pk=mailing.pk) == [("a%b",)]


if connection.vendor == "postgresql":  # SQLite's driver keeps what it has parsed by itself

    def test_postgresql_plans_it_once_a_connection(mailing):
        looks = Prepared(lambda: Mailing.objects.filter(**given(Mailing, id="pk")).values_list("looks"))

        for _again in range(8):
            looks.rows(pk=mailing.pk)

        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements")
            assert any("mailings_mailing" in statement for (statement,) in cursor.fetchall())
