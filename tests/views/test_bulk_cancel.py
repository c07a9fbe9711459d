"""Many mailings cancelled at once: chosen one by one, or all that fit a filter."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, State
from mailings.selectors import bulk_cancel
from tests.helpers.people import person
from tests.views.composing import text_of
from tests.views.controls import Controls
from tests.views.rows import row

pytestmark = pytest.mark.django_db
BULK = "/mailings/cancel/"


def asked_for(page: Client, query: str, **more: Any) -> Any:
    return page.get(BULK, {"all": "1", "filter": query, **more})


def confirmed(page: Client, asked: Any, **changes: Any) -> Any:
    """Press the button of the question."""
    html = asked.content.decode()
    ids = re.findall(r'name="id" value="([0-9]+)"', html)
    form = next(one for one in Controls(html).forms if one.fields.get("id"))
    return page.post(BULK, {**form.fields, "id": ids, **changes}, follow=True)


def wished() -> set[str]:
    return {mailing.name for mailing in Mailing.objects.exclude(wish="")}


def test_the_bar_offers_all_that_fit_the_filter_and_says_how_many(chief_page: Client) -> None:
    for number in range(3):
        row(name=f"Sale {number}")
    row(name="Another")
    assert "Choose all 3 that fit" in text_of(chief_page.get(reverse("history"), {"q": "sale"}))
    assert "that fit" not in text_of(chief_page.get(reverse("history")))


def test_all_that_fit_are_cancelled_after_a_page_that_names_them(chief_page: Client) -> None:
    for number in range(3):
        row(name=f"Sale {number}")
    row(name="Another")

    asked = asked_for(chief_page, "q=sale")

    assert "Cancel 3 mailings? 6 recipients in all" in text_of(asked)
    assert wished() == set()
    answer = confirmed(chief_page, asked)
    assert wished() == {"Sale 0", "Sale 1", "Sale 2"}
    assert answer.redirect_chain == [("/mailings/?q=sale", 302)]
    assert "Cancelling of 3 mailings was asked for." in text_of(answer)


def test_the_question_says_by_reason_what_stays_as_it_is(chief_page: Client) -> None:
    row(name="Sale waits")
    for number in range(5):
        row(name=f"Sale gone {number}", remote_status="gone_out")
    row(State.REFUSED, name="Sale refused")

    asked = text_of(asked_for(chief_page, "q=sale"))

    assert "Cancel 1 mailing?" in asked
    assert "6 more were chosen and stay as they are:" in asked
    assert re.search(r"Sale gone \d, Sale gone \d, Sale gone \d and 2 more: This mailing has gone out", asked)
    assert "Sale refused: This mailing is refused" in asked


def test_where_nothing_of_it_can_be_cancelled_that_is_said_by_reason(chief_page: Client) -> None:
    row(name="Sale gone", remote_status="gone_out")
    answer = chief_page.get(BULK, {"all": "1", "filter": "q=sale"}, follow=True)
    assert answer.redirect_chain == [("/mailings/?q=sale", 302)]
    assert "Sale gone: This mailing has gone out" in text_of(answer)


def test_what_came_to_fit_after_the_question_is_not_cancelled(chief_page: Client) -> None:
    row(name="Sale one")
    asked = asked_for(chief_page, "q=sale")
    row(name="Sale two")
    confirmed(chief_page, asked, all="1")
    assert wished() == {"Sale one"}


def test_what_went_out_after_the_question_is_named_with_the_reason(chief_page: Client) -> None:
    row(name="Sale one")
    gone = row(name="Sale two")
    asked = asked_for(chief_page, "q=sale")
    Mailing.objects.filter(pk=gone.pk).update(remote_status="gone_out")
    answer = text_of(confirmed(chief_page, asked))
    assert "Sale two: This mailing has gone out" in answer
    assert wished() == {"Sale one"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sort=-price",
        "q=",
        "state=nonsense",
        "stat=refused",
        "by=x&q=sale",
        "q=sale&start=x",
        "q=" + "a" * 3000,
    ],
)
def test_a_filter_that_is_none_or_not_understood_chooses_nothing(query: str, chief_page: Client) -> None:
    """What is passed over would choose more than the person saw."""
    row(name="Sale")
    answer = chief_page.get(BULK, {"all": "1", "filter": query}, follow=True)
    assert "none was set" in text_of(answer)
    assert wished() == set()


def test_beyond_the_limit_nothing_is_silent(chief_page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_cancel, "MOST", 2)
    for number in range(4):
        row(name=f"Sale {number}", created_at=timezone.now() - timedelta(minutes=number))

    asked = asked_for(chief_page, "q=sale")

    assert "At most 2 are cancelled, those named here; the others stay as they are." in text_of(asked)
    confirmed(chief_page, asked)
    assert wished() == {"Sale 0", "Sale 1"}


def test_more_ids_than_the_limit_are_said_to_stay(
    chief_page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_cancel, "MOST", 2)
    ids = [row(name=f"Sale {number}").pk for number in range(3)]
    answer = chief_page.post(BULK, {"id": ids}, follow=True)
    assert "At most 2 are cancelled at once." in text_of(answer)
    assert len(wished()) == 2


def test_of_a_large_filter_only_so_many_are_looked_at_and_it_is_said(
    chief_page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_cancel, "READ_AT_MOST", 2)
    row(name="Sale waits", created_at=timezone.now())
    for _ in range(2):
        row(name="Sale gone", remote_status="gone_out")
    assert "More fit than can be chosen at once" in text_of(asked_for(chief_page, "q=sale"))


def test_all_of_a_filter_are_only_those_that_the_person_may_stop(page: Client, operator: Any) -> None:
    row(name="Sale mine", created_by=operator)
    row(name="Sale hers", created_by=person("anna"))
    asked = asked_for(page, "q=sale")
    assert "Sale hers: Your login may not stop" in text_of(asked)
    confirmed(page, asked)
    assert wished() == {"Sale mine"}


def test_after_it_the_rows_are_marked_once_where_one_comes_back_to(chief_page: Client) -> None:
    one, other = row(name="Sale one"), row(name="Sale two")
    answer = chief_page.post(BULK, {"id": [one.pk], "filter": "q=sale"}, follow=True).content.decode()

    assert f'<tr id="row-{one.pk}" class="is-marked"' in answer
    assert f'<tr id="row-{other.pk}" data-' in answer
    assert "is-marked" not in chief_page.get("/mailings/?q=sale").content.decode()


def test_a_marked_row_stays_marked_when_it_changes_by_itself(chief_page: Client) -> None:
    mailing = row(name="Sale one")
    html = chief_page.post(BULK, {"id": [mailing.pk]}, follow=True).content.decode()
    asked = re.search(r'hx-get="([^"]+)"', html.split('id="poller"')[1])
    assert asked
    Mailing.objects.filter(pk=mailing.pk).update(state=State.CANCELLED, wish="", wish_result="confirmed")

    answer = chief_page.get(asked[1].replace("&amp;", "&")).content.decode()

    assert 'class="is-marked"' in answer
    assert "mark=" in answer
