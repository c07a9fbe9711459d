"""Pages left open all day: they follow by themselves, without a jump, and say so when they cannot."""

import re

import pytest
from playwright.sync_api import Request, expect

from tests.browser.pages import Desk
from tests.browser.processes import Truth

pytestmark = pytest.mark.xdist_group("browser")


def test_today_shows_an_unknown_outcome_and_counts_it_in_the_title_by_itself(
    desk: Desk, truth: Truth
) -> None:
    today = desk.tab()
    today.open("/")
    before = int((re.match(r"\((\d+)\)", today.page.title()) or ["", "0"])[1])
    today.page.evaluate("window.notReloaded = true")
    truth.fault("server_error", "get_all", count=None)
    truth.fault("cut_before_saving", "add")
    number = desk.send("Само 🪄", time="+90")
    desk.sees_state("unknown")
    expect(today.page.locator(f"#need-{number}")).to_be_visible(timeout=25_000)
    expect(today.page).to_have_title(f"({before + 1}) Mailroom")
    assert today.was_not_reloaded()


def test_the_history_counts_what_is_new_over_the_list_and_nothing_jumps(desk: Desk, truth: Truth) -> None:
    desk.accepted("Список первый 🥇", time="+90")
    history = desk.tab()
    history.open("/mailings/?q=список")
    row = history.page.locator("tr[data-mailing]")
    place = "document.querySelector('tr[data-mailing]').getBoundingClientRect().top"
    row.get_by_role("link").focus()
    before = history.page.evaluate(place)
    desk.accepted("Список второй 🥈", time="+90")
    pill = history.page.locator("#news")
    expect(pill).to_have_text("1 new", timeout=25_000)
    assert history.page.evaluate(place) == before
    expect(row.get_by_role("link")).to_be_focused()
    expect(history.page.locator("#announcements")).to_contain_text("1 new mailing")
    pill.click()
    expect(row).to_have_count(2)
    assert "q=" in history.page.url


def test_a_mailing_that_goes_out_says_so_in_the_history_and_aloud(desk: Desk, truth: Truth) -> None:
    name = "Ушла сама 🕊️"
    desk.accepted(name, time="+30")
    history = desk.tab()
    history.open("/mailings/?q=ушла")
    state = history.page.locator("tr[data-mailing] .state")
    expect(state).to_contain_text("waits", timeout=30_000)
    truth.advance(31 * 60)
    expect(state).to_contain_text("gone out", timeout=40_000)
    expect(history.page.locator("#announcements")).to_contain_text(f"{name}: gone out")


def test_a_page_that_cannot_refresh_says_since_when_and_drops_answering(desk: Desk) -> None:
    desk.open("/")
    health, notice = (
        desk.page.locator("section[aria-labelledby=health-title]"),
        desk.page.locator("#freshness"),
    )
    expect(health.locator("[data-while-fresh]")).to_be_visible()
    desk.page.context.set_offline(True)
    expect(notice).to_contain_text(re.compile(r"Not refreshed since \d\d:\d\d"), timeout=25_000)
    expect(health.locator("[data-while-stale]")).to_contain_text("not refreshed")
    expect(health.locator("[data-while-fresh]")).to_be_hidden()
    desk.page.context.set_offline(False)
    expect(notice).to_be_hidden(timeout=25_000)
    expect(health.locator("[data-while-fresh]")).to_be_visible()
    for complaint in list(desk.complaints.heard):  # of the requests that found no network
        assert "/today/" in complaint or "htmx:" in complaint
        desk.complaints.forgive(complaint)


def test_a_login_that_ran_out_is_said_and_swaps_nothing_in(desk: Desk) -> None:
    desk.open("/")
    desk.page.context.clear_cookies(name=re.compile("session"))
    expect(desk.page.locator("#freshness")).to_contain_text("no longer logged in", timeout=25_000)
    expect(desk.page.locator("#today")).to_be_visible()
    expect(desk.page.locator("[name=password]")).to_have_count(0)


def test_a_tab_that_nobody_looks_at_asks_for_nothing(desk: Desk) -> None:
    asked: list[str] = []

    def listen(request: Request) -> None:
        # The browser takes the icon when it likes: it is none of the page's requests.
        if "/static/icon." not in request.url:
            asked.append(request.url)

    desk.open("/")
    desk.page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
    desk.page.on("request", listen)
    desk.page.wait_for_timeout(13_000)
    assert asked == []


def test_a_browser_that_lost_its_zone_reads_its_own_clock_at_once(desk: Desk) -> None:
    desk.open("/")
    zone = desk.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    desk.page.context.clear_cookies(name="timezone")
    desk.open("/mailings/")
    expect(desk.page.locator("footer")).to_contain_text(f"Times are in {zone}.")
