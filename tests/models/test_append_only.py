"""What is recorded stays, whoever speaks to the database: tried by raw SQL on every column."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mailings.models import Account, Attempt, Event, EventKind, Mailing, Observation, Origin, record
from mailings.models.mirror import absorb_twin
from tests.helpers.factories import bare

KEPT = (Event, Observation, Attempt)
MAY_CHANGE = "mailing_id"  # by absorb_twin


@pytest.fixture
def account(db) -> Account:
    return Account.objects.create(name="a")


@pytest.fixture
def mailing(account) -> Mailing:
    """A mailing with one row of each kind, its attempt finished."""
    row = bare(account)
    record(EventKind.CREATED, row)
    Observation.objects.create(mailing=row, at=timezone.now(), source="get", payload={"id": 7})
    attempt = Attempt.objects.create(mailing=row, kind="create", token="t", begin=timezone.now())
    Attempt.objects.finish(attempt.pk, "accepted", timezone.now())
    return row


def run(sql: str, values: list | None = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def columns(model) -> list[str]:
    return [field.column for field in model._meta.concrete_fields if field.column != MAY_CHANGE]


@pytest.mark.parametrize(("model", "column"), [(model, name) for model in KEPT for name in columns(model)])
def test_no_column_of_what_was_recorded_is_written_again(mailing, model, column):
    with pytest.raises(IntegrityError, match="only added to"):
        run(f'UPDATE {model._meta.db_table} SET "{column}" = "{column}"')


@pytest.mark.parametrize("model", KEPT)
def test_nothing_that_was_recorded_is_removed(mailing, model):
    with pytest.raises(IntegrityError, match="only added to"):
        run(f"DELETE FROM {model._meta.db_table}")
    assert model.objects.count() == 1


@pytest.mark.parametrize("model", KEPT)
def test_no_way_round_a_delete_removes_it(mailing, model):
    table = model._meta.db_table
    way = f"REPLACE INTO {table} SELECT * FROM {table}"
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")  # or it would refuse for another reason
        way = f"TRUNCATE {table}"
    with pytest.raises(IntegrityError, match="only added to"):
        run(way)


@pytest.mark.parametrize("model", KEPT)
def test_neither_is_it_through_django(mailing, model):
    one = model.objects.get()
    some = columns(model)[1]
    for act in (one.delete, one.save, lambda: model._base_manager.update(**{some: getattr(one, some)})):
        with pytest.raises(IntegrityError, match="only added to"), transaction.atomic():
            act()


def test_an_event_is_not_taken_from_its_mailing(mailing):
    with pytest.raises(IntegrityError, match="only added to"):
        run("UPDATE mailings_event SET mailing_id = NULL")


def test_an_open_attempt_is_finished_once_and_is_what_it_was(mailing):
    opened = Attempt.objects.create(mailing=mailing, kind="cancel", begin=timezone.now())
    with pytest.raises(IntegrityError, match="only added to"):
        run("UPDATE mailings_attempt SET kind = 'delete' WHERE id = %s", [opened.pk])
    with pytest.raises(IntegrityError, match="only added to"):
        run("DELETE FROM mailings_attempt WHERE id = %s", [opened.pk])

    run("UPDATE mailings_attempt SET outcome = 'refused' WHERE id = %s", [opened.pk])

    with pytest.raises(IntegrityError, match="only added to"):
        run("UPDATE mailings_attempt SET outcome = 'accepted' WHERE id = %s", [opened.pk])


def test_what_was_seen_of_a_twin_goes_over_to_the_mailing_and_stays_as_it_was(account, mailing):
    Mailing.objects.filter(pk=mailing.pk).update(origin=Origin.PROVIDER, remote_id="8", state="accepted")
    mine = bare(account)
    before = [list(model.objects.order_by("pk").values_list(*columns(model))) for model in KEPT]

    with transaction.atomic():
        absorb_twin(mine, "8")

    assert not Mailing.objects.filter(pk=mailing.pk).exists()
    assert before == [list(model.objects.order_by("pk").values_list(*columns(model))) for model in KEPT]
    assert all(set(model.objects.values_list("mailing", flat=True)) == {mine.pk} for model in KEPT)
    assert json.dumps(Observation.objects.get().payload) == '{"id": 7}'
