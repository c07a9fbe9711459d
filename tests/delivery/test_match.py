"""Whose message it was: never twice, never more than there are people, whatever the order of reading."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings.delivery import plan, results
from mailings.delivery.hours import Tries, hours_of
from mailings.delivery.match import Senders, forms
from mailings.delivery.texts import Texts, skeleton
from mailings.models import Attempt, Delivery, Mailing, Message, Recipient
from mailings.models.deliveries import NO_RESULT
from mailings.smsc.api.messages import Message as Told
from tests.views.rows import account, row

NOON = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def handed_over(people: list[int], mes: str = "Hello", minutes: int = 0, **options: Any) -> Mailing:
    """A mailing that went to these people, so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    phones = "\n".join(f"+7999{person:07d}" for person in people)
    mailing = row(options={"phones": phones, "mes": mes, **options}, due_at=at, submitted_at=at)
    Attempt.objects.create(
        mailing=mailing,
        kind="create",
        reference=f"{mailing.code}a",
        token=mailing.code,
        begin=at,
        end=at,
        outcome="accepted",
    )
    return mailing


def told(number: int, person: int, text: str | None = "Hello", minutes: int = 1, **fields: Any) -> Told:
    sent = int((NOON + timedelta(minutes=minutes)).timestamp())
    values: dict[str, Any] = {
        "int_id": number,
        "status": 1,
        "status_name": "",
        "err": None,
        "sent": sent,
        "last": sent + 5,
        "address": f"7999{person:07d}",
        "cost": None,
        "parts": 1,
        "job": "",
        "text": text,
    }
    return Told(**(values | fields))


def read(*pages: list[Told], around: datetime = NOON) -> None:
    """Bring pages of rows to the rows, as a pull of the days around a moment does."""
    mine = account()
    plan.enrol(mine)
    senders = Senders(mine, around - DAY, around + DAY)
    for page in pages:
        news = results.news(mine, page)
        results.keep(mine, senders, senders.match(news))
    results.count(Delivery.objects.values_list("pk", flat=True), NOON)


def found() -> dict[tuple[int, str], str]:
    """Everybody's result, by the place of the mailing and the address."""
    first = Mailing.objects.order_by("pk").first()
    rows = Recipient.objects.exclude(result="").values_list("mailing_id", "address", "result")
    return {(pk - first.pk, address): result for pk, address, result in rows}


FIGURES = ("delivered", "read", "failed", "waiting", "unclear")
EXAMPLES = itertools.count(0, 100)
MAILINGS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
        st.sampled_from(["Hello", "Bye"]),
        st.sampled_from([0, 30, 3000]),
    ),
    min_size=1,
    max_size=3,
)
ROWS = st.lists(
    st.builds(
        lambda person, text, minutes, status, last: (person, text, minutes, status, last),
        st.integers(0, 7),
        st.sampled_from(["Hello", "Bye", "Spam", None]),
        st.sampled_from([-60, 1, 31, 3001]),
        st.sampled_from([-1, 0, 1, 2, 20, 7]),
        st.integers(0, 3),
    ),
    max_size=10,
)


@pytest.mark.django_db
@settings(max_examples=10)
@given(MAILINGS, ROWS, st.randoms(use_true_random=False))
def test_no_message_counts_twice_and_no_order_matters(
    mailings: list[Any], rows: list[Any], rng: random.Random
) -> None:
    some = next(EXAMPLES)  # people of their own, for what was handed over cannot be taken back
    page = [
        told(some + number, some + person, text, minutes, status=status, last=1_795_700_000 + last)
        for number, (person, text, minutes, status, last) in enumerate(rows, start=1)
    ]
    shuffled = [*page, *rng.sample(page, len(page) // 2)]
    rng.shuffle(shuffled)
    cut = rng.randint(0, len(shuffled))
    made = [handed_over([some + one for one in people], *how) for people, *how in mailings]
    mine = Recipient.objects.filter(mailing__in=made)
    outcomes = []
    for pages in ([page], [shuffled[:cut], shuffled[cut:]], [page, shuffled, page]):
        Message.objects.filter(mailing__in=made).delete()
        Delivery.objects.filter(mailing__in=made).delete()
        mine.update(**NO_RESULT)
        read(*pages)
        figures = Delivery.objects.filter(mailing__in=made).order_by("pk")
        outcomes.append((list(mine.order_by("pk").values_list("result", "status")), list(figures.values())))
        assert mine.exclude(result="").exclude(result="unclear").count() <= len(page)
        assert [one.recipients for one in figures] == [len(people) for people, *_ in mailings]
        assert all(
            one.unheard + sum(getattr(one, name) for name in FIGURES) == one.recipients for one in figures
        )
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.django_db
def test_thirty_mailings_of_equal_texts_to_overlapping_people_are_never_wrongly_certain() -> None:
    rng = random.Random(7)
    truth: dict[tuple[int, int], int] = {}
    pages, number = [], 0
    mailings = []
    for _one in range(30):
        people = rng.sample(range(40), rng.randint(1, 12))
        text = rng.choice(["Hello", "Bye", "Sale"])
        minutes = rng.choice([0, 60, 600, 4000])
        mailings.append((handed_over(people, text, minutes), people, text, minutes))
    for mailing, people, text, minutes in mailings:
        for person in people:
            number += 1
            status = rng.choice([1, 1, 1, 20, 25])
            truth[mailing.pk, person] = status
            if rng.random() < 0.9:  # some are never told of
                pages.append(told(number, person, text, minutes + 1, status=status))
    rng.shuffle(pages)

    read(pages[:100], pages[100:], pages)

    certain = Recipient.objects.exclude(result="").exclude(result="unclear")
    assert certain.count() > 30
    for one in certain:
        assert one.status == truth[one.mailing_id, int(one.address[-7:])]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "ours"), [(-3, False), (-1, True), (0, True), (24 * 60 - 1, True), (24 * 60 + 5, False)]
)
def test_a_message_belongs_to_the_mailings_hours(minutes: int, ours: bool) -> None:
    handed_over([1])

    read([told(1, 1, minutes=minutes)])

    assert Message.objects.exists() is ours


@pytest.mark.django_db
def test_a_stretched_mailing_goes_on_for_as_long_as_it_was_told() -> None:
    handed_over([1, 2], period="48", freq="60")

    read([told(1, 1, minutes=47 * 60), told(2, 2, minutes=80 * 60)])

    assert found() == {(0, "+79990000001"): "delivered"}


@pytest.mark.django_db
def test_where_a_second_way_follows_the_later_message_counts() -> None:
    fallback: dict[str, Any] = {"viber": "1", "mes2": "Short", "fl[5]": "1"}
    handed_over([1], **fallback)

    read([told(1, 1, status=25), told(2, 1, "Short", minutes=9, status=1)])

    assert found() == {(0, "+79990000001"): "delivered"}


@pytest.mark.django_db
def test_where_the_second_way_has_no_text_of_its_own_the_same_text_comes_twice() -> None:
    fallback: dict[str, Any] = {"viber": "1", "fl[5]": "1"}
    handed_over([1], **fallback)

    read([told(1, 1, status=25), told(2, 1, minutes=9, status=1)])

    assert found() == {(0, "+79990000001"): "delivered"}


@pytest.mark.django_db
def test_two_messages_to_one_who_gets_one_are_unclear() -> None:
    handed_over([1])

    read([told(1, 1), told(2, 1, status=20)])

    assert found() == {(0, "+79990000001"): "unclear"}


@pytest.mark.django_db
def test_the_text_of_a_template_is_not_known_so_its_messages_are_unclear() -> None:
    handed_over([1], mes="", tpl="1")

    read([told(1, 1, "Whatever it says")])

    assert found() == {(0, "+79990000001"): "unclear"}


@pytest.mark.django_db
def test_an_older_word_does_not_undo_a_newer_one() -> None:
    handed_over([1])
    newer = told(1, 1, status=1, last=1_795_700_100)
    older = told(1, 1, status=0, last=1_795_700_000)

    read([newer], [older], [older, newer])

    assert found() == {(0, "+79990000001"): "delivered"}


@pytest.mark.django_db
def test_a_mailing_without_a_known_hour_holds_its_first_day() -> None:
    mailing = handed_over([1], time="10-18")
    Mailing.objects.filter(pk=mailing.pk).update(due_at=None)
    mailing.refresh_from_db()

    hours = hours_of(mailing, Tries(NOON, NOON))

    assert hours.include(NOON + timedelta(hours=40))
    assert not hours.include(NOON + timedelta(hours=50))


@pytest.mark.parametrize(
    ("options", "said", "same"),
    [
        ({}, "Hello,  Anna\r\n", True),
        ({}, "Hello, Oleg", False),
        ({}, "", False),
        ({"translit": 1, "mes": "Щедрый юг, ёжик!"}, "Shchedryj yug, yozhik!", True),
        ({"translit": 1, "mes": "Щедрый юг, ёжик!"}, "Schedry'y yug, ezhik!", True),
        ({"translit": 1, "mes": "Щедрый юг, ёжик!"}, "Schedry'y sever, ezhik!", False),
        ({"translit": 2, "mes": "Привет, 17:30"}, "|-|pu6em, 17:30", True),
        ({"translit": 2, "mes": "Привет, 17:30"}, "|-|pu6em, 18:30", False),
        ({"tinyurl": 1, "mes": "See https://example.com/a?b=1 now"}, "See smsc.ru/x1 now", True),
        ({"mes": "See https://example.com/a?b=1 now"}, "See smsc.ru/x1 now", False),
        ({"mes": "Your order is ready /* for Anna */ come"}, "Your order is ready come", True),
        ({"mes": "Your order is ready, come soon"}, "Your order is ready", False),
    ],
)
def test_a_text_is_ours_as_it_was_sent_or_as_it_may_have_become(options, said: str, same: bool) -> None:
    texts = Texts({"mes": "Hello, Anna"} | options)

    assert texts.says(None, said) is same


def test_a_text_of_ones_own_outranks_the_mailings() -> None:
    texts = Texts({"list": "79990000001:Hi"})

    assert texts.known
    assert texts.says("Hi", "Hi")
    assert not texts.says("Hi", "Hi there")


@pytest.mark.parametrize(
    "text",
    [
        "ваша запись завтра в 10:00, ждём вас!",
        "щедрые скидки: чай, жасмин и ещё двадцать позиций",
        "эта цена только до пятницы, приходите",
        "юля, заказ 17 готов к выдаче",
    ],
)
def test_letters_compare_alike_after_any_of_two_tables(text: str) -> None:
    tables = (
        dict(
            zip(
                "ёжйхцчшщыьюя",
                ("yo", "zh", "y", "kh", "ts", "ch", "sh", "shch", "y", "'", "yu", "ya"),
                strict=True,
            )
        ),
        dict(
            zip(
                "ёжйхцчшщыьюя",
                ("e", "zh", "j", "h", "c", "ch", "sh", "sch", "i", "", "ju", "ja"),
                strict=True,
            )
        ),
    )
    plain = dict(zip("абвгдезиклмнопрстуфэ", "abvgdeziklmnoprstufe", strict=True))
    spelt = [
        "".join((plain | dict(zip("ёжйхцчшщыьюя", table, strict=True))).get(sign, sign) for sign in text)
        for table in tables
    ]

    assert skeleton(spelt[0]) == skeleton(spelt[1])


def test_the_forms_of_an_address() -> None:
    assert forms("79990000001") == ("+79990000001", "79990000001", "89990000001")
    assert forms("375290000001")[0] == "+375290000001"
    assert "anna@example.com" in forms("Anna@Example.com")
