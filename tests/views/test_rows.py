"""The lines of the history, which Python puts together: whatever stands in them is text."""

import re
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from mailings.models import Mailing, State
from mailings.selectors import history
from mailings.templatetags import rows
from tests.views.rows import account, row

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert('x')</script> & \"{id}\" {0} {{ row }} %s"
ESCAPED = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;{id}&quot; {0} {{ row }} %s"


def test_hostile_text_stays_text_in_a_page_and_in_the_answer_to_its_question(page: Client) -> None:
    maker = get_user_model().objects.create_user(HOSTILE)
    of = account(currency="<i>")
    mailing = row(name=HOSTILE, created_by=maker, account=of, remote_status="", remote_word="<b>7</b>")

    whole = page.get(reverse("history")).content.decode()
    news = page.get(reverse("history_rows"), {"row": f"{mailing.pk}-0"}).content.decode()

    for html in (whole, news):
        line = html[html.index(f'<tr id="row-{mailing.pk}"') :].partition("</tr>")[0]
        assert line.count(ESCAPED) == 3  # announced, named, and by whom
        assert "«&lt;b&gt;7&lt;/b&gt;»" in line
        assert "6,736.80\N{NO-BREAK SPACE}&lt;i&gt;" in line
        assert not re.search("<(script|b|i)>", line)


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize(("may_cancel", "oob"), [(True, False), (False, True)])
def test_a_line_has_a_place_for_what_is_put_into_it_and_no_other(
    language: str, may_cancel: bool, oob: bool
) -> None:
    row(State.DRAFT)
    (line,) = history.page(Mailing.objects.all()).rows

    with translation.override(language):
        given: dict[str, Any] = {"may_cancel": may_cancel, "oob": oob, "address": "/{id}/"}
        places = {
            name for _text, name, *_ in Formatter().parse(render_to_string("mailings/_row.html", given))
        }
        cells = rows.cells(line, rows.Look((), ()))

    assert places - {None} == cells.keys() - (set() if may_cancel else {"pick"})


def test_the_form_that_is_kept_shows_who_and_what_was_added_since(page: Client) -> None:
    account(name="First")
    assert "petra" not in page.get(reverse("history")).content.decode()
    get_user_model().objects.create_user("petra")

    html = page.get(reverse("history"), {"state": "held", "q": "x"}).content.decode()

    assert ">petra</option>" in html
    assert 'value="held" class="form-check-input" id="id_state_5" checked' in html
    assert 'name="q" value="x"' in html
    assert "checked" not in page.get(reverse("history")).content.decode()


def lines(oob: bool = False, **look: Any) -> str:
    context = {"may_cancel": True, "may_pick": (), "marked": ()} | look
    return str(rows.history_rows(context, history.page(Mailing.objects.all()).rows, oob))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the rows whose lines are put together."""
    monkeypatch.setattr(rows, "_lines", {})
    put_together, found = rows.cells, []

    def cells(row: history.HistoryRow, look: rows.Look) -> dict[str, Any]:
        found.append(row.id)
        return put_together(row, look)

    monkeypatch.setattr(rows, "cells", cells)
    return found


def test_a_line_is_put_together_once_while_nothing_of_it_changes(told: list[int]) -> None:
    mailing = row(State.REFUSED, name="Spring")

    first = lines()
    assert (lines(), told) == (first, [mailing.pk])

    shown = [
        lines(may_pick={mailing.pk}),
        lines(marked={mailing.pk}),
        lines(may_cancel=False),
        lines(oob=True),
    ]
    with translation.override("ru"):
        shown.append(lines())
    with timezone.override("Asia/Tokyo"):
        shown.append(lines())
    for values in ({"name": "Summer"}, {"cost": 7}, {"recipients_count": 8}, {"state": State.ABANDONED}):
        Mailing.objects.update(**values)
        shown.append(lines())

    assert len({*shown}) == len(shown)
    assert len(told) == len(shown) + 1


def test_the_day_changes_how_the_hour_of_a_kept_line_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_lines", {})
    moment = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    row(State.REFUSED, created_at=moment, due_at=moment)
    today, later = (moment + timedelta(hours=1), moment + timedelta(days=400))

    written = []
    for now in (today, later):
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        written.append(re.findall(r"<time[^>]*>([^<]*)<", lines()))

    assert written[0] != written[1]


def test_what_tells_an_age_is_put_together_each_time(told: list[int]) -> None:
    waiting = row(State.QUEUED)

    lines()
    lines()

    assert told == [waiting.pk, waiting.pk]


def test_only_so_many_lines_are_kept(told: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "KEPT_LINES", 2)
    for _ in range(3):
        row(State.REFUSED)

    lines()

    assert len(rows._lines) == 1
