"""The seconds in which a mailing can be held: its chip counts them down wherever it stands."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from mailings.models import Mailing, State
from mailings.selectors import history
from mailings.wording import chips
from tests.views.rows import row

pytestmark = pytest.mark.django_db


def just_sent(seconds: float = 500, **values: Any) -> Mailing:
    now = timezone.now()
    ends = now + timedelta(seconds=seconds)
    return row(State.QUEUED, name="Just sent", due_at=now, submitted_at=now, not_before=ends, **values)


def test_the_chip_counts_down_on_today_in_the_history_and_on_its_page(page: Client, settings: Any) -> None:
    settings.HOLD_SECONDS = 600.0
    mailing = just_sent()
    for path in ("/", "/mailings/", f"/mailings/{mailing.pk}/"):
        html = page.get(path).content.decode()
        assert f'data-mailing="{mailing.pk}"' in html, path
        assert "in 8 min" in html, path
        assert "queued" in html, path


def test_todays_line_holds_it_as_its_page_does(page: Client, operator: Any, settings: Any) -> None:
    settings.HOLD_SECONDS = 600.0
    mailing = just_sent(submitted_by=operator)
    address = f'action="/mailings/{mailing.pk}/hold/"'
    assert address in page.get("/").content.decode()
    assert address in page.get("/today/").content.decode()
    assert address in page.get(f"/mailings/{mailing.pk}/").content.decode()

    assert page.post(f"/mailings/{mailing.pk}/hold/").status_code == 302

    mailing.refresh_from_db()
    assert mailing.state == State.DRAFT
    assert address not in page.get("/").content.decode()


def test_whoever_may_not_hold_it_is_offered_no_button(page: Client, settings: Any, chief: Any) -> None:
    settings.HOLD_SECONDS = 600.0
    just_sent(submitted_by=chief)

    html = page.get("/").content.decode()

    assert "Just sent" in html
    assert "/hold/" not in html


def test_once_the_seconds_are_over_it_is_only_queued_and_its_row_comes_anew(
    page: Client, settings: Any
) -> None:
    settings.HOLD_SECONDS = 600.0
    mailing = just_sent()
    (before,) = history.page(history.chosen(QueryDict()).qs).rows
    Mailing.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    mailing.refresh_from_db()
    (after,) = history.page(history.chosen(QueryDict()).qs).rows
    assert chips.chip(mailing).until is None
    assert before.version != after.version
    assert "Just sent" not in page.get("/").content.decode()


def test_what_waits_for_another_reason_counts_nothing_down() -> None:
    mailing = just_sent()
    mailing.waiting_for = "gate"
    assert chips.chip(mailing).until is None
