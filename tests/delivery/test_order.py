"""The same in any order: whose ids a provider's are, who alone was meant, and figures of earlier rounds."""

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.delivery import plan, results
from mailings.delivery.match import Senders
from mailings.models import Account, Attempt, Delivery, Mailing, Message, Recipient
from mailings.models.deliveries import NO_RESULT
from tests.delivery.test_match import NOON, found, handed_over, read, told
from tests.views.rows import account

EXAMPLES = itertools.count(1_000_000, 100)
JOBS = st.sampled_from(["", "first", "second", "of its own"])
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["Hello", "Bye"]), JOBS, st.booleans()),
    min_size=4,
    max_size=12,
)


def with_job(mailing: Mailing, job: int) -> Mailing:
    Mailing.objects.filter(pk=mailing.pk).update(remote_id=str(job))
    mailing.remote_id = str(job)
    return mailing


def forget(mailings: list[Mailing]) -> None:
    Message.objects.filter(mailing__in=mailings).delete()
    Delivery.objects.filter(mailing__in=mailings).delete()
    Recipient.objects.filter(mailing__in=mailings).update(**NO_RESULT)
    Account.objects.update(message_ids="", message_ids_seen=0)


def known(mailings: list[Mailing]) -> tuple[Any, ...]:
    people = Recipient.objects.filter(mailing__in=mailings).order_by("mailing", "position")
    figures = Delivery.objects.filter(mailing__in=mailings).order_by("pk")
    return list(people.values_list("result", "status")), list(figures.values()), account().message_ids


@pytest.mark.django_db
@settings(max_examples=15)
@given(ROWS, st.randoms(use_true_random=False))
def test_what_ids_tell_does_not_depend_on_when_it_is_learnt(rows: list[Any], rng: random.Random) -> None:
    some = next(EXAMPLES)
    people = [some + one for one in range(3)]
    mailings = [handed_over(people), handed_over(people[1:]), handed_over(people, "Bye")]
    jobs = {"first": some, "second": some + 1, "third": some + 2}
    for mailing, job in zip(mailings, jobs.values(), strict=True):
        with_job(mailing, job)
    page = [
        told(
            some + number,
            some + person,
            text,
            job=str(jobs.get(job, 5)) if job else "",
            status=20 if bad else 1,
        )
        for number, (person, text, job, bad) in enumerate(rows)
    ]
    without_text = [
        told(row.int_id, int(row.address[4:]), None, status=row.status, last=row.last) for row in page
    ]
    outcomes = []
    for number in range(4):
        order = [*page, *(without_text if number % 2 else [])]
        rng.shuffle(order)
        cut = rng.randint(0, len(order))
        forget(mailings)
        read(*([order] if number == 0 else [order[:cut], order[cut:], order]))
        outcomes.append(known(mailings))
    assert all(outcome == outcomes[0] for outcome in outcomes)


@pytest.mark.django_db
def test_what_was_undecided_is_decided_once_ids_are_learnt_and_undecided_at_a_contradiction() -> None:
    mailings = [with_job(handed_over([1, 2], text), 500 + n) for n, text in enumerate(("Hello", "Hello"))]
    other = with_job(handed_over([7, 8, 9], "Another"), 900)
    read([told(1, 1, job="500"), told(2, 1, job="501"), told(3, 2, job="500", status=20)])
    undecided = found()

    read([told(10 + n, person, "Another", job="900") for n, person in enumerate((7, 8, 9))])
    decided = {key: one for key, one in found().items() if key[0] != other.pk - mailings[0].pk}
    read([told(20, 30, "Another", job="900")])

    assert set(undecided.values()) == {"unclear"}
    assert decided == {
        (0, "+79990000001"): "delivered", (1, "+79990000001"): "delivered", (0, "+79990000002"): "failed",
    }  # fmt: skip
    assert account().message_ids == "unlike"
    assert {key: one for key, one in found().items() if key in undecided} == undecided


@pytest.mark.django_db
def test_messages_of_a_mailing_whose_job_is_found_later_are_decided_then() -> None:
    Account.objects.filter(pk=account().pk).update(message_ids="alike", message_ids_seen=5)
    with_job(handed_over([1]), 500)
    doubtful = handed_over([1])
    Mailing.objects.filter(pk=doubtful.pk).update(state="unknown", remote_id=None)
    page = [told(1, 1, job="500"), told(2, 1, job="501", status=20)]
    read(page)
    before, kept = found(), Delivery.objects.select_related("mailing").get(mailing=doubtful)

    with_job(doubtful, 501)
    read(page)

    assert before == {(0, "+79990000001"): "delivered", (1, "+79990000001"): "unclear"}
    assert not results.is_settled(kept, NOON)
    assert found() == {(0, "+79990000001"): "delivered", (1, "+79990000001"): "failed"}
    assert results.is_settled(Delivery.objects.select_related("mailing").get(mailing=doubtful), NOON)


@pytest.mark.django_db
def test_a_pull_goes_by_what_another_has_learnt_meanwhile() -> None:
    with_job(handed_over([1, 2, 3]), 500)
    stale = account()
    plan.enrol(stale)
    senders = Senders(stale, NOON - timedelta(days=1), NOON + timedelta(days=1))
    Account.objects.update(message_ids="unlike")

    results.keep(stale, senders, senders.match([told(n, n, job="500") for n in (1, 2, 3)]))

    assert account().message_ids == "unlike"


@pytest.mark.django_db
def test_who_alone_was_meant_stays_so_when_the_same_goes_out_once_more() -> None:
    handed_over([1])
    read([told(1, 1, status=0)])
    handed_over([1])

    read([told(1, 1, status=1, last=1_795_700_000)])

    assert found()[0, "+79990000001"] == "delivered"
    assert Message.objects.filter(int_id=1).count() == 1


@pytest.mark.django_db
def test_a_message_told_once_without_its_text_stays_its_mailings() -> None:
    handed_over([1])
    read([told(1, 1, status=0)])

    read([told(1, 1, None, status=20, last=1_795_700_000)])

    assert found() == {(0, "+79990000001"): "failed"}


@pytest.mark.django_db
def test_one_row_of_a_message_with_and_one_without_its_text_come_to_one_with_it() -> None:
    handed_over([1])

    read([told(1, 1, status=0), told(1, 1, None, status=1, last=1_795_700_000)])

    assert found() == {(0, "+79990000001"): "delivered"}


@pytest.mark.django_db
def test_earlier_rounds_count_each_recipient_once() -> None:
    mailing = handed_over([1, 2], rpt=2, rptn=3)
    day = 24 * 60

    read(
        [
            told(1, 1),
            told(2, 1, status=20),
            told(3, 2),
            told(4, 1, minutes=day + 1),
            told(5, 2, minutes=day + 1),
        ]
    )

    (earlier,) = Delivery.objects.get(mailing=mailing).rounds
    assert (earlier["delivered"], earlier["failed"], earlier["unclear"]) == (1, 0, 1)
    assert Delivery.objects.get(mailing=mailing).delivered == 2


@pytest.mark.django_db
def test_days_that_do_not_tell_all_of_a_mailing_leave_it_due() -> None:
    handed_over([1])
    plan.enrol(account())
    (one,) = Delivery.objects.select_related("mailing")
    today = NOON.date()

    assert plan.fully_read([one], [today, today + timedelta(days=1)], NOON) == [one]
    assert plan.fully_read([one], [today - timedelta(days=9)], NOON) == []


@pytest.mark.django_db
@pytest.mark.parametrize("final", [False, True])
def test_what_is_sent_again_days_later_is_asked_about_and_is_its_mailings(final: bool) -> None:
    # given a mailing whose first call came to nothing, and of which nothing more was expected
    mailing = handed_over([1])
    plan.enrol(account())
    Delivery.objects.update(final=final, ask_at=None if final else NOON)
    # when somebody sends it again after two days
    later = NOON + timedelta(days=2)
    again = Attempt.objects.get()
    again.pk, again.reference, again.token, again.begin = None, "again", "again", later
    again.save()
    due = plan.due(account(), later + timedelta(minutes=1))
    read([told(1, 1, minutes=2 * 24 * 60 + 1)], around=later)
    # then its messages are asked about, and found
    assert [one.pk for one in due] == [mailing.pk]
    assert found() == {(0, "+79990000001"): "delivered"}
    assert Delivery.objects.get().closes == later + timedelta(days=1)


@pytest.mark.django_db
def test_a_page_does_not_read_again_what_earlier_pages_brought() -> None:
    """Which round is the last one was asked of all messages of the mailing, with every page anew."""
    handed_over([1, 2, 3])
    read([told(1, 1), told(2, 2)])

    with CaptureQueriesContext(connection) as asked:
        read([told(3, 3)])

    [question] = [one["sql"] for one in asked if '"round" > 0' in one["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {question}")
            assert "message_round" in str(cursor.fetchall())
        else:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {question}")
            assert "message_round" in str(cursor.fetchall())


@pytest.mark.django_db
def test_a_new_message_counts_beside_an_earlier_one_to_the_same_person() -> None:
    """New messages are weighed before they are stored: two in place of one are unclear all the same."""
    mailing = handed_over([1, 2])
    read([told(1, 1)])
    before = dict(Recipient.objects.filter(mailing=mailing).values_list("address", "result"))

    read([told(2, 1), told(3, 2, status=20)])

    after = dict(Recipient.objects.filter(mailing=mailing).values_list("address", "result"))
    assert before == {"+79990000001": "delivered", "+79990000002": ""}
    assert after == {"+79990000001": "unclear", "+79990000002": "failed"}
    assert Message.objects.count() == 3
