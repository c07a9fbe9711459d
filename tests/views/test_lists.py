"""Saved lists through their pages, on People, and in a mailing."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mailings.accounts import ensure_sandbox_account
from mailings.models import Account, ListedPerson, Mailing, Recipient, SavedList
from mailings.recipients import saved_lists, stop_list
from tests.views.composing import post, reposted, text_of

pytestmark = pytest.mark.django_db

ANNA, OLEG, IVAN = "+79990000001", "+79990000002", "+79990000003"


@pytest.fixture(autouse=True)
def surroundings(db: None, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    ensure_sandbox_account("http://127.0.0.1:9/sys/")


def people_of(saved: SavedList) -> list[str]:
    return list(saved.people.order_by("pk").values_list("address", flat=True))


def test_a_list_is_made_of_a_paste_and_a_file_each_person_once(page: Client) -> None:
    file = SimpleUploadedFile("clients.csv", "Имя;Телефон\nАнна;8 999 000-00-01\nОлег;12\n".encode())
    typed = {"name": " VIP ", "values": f"{ANNA}\nann@example.com", "file": file}

    answer = page.post(reverse("add_list"), typed, follow=True)

    saved = SavedList.objects.get()
    assert (saved.name, saved.count, saved.source) == ("VIP", 2, "clients.csv")
    assert people_of(saved) == [ANNA, "ann@example.com"]
    assert saved.made_by is not None
    assert "2 people were added. 1 was left out" in text_of(answer)
    assert "VIP" in text_of(page.get(reverse("lists")))
    assert "></textarea>" in page.get(reverse("lists")).content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "", "values": ANNA}, "Give the list a name."),
        ({"name": "VIP", "values": ANNA}, "There is a list of this name already."),
        ({"name": "New", "values": "12"}, "There is no recipient in it."),
        ({"name": "New", "file": SimpleUploadedFile("x.csv", b"%PDF-1.4")}, "This is no table."),
    ],
)
def test_what_makes_no_list_is_said_and_stays_typed(page: Client, typed: dict[str, Any], said: str) -> None:
    saved_lists.make("VIP", [ANNA])

    answer = page.post(reverse("add_list"), typed)

    assert answer.status_code == 422
    assert said in text_of(answer)
    assert typed.get("values", "") in answer.content.decode()
    assert SavedList.objects.count() == 1


def test_people_are_added_replaced_found_and_taken_off(page: Client) -> None:
    saved = saved_lists.make("VIP", [ANNA])
    change = reverse("change_list", args=[saved.pk])

    page.post(change, {"values": f"8 999 000-00-01\n{OLEG}", "how": "add"})
    assert people_of(saved) == [ANNA, OLEG]
    shown = page.post(reverse("list", args=[saved.pk]), {"wanted": "0002"}).content.decode()
    assert OLEG in shown
    assert ANNA not in shown

    chosen = ListedPerson.objects.get(address=ANNA).pk
    page.post(reverse("remove_from_list", args=[saved.pk]), {"person": [chosen, "x"]})
    assert people_of(saved) == [OLEG]
    page.post(change, {"values": IVAN, "how": "replace"})

    saved.refresh_from_db()
    assert (people_of(saved), saved.count) == ([IVAN], 1)
    assert page.post(change, {"values": "12"}).status_code == 422


def test_a_list_is_deleted_once_that_was_asked_and_its_mailings_stay(page: Client) -> None:
    saved = saved_lists.make("VIP", [ANNA])
    delete = reverse("delete_list", args=[saved.pk])

    assert "VIP" in text_of(page.get(delete))
    assert SavedList.objects.exists()
    assert page.post(delete).status_code == 302
    assert not SavedList.objects.exists()


def test_a_person_says_in_which_lists_it_is(page: Client) -> None:
    saved_lists.make("Clients Nov", [ANNA])
    saved_lists.make("Others", [OLEG])

    html = text_of(page.post(reverse("people"), {"number": "8 999 000 00 01"}))

    assert "Clients Nov" in html
    assert "Others" not in html


def test_a_mailing_goes_to_chosen_lists_each_person_once_and_not_to_the_stopped(page: Client) -> None:
    first, second = saved_lists.make("Nov", [ANNA, OLEG]), saved_lists.make("VIP", [OLEG, IVAN])
    stop_list.add([IVAN], country="RU")
    typed = {"name": "Sale", "mes": "Hello", "key": "k", "phones": ANNA}
    assert "Or saved lists" in text_of(page.get(reverse("compose")))

    chosen = post(page, typed | {"lists": [first.pk, second.pk]}, "use_lists")
    assert "Nov + VIP.txt" in text_of(chosen)
    assert reposted(chosen, "send", page).status_code == 302

    rows = Recipient.objects.filter(mailing=Mailing.objects.get()).order_by("position")
    assert list(rows.values_list("address", flat=True)) == [ANNA, OLEG]


def test_a_draft_keeps_the_people_of_its_lists(page: Client) -> None:
    saved = saved_lists.make("Nov", [ANNA, OLEG])

    chosen = post(page, {"name": "Sale", "mes": "Hello", "key": "k", "lists": saved.pk}, "use_lists")
    draft = reposted(chosen, "draft", page)

    assert "2 people" in text_of(page.get(draft["Location"]))


@pytest.mark.django_db
def test_no_list_is_named_to_a_visitor(client: Client) -> None:
    """Given a form whose session has ended, which comes back as it was typed."""
    Account.objects.create(name="default", kind=Account.Kind.SANDBOX)
    SavedList.objects.create(name="Secret clients")

    answer = client.post("/mailings/new/", {"name": "Sale", "mes": "Hello", "action": "check"})

    assert "Your session has ended" in answer.content.decode()
    assert "Secret clients" not in answer.content.decode()
