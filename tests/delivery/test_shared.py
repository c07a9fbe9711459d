"""A text that goes out to somebody once more: which message was the first mailing's, which the second's."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from mailings.delivery import plan, results
from mailings.models import Attempt, Delivery, Message
from tests.delivery.test_match import NOON, found, handed_over, read, told

ONE, TWO = "+79990000001", "+79990000002"


def sent_again(*, page: Any = None) -> None:
    """A mailing to two people, one of whom did not get it and is sent the same half an hour later."""
    handed_over([1, 2])
    read([told(1, 1, status=20), told(2, 2)])
    handed_over([1], minutes=30)
    read(page or [told(3, 1, minutes=31)])


@pytest.mark.django_db
def test_who_is_sent_the_same_again_has_a_result_of_each_mailing() -> None:
    sent_again()

    assert found() == {(0, ONE): "failed", (0, TWO): "delivered", (1, ONE): "delivered"}
    first, second = Delivery.objects.order_by("pk")
    assert (first.failed, first.delivered, first.unclear) == (1, 1, 0)
    assert (second.delivered, second.unclear) == (1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_it_does_not_matter_in_which_order_they_are_read(order: tuple[int, ...]) -> None:
    handed_over([1, 2])
    handed_over([1], minutes=30)
    rows = {1: told(1, 1, status=20), 2: told(2, 2), 3: told(3, 1, minutes=31)}

    read(*([rows[number]] for number in order))

    assert found() == {(0, ONE): "failed", (0, TWO): "delivered", (1, ONE): "delivered"}


@pytest.mark.django_db
def test_a_third_time_follows_from_the_second() -> None:
    sent_again(page=[told(3, 1, minutes=31, status=20)])
    handed_over([1], minutes=60)

    read([told(4, 1, minutes=61)])

    assert found() == {
        (0, ONE): "failed", (0, TWO): "delivered", (1, ONE): "failed", (2, ONE): "delivered",
    }  # fmt: skip


@pytest.mark.django_db
def test_as_long_as_the_first_message_was_not_seen_the_later_one_is_unclear() -> None:
    handed_over([1, 2])
    handed_over([1], minutes=30)

    read([told(3, 1, minutes=31)])

    assert found() == {(0, ONE): "unclear", (1, ONE): "unclear"}


@pytest.mark.django_db
def test_a_mailing_that_may_have_been_made_twice_can_have_sent_both() -> None:
    handed_over([1])
    again = Attempt.objects.get()
    again.pk, again.reference, again.token, again.outcome = None, "again", "again", "unknown"
    again.save()
    read([told(1, 1, status=20)])
    handed_over([1], minutes=30)

    read([told(3, 1, minutes=31)])

    assert found() == {(0, ONE): "unclear", (1, ONE): "unclear"}


@pytest.mark.django_db
def test_a_message_without_its_text_is_nobodys_for_certain_but_not_the_first_mailings() -> None:
    sent_again(page=[told(3, 1, None, minutes=31)])

    assert found() == {(0, ONE): "failed", (0, TWO): "delivered", (1, ONE): "unclear"}


@pytest.mark.django_db
def test_two_messages_more_than_the_first_are_one_too_many() -> None:
    sent_again(page=[told(3, 1, minutes=31), told(4, 1, minutes=32)])

    assert found() == {(0, ONE): "failed", (0, TWO): "delivered", (1, ONE): "unclear"}


@pytest.mark.django_db
def test_what_is_read_again_changes_nothing() -> None:
    sent_again()
    before = list(Message.objects.order_by("pk").values()), found()

    read([told(3, 1, minutes=31), told(1, 1, status=20)])

    assert (list(Message.objects.order_by("pk").values()), found()) == before


@pytest.mark.django_db
def test_a_mailing_whose_second_way_may_still_follow_is_not_settled() -> None:
    # given a mailing that goes out by another way to whoever does not get it by the first
    second_way: dict[str, Any] = {"viber": "1", "mes2": "Hello by SMS", "fl[5]": "1"}
    mailing = handed_over([1, 2], **second_way)
    read([told(1, 1, status=20), told(2, 2, status=2)])
    kept = Delivery.objects.select_related("mailing").get(mailing=mailing)

    # when its hours are not over, then it is asked about again, and about whoever did not get it
    assert not results.is_settled(kept, NOON + timedelta(hours=2))
    (ask,) = plan.asks([kept], NOON + timedelta(hours=2))
    assert ask.addresses == (ONE,)

    # when they are over, nothing can follow
    assert results.is_settled(kept, NOON + timedelta(days=3))
