"""A NUL, which PostgreSQL keeps in no text: every field that is posted says so, or does without it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mailings.models import SavedList, StopEntry
from tests.views.composing import text_of
from tests.views.rows import row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("mailing_recipients", "number"),
        ("results", "number"),
        ("people", "number"),
        ("list", "wanted"),
        ("stop_list", "wanted"),
    ],
)
def test_a_search_for_it_finds_nothing_and_breaks_nothing(name: str, field: str, page: Client) -> None:
    args: list[Any] = [row().pk] if name in ("mailing_recipients", "results") else []
    args = [SavedList.objects.create(name="VIP").pk] if name == "list" else args
    assert page.post(reverse(name, args=args), {field: "a\0b"}).status_code in (200, 422)


def test_the_history_is_searched_for_it_without_harm(page: Client) -> None:
    for name in ("q", "state", "channel", "by", "start", "account", "origin", "sort", "after"):
        assert page.get(reverse("history"), {name: "a\0b"}).status_code == 200


def test_a_list_s_name_with_it_is_an_error_and_makes_no_list(page: Client) -> None:
    answer = page.post(reverse("add_list"), {"name": "V\0IP", "values": "+79990000001"})
    assert answer.status_code == 422
    assert "a character that cannot be kept" in text_of(answer)
    assert not SavedList.objects.exists()


def test_a_reason_with_it_is_an_error_and_stops_nobody(page: Client) -> None:
    answer = page.post(reverse("add_stops"), {"values": "+79990000001", "reason": "a\0b"})
    assert answer.status_code == 422
    assert "a character that cannot be kept" in text_of(answer)
    assert not StopEntry.objects.exists()
