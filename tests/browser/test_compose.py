"""Writing a mailing: few clicks, a telephone, twice the size, a test to oneself, a template, held in time."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.pages import TEXT, Desk
from tests.browser.processes import CHIEF, Mailroom, Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")

MOST_CLICKS, MOST_SECONDS = 4, 20
# Bytes as they come, compressed.
FIRST_LOAD = 150 * 1024
HOLD_SECONDS = "30"


class Words(NamedTuple):
    """What the pages say in a language."""

    people: str
    price: str
    counts: str
    held: str
    discarded: str


WORDS = {
    "en-GB": Words(
        "2 people", "price not known yet", r"in \d+ s", "Held in time: nothing was sent.", "is discarded"
    ),
    "ru-RU": Words(
        *("2 получателя", "цена пока неизвестна", r"через \d+ с"),
        *("Задержана вовремя: ничего не отправлено.", "Черновик отозван"),
    ),
}
THREE = "+79990000001\n+79990000002\n+79990000003"
OWN = "+79160000009"


def tab_to(page: Page, control: str) -> None:
    for _press in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id") == control:
            return
    raise AssertionError(f"Tab does not lead to {control}")


def parameters(truth: Truth, name: str) -> dict[str, str]:
    return dict(truth.job(name)["parameters"])


# --- how much it takes ------------------------------------------------------------------------------------


def test_a_plain_sms_to_three_pasted_numbers_takes_four_clicks_from_today(desk: Desk, truth: Truth) -> None:
    page, name, clicks = desk.page, "Три номера ⏱", list[str]()

    def note(what: str) -> None:
        clicks.append(what)

    page.expose_function("noteClick", note)
    page.add_init_script(
        "addEventListener('pointerdown', (event) => noteClick(event.target.outerHTML), true)"
    )
    desk.open("/")
    begun = time.monotonic()
    page.get_by_role("link", name="New mailing").first.click()
    desk.option("name").click()
    page.keyboard.insert_text(name)
    tab_to(page, "id_phones")
    page.keyboard.insert_text(THREE)
    tab_to(page, "id_mes")
    page.keyboard.insert_text(TEXT)
    desk.review_button.click()
    page.wait_for_url("**/review/")
    desk.send_button.click()
    desk.arrive()

    assert len(clicks) <= MOST_CLICKS, clicks
    assert time.monotonic() - begun < MOST_SECONDS
    desk.sees_state("accepted")
    assert parameters(truth, name)["phones"].count("+7999000000") == 3


def test_the_first_load_of_the_form_weighs_little(still_desk: Desk) -> None:
    answers: list[Response] = []

    def take(answer: Response) -> None:
        answers.append(answer)

    still_desk.page.on("response", take)
    still_desk.open("/mailings/new/")
    still_desk.page.wait_for_load_state("networkidle")

    sizes = {answer.url: answer.request.sizes() for answer in answers}
    weights = {url: one["responseBodySize"] + one["responseHeadersSize"] for url, one in sizes.items()}
    assert sum(weights.values()) <= FIRST_LOAD, weights


# --- how it looks where there is little room ----------------------------------------------------------------


@pytest.mark.parametrize("locale", list(WORDS))
@pytest.mark.parametrize("width", [360, 720], ids=["telephone", "a desk at twice the size"])
def test_where_there_is_little_room_the_bar_opens_the_rest_as_a_sheet(
    still: Mailroom, new_desk: Callable[..., Desk], still_login: Any, width: int, locale: str
) -> None:
    still_desk = new_desk(still, storage_state=still_login, locale=locale)
    page, words = still_desk.page, WORDS[locale]
    page.set_viewport_size({"width": width, "height": 640 if width == 360 else 450})
    if locale != "en-GB":
        page.emulate_media(color_scheme="dark")
    still_desk.write("Sale", phones="+79990000001, +79990000002")
    toggle, sheet = page.locator("#sheet-toggle"), page.locator("#sheet")
    expect(page.locator("#bar-people")).to_have_text(words.people)
    expect(page.locator("#bar-price")).to_contain_text(words.price)
    expect(toggle).to_be_in_viewport(ratio=1)
    expect(still_desk.review_button).to_be_in_viewport(ratio=1)
    expect(sheet).to_be_hidden()
    assert still_desk.scrolls_sideways() == []

    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(sheet).to_be_focused()
    expect(sheet.locator("[data-fact=people]")).to_be_in_viewport()
    page.locator("#test-to-me > summary").click()
    page.locator("#do-test").scroll_into_view_if_needed()
    expect(page.locator("#do-test")).to_be_in_viewport(ratio=1)
    assert still_desk.accessibility_faults() == []
    assert still_desk.scrolls_sideways() == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(toggle).to_be_focused()


def test_on_a_desk_the_panel_stands_open_beside_the_form(still_desk: Desk) -> None:
    still_desk.write("Sale")
    expect(still_desk.page.locator("#sheet-toggle")).to_be_hidden()
    expect(still_desk.page.locator("#sheet")).to_be_visible()


# --- a test to oneself --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_test_goes_to_own_addresses_and_what_was_written_stays(
    mailroom: Mailroom, new_desk: Callable[..., Desk], logins: dict[str, Any], truth: Truth, scripts: bool
) -> None:
    name = f"Проба {scripts}"
    desk = new_desk(mailroom, storage_state=logins[CHIEF], java_script_enabled=scripts)
    desk.open("/mailings/new/")
    for option, value in {"name": name, "phones": THREE, "mes": TEXT}.items():
        desk.option(option).fill(value)
    desk.page.locator("#test-to-me > summary").click()
    desk.option("own_addresses").fill("нет")
    desk.page.click("#do-test")
    expect(desk.page.locator("#id_own_addresses_error")).to_be_visible()
    expect(desk.page).to_have_title(re.compile("^Error:"))
    desk.option("own_addresses").fill(OWN)
    desk.page.click("#do-test")

    expect(desk.page.locator("[role=status] .alert")).to_contain_text("A test goes to 1 address of your own")
    expect(desk.option("phones")).to_have_value(THREE)
    assert eventually(lambda: truth.jobs(f"Test: {name}"))
    assert parameters(truth, f"Test: {name}")["phones"] == OWN
    assert len(truth.jobs(name)) == 1
    desk.page.get_by_role("link", name="Look at it").click()
    expect(desk.page.locator("main [data-fact=test]")).to_be_visible()


# --- a template of our own ----------------------------------------------------------------------------------


def test_a_mailing_becomes_a_template_whose_places_are_filled_in(
    still_desk: Desk, seeded: dict[str, int]
) -> None:
    page = still_desk.page
    still_desk.write("Шаблон", phones="", mes="{what} до {day}", sender="SHOP")
    page.click("button[value=draft]")
    page.wait_for_url(re.compile(r"\?draft=\d+$"))
    draft = page.url.rpartition("=")[2]
    still_desk.open(f"/mailings/{draft}/")
    page.click("#do-save_template")
    assert still_desk.accessibility_faults() == []
    page.click("main form button.btn-primary")
    expect(page.locator("h1")).to_have_text("Templates")
    assert still_desk.accessibility_faults() == []

    still_desk.open("/mailings/new/")
    still_desk.unfold(still_desk.option("own_template"))
    still_desk.option("own_template").select_option(label="Шаблон")
    page.click("button[value=own_template]")
    expect(still_desk.option("sender")).to_have_value("SHOP")
    page.get_by_label("what", exact=True).fill("Скидки")
    page.get_by_label("day", exact=True).fill("пятницы")
    page.click("#fills button")
    expect(still_desk.option("mes")).to_have_value("Скидки до пятницы")
    expect(page.locator("#fills")).to_have_count(0)


# --- by the review, every channel ---------------------------------------------------------------------------


def test_a_viber_message_takes_its_sms_along_for_those_who_have_no_viber(desk: Desk, truth: Truth) -> None:
    name = "Вайбер или SMS 🪂"
    desk.write(name, channel="viber", mes2="Запасной текст", sender2="SHOP")
    fallback = desk.option("fl[5]")
    desk.unfold(fallback)
    fallback.check()
    expect(desk.page.locator("#panel .as-seen")).to_contain_text("Запасной текст")
    desk.submit()
    desk.arrive()
    desk.sees_state("accepted")
    sent = {"viber": "1", "mes": TEXT, "mes2": "Запасной текст", "sender2": "SHOP", "fl[5]": "1"}
    assert parameters(truth, name) == parameters(truth, name) | sent


def test_a_call_says_by_which_voice_and_how_long(desk: Desk, truth: Truth) -> None:
    name = "Звонок ☎️"
    desk.write(name, channel="call", voice="w")
    expect(desk.page.locator("#panel .as-seen")).to_contain_text(re.compile(r"about \d+ s"))
    desk.submit()
    desk.arrive()
    desk.sees_state("accepted")
    assert parameters(truth, name) == parameters(truth, name) | {"call": "1", "voice": "w", "mes": TEXT}


def test_a_personal_mailing_from_a_file_goes_out_as_a_list(desk: Desk, truth: Truth, tmp_path: Path) -> None:
    name, file = "Каждому своё 🧮", tmp_path / "долги.csv"
    file.write_text("Телефон;Имя;Долг\n79990000041;Анна;117\n79990000042;Борис;20\n")
    desk.write(name, phones="", mes="{Имя}, вы должны {Долг} ₽")
    desk.option("recipients_file").set_input_files(file)
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")
    desk.review()
    expect(desk.page.locator("[data-fact=first]")).to_have_text("Анна, вы должны 117 ₽")
    desk.send_button.click()
    desk.arrive()
    desk.sees_state("accepted")
    lines = "+79990000041:Анна, вы должны 117 ₽\n+79990000042:Борис, вы должны 20 ₽"
    assert parameters(truth, name)["list"] == lines


# --- held in time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"], ids=["on its page", "from today, in Russian"])
def test_a_mailing_is_held_in_time_and_nothing_of_it_leaves(
    mailroom: Mailroom,
    new_desk: Callable[..., Desk],
    logins: dict[str, Any],
    truth: Truth,
    locale: str,
) -> None:
    name, counts = f"Придержать ✋ {locale}", re.compile(WORDS[locale].counts)
    desk = new_desk(mailroom, storage_state=logins[CHIEF], locale=locale)
    desk.url = mailroom.another_web(f"holding-{locale}", HOLD_SECONDS=HOLD_SECONDS)
    number = desk.send(name)
    desk.sees_state("queued")
    desk.sees(counts)
    for path in ("/mailings/", "/"):
        other = desk.tab()
        other.open(path)
        row = other.page.locator("[data-state=queued]", has_text=name).first
        expect(row).to_contain_text(counts)
    held, button = (other, f"#hold-{number}") if locale == "ru-RU" else (desk, "#do-hold")
    held.page.click(button)
    held.page.wait_for_url(re.compile(r"\?draft=\d+$"))
    expect(held.page.locator("[role=status] .alert")).to_contain_text(WORDS[locale].held)
    expect(held.option("mes")).to_have_value(TEXT)
    time.sleep(3)  # three sweeps
    assert truth.jobs(name) == []
    assert not [
        call for call in truth.calls("add") if any(name in value for _key, value in call["parameters"])
    ]


# --- discarded ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", list(WORDS))
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_draft_is_discarded_by_a_second_press_and_away_from_the_button_that_saves(
    still: Mailroom, new_desk: Callable[..., Desk], still_login: Any, scripts: bool, locale: str
) -> None:
    desk = new_desk(still, storage_state=still_login, java_script_enabled=scripts, locale=locale)
    desk.open("/mailings/new/")
    desk.option("name").fill("Лишнее")
    save, discard = desk.page.locator("button[value=draft]"), desk.page.locator("#discard")
    save.click()
    desk.page.wait_for_url(re.compile(r"\?draft=\d+$"))
    for width in (360, 1280):
        desk.page.set_viewport_size({"width": width, "height": 640})
        one, other = save.bounding_box(), discard.bounding_box()
        assert one
        assert other
        beside, below = other["x"] - one["x"] - one["width"], other["y"] - one["y"] - one["height"]
        assert beside >= 24 or below >= 0, (width, one, other)

    discard.click()
    expect(desk.option("name")).to_have_value("Лишнее")
    desk.page.locator("#do-discard").click()

    expect(desk.page.locator("[role=status] .alert")).to_contain_text(WORDS[locale].discarded)


# --- in two windows -----------------------------------------------------------------------------------------


def test_an_older_window_is_told_where_its_writer_is_looking_and_for_good(still_desk: Desk) -> None:
    still_desk.write("Два окна", mes="начало")
    still_desk.page.click("button[value=draft]")
    still_desk.page.wait_for_url(re.compile(r"\?draft=\d+$"))
    older = still_desk.tab()
    older.page.goto(still_desk.page.url)
    saved = "Saved just now"
    still_desk.option("mes").fill("из первого")
    expect(still_desk.page.locator("#saved")).to_contain_text(saved)
    eventually(lambda: "из первого" in still_desk.page.request.get(still_desk.page.url).text())

    text = older.option("mes")
    text.fill("из второго")
    text.scroll_into_view_if_needed()

    told = older.page.get_by_text("changed in another window")
    expect(told).to_be_in_viewport(ratio=1)
    own = older.page.locator("#form-draft").input_value()
    text.fill("и дальше")
    eventually(lambda: "и дальше" in older.page.request.get(f"{older.url}/mailings/new/?draft={own}").text())
    expect(told).to_be_in_viewport(ratio=1)
    assert older.accessibility_faults() == []
    older.page.get_by_role("button", name="Understood").click()
    expect(told).to_have_count(0)
