"""People and the stop list, through their pages."""

import pytest
from django.test import Client
from django.urls import reverse

from mailings.models import StopEntry
from tests.views.rows import row

pytestmark = pytest.mark.django_db

SPELLINGS = ["+79990000001", "8 (999) 000-00-01", "9990000001"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_any_spelling_shows_what_a_person_got(page: Client, spelling: str) -> None:
    row(name="Spring sale", options={"phones": "+79990000001,+79990000002", "mes": "Hello"})
    row(name="Another", options={"phones": "+79990000003", "mes": "Not for you"})

    html = page.post(reverse("people"), {"number": spelling}).content.decode()

    assert "Spring sale" in html
    assert "Hello" in html
    assert "Another" not in html


def test_nobody_and_nonsense_are_told_apart(page: Client) -> None:
    unknown = page.post(reverse("people"), {"number": "+79990000009"})
    nonsense = page.post(reverse("people"), {"number": "12"})

    assert (unknown.status_code, nonsense.status_code) == (200, 422)
    assert "No mailing known here" in unknown.content.decode()
    assert "<title>Error:" in nonsense.content.decode()
    assert 'value="12"' in nonsense.content.decode()


def test_one_button_stops_a_person_for_ever(page: Client) -> None:
    row(options={"phones": "+79990000001"})
    html = page.post(reverse("people"), {"number": "89990000001"}).content.decode()
    assert "Never send to this person again" in html

    page.post(reverse("add_stops"), {"values": "+79990000001"})

    html = page.post(reverse("people"), {"number": "89990000001"}).content.decode()
    assert "Nothing is sent to it" in html
    assert StopEntry.objects.get().who is not None


def test_the_list_takes_many_and_a_file_and_gives_them_back(chief_page: Client, tmp_path) -> None:
    page = chief_page
    path = tmp_path / "stops.csv"
    path.write_text("Phone\n8 999 000-00-03\n")
    with path.open("rb") as file:
        typed = {"values": "+79990000001\n\nAnna@example.com", "reason": "asked", "file": file}
        assert page.post(reverse("add_stops"), typed).status_code == 302

    export = b"".join(page.get(reverse("export_stops"))).decode()
    for value in ("+79990000001", "anna@example.com", "+79990000003"):
        assert value in export
    entry = StopEntry.objects.get(address="+79990000003")
    page.post(reverse("remove_stop", args=[entry.pk]))
    assert StopEntry.objects.count() == 2


def test_one_wrong_line_stops_none_and_what_was_typed_is_kept(page: Client) -> None:
    answer = page.post(reverse("add_stops"), {"values": "+79990000001\n12", "reason": "asked"})

    assert answer.status_code == 422
    assert "+79990000001" in answer.content.decode()
    assert 'value="asked"' in answer.content.decode()
    assert StopEntry.objects.count() == 0
