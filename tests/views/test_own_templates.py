"""Templates of our own: made of a mailing, used on the compose page, listed, renamed, deleted."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Mailing, OwnTemplate
from mailings.smsc.spec.spec import validate
from tests.helpers.factories import queued
from tests.views.composing import SMS, post, reposted, text_of, values_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def account() -> Account:
    return Account.objects.create(name="default")


def template(**options: Any) -> OwnTemplate:
    given = {"mes": "{what} until {day}", "sender": "SHOP"} | options
    return OwnTemplate.objects.create(name="Sale", channel="sms", options=given)


def test_a_mailing_becomes_a_template_without_its_people_and_hour(page: Client, account: Account) -> None:
    mailing = queued(account, sender="SHOP", translit=1, rpt=1)
    assert f"/mailings/{mailing.pk}/template/" in page.get(f"/mailings/{mailing.pk}/").content.decode()
    page.post(f"/mailings/{mailing.pk}/template/", {"name": "  Spring  sale "})
    made = OwnTemplate.objects.get()
    assert (made.name, made.channel) == ("Spring sale", "sms")
    assert made.options == {"mes": "Hello", "sender": "SHOP", "translit": 1}
    answer = page.get("/templates/")
    assert "Spring sale" in text_of(answer)


def test_a_draft_of_another_channel_becomes_one_too(page: Client) -> None:
    post(page, SMS | {"channel": "viber", "shown": "viber", "time_at": "tomorrow 9:30"}, "draft")
    page.post(f"/mailings/{Mailing.objects.get().pk}/template/", {"name": "V"})
    assert OwnTemplate.objects.get().options == {"viber": "1", "mes": "Hello"}
    form = values_of(page.get(f"/mailings/new/?template={OwnTemplate.objects.get().pk}").content.decode())
    assert (form["channel"], form["mes"], form["phones"]) == (["viber"], ["Hello"], [""])


def test_personal_messages_keep_their_places_where_they_are_known(account: Account) -> None:
    given = {"name": "x", "list": "79990000001:Hi Anna\n79990000002:Hi Boris"}
    mailing = outbox.make(validate(given, now=timezone.now()), account=account, submit=True)
    assert outbox.save_template(mailing, "first").options["mes"] == "Hi Anna"
    mailing.prepared = {"text": "Hi {Name}"}
    assert outbox.save_template(mailing, "places").options["mes"] == "Hi {Name}"


def test_a_chosen_template_goes_into_the_form_and_its_places_are_filled_in(page: Client) -> None:
    number = str(template().pk)
    typed = {"name": "", "phones": "79990000001", "mes": "", "key": "k"}
    answer = post(page, typed | {"own_template": number}, "own_template")
    form = values_of(answer.content.decode())
    assert (form["mes"], form["sender"], form["name"]) == (["{what} until {day}"], ["SHOP"], ["Sale"])
    assert form["phones"] == ["79990000001"]
    assert form["fill:what"] == form["fill:day"] == [""]

    filled = {"fill:what": "Shoes {half}", "fill:day": "Friday"}
    answer = reposted(answer, "fill", page, **filled)
    form = values_of(answer.content.decode())
    assert form["mes"] == ["Shoes {{half}} until Friday"]
    assert "fill:what" not in form
    reposted(answer, "review", page)
    assert Mailing.objects.get().spec["options"]["mes"] == "Shoes {half} until Friday"


def test_a_place_that_was_not_filled_in_is_asked_about_and_what_was_given_stands(page: Client) -> None:
    typed = SMS | {"mes": "{what} until {day}", "fill:day": "Friday", "fill:what": ""}
    answer = post(page, typed, "review")
    assert "Nothing fills {what}" in text_of(answer)
    assert values_of(answer.content.decode())["mes"] == ["{what} until Friday"]


def test_what_was_typed_stays_in_front_of_a_template(page: Client) -> None:
    typed = SMS | {"sender": "MINE", "own_template": str(template().pk)}
    form = values_of(post(page, typed, "own_template").content.decode())
    assert (form["mes"], form["sender"]) == (["Hello\n{what} until {day}"], ["MINE"])


def test_no_template_chosen_changes_nothing(page: Client) -> None:
    for number in ("", "999", "x"):
        form = values_of(post(page, SMS | {"own_template": number}, "own_template").content.decode())
        assert form["mes"] == ["Hello"]


def test_templates_are_renamed_and_a_taken_name_is_said_beside_its_field(page: Client) -> None:
    one = template()
    OwnTemplate.objects.create(name="Debt")
    page.post(f"/templates/{one.pk}/rename/", {"name": "Autumn"})
    one.refresh_from_db()
    assert one.name == "Autumn"
    for wrong, said in (
        ("Debt", "There is a template of this name already."),
        (" ", "Give the template a name."),
    ):
        answer = page.post(f"/templates/{one.pk}/rename/", {"name": wrong})
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Error:" in html
        assert said in text_of(answer)
        assert f'value="{wrong}"' in html
    one.refresh_from_db()
    assert one.name == "Autumn"


def test_a_name_that_is_taken_makes_no_second_template(page: Client, account: Account) -> None:
    template()
    answer = page.post(f"/mailings/{queued(account).pk}/template/", {"name": "Sale"})
    assert answer.status_code == 422
    assert 'value="Sale"' in answer.content.decode()
    assert OwnTemplate.objects.count() == 1


def test_a_template_is_deleted_once_that_was_asked(page: Client) -> None:
    one = template()
    assert "Sale" in text_of(page.get(f"/templates/{one.pk}/delete/"))
    assert OwnTemplate.objects.exists()
    assert "is deleted" in text_of(page.post(f"/templates/{one.pk}/delete/", follow=True))
    assert not OwnTemplate.objects.exists()


def test_nobody_who_stands_in_what_a_draft_keeps_for_another_channel_goes_into_a_template(
    page: Client, account: Account
) -> None:
    aside = {"kept:list": "+79990001122:Dear Ann, your code is 5", "kept:mes": "hi", "hlr": "1"}
    draft = outbox.save_draft({"name": "Looked up"} | aside, account=account, by=None)

    page.post(f"/mailings/{draft.pk}/template/", {"name": "Looked up"})

    assert OwnTemplate.objects.get().options == {"hlr": "1"}
