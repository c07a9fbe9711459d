"""The history: filters, pages by key, rows that refresh themselves, many at once, a file to take along."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings.models import Mailing, State
from mailings.selectors import history
from mailings.views.history import cell
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def names(query: str) -> set[str]:
    return {mailing.name for mailing in history.chosen(QueryDict(query)).qs}


def walk(size: int, *, back: bool) -> list[int]:
    """The ids of every page from the newest to the oldest, or from the oldest page back."""
    page = history.page(Mailing.objects.all(), size=size)
    seen = [line.id for line in page.rows]
    while page.older:
        page = history.page(Mailing.objects.all(), after=page.older, size=size)
        seen += [line.id for line in page.rows]
    if not back:
        return seen
    seen = [line.id for line in page.rows]
    while page.newer:
        page = history.page(Mailing.objects.all(), before=page.newer, size=size)
        seen = [line.id for line in page.rows] + seen
    return seen


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.integers(0, 6), max_size=23), size=st.integers(1, 7))
def test_pages_show_every_row_once_and_in_order(db: Any, offsets: list[int], size: int) -> None:
    """Also where many rows were made at the same moment."""
    Mailing.objects.all().delete()
    start = timezone.now()
    for offset in offsets:
        row(created_at=start - timedelta(seconds=offset), options={"phones": "79990000001"})
    wanted = list(Mailing.objects.newest_first().values_list("id", flat=True))
    assert walk(size, back=False) == wanted
    assert set(walk(size, back=True)) == set(wanted)


def test_pages_of_several_states_show_what_all_of_them_hold_in_order(db: None) -> None:
    """Each state is looked for by itself, with the other filters, and the newest of them stand first."""
    start, states = timezone.now(), [State.REFUSED, State.UNKNOWN, State.DRAFT, State.HELD]
    for number in range(24):
        made, channel = start - timedelta(seconds=number // 2), "mail" if number % 3 else "sms"
        row(state=states[number % 4], created_at=made, channel=channel)
    chosen = history.chosen(QueryDict("state=refused&state=unknown&state=held&channel=mail"))
    wanted = list(chosen.qs.newest_first().values_list("id", flat=True))
    assert chosen.rare_states == ["refused", "unknown", "held"]

    pages = [history.page(chosen.qs, size=5, states=chosen.rare_states)]
    while pages[-1].older:
        pages.append(history.page(chosen.qs, after=pages[-1].older, size=5, states=chosen.rare_states))
    back = history.page(chosen.qs, before=pages[-1].newer or "", size=5, states=chosen.rare_states)

    assert [line.id for page in pages for line in page.rows] == wanted
    assert [line.id for line in back.rows] == [line.id for line in pages[-2].rows]


def test_a_word_and_several_states_are_looked_for_once_and_not_once_for_each_row(db: None) -> None:
    for state in (State.REFUSED, State.HELD, State.DRAFT):
        row(state=state, name="A rare word")
    chosen = history.chosen(QueryDict("q=rare&state=refused&state=held"))

    with CaptureQueriesContext(connection) as asked:
        page = history.page(chosen.qs, size=5, states=chosen.rare_states)

    assert {line.state for line in page.rows} == {"refused", "held"}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked[-1]['sql']}")
            assert not [plan for plan in cursor.fetchall() if "CORRELATED LIST" in str(plan)]


@pytest.mark.parametrize("query", ["state=refused", "state=accepted&state=refused", "state=nonsense", ""])
def test_one_state_or_the_common_one_is_looked_for_as_it_was(query: str) -> None:
    assert history.chosen(QueryDict(query)).rare_states == []


@pytest.mark.parametrize(
    "key", ["", "x", "1-", "-1", "99999999999999999999-1", "1-9999999999999999999", "٣-1", "1-1'"]
)
def test_a_key_that_is_none_shows_the_newest(page: Client, key: str) -> None:
    mailing = row()
    html = page.get(reverse("history"), {"after": key}).content.decode()
    assert f'data-mailing="{mailing.pk}"' in html or key == "1-1"


@pytest.mark.parametrize("typed", ["+79990000001", "8 (999) 000-00-01", "9990000001"])
def test_a_number_in_the_search_is_offered_to_be_posted_to_the_persons_page(page: Client, typed: str) -> None:
    """With scripts it is posted at once (tests/browser/test_keys.py)."""
    html = page.get(reverse("history"), {"q": typed}).content.decode()
    (form,) = re.findall(r'<form id="to-person"[^>]*>.*?</form>', html, re.DOTALL)
    assert f'method="post" action="{reverse("people")}"' in form
    assert f'name="number" value="{typed}"' in form
    assert "hidden>" not in form.partition("\n")[0]


@pytest.mark.parametrize("typed", ["", "Sale", "K7Q2M", "4100008", "Sale 2026-11-28 09:30"])
def test_what_is_no_number_is_not(page: Client, typed: str) -> None:
    html = page.get(reverse("history"), {"q": typed}).content.decode()
    assert re.search(r'<form id="to-person"[^>]* hidden>', html)


def test_filters_stand_in_the_address(operator: Any) -> None:
    other = get_user_model().objects.create_user("petr")
    now = timezone.now()
    row(name="Mine", created_by=operator, created_at=now)
    row(State.REFUSED, name="His", created_by=other, created_at=now - timedelta(days=40))
    row(name="Viber one", options={"viber": "1"}, origin="provider", created_at=now)
    assert names(f"by={operator.pk}") == {"Mine"}
    assert names("state=refused&state=unknown") == {"His"}
    assert names("channel=viber") == {"Viber one"}
    assert names("origin=provider") == {"Viber one"}
    assert names("period=30") == {"Mine", "Viber one"}
    assert names(f"end={timezone.localdate() - timedelta(days=30)}") == {"His"}
    assert names(f"start={timezone.localdate()}&end={timezone.localdate()}") == {"Mine", "Viber one"}
    assert names(history.failed_query()) == {"His"}


def test_search_finds_names_references_and_jobs_in_any_case() -> None:
    mailing = row(name="Весенняя РАСПРОДАЖА", remote_id="4242")
    row(name="Another")
    for wanted in ("весенняя", "РАСПРОД", str(mailing.code).lower(), "4242"):
        assert names(f"q={wanted}") == {mailing.name}
    assert names("q=100%25") == set()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Test of three", "three test"),
        ("Чёрная пятница", "ПЯТНИЦА черная"),
        ("Черная пятница", "чёрная"),
        ("İSTANBUL", "istanbul"),
        ("istanbul ısparta", "İSTANBUL ISPARTA"),
        ("Йогурт", "йогурт"),
        ("Straße", "STRASSE"),
        ("Résumé", "resume"),
    ],
)
def test_search_takes_words_in_any_order_and_letters_as_people_type_them(name: str, wanted: str) -> None:
    row(name=name)
    row(name="Another thing")
    params = QueryDict(mutable=True)
    params["q"] = wanted
    assert {mailing.name for mailing in history.chosen(params).qs} == {name}


def test_search_keeps_letters_apart_that_are_two(db: None) -> None:
    row(name="Йод")
    assert names("q=иод") == set()


@pytest.mark.parametrize("letters", ["a", "b", "ab"])
def test_search_finds_the_reference_with_its_letter(letters: str) -> None:
    mailing = row(name="Wanted")
    row(name="Another")
    assert names(f"q={mailing.code}{letters}") == {"Wanted"}
    assert names(f"q=wanted+{str(mailing.code).lower()}{letters}") == {"Wanted"}


def test_what_a_filter_does_not_understand_is_said_and_not_an_error(page: Client) -> None:
    answer = page.get(
        reverse("history"), {"state": "nonsense", "start": "yesterday", "by": "x", "period": "9"}
    )
    assert answer.status_code == 200
    assert b"text-danger-strong" in answer.content


def test_links_keep_the_filter_and_the_key(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history.page, "__kwdefaults__", {"after": "", "before": "", "size": 2})
    for number in range(5):
        row(name=f"Sale {number}", created_at=timezone.now() - timedelta(minutes=number))
    first = page.get(reverse("history"), {"q": "sale"}).content.decode()
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "q=sale" in older
    second = page.get(reverse("history") + older).content.decode()
    assert "Sale 2" in second
    assert "Sale 0" not in second
    assert 'rel="prev"' in second


def test_the_page_takes_at_most_twelve_queries(
    chief_page: Client, django_assert_max_num_queries: Any
) -> None:
    for state in State:
        row(state)
    with django_assert_max_num_queries(12):
        chief_page.get(reverse("history"))


def test_each_row_says_which_mailing_it_is_and_its_state(page: Client) -> None:
    for state in State:
        mailing = row(state, name=state)
        html = page.get(reverse("history")).content.decode()
        assert html.count(f'data-mailing="{mailing.pk}" data-state="{state}"') == 1


def poller(page: Client, query: str = "") -> tuple[str, int]:
    """The address that the page asks for news, and how often, in seconds."""
    html = page.get(f"{reverse('history')}?{query}").content.decode()
    tag = html.split('id="poller"')[1].split(">")[0]
    address = re.search(r'hx-get="([^"]+)"', tag)
    seconds = re.search(r'data-refresh="([0-9]+)"', tag)
    assert address
    assert seconds
    return unescape(address[1]), int(seconds[1])


def test_the_page_asks_for_news_often_while_a_row_is_about_to_change(page: Client) -> None:
    row()
    assert poller(page)[1] == history.LATER_SECONDS
    row(State.QUEUED)
    assert poller(page)[1] == history.SOON_SECONDS


def test_nothing_new_is_told_without_a_word(page: Client, django_assert_max_num_queries: Any) -> None:
    for state in State:
        row(state)
    address, _seconds = poller(page)
    with django_assert_max_num_queries(4):
        assert page.get(address).status_code == 204


def test_a_mailing_that_goes_out_changes_its_row_by_itself(page: Client) -> None:
    mailing = row()
    address, _seconds = poller(page)
    Mailing.objects.filter(pk=mailing.pk).update(remote_status="gone_out")
    answer = page.get(address).content.decode()
    assert "gone out" in answer
    assert f'id="row-{mailing.pk}"' in answer


def test_what_is_new_is_counted_over_the_list_and_moves_nothing(page: Client) -> None:
    row(name="Sale one")
    address, _seconds = poller(page, "q=sale")
    row(name="Sale two", created_at=timezone.now())
    row(name="Another", created_at=timezone.now())
    answer = page.get(address).content.decode()
    assert "1 new" in answer
    assert "<template>" not in answer
    assert 'href="/mailings/?q=sale"' in answer
    again = re.search(r'hx-get="([^"]+)"', answer)
    assert again
    assert page.get(unescape(again[1])).status_code == 204


def test_an_empty_list_hears_of_the_first_mailing(page: Client) -> None:
    address, _seconds = poller(page)
    row()
    assert "1 new" in page.get(address).content.decode()


def test_later_pages_count_nothing_new(page: Client) -> None:
    mailing = row()
    key = history.NEWEST.key({"created_at": mailing.created_at + timedelta(days=1), "id": mailing.pk})
    assert "seen=" not in poller(page, f"after={key}")[0]


def test_the_channel_stands_in_the_row_and_is_said_not_to_be_known(page: Client) -> None:
    row(options={"viber": "1"})
    row(origin="provider", channel="", code=None)
    html = page.get(reverse("history")).content.decode()
    assert " Viber</td>" in html
    assert " channel not known</td>" in html


def test_of_a_cancelled_mailing_the_name_is_struck(page: Client) -> None:
    row(State.CANCELLED)
    html = page.get(reverse("history")).content.decode()
    assert re.search(r'<a id="name-[0-9]+" class="is-struck"', html)


def version(mailing: Mailing) -> str:
    return f"{mailing.pk}-{history.by_ids([mailing.pk])[0].version}"


def test_polling_an_unchanged_pending_row_brings_nothing(page: Client) -> None:
    assert page.get(reverse("history_rows"), {"row": version(row(State.QUEUED))}).status_code == 204


def test_polling_brings_the_row_that_changed_and_goes_on(page: Client) -> None:
    one, two = row(State.QUEUED), row(State.QUEUED)
    known = [version(one), version(two)]
    Mailing.objects.filter(pk=one.pk).update(state=State.SENDING)
    answer = page.get(reverse("history_rows"), {"row": known})
    assert answer.status_code == 200
    assert answer.content.count(b"hx-swap-oob") == 1
    assert answer.content.count(b"<template>") == 1  # a row outside of a table is dropped by the browser
    assert b'data-state="sending"' in answer.content


def test_polling_slows_down_once_the_row_is_settled(page: Client) -> None:
    mailing = row(State.QUEUED)
    known = version(mailing)
    Mailing.objects.filter(pk=mailing.pk).update(state=State.REFUSED)
    answer = page.get(reverse("history_rows"), {"row": known})
    assert f'data-refresh="{history.LATER_SECONDS}"'.encode() in answer.content
    assert b'data-state="refused"' in answer.content


def test_polling_for_nonsense_stops(page: Client) -> None:
    assert page.get(reverse("history_rows"), {"row": ["x-y", "'--", "9" * 40]}).status_code == 286


def test_choosing_rows_needs_the_permission(page: Client, chief_page: Client) -> None:
    row()
    assert b"data-select-row" not in page.get(reverse("history")).content
    assert b"data-select-row" in chief_page.get(reverse("history")).content
    other = row()
    page.post(reverse("bulk_cancel"), {"id": other.pk})
    other.refresh_from_db()
    assert other.wish == ""


def test_many_are_cancelled_after_one_question_with_the_facts(chief_page: Client) -> None:
    queued, there, gone = row(State.QUEUED), row(), row(State.REFUSED, name="Refused one")
    ids = {"id": [queued.pk, there.pk, gone.pk]}
    asked = chief_page.get(reverse("bulk_cancel"), ids).content.decode()
    assert "4 recipients in all" in asked
    assert "Refused one: " in asked
    assert not Mailing.objects.exclude(wish="").exists()
    answer = chief_page.post(reverse("bulk_cancel"), ids, follow=True).content.decode()
    states = {pk: (state, wish) for pk, state, wish in Mailing.objects.values_list("pk", "state", "wish")}
    assert states[queued.pk][0] == State.WITHDRAWN
    assert states[there.pk][1] == "cancel"
    assert states[gone.pk] == (State.REFUSED, "")
    assert "Refused one: " in answer
    assert "Cancelling of 2 mailings was asked for." in answer


def test_cancelling_nothing_changes_nothing(chief_page: Client) -> None:
    answer = chief_page.get(reverse("bulk_cancel"), {"id": "x"}, follow=True)
    assert b"Nothing was chosen" in answer.content


def exported(client: Client, query: dict[str, str]) -> list[list[str]]:
    body = b"".join(client.get(reverse("export"), query)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(body)))


def test_the_export_has_what_the_filter_shows(page: Client) -> None:
    row(name="Wanted")
    row(State.REFUSED, name="Other")
    lines = exported(page, {"q": "wanted"})
    assert [line[1] for line in lines] == ["name", "Wanted"]


def test_the_export_goes_on_past_its_own_page_size(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EXPORT_SIZE", 2)
    for _ in range(5):
        row()
    assert len(exported(page, {})) == 6


SIGNS = "=+-@＝＋－＠﹦"
HOSTILE = [
    *(f"{sign}1+1" for sign in SIGNS),
    *(f"{blank}=1+1" for blank in (" ", "  ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\t", '"', " '")),
    *(f"x{separator}=1+1" for separator in ";,|\t\n\r"),
    *("x;;=1+1;", "x; =1+1", 'x;"=1+1"', 'x";=1+1', "a;b\nc;＝1+1", ";-1", "a,+1;@b"),
]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ['"', None])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_formula_wherever_a_spreadsheet_splits(
    name: str, quote: str | None, separator: str
) -> None:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(["1", cell(name), cell("plain")])
    quoting: Any = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE

    for cells in csv.reader(
        line.getvalue().splitlines(), delimiter=separator, quotechar=quote, quoting=quoting
    ):
        for one in cells:
            assert not one.lstrip('"\u200b\ufeff \u00a0\u3000\t').startswith(tuple(SIGNS))


@pytest.mark.parametrize("name", ["Spring sale", "a-b", "3 + 4 = 7", "ann@example.com", "Sale; 20 % off"])
def test_an_ordinary_name_is_exported_as_it_is(name: str) -> None:
    assert cell(name) == name


def test_every_cell_of_the_export_is_quoted(page: Client) -> None:
    row(name="x;=1+1")
    body = b"".join(page.get(reverse("export"))).decode("utf-8-sig")
    for line in body.splitlines():
        assert all(one.startswith('"') and one.endswith('"') for one in line.split(","))
    assert '"x;\'=1+1"' in body


def test_numbers_in_the_export_stay_numbers() -> None:
    assert cell(-5) == "-5"
    assert [cell(Decimal(cost)) for cost in ("1.4000", "-2.8", "0.1234")] == ["1.40", "-2.80", "0.1234"]
    assert cell(None) == ""


@pytest.mark.parametrize("number", ["²", "٣", "-1", "9" * 19, "9" * 40, "9" * 5000, "\x00"])
@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/mailings/", "after={0}-1"),
        ("/mailings/", "after=1-{0}"),
        ("/mailings/", "before={0}-{0}"),
        ("/mailings/", "by={0}"),
        ("/mailings/", "account={0}"),
        ("/mailings/", "period={0}"),
        ("/mailings/", "start={0}"),
        ("/mailings/rows/", "row={0}-0"),
        ("/mailings/cancel/", "id={0}"),
        ("/mailings/export.csv", "account={0}"),
    ],
)
def test_a_number_that_no_row_can_have_is_no_harm(
    number: str, address: str, query: str, client: Client, chief: Any
) -> None:
    client.force_login(chief)
    name, _equals, form = query.partition("=")

    assert client.get(address, {name: form.format(number)}).status_code < 400


@pytest.mark.parametrize("number", ["²", "9" * 19, "9" * 40, "9" * 5000])
def test_cancelling_many_passes_over_what_is_no_number_of_a_row(
    number: str, client: Client, chief: Any
) -> None:
    client.force_login(chief)
    mailing = row(state=State.QUEUED)

    answer = client.post("/mailings/cancel/", {"id": [number, str(mailing.pk)]})

    mailing.refresh_from_db()
    assert (answer.status_code, mailing.state) == (302, State.WITHDRAWN)


@pytest.mark.parametrize("number", ["9" * 19, "9" * 40])
@pytest.mark.parametrize("page", ["", "status/", "recipients/", "edit/", "cancel/", "delete/", "resolve/"])
def test_the_page_of_a_number_too_large_is_not_there(number: str, page: str, client: Client, chief: Any):
    client.force_login(chief)

    assert client.get(f"/mailings/{number}/{page}").status_code in (404, 302)


@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York"])
@pytest.mark.parametrize(("name", "day"), [("start", "0001-01-01"), ("end", "9999-12-31")])
def test_the_first_and_the_last_day_of_all_are_no_harm(name: str, day: str, zone: str, client, chief):
    client.force_login(chief)
    with timezone.override(zone):
        row()

        assert history.chosen(QueryDict(f"{name}={day}")).qs.count() == 1
