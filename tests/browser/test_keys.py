"""Keys: to the form from anywhere, through the rows, and never while somebody types."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pages import PHONE, TEXT, Desk
from tests.browser.processes import CHIEF, Mailroom, Truth

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_a_mailing_is_written_and_sent_by_keyboard_alone(
    mailroom: Mailroom, new_desk: Callable[..., Desk], logins: dict[str, Any], truth: Truth, locale: str
) -> None:
    # Another text in each language: the same one to the same person within a day is to be confirmed.
    name, text = f"Без мыши {locale}", f"{TEXT} {locale}"
    desk = new_desk(mailroom, storage_state=logins[CHIEF], locale=locale)
    page = desk.page
    desk.open("/")
    expect(page.locator("h1")).to_have_text("Сегодня" if locale == "ru-RU" else "Today")
    page.keyboard.press("c")
    page.wait_for_url("**/mailings/new/")
    for option, value in {"name": name, "phones": PHONE, "mes": text}.items():
        desk.option(option).focus()
        page.keyboard.insert_text(value)
    page.keyboard.press("c")
    expect(desk.option("mes")).to_have_value(f"{text}c")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/review/")
    assert desk.accessibility_faults() == []
    desk.send_button.focus()
    page.keyboard.press("Enter")
    desk.arrive()
    desk.sees_state("accepted")
    assert dict(truth.job(name)["parameters"])["mes"] == f"{text}c"


def test_rows_are_walked_through_and_chosen_and_a_slash_goes_to_the_search(
    still_desk: Desk, seeded: dict[str, int]
) -> None:
    page = still_desk.page
    still_desk.open("/mailings/")
    rows = page.locator("tr[data-mailing]")
    for _step in range(2):
        page.keyboard.press("j")
    expect(rows.nth(1).locator(".name a")).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0).locator(".name a")).to_be_focused()
    while not rows.nth(0).locator("[data-select-row]").count():
        rows = page.locator("tr[data-mailing]:has([data-select-row])")
        rows.nth(0).locator(".name a").focus()
    page.keyboard.press("x")
    expect(page.locator("[data-selected-count]").first).to_have_text("1")
    page.keyboard.press("/")
    expect(page.locator("#id_q")).to_be_focused()
    page.keyboard.insert_text("c")
    page.keyboard.press("j")
    expect(page.locator("#id_q")).to_have_value("cj")


def test_a_number_in_the_search_leads_to_its_person_and_stands_in_no_address(
    still_desk: Desk, seeded: dict[str, int]
) -> None:
    page, asked = still_desk.page, []
    still_desk.open("/mailings/")
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#id_q").fill("8 (999) 000-00-01")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/")
    expect(page.locator("#person-title")).to_have_text("+79990000001")
    assert [url for url in asked if "q=" in url] == []


@pytest.mark.parametrize("press", [{"key": "c"}, {"key": "/"}, {"key": "с", "code": "KeyC"}])
def test_no_key_leads_away_from_a_form_that_is_being_written(still_desk: Desk, press: dict[str, str]) -> None:
    page = still_desk.page
    still_desk.write("Half written")
    page.evaluate("document.activeElement.blur(); window.notReloaded = true")
    page.dispatch_event("body", "keydown", press)
    page.wait_for_timeout(300)
    assert still_desk.was_not_reloaded()
    expect(still_desk.option("name")).to_have_value("Half written")


def test_on_a_russian_keyboard_the_letters_count_by_their_place(
    still_desk: Desk, seeded: dict[str, int]
) -> None:
    page = still_desk.page
    still_desk.open("/mailings/")
    rows = page.locator("tr[data-mailing]")

    def press(key: str, code: str, **modifiers: bool) -> None:
        page.locator(":focus, body").last.dispatch_event("keydown", {"key": key, "code": code, **modifiers})

    press("О", "KeyJ", shiftKey=True)
    press("о", "KeyJ", ctrlKey=True)
    press("j", "KeyC")  # of another keyboard with Latin letters
    expect(rows.nth(0).locator(".name a")).to_be_focused()
    press("о", "KeyJ")
    expect(rows.nth(1).locator(".name a")).to_be_focused()
    press("л", "KeyK")
    expect(rows.nth(0).locator(".name a")).to_be_focused()
    press(".", "Slash")
    expect(page.locator("#id_q")).to_be_focused()
    press("с", "KeyC")
    page.evaluate("document.activeElement.blur()")
    expect(page).to_have_url(re.compile("/mailings/$"))
    press("с", "KeyC")
    page.wait_for_url("**/mailings/new/")


def test_a_question_mark_shows_the_keys_and_they_can_be_switched_off(still_desk: Desk) -> None:
    page = still_desk.page
    page.set_viewport_size({"width": 360, "height": 640})
    still_desk.open("/")
    page.keyboard.press("?")
    dialog = page.locator("#keys")
    expect(dialog).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert still_desk.accessibility_faults() == []
    dialog.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    expect(page).to_have_url(re.compile("/$"))
