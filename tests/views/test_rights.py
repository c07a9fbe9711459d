"""Every address, every method, every role: what comes of it. An address without a row here fails.

A letter for each role of ROLES, in its order, for GET and for POST; the mailing is the maker's.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings import outbox, rights
from mailings.models import (
    Account,
    Breaker,
    HeldReason,
    Import,
    Mailing,
    OwnTemplate,
    Quote,
    SavedList,
    State,
)
from mailings.rights import Right
from tests.helpers.addresses import (
    ADMIN,
    FOR_LOGINS,
    FOR_VISITORS,
    NOT_OFFERED,
    ROLES,
    browser,
    everybody,
    everything,
)
from tests.views.rows import row

pytestmark = pytest.mark.django_db

# o: the page  >: sent on, and what it is for was done  s: sent on, and nothing was done  L: to the login
# -: refused  m: no such method  4: there is nothing to try, for the account is no sandbox here
LETTERS = {"o": (200, 204, 286), ">": (302,), "s": (302,), "L": (302,), "-": (403,), "m": (405,), "4": (404,)}

# Our own pages: name of the address, its GET, its POST.
OURS = {
    "today": ("L-ooooo", "L-mmmmm"),
    "history": ("L-ooooo", "L-mmmmm"),
    "history_rows": ("L-ooooo", "L-mmmmm"),
    "totals": ("L-ooooo", "L-mmmmm"),
    "export": ("L-ooooo", "L-mmmmm"),
    "today_part": ("L-ooooo", "L-mmmmm"),
    "refresh": ("L-mmmmm", "L->>>>>"),
    "dismiss_trials": ("L-mmmmm", "L->>>>>"),
    "trial": ("L--mmmm", "L--4444"),
    "mailing": ("L-ooooo", "L-mmmmm"),
    "mailing_status": ("L-ooooo", "L-mmmmm"),
    "mailing_recipients": ("L-ooooo", "L-ooooo"),
    "results": ("L-ooooo", "L-ooooo"),
    "export_results": ("L-ooooo", "L-mmmmm"),
    "send_to_failed": ("L--oooo", "L--ssss"),
    "take_over": ("L--oooo", "L--ssss"),
    "people": ("L-ooooo", "L-ooooo"),
    "own_templates": ("L-ooooo", "L-mmmmm"),
    "save_template": ("L--oooo", "L-->>>>"),
    "rename_template": ("L--mmmm", "L-->>>>"),
    "delete_template": ("L--oooo", "L-->>>>"),
    "lists": ("L-ooooo", "L-mmmmm"),
    "list": ("L-ooooo", "L-ooooo"),
    "add_list": ("L--mmmm", "L-->>>>"),
    "change_list": ("L--mmmm", "L-->>>>"),
    "remove_from_list": ("L--mmmm", "L-->>>>"),
    "delete_list": ("L--oooo", "L-->>>>"),
    "stop_list": ("L-ooooo", "L-ooooo"),
    "export_stops": ("L-ooooo", "L-mmmmm"),
    "add_stops": ("L--mmmm", "L-->>>>"),
    "remove_stop": ("L----mm", "L---->>"),
    "compose": ("L--oooo", "o--oooo"),
    "compose_preview": ("m--mmmm", "o--oooo"),
    "compose_keep": ("L--mmmm", "L--oooo"),
    "compose_discard": ("L--mmmm", "L--ssss"),
    "compose_price": ("m--mmmm", "o--oooo"),
    "price_answer": ("L--oooo", "L--mmmm"),
    "import_progress": ("L--oooo", "L--mmmm"),
    "import_problems": ("L--oooo", "L--mmmm"),
    "edit": ("L-->>>>", "L-->>>>"),
    "review": ("L--oooo", "L--oooo"),
    "send_test": ("L--mmmm", "L-->>>>"),
    "duplicate": ("L--mmmm", "L-->>>>"),
    "next_month": ("L--mmmm", "L-->>>>"),
    "bulk_cancel": ("L--sooo", "L--s>>>"),
    "cancel": ("L---ooo", "L--->>>"),
    "delete": ("L---ooo", "L--->>>"),
    "withdraw": ("L---ooo", "L--->>>"),
    "change_hour": ("L---ooo", "L--->>>"),
    "hold": ("L---mmm", "L--->>>"),
    "cancel_job": ("L---sss", "L---sss"),
    "put_aside": ("L---mmm", "L--->>>"),
    "release": ("L----oo", "L---->>"),
    "resolve": ("L----oo", "L---->>"),
    "undo_adoption": ("L----oo", "L---->>"),
    "dismiss_alarm": ("L----mm", "L---->>"),
    "probe": ("L----mm", "L---->>"),
    "preferences": ("Lmmmmmm", "L>>>>>>"),
    "healthz": ("ooooooo", "mmmmmmm"),
}
# The mailing that each is tried on, so that it would come to something.
STATES: dict[str, dict[str, Any]] = {
    "edit": {"state": State.DRAFT},
    "review": {"state": State.DRAFT},
    "send_test": {"state": State.DRAFT},
    "import_progress": {"state": State.DRAFT},
    "import_problems": {"state": State.DRAFT},
    "withdraw": {"state": State.QUEUED},
    "hold": {"state": State.QUEUED, "not_before": datetime(2099, 1, 1, tzinfo=UTC)},
    "next_month": {"due_at": datetime(2026, 1, 31, 12, tzinfo=UTC)},
    "release": {"state": State.HELD, "held_reason": HeldReason.RESTORED},
    "resolve": {"state": State.UNKNOWN},
    "dismiss_alarm": {"alarm": "two_jobs"},
    "put_aside": {"state": State.REFUSED},
    "take_over": {"channel": "hlr"},
    "undo_adoption": {"state": State.ACCEPTED, "adopted_at": datetime(2026, 11, 26, 12, tzinfo=UTC)},
}
TEMPLATES = {"rename_template", "delete_template"}
LISTS = {"list", "change_list", "remove_from_list", "delete_list"}
NAMED: dict[str, Any] = dict.fromkeys(LISTS, SavedList) | dict.fromkeys(TEMPLATES, OwnTemplate)
POSTED: dict[str, dict[str, str]] = {
    "add_list": {"name": "VIP", "values": "79990000001"},
    "change_list": {"values": "79990000001"},
    "change_hour": {"time_at": "2036-01-31 10:00"},
    "resolve": {"decision": "give_up"},
    "compose": {"action": "check"},
    "save_template": {"name": "Sale"},
    "rename_template": {"name": "Sale"},
    "send_test": {"own_addresses": "79990000009"},
}
# What changes nothing of a mailing, whoever does it.
HARMLESS = {
    "refresh",
    "mailing_recipients",
    "compose",
    "compose_preview",
    "compose_price",
    "edit",
    "preferences",
    "probe",
}
HARMLESS |= {
    "dismiss_trials",
    "trial",
    "add_stops",
    "remove_stop",
    "add_list",
    *LISTS,
    *TEMPLATES,
    "save_template",
}


@pytest.fixture
def people() -> dict[str, Any]:
    return everybody()


def subject(people: dict[str, Any], name: str) -> Mailing:
    """A mailing that the maker has made."""
    fields = STATES.get(name, {})
    return row(**fields, created_by=people["maker"], submitted_by=people["maker"])


def address(name: str, mailing: Mailing) -> str:
    if name == "price_answer":
        now = timezone.now()
        asked = {"asked_at": now, "answered_at": now, "cost": 1}
        quote, _made = Quote.objects.get_or_create(account=mailing.account, digest="x", defaults=asked)
        return reverse(name, args=[quote.pk])
    if name == "probe":
        return reverse(name, args=[mailing.account_id])
    if name == "export_results":
        return reverse(name, args=[mailing.pk, "csv"])
    if name == "cancel_job":
        return reverse(name, args=[mailing.pk, "100"])
    if name in ("import_progress", "import_problems"):
        return reverse(name, args=[Import.objects.create(draft=mailing, size=1).pk])
    if name == "add_list":
        SavedList.objects.all().delete()
    if name in (*TEMPLATES, "save_template"):
        OwnTemplate.objects.all().delete()
    if model := NAMED.get(name):
        return reverse(name, args=[model.objects.create(name=uuid4().hex).pk])
    if name == "trial":
        return reverse(name, args=["break"])
    return reverse(name, args=[mailing.pk] if "<int:pk>" in routes_of_ours()[name] else [])


def everything_of(mailing: Mailing) -> Any:
    """The mailing's columns, and how many mailings there are."""
    return Mailing.objects.filter(pk=mailing.pk).values().get(), Mailing.objects.count()


def routes_of_ours() -> dict[str, str]:
    strangers = ADMIN | FOR_VISITORS | FOR_LOGINS | NOT_OFFERED
    return {str(name): route for route, name in everything().items() if route not in strangers}


def test_every_address_of_ours_has_its_row_here_and_its_right() -> None:
    assert set(routes_of_ours()) == set(OURS) == set(rights.RIGHTS)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", OURS)
def test_what_a_role_may_at_an_address(people: dict[str, Any], name: str, method: str) -> None:
    for role, letter in zip(ROLES, OURS[name][method == "post"], strict=True):
        mailing = subject(people, name)
        data = {"id": mailing.pk, "row": f"{mailing.pk}-x"}
        if method == "post":
            data |= POSTED.get(name, {})
        data["seen"] = outbox.stamp(mailing)
        before = everything_of(mailing)

        answer = getattr(browser(people, role), method)(address(name, mailing), data)

        assert answer.status_code in LETTERS[letter], role
        to_the_login = str(answer.headers.get("Location", "")).startswith("/accounts/login/")
        assert to_the_login == (letter == "L"), role
        changes = method == "post" and letter == ">" and name not in HARMLESS
        assert (everything_of(mailing) != before) == changes, role
        if letter == "-":
            assert "root" in answer.content.decode()  # whom to ask
            assert mailing.name not in answer.content.decode()


@pytest.mark.parametrize("name", OURS)
def test_no_other_method_does_anything(people: dict[str, Any], name: str) -> None:
    mailing = subject(people, name)
    before = everything_of(mailing)
    for role in ROLES:
        client = browser(people, role)
        for ask in (client.put, client.patch, client.delete, client.options, client.trace):
            assert ask(address(name, mailing)).status_code in (302, 403, 405)
    assert everything_of(mailing) == before


def test_a_login_without_rights_reads_nothing_and_is_told_whom_to_ask(people: dict[str, Any]) -> None:
    Account.objects.update_or_create(name="default", defaults={"breaker": Breaker.LOGIN})
    answer = browser(people, "nobody").get("/")

    html = answer.content.decode()
    assert str(Right.VIEW.label) in html
    assert "root" in html
    assert "Staff" in html
    assert 'class="account-badge' not in html
    assert reverse("history") not in html
    assert reverse("compose") not in html


@pytest.mark.parametrize(
    ("role", "offered", "withheld"),
    [
        ("viewer", (), ("Cancel this mailing", "Make a copy")),
        ("operator", ("Make a copy",), ("Cancel this mailing",)),
        ("maker", ("Make a copy", "Cancel this mailing"), ()),
        ("staff", ("Make a copy", "Cancel this mailing"), ()),
    ],
)
def test_whoever_lacks_a_right_sees_whom_to_ask_instead_of_the_button(
    people: dict[str, Any], role: str, offered: tuple[str, ...], withheld: tuple[str, ...]
) -> None:
    html = (
        browser(people, role).get(reverse("mailing", args=[subject(people, "mailing").pk])).content.decode()
    )

    assert all(f"{label}…</a>" in html or f"{label}</button>" in html for label in offered)
    assert all(f"“{label}”" in html for label in withheld)
    assert ("Ask one of these to do it: " in html) == bool(withheld)
    if "Cancel this mailing" in withheld:
        assert "maker, root, staff" in html


def test_the_makers_own_rows_can_be_chosen_and_no_others(people: dict[str, Any]) -> None:
    own, other = subject(people, "mailing"), row(created_by=people["staff"])
    html = browser(people, "maker").get(reverse("history")).content.decode()

    assert f'name="id" value="{own.pk}"' in html
    assert f'name="id" value="{other.pk}"' not in html


def test_of_several_only_those_are_cancelled_that_one_may_cancel(people: dict[str, Any]) -> None:
    own, other = subject(people, "mailing"), row(created_by=people["staff"], name="Not mine")
    answer = browser(people, "maker").post(reverse("bulk_cancel"), {"id": [own.pk, other.pk]}, follow=True)

    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.wish, other.wish) == ("cancel", "")
    assert "Not mine: Your login may not stop" in answer.content.decode()


def test_a_maker_who_may_only_look_by_now_still_stops_his_own(people: dict[str, Any]) -> None:
    mailing = row(created_by=people["viewer"])
    assert browser(people, "viewer").post(reverse("cancel", args=[mailing.pk])).status_code == 302
    mailing.refresh_from_db()
    assert mailing.wish == "cancel"
