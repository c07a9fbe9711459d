"""Personal messages leave the rows for the wire a part at a time: a worker never holds the texts of all."""

import tracemalloc
from typing import Any, NoReturn

import pytest
from django.db import OperationalError

from mailings import outbox
from mailings.models import Account, Mailing, Recipient, State
from mailings.models.recipients import RecipientQuerySet
from mailings.smsc.api.body import FormBody
from mailings.smsc.spec.spec import Addressee
from tests.helpers.factories import bare, queued

pytestmark = pytest.mark.django_db
PEOPLE = 20_000
TEXT = "Здравствуйте, Анна! Напоминаем, что Ваш долг составляет 117 рублей. " * 5


@pytest.fixture
def mailing(db: None) -> Mailing:
    account = Account.objects.create(name="default", kind=Account.Kind.SANDBOX)
    row = bare(account, state=State.QUEUED)
    row.spec = {"version": 1, "options": {"name": "Debts", "time": "0"}, "files": [], "personal": True}
    row.save()
    people = (Addressee(f"+7999{number:07}", TEXT + str(number)) for number in range(PEOPLE))
    Recipient.objects.replace(row, people)
    return row


def test_the_body_of_many_long_texts_takes_the_room_of_a_few(mailing: Mailing) -> None:
    spec = outbox.spec_of(mailing)
    tracemalloc.start()
    try:
        body = FormBody(spec.wire("K7Q2Ma"))
        sent = sum(map(len, body))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sent == len(body) > PEOPLE * len(TEXT) * 2
    assert peak < 16 * 1024 * 1024  # all lines and the text that they make: 30 MB


def test_a_database_that_goes_away_while_the_list_is_counted_leaves_the_mailing_in_the_queue(
    account: Account, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = queued(account, phones="", mes="", list="79990000001:Hi Anna")

    def gone(*_: object) -> NoReturn:
        raise OperationalError("the server went away")

    monkeypatch.setattr(RecipientQuerySet, "lines", gone)
    outbox.deliver_mailing(mailing.pk)

    mailing.refresh_from_db()
    assert mailing.state == State.QUEUED
    assert sandbox.calls == []


def test_whoever_is_left_out_at_the_claim_is_in_neither_walk(mailing: Mailing) -> None:
    spec = outbox.spec_of(mailing)
    Recipient.objects.filter(mailing=mailing, position__gte=3).update(stopped=True)

    body = FormBody(spec.wire("K7Q2Ma"))

    assert b"".join(body).count(b"%2B7999") == 3
    assert spec.recipients == 3
