"""Drafts save themselves while a person types, and of two windows neither is lost."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mailings import outbox
from mailings.models import Account, Event, EventKind, Mailing, State
from mailings.selectors import today
from tests.helpers.people import person
from tests.views.composing import SMS, URL, post, text_of, values_of

KEEP, DISCARD = f"{URL}keep/", f"{URL}discard/"
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TYPED = {"name": "Sale", "phones": "abc", "mes": "Hel", "key": "k1", "version": ".one"}


pytestmark = pytest.mark.usefixtures("account")


def opened(page: Client, draft: Mailing) -> dict[str, Any]:
    """What a window holds that has just opened the draft."""
    return dict(values_of(page.get(URL, {"draft": draft.pk}).content.decode()))


def test_what_is_typed_is_saved_quietly_valid_or_not(page: Client, operator: Any) -> None:
    answer = page.post(KEEP, TYPED)

    draft = Mailing.objects.get()
    assert (draft.state, draft.created_by, draft.draft["phones"]) == (State.DRAFT, operator, "abc")
    assert text_of(answer).startswith("Saved just now")
    assert f'id="form-draft" name="draft" value="{draft.pk}"' in answer.content.decode()


def test_typing_on_saves_the_same_draft_and_the_timeline_has_one_line(page: Client) -> None:
    for text in ("Hel", "Hello", "Hello, Ann"):
        page.post(KEEP, TYPED | {"mes": text})

    assert Mailing.objects.get().draft["mes"] == "Hello, Ann"
    assert [event.kind for event in Event.objects.all()] == [EventKind.CREATED]


def test_a_colleague_who_writes_on_has_a_line_in_the_timeline(page: Client, client: Client) -> None:
    page.post(KEEP, TYPED)
    draft = Mailing.objects.get()
    page.force_login(person("bert"))
    window = opened(page, draft)

    for text in ("Hello", "Hello, Ann"):
        page.post(KEEP, window | {"mes": text})

    assert [event.kind for event in Event.objects.order_by("id")] == [EventKind.CREATED, EventKind.EDITED]


@pytest.mark.parametrize("typed", [{"key": "k1"}, {"key": "k1", "mes": " \n"}, TYPED | {"mes": "a\0b"}])
def test_nothing_is_saved_where_nothing_was_typed_or_nothing_can_be_kept(
    typed: dict[str, str], page: Client
) -> None:
    assert page.post(KEEP, typed).status_code == 204
    assert not Mailing.objects.exists()


def test_what_was_sent_off_is_not_changed_by_a_late_saving(page: Client) -> None:
    post(page, SMS)
    sent = Mailing.objects.get()

    assert page.post(KEEP, SMS | {"mes": "late", "draft": str(sent.pk)}).status_code == 204
    assert Mailing.objects.get().spec["options"]["mes"] == "Hello"


def test_an_older_window_is_told_and_both_texts_are_kept(page: Client) -> None:
    page.post(KEEP, TYPED)
    draft = Mailing.objects.get()
    first, second = opened(page, draft), opened(page, draft)
    page.post(KEEP, first | {"mes": "from the first"})

    answer = page.post(KEEP, second | {"mes": "from the second"})

    assert "changed in another window" in text_of(answer)
    texts = list(Mailing.objects.order_by("id").values_list("draft__mes", flat=True))
    assert texts == ["from the first", "from the second"]
    kept = Mailing.objects.latest("id")
    assert f'value="{kept.pk}"' in answer.content.decode()
    page.post(KEEP, first | {"mes": "first again"})
    assert Mailing.objects.get(pk=draft.pk).draft["mes"] == "first again"


def test_what_the_first_window_went_on_to_type_is_not_overwritten_either(page: Client) -> None:
    page.post(KEEP, TYPED)
    second = opened(page, Mailing.objects.get())
    page.post(KEEP, TYPED | {"mes": "the first goes on"})

    page.post(KEEP, second | {"mes": "from the second"})

    texts = list(Mailing.objects.order_by("id").values_list("draft__mes", flat=True))
    assert texts == ["the first goes on", "from the second"]


def test_a_saving_held_up_on_its_way_puts_no_older_letters_over_newer_ones(page: Client) -> None:
    page.post(KEEP, TYPED | {"mes": "Hello, Ann", "version": ".one.9"})

    late = page.post(KEEP, TYPED | {"mes": "Hello", "version": ".one.5"})

    assert late.status_code == 204
    assert [draft.draft["mes"] for draft in Mailing.objects.all()] == ["Hello, Ann"]
    page.post(KEEP, TYPED | {"mes": "Hello, Anna", "version": ".one.10"})
    assert Mailing.objects.get().draft["mes"] == "Hello, Anna"


def test_a_saving_that_comes_after_its_own_button_puts_nothing_over_it(page: Client) -> None:
    page.post(KEEP, SMS | {"mes": "Hel", "version": ".one.3"})
    post(page, SMS | {"version": ".one.5"}, "review")

    assert page.post(KEEP, SMS | {"mes": "Hell", "version": ".one.4"}).status_code == 204
    assert Mailing.objects.get().spec["options"]["mes"] == "Hello"


def test_what_was_typed_and_taken_back_does_not_come_back_late(page: Client) -> None:
    page.post(KEEP, TYPED | {"mes": "Hello", "version": ".one.3"})
    page.post(KEEP, TYPED | {"mes": "Hello", "version": ".one.5"})

    assert page.post(KEEP, TYPED | {"mes": "Hello?", "version": ".one.4"}).status_code == 204
    assert Mailing.objects.get().draft["mes"] == "Hello"


def test_a_button_held_up_on_its_way_sends_nothing_and_its_text_is_kept(page: Client) -> None:
    page.post(KEEP, SMS | {"mes": "newer", "version": ".one.9"})

    post(page, SMS | {"mes": "older", "version": ".one.5"})

    kept = [(draft.state, draft.draft["mes"]) for draft in Mailing.objects.order_by("id")]
    assert kept == [(State.DRAFT, "newer"), (State.DRAFT, "older")]


@pytest.mark.parametrize("number", ["x", "-1", "\u0663", "9" * 40])
def test_a_number_of_a_page_that_is_none_is_no_harm(number: str, page: Client) -> None:
    for text in ("Hello", "Hello, Ann"):
        page.post(KEEP, TYPED | {"mes": text, "version": f".one.{number}"})

    assert Mailing.objects.get().draft["mes"] == "Hello, Ann"


@pytest.mark.parametrize("action", ["draft", "send"])
def test_a_button_of_an_older_window_sends_and_overwrites_nothing(action: str, page: Client) -> None:
    post(page, SMS | {"version": ".one"}, "draft")
    draft = Mailing.objects.get()
    first, second = opened(page, draft), opened(page, draft)
    page.post(KEEP, first | {"mes": "from the first"})

    answer = post(page, second | {"mes": "from the second"}, action)

    kept = Mailing.objects.latest("id")
    assert answer["Location"] == f"{URL}?draft={kept.pk}"
    assert [one.draft["mes"] for one in Mailing.objects.order_by("id")] == [
        "from the first",
        "from the second",
    ]
    assert "changed in another window" in text_of(page.get(answer["Location"]))


def test_the_newer_window_goes_on_and_sends(page: Client) -> None:
    page.post(KEEP, SMS | {"version": ".one"})
    window = opened(page, Mailing.objects.get())
    page.post(KEEP, window | {"mes": "Hello again"})

    assert post(page, window | {"mes": "Hello at last"}).status_code == 302
    assert Mailing.objects.get().state == State.QUEUED


def test_a_saving_that_comes_late_and_says_nothing_new_leaves_the_review_ready(page: Client) -> None:
    window = SMS | {"version": ".one"}
    post(page, window, "review")
    ready = Mailing.objects.get()
    assert ready.spec

    page.post(KEEP, window)

    now = Mailing.objects.get()
    assert (now.spec, now.draft_at is not None) == (ready.spec, True)
    page.post(KEEP, window | {"mes": "changed since"})
    assert Mailing.objects.get().spec == {}


def test_a_late_saving_with_the_line_ends_of_a_script_says_nothing_new(page: Client) -> None:
    """Given a browser: its buttons send line ends as CR LF, its scripts as they stand in the field."""
    lines = {"phones": "79990000001\n79990000002", "mes": "Hello\nthere", "kept:mes2": "One\nTwo"}
    typed = SMS | lines | {"version": ".one"}
    page.post(KEEP, typed)
    post(page, {name: value.replace("\n", "\r\n") for name, value in typed.items()}, "review")
    ready = Mailing.objects.get()

    page.post(KEEP, typed)

    now = Mailing.objects.get()
    assert (now.spec, bool(ready.spec)) == (ready.spec, True)


def test_a_form_that_comes_back_says_when_its_draft_was_saved(page: Client) -> None:
    page.post(KEEP, TYPED)

    for action in ("review", "refresh"):
        assert "Saved just now" in text_of(post(page, TYPED, action))


def test_a_draft_is_discarded_and_stays_in_the_history(page: Client) -> None:
    page.post(KEEP, TYPED)
    draft = Mailing.objects.get()

    answer = page.post(DISCARD, {"draft": draft.pk})

    assert answer["Location"] == "/"
    assert Mailing.objects.get().state == State.WITHDRAWN
    assert outbox.may_duplicate(Mailing.objects.get())


def test_a_form_that_was_never_saved_is_just_left(page: Client) -> None:
    assert page.post(DISCARD, {"draft": "", "key": "k9"})["Location"] == URL


def test_somebody_elses_draft_is_not_discarded(page: Client, account: Account) -> None:
    draft = outbox.save_draft({"name": "x"}, account=account, by=person("bert"))

    page.post(DISCARD, {"draft": draft.pk})

    draft.refresh_from_db()
    assert draft.state == State.DRAFT


def test_today_lists_a_persons_own_drafts(page: Client, account: Account) -> None:
    outbox.save_draft({"name": "of bert"}, account=account, by=person("bert"))
    page.post(KEEP, TYPED)

    shown = text_of(page.get("/"))

    assert "Your drafts Sale Saved" in shown
    assert "of bert" not in shown


def test_drafts_edited_last_stand_first_and_those_never_edited_last(
    page: Client, account: Account, operator: Any
) -> None:
    drafts = [outbox.save_draft({"name": f"d{n}"}, account=account, by=operator) for n in range(8)]
    edited = {2: 5, 0: 2, 7: 9}  # which, and at which minute; the others were made elsewhere
    for number, draft in enumerate(drafts):
        minute = edited.get(number)
        at = NOON + timedelta(minutes=minute) if minute else None
        Mailing.objects.filter(pk=draft.pk).update(draft_at=at)

    with CaptureQueriesContext(connection) as captured:
        shown = today.own_drafts(operator.pk)

    assert [draft.name for draft in shown] == ["d7", "d2", "d0", "d6", "d5"]
    assert len(captured) == 1


def test_of_many_drafts_the_others_are_one_press_away(page: Client, account: Account, operator: Any) -> None:
    outbox.save_draft({"name": "of bert"}, account=account, by=person("bert"))
    for number in range(6):
        outbox.save_draft({"name": f"draft {number}"}, account=account, by=operator)

    first_page = page.get("/").content.decode()
    link = re.search(r'<a [^>]*href="([^"]*)"[^>]*>All your drafts</a>', first_page)
    listed = text_of(page.get(unescape(link[1]))) if link else ""

    assert [f"draft {number}" in listed for number in range(6)] == [True] * 6
    assert "of bert" not in listed


def test_a_file_of_recipients_stays_with_its_draft_while_one_types(page: Client) -> None:
    file = SimpleUploadedFile("people.txt", b"+79990000001\n+79990000002")
    window: dict[str, Any] = dict(
        values_of(post(page, TYPED | {"recipients_file": file}, "refresh").content.decode())
    )

    page.post(KEEP, window)
    page.post(KEEP, window | {"mes": "Hello"})
    draft = Mailing.objects.get()
    assert draft.imports.get().name == "people.txt"
    older = opened(page, draft)
    page.post(KEEP, window | {"mes": "newer"})
    page.post(KEEP, older | {"mes": "older"})

    assert [one.imports.count() for one in Mailing.objects.order_by("id")] == [1, 1]
