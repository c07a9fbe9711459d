"""A look at many values at once."""

import pytest

from mailings.models import Message, Recipient
from mailings.models.states import State
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def test_what_stands_among_many_texts_is_found_with_one_parameter() -> None:
    mailing = row(State.ACCEPTED, options={"phones": "+79990000001,+79990000002,+79990000003"})
    wanted = ["+79990000003", "+79990000001", 'no "number", {or}', "ё"]

    found = Recipient.objects.filter(mailing=mailing, address__among=wanted).order_by("position")

    assert list(found.values_list("address", flat=True)) == ["+79990000001", "+79990000003"]
    assert len(found.query.sql_with_params()[1]) == 2


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
