"""The same text to the same person within 24 hours."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account, Mailing, Recipient, State
from mailings.selectors import repeats
from tests.helpers.factories import spec

pytestmark = pytest.mark.django_db

ANNA, OLEG, IVAN = "+79990000001", "+79990000002", "+79990000003"


@pytest.fixture
def account(db: None) -> Account:
    return accounts.ensure_sandbox_account("http://127.0.0.1:1")


def sent(account: Account, hours_ago: float = 1, **options: Any) -> Mailing:
    mailing = outbox.make(spec(**options), account=account, submit=True)
    at = timezone.now() - timedelta(hours=hours_ago)
    Mailing.objects.filter(pk=mailing.pk).update(due_at=at, created_at=at, state=State.UNKNOWN)
    return mailing


def found(account: Account, **options: Any) -> list[tuple[str, int]]:
    """What is told before and after the mailing is stored, which must be the same."""
    made = spec(**options)
    before = repeats.of_spec(made, timezone.now())
    draft = outbox.make(made, account=account, submit=False)
    after = repeats.of_mailing(draft, made, timezone.now())
    assert before == after
    return [(one.name, one.people) for one in after]


def test_those_who_got_the_same_text_are_counted_by_mailing(account: Account) -> None:
    sent(account, name="Debt 1", phones=f"{ANNA},{OLEG}", mes="Pay")
    sent(account, name="Other text", phones=ANNA, mes="Hello")
    sent(account, name="Other people", phones=IVAN, mes="Pay")

    assert found(account, phones=f"{OLEG},{ANNA},+79990000009", mes="Pay") == [("Debt 1", 2)]


@pytest.mark.parametrize("spelt", [{"phones": f"{ANNA},{OLEG}"}, {"phones": "a@b.ru,B@b.ru", "mail": "1"}])
def test_whoever_did_not_get_it_is_not_told_of_as_getting_it_twice(account: Account, spelt: Any) -> None:
    spelt = spelt | ({"subj": "Debt", "sender": "us@b.ru"} if "mail" in spelt else {})
    first = sent(account, name="Debt 1", mes="Pay", **spelt)
    Recipient.objects.filter(mailing=first, position=0).update(result="failed")
    Recipient.objects.filter(mailing=first, position=1).update(result="unclear")

    assert found(account, mes="Pay", **spelt) == [("Debt 1", 1)]


def test_a_personal_text_counts_only_for_the_person_who_gets_it(account: Account) -> None:
    sent(account, name="Personal", phones="", mes="", list=f"{ANNA}:Hi Anna\n{OLEG}:Hi Oleg")

    assert found(account, phones=f"{ANNA},{OLEG}", mes="Hi Anna") == [("Personal", 1)]
    swapped = f"{ANNA}:Hi Oleg\n{OLEG}:Hi Oleg"
    assert found(account, phones="", mes="", list=swapped) == [("Personal", 1)]


def test_a_shared_text_counts_for_a_personal_one_that_says_the_same(account: Account) -> None:
    sent(account, name="Shared", phones=f"{ANNA},{OLEG}", mes="Hi Anna")

    assert found(account, phones="", mes="", list=f"{ANNA}:Hi Anna\n{OLEG}:Hi Oleg") == [("Shared", 1)]


@pytest.mark.parametrize("before", [{"hlr": 1}, {"ping": 1}, {"tpl": 17}])
@pytest.mark.parametrize("now", [{"hlr": 1}, {"ping": 1}, {"tpl": 18}])
def test_what_carries_no_text_known_here_repeats_none(
    account: Account, before: dict[str, Any], now: dict[str, Any]
) -> None:
    sent(account, name="Before", phones=ANNA, mes="", **before)

    assert found(account, phones=ANNA, mes="", **now) == []


def test_the_same_template_is_the_same_text(account: Account) -> None:
    sent(account, name="Template", phones=f"{ANNA},{OLEG}", mes="", tpl=18)

    assert found(account, phones=ANNA, mes="", tpl=18) == [("Template", 1)]


def test_many_newer_personal_mailings_hide_no_repeat(account: Account) -> None:
    sent(account, name="Shared", phones=ANNA, mes="Pay")
    for _number in range(repeats.AT_MOST + 1):
        sent(account, name="Personal", phones="", mes="", list=f"{ANNA}:Hi Anna")

    assert found(account, phones=ANNA, mes="Pay") == [("Shared", 1)]


def test_what_was_longer_ago_or_never_arrives_does_not_count(account: Account) -> None:
    sent(account, hours_ago=25, name="Old", phones=ANNA, mes="Pay")
    back = sent(account, name="Taken back", phones=ANNA, mes="Pay")
    Mailing.objects.filter(pk=back.pk).update(state=State.WITHDRAWN)
    sent(account, hours_ago=-23, name="Tomorrow", phones=ANNA, mes="Pay")

    assert found(account, phones=ANNA, mes="Pay") == [("Tomorrow", 1)]


def test_many_people_take_few_queries_and_none_when_nothing_is_alike(
    account: Account, django_assert_num_queries: Any
) -> None:
    people = [f"+7999{number:07}" for number in range(2000)]
    sent(account, name="Many", phones=people, mes="Pay")
    made = spec(phones=people, mes="Pay")

    with django_assert_num_queries(4):
        assert repeats.of_spec(made, timezone.now())[0].people == 2000
    with django_assert_num_queries(1):
        assert repeats.of_spec(spec(phones=people, mes="Other"), timezone.now()) == []


def test_an_address_is_one_person_in_any_case_of_its_letters(account: Account) -> None:
    mail: dict[str, Any] = {"mail": 1, "subj": "Debts", "sender": "shop@example.com", "mes": "Pay"}
    sent(account, name="Mail", phones="Anna@example.com,oleg@example.com", **mail)

    assert found(account, phones="anna@example.com,ivan@example.com", **mail) == [("Mail", 1)]
