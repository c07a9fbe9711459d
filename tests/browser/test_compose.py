"""Writing a mailing: few clicks, a telephone, twice the size, a test to oneself, a template, held in time."""

import gzip
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.pages import Desk
from tests.browser.processes import CHIEF, Mailroom, Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")

MOST_CLICKS, MOST_SECONDS = 4, 20
FIRST_LOAD = 150 * 1024
HOLD_SECONDS = "12"
THREE = "+79990000001\n+79990000002\n+79990000003"


def clicks_of(page: Page) -> Callable[[], int]:
    """Counts what is clicked on from now on, over all pages of the tab."""
    counted: list[int] = []
    page.expose_function("noteClick", lambda: counted.append(1))
    page.add_init_script("document.addEventListener('pointerdown', () => noteClick(), true)")
    return lambda: len(counted)


def test_a_plain_sms_to_three_pasted_numbers_takes_four_clicks_from_today(desk: Desk, truth: Truth) -> None:
    page, name = desk.page, "Три номера ⏱"
    clicks = clicks_of(page)
    desk.open("/")
    begun = time.monotonic()
    page.keyboard.press("c") if page.locator("#new-mailing").count() == 0 else page.click("#new-mailing")
    page.wait_for_url("**/mailings/new/")
    desk.option("phones").click()
    page.keyboard.insert_text(THREE)
    page.keyboard.press("Tab")
    desk.option("mes").focus()
    page.keyboard.insert_text("Привет")
    desk.option("name").focus()
    page.keyboard.insert_text(name)
    desk.review_button.click()
    page.wait_for_url("**/review/")
    desk.send_button.click()
    desk.arrive()
    assert time.monotonic() - begun < MOST_SECONDS
    assert clicks() <= MOST_CLICKS
    desk.sees_state("accepted")
    assert truth.job(name)["parameters"]["phones"].count("+7999000000") == 3


def test_the_first_load_of_the_form_weighs_little(desk: Desk) -> None:
    answers: list[Response] = []
    desk.page.on("response", answers.append)
    desk.open("/mailings/new/")
    desk.page.wait_for_load_state("networkidle")
    weight = {}
    for answer in answers:
        sizes = answer.request.sizes()
        weight[answer.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]
    assert sum(weight.values()) <= FIRST_LOAD, weight
