"""A test of what is written, to its writer's own addresses."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailings.models import Account, Mailing, OwnAddress, Recipient, State, StopEntry
from mailings.selectors import repeats
from tests.helpers.factories import queued, spec
from tests.views.composing import MAIL, SMS, post, reposted, text_of, values_of

pytestmark = pytest.mark.django_db

OWN = "+79160000001\n8 916 000-00-02"
TEST = SMS | {"own_addresses": OWN, "test_key": "t1"}


@pytest.fixture(autouse=True)
def account() -> Account:
    return Account.objects.create(name="default", balance=100, currency="RUR")


def sent() -> list[Mailing]:
    return list(Mailing.objects.filter(self_test__isnull=False).order_by("pk"))


def addresses(mailing: Mailing) -> list[str]:
    return list(Recipient.objects.filter(mailing=mailing).values_list("address", flat=True))


def test_a_test_goes_to_own_addresses_now_and_what_was_written_becomes_a_draft(page: Client) -> None:
    answer = post(page, TEST | {"time_at": "2036-01-31 10:00", "rpt": "1"}, "test", follow=True)

    (test,) = sent()
    draft = Mailing.objects.get(state=State.DRAFT)
    assert addresses(test) == ["+79160000001", "+79160000002"]
    assert (test.state, test.name, test.self_test.of) == (State.QUEUED, "Test: Spring sale", draft)
    assert test.spec["options"]["time"] == "0"
    assert "rpt" not in test.spec["options"]
    assert draft.draft["phones"] == SMS["phones"]
    assert "own_addresses" not in draft.draft
    assert "A test goes to 2 addresses of your own. Look at it" in text_of(answer)
    assert values_of(answer.content.decode())["mes"] == ["Hello"]


def test_pressed_twice_it_goes_out_once_and_another_text_is_another_test(page: Client) -> None:
    for _press in range(2):
        post(page, TEST, "test")
    assert len(sent()) == 1
    post(page, TEST | {"mes": "Hello again"}, "test")
    assert [one.spec["options"]["mes"] for one in sent()] == ["Hello", "Hello again"]


def test_own_addresses_are_kept_for_the_person_and_the_channel(page: Client, operator: Any) -> None:
    post(page, TEST, "test")
    answer = page.get("/mailings/new/")
    assert values_of(answer.content.decode())["own_addresses"] == ["+79160000001\n+79160000002"]
    post(page, MAIL | {"own_addresses": "me@example.com", "test_key": "t2"}, "test")
    kept = OwnAddress.objects.filter(person=operator).values_list("channel", "address")
    assert set(kept) == {
        ("sms", "+79160000001"),
        ("sms", "+79160000002"),
        ("mail", "me@example.com"),
    }


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("", "Give an address of your own for the test."),
        ("G17", "A group is none of your own addresses"),
        ("12345", "Line 1: “12345”."),
        ("\n".join(f"7916000000{n}" for n in range(6)), "At most 5 addresses of your own."),
    ],
    ids=["none", "group", "wrong", "six"],
)
def test_what_is_no_own_address_is_said_beside_the_field_and_nothing_goes(
    page: Client, own: str, said: str
) -> None:
    answer = post(page, TEST | {"own_addresses": own}, "test")
    html = answer.content.decode()
    assert said in text_of(answer)
    assert 'id="id_own_addresses_error"' in html
    assert "Error:" in html
    assert values_of(html)["own_addresses"] == [own]
    assert not Mailing.objects.exists()


def test_an_own_address_on_the_stop_list_gets_no_test(page: Client) -> None:
    StopEntry.objects.create(address="+79160000001")
    answer = post(page, TEST | {"own_addresses": "+79160000001"}, "test")
    assert "Your own address is on the stop list" in text_of(answer)
    assert not Mailing.objects.exists()


def test_a_text_that_cannot_be_sent_is_said_beside_the_text(page: Client) -> None:
    answer = post(page, TEST | {"mes": "Hi {name}"}, "test")
    assert "Nothing fills {name}" in text_of(answer)
    assert not sent()
    assert values_of(answer.content.decode())["phones"] == [SMS["phones"]]


def test_a_test_of_personal_messages_sends_the_first_text(page: Client) -> None:
    typed = {key: value for key, value in TEST.items() if key not in ("phones", "mes")}
    post(page, typed | {"list": "79990000001:Anna {1}\n79990000002:Boris"}, "test")
    (test,) = sent()
    assert test.spec["options"]["mes"] == "Anna {1}"
    assert addresses(test) == ["+79160000001", "+79160000002"]


def test_a_test_needs_no_recipients_yet(page: Client) -> None:
    post(page, TEST | {"phones": ""}, "test")
    assert len(sent()) == 1


def test_the_review_sends_a_test_and_stays_open(page: Client) -> None:
    post(page, SMS, "review")
    draft = Mailing.objects.get()
    before = page.get(f"/mailings/{draft.pk}/review/")
    posted = {"own_addresses": "79160000001", "test_key": "t3"}
    for _press in range(2):
        answer = page.post(f"/mailings/{draft.pk}/test/", posted)
        assert answer["Location"] == f"/mailings/{draft.pk}/review/"
    assert [addresses(one) for one in sent()] == [["+79160000001"]]
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    seen = before.content.decode().split('name="seen" value="')[1].split('"')[0]
    page.post(f"/mailings/{draft.pk}/review/", {"seen": seen})
    draft.refresh_from_db()
    assert draft.state == State.QUEUED


def test_on_the_review_a_wrong_own_address_is_said(page: Client) -> None:
    post(page, SMS, "review")
    draft = Mailing.objects.get()
    answer = page.post(f"/mailings/{draft.pk}/test/", {"own_addresses": "x", "test_key": "t"})
    assert "id_own_addresses_error" in answer.content.decode()
    assert not sent()


def test_a_test_never_counts_as_already_sent(page: Client, account: Account) -> None:
    post(page, TEST | {"own_addresses": SMS["phones"]}, "test")
    assert repeats.of_spec(spec(), timezone.now()) == []
    queued(account)
    assert len(repeats.of_spec(spec(), timezone.now())) == 1


def test_a_test_is_marked_in_the_history_on_its_page_its_results_and_at_its_person(page: Client) -> None:
    post(page, TEST, "test")
    (test,) = sent()
    mark = 'data-fact="test"'
    for path in ("/mailings/", f"/mailings/{test.pk}/", f"/mailings/{test.pk}/results/"):
        assert page.get(path).content.decode().count(mark) == 1
    assert mark in page.post("/people/", {"number": "79160000001"}).content.decode()
    draft = Mailing.objects.get(state=State.DRAFT)
    assert mark not in page.get(f"/mailings/{draft.pk}/").content.decode()
    assert "It tried: Spring sale" in text_of(page.get(f"/mailings/{test.pk}/"))


def test_a_form_that_came_back_without_scripts_sends_its_test(page: Client) -> None:
    answer = reposted(post(page, TEST | {"own_addresses": "x"}, "test"), "test", page, own_addresses=OWN)
    assert answer.status_code == 302
    assert len(sent()) == 1
