"""Every page as people meet it: by eye, by ear, by keyboard, on a telephone, without scripts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, expect

from mailings.smsc.spec.vocabulary import Channel
from tests.browser.pages import PHONE, TEXT, Desk
from tests.browser.processes import CHIEF, PASSWORD, Mailroom, Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")

WIDTHS = (1280, 360)
POLLS = re.compile(r"/status/|/rows/")
QUESTIONS = {
    "cancel": "waiting",
    "delete": "repeats",
    "withdraw": "queued",
    "release": "held overdue",
    "resolve": "unknown",
    "recipients": "accepted",
    "results": "accepted",
    "send-to-failed": "accepted",
    "template": "accepted",
    "hour": "waiting",
}


def faults(desk: Desk) -> list[str]:
    """What is wrong with the page as it stands, in light and dark, on a desk and on a telephone."""
    found: list[str] = []
    for width in WIDTHS:
        desk.page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            desk.page.emulate_media(color_scheme=scheme)
            expect(desk.page.locator("html")).to_have_attribute("data-bs-theme", scheme)
            # Dark differs in its colours alone.
            rules = [] if scheme == "light" else ["color-contrast"]
            found += [f"{width} {scheme}: {fault}" for fault in desk.accessibility_faults(rules)]
        found += [f"{width}: sticks out: {what}" for what in desk.scrolls_sideways()]
    return found


def unfold_all(desk: Desk) -> None:
    desk.page.evaluate("document.querySelectorAll('#main details').forEach((fold) => { fold.open = true })")


# --- what is there to see ---------------------------------------------------------------------------------


def test_an_answer_does_not_tell_which_server_gives_it(
    still: Mailroom, new_desk: Callable[..., Desk]
) -> None:
    desk = new_desk(still)
    assert desk.page.request.get(f"{still.url}/healthz").headers["server"] == "Mailroom"


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/login/?next=/mailings/new/"])
def test_the_login_page_is_sound(still: Mailroom, new_desk: Callable[..., Desk], path: str) -> None:
    desk = new_desk(still)
    desk.open(path)
    assert faults(desk) == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/mailings/",
        "/mailings/?q=%F0%9F%8C%B1&state=draft&state=unknown&start=2020-01-01",
        "/mailings/?q=nobody",
        "/people/",
        "/lists/",
        "/stop-list/",
        "/templates/",
        "/accounts/2fa/",
        "/accounts/password/change/",
        "/accounts/logout/",
    ],
)
def test_a_page_is_sound(still_desk: Desk, path: str) -> None:
    still_desk.open(path)
    unfold_all(still_desk)
    assert faults(still_desk) == []


def test_a_mailing_is_sound_in_every_state(still_desk: Desk, seeded: dict[str, int]) -> None:
    found: dict[str, list[str]] = {}
    for label, number in seeded.items():
        still_desk.open(f"/mailings/{number}/")
        expect(still_desk.status).to_be_visible()
        unfold_all(still_desk)
        if wrong := faults(still_desk):
            found[label] = wrong
    assert found == {}


@pytest.mark.parametrize(("verb", "label"), QUESTIONS.items())
def test_a_question_is_sound(still_desk: Desk, seeded: dict[str, int], verb: str, label: str) -> None:
    still_desk.open(f"/mailings/{seeded[label]}/{verb}/")
    assert faults(still_desk) == []


def test_the_other_questions_are_sound(still_desk: Desk, seeded: dict[str, int]) -> None:
    still_desk.open(f"/mailings/{seeded['found twice']}/resolve/")
    assert faults(still_desk) == []
    still_desk.open(f"/mailings/cancel/?id={seeded['waiting']}&id={seeded['queued']}")
    expect(still_desk.page.locator("[data-mailing]")).to_have_count(2)
    assert faults(still_desk) == []


@pytest.mark.parametrize("channel", list(Channel))
def test_composing_is_sound_with_everything_open(still_desk: Desk, channel: Channel) -> None:
    still_desk.open("/mailings/new/")
    still_desk.choose_channel(channel.value)
    unfold_all(still_desk)
    assert faults(still_desk) == []


def test_composing_is_sound_with_all_options_and_all_wrong(still_desk: Desk) -> None:
    still_desk.open("/mailings/new/")
    still_desk.fill_in(phones="+79990000001\nнет 🤷\n+79990000001", mes="«ё» 🎄", rpt="1", time="nonsense")
    still_desk.page.click("details#more > summary")
    still_desk.page.click("button[value=show_all]")
    expect(still_desk.option("hlr")).to_be_attached()
    still_desk.review_button.click()
    expect(still_desk.page.locator("#errors")).to_be_visible()
    unfold_all(still_desk)
    assert faults(still_desk) == []


def test_on_a_telephone_the_button_with_the_people_stays_at_hand(still_desk: Desk) -> None:
    still_desk.page.set_viewport_size({"width": 360, "height": 740})
    still_desk.write("Sale", phones="+79990000001, +79990000002", time_at="tomorrow 9:30")
    button = still_desk.page.locator(".compose-buttons .btn-primary")
    expect(button).to_contain_text("2 people")

    still_desk.page.evaluate("window.scrollTo(0, 0)")
    expect(button).to_be_in_viewport(ratio=1)
    still_desk.option("rpt").evaluate("node => node.closest('details').open = true")
    still_desk.option("rpt").focus()
    covered = still_desk.page.evaluate(
        """() => document.activeElement.getBoundingClientRect().bottom
              > document.querySelector(".compose-buttons").getBoundingClientRect().top"""
    )
    assert not covered
    expect(still_desk.page.locator("#when-said")).to_contain_text("09:30")
    expect(still_desk.page.locator("#saved")).to_contain_text("Saved")
    assert faults(still_desk) == []
    still_desk.option("mes").press("Control+Enter")
    still_desk.page.wait_for_url(re.compile(r"/review/$"))


@pytest.mark.parametrize("locale", ["en-GB", "ru-RU"])
def test_a_long_label_does_not_take_a_telephones_page_out_of_its_width(
    mailroom: Mailroom, new_desk: Callable[..., Desk], locale: str
) -> None:
    desk = new_desk(mailroom, locale=locale, viewport={"width": 360, "height": 740})
    desk.log_in(CHIEF)
    desk.write("Каждую неделю 📆", time_at="+90", rpt="5", rptn="3")
    desk.review()

    assert desk.scrolls_sideways() == []
    assert desk.accessibility_faults() == []


def test_a_draft_is_sound(still_desk: Desk, seeded: dict[str, int]) -> None:
    still_desk.open(f"/mailings/{seeded['draft']}/edit/")
    expect(still_desk.option("mes")).to_have_value("Привет 👋")
    assert faults(still_desk) == []


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/mailings/999999/", 404)])
def test_nothing_there_is_said_well(still_desk: Desk, path: str, status: int) -> None:
    answer = still_desk.page.goto(still_desk.url + path)
    assert answer.status == status
    expect(still_desk.page.locator("h1")).to_have_text("Not found")
    assert faults(still_desk) == []
    still_desk.complaints.forgive(str(status))


def test_not_allowed_is_said_well(plain_desk: Desk) -> None:
    answer = plain_desk.page.goto(f"{plain_desk.url}/accounts/1/probe/")
    assert answer.status == 403
    assert faults(plain_desk) == []
    plain_desk.complaints.forgive("403")


def test_a_plain_sms_takes_few_controls(desk: Desk) -> None:
    desk.open("/mailings/new/")
    shown = desk.page.evaluate(
        """() => [...new Set([...document.querySelectorAll("#compose [data-option]:not([type=hidden])")]
             .filter((control) => control.checkVisibility()).map((control) => control.name))]"""
    )
    assert {"channel", "name", "phones", "mes"} <= set(shown)
    assert len(shown) <= 8


# --- by keyboard alone ------------------------------------------------------------------------------------


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; wherever it stops on the way, it must be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(
            """(selector) => {
              const node = document.activeElement;
              const drawn = node.type === "radio" ? node.nextElementSibling : node;
              const style = getComputedStyle(drawn);
              return {
                there: node.matches(selector),
                seen: style.outlineStyle !== "none" || style.boxShadow !== "none",
                what: node.outerHTML.slice(0, 200),
              };
            }""",
            selector,
        )
        assert here["seen"], f"the focus cannot be seen on {here['what']}"
        if here["there"]:
            return
    raise AssertionError(f"Tab does not lead to {selector}")


def test_the_keyboard_alone_is_enough(
    mailroom: Mailroom, new_desk: Callable[..., Desk], truth: Truth
) -> None:
    name = "Одной клавиатурой ⌨️"
    desk = new_desk(mailroom)
    press, write = desk.page.keyboard.press, desk.page.keyboard.insert_text
    desk.open("/accounts/login/")
    desk.page.locator("body").focus()
    if not desk.page.evaluate("document.activeElement.matches('[name=login]')"):
        tab_to(desk.page, "[name=login]")
    write(CHIEF)
    tab_to(desk.page, "[name=password]")
    write(PASSWORD)
    press("Enter")
    expect(desk.page.locator("h1")).to_have_text("Today")

    tab_to(desk.page, "a[href='/mailings/new/']")
    press("Enter")
    expect(desk.page.locator("#compose")).to_be_visible()
    for option, value in {"name": name, "phones": PHONE, "mes": TEXT, "time_at": "+90"}.items():
        tab_to(desk.page, f"[data-option={option}]")
        write(value)
    tab_to(desk.page, "#compose button[value=review]")
    press("Enter")
    desk.page.wait_for_url("**/review/")
    for switch in desk.page.locator("[name=confirm]").all():
        tab_to(desk.page, f"#{switch.get_attribute('id')}")
        press("Space")
    tab_to(desk.page, "#do-send")
    press("Enter")
    desk.arrive()
    desk.sees_state("accepted")

    tab_to(desk.page, "#do-cancel")
    press("Enter")
    desk.page.wait_for_url("**/cancel/")
    tab_to(desk.page, "main form button")
    press("Enter")
    desk.arrive()
    desk.sees_state("cancelled")
    assert truth.job(name)["status"] == "cancelled"


# --- without scripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("locale", "today"), [("en-GB", "Today"), ("ru-RU", "Сегодня")])
def test_the_main_job_works_without_scripts(
    mailroom: Mailroom, new_desk: Callable[..., Desk], truth: Truth, locale: str, today: str
) -> None:
    name = f"Без скриптов 📜 {locale}"
    desk = new_desk(mailroom, java_script_enabled=False, locale=locale)
    page = desk.page

    def says(state: str) -> bool:
        page.reload()
        return desk.status.get_attribute("data-state") == state

    desk.log_in(CHIEF)
    expect(page.locator("h1")).to_have_text(today)
    desk.open("/mailings/new/")
    page.check("#way_viber")
    page.click("noscript button[value=refresh]")
    expect(page.locator("#compose > input[name=shown]")).to_have_value("viber")
    for option, value in {"name": name, "phones": PHONE, "mes": TEXT, "time_at": "+90"}.items():
        desk.option(option).fill(value)
    desk.submit()
    page.wait_for_url(re.compile(r"/mailings/\d+/$"))
    assert eventually(lambda: says("accepted"))
    page.click("#do-cancel")
    page.click("main form button.btn-danger")
    page.wait_for_url(re.compile(r"/mailings/\d+/$"))
    assert eventually(lambda: says("cancelled"))
    assert truth.job(name)["status"] == "cancelled"
    assert ["viber", "1"] in truth.job(name)["parameters"]


# --- refreshing -------------------------------------------------------------------------------------------


def test_refreshing_stops_once_nothing_is_pending(desk: Desk, truth: Truth) -> None:
    name = "Тишина 🤫"
    desk.accepted(name, time="+90")
    history = desk.tab()
    truth.fault("slow", "get", seconds=3)
    desk.ask_for("cancel")
    history.open(f"/mailings/?q={name}")
    asked: list[str] = []

    def listen(request: Request) -> None:
        if POLLS.search(request.url):
            asked.append(request.url)

    for tab in (desk, history):
        tab.page.on("request", listen)
    desk.sees_state("cancelled")
    expect(history.page.locator("tr[data-mailing]")).to_have_attribute("data-state", "cancelled")
    assert {"status", "rows"} == {url.split("?")[0].split("/")[-2] for url in asked}
    history.page.wait_for_timeout(500)
    asked.clear()
    history.page.wait_for_timeout(9000)  # over two rounds of a page that is in a hurry
    # The mailing's page is done; the list goes on listening for what is new, at its leisure.
    assert len(asked) <= 1
    assert not [url for url in asked if "/status/" in url]


def test_focus_and_scroll_survive_a_refresh(desk: Desk, truth: Truth) -> None:
    name = "Не прыгать 🦘"
    truth.fault("server_error", "get_all", count=None)
    truth.fault("cut_after_saving", "add")
    places = "[scrollY, document.querySelector('#timeline').getBoundingClientRect().top].map(Math.round)"
    desk.page.set_viewport_size({"width": 900, "height": 500})
    desk.send(name, time="+90")
    desk.sees_state("unknown")
    history = desk.tab()
    history.open(f"/mailings/?q={name}")
    row = history.page.locator("tr[data-mailing]")
    expect(row).to_have_attribute("data-state", "unknown")
    row.get_by_role("checkbox").check()
    row.get_by_role("link").focus()
    desk.page.locator("#do-delete").focus()
    desk.page.evaluate("window.scrollTo(0, 120)")
    before = desk.page.evaluate(places)
    truth.clear_faults()
    desk.sees_state("accepted")
    expect(row).to_have_attribute("data-state", "accepted")
    assert desk.page.evaluate("document.activeElement.id") == "do-delete"
    after = desk.page.evaluate(places)
    assert before[0] == after[0] or before[1] == after[1], "neither the scroll nor what is read stayed put"
    expect(row.get_by_role("checkbox")).to_be_checked()
    expect(row.get_by_role("link")).to_be_focused()


def changes(desk: Desk) -> int:
    """How many changes the form says that it has seen."""
    return int(desk.page.locator("#compose [name=version]").input_value().split(".")[2])


def test_the_panel_follows_and_a_change_of_channel_keeps_what_was_typed(desk: Desk) -> None:
    desk.write("Панель 📊", phones=f"{PHONE}\n+79990000002", mes=TEXT)
    expect(desk.page.locator("#send-label")).to_have_text("Review: 2 people")
    written = changes(desk)
    desk.choose_channel("viber")
    expect(desk.option("mes")).to_have_value(TEXT)
    assert changes(desk) > written > 0
    desk.choose_channel("mail")
    expect(desk.option("phones")).to_have_value(f"{PHONE}\n+79990000002")
    expect(desk.option("mes")).to_have_value(TEXT)


def test_the_panel_tells_a_screen_reader_how_many_people_there_are(desk: Desk) -> None:
    """It is said in a place that no answer replaces: what is replaced with its words is not read aloud."""
    desk.write("Вслух 🔊")
    voice = desk.page.locator("#announcements")
    voice.evaluate("node => { node.dataset.kept = 'yes' }")
    desk.option("phones").fill(f"{PHONE}\n+79990000002\n12")
    expect(voice).to_contain_text("People: 2, 1 wrong")
    desk.choose_channel("viber")
    expect(voice).to_have_attribute("data-kept", "yes")


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("locale", "begins"), [("en-GB", "^Error: New mailing"), ("ru-RU", "^Ошибка: ")])
def test_what_is_wrong_is_heard_first_and_all_that_was_typed_is_kept(
    mailroom: Mailroom, new_desk: Callable[..., Desk], scripts: bool, locale: str, begins: str
) -> None:
    desk = new_desk(mailroom, java_script_enabled=scripts, locale=locale)
    desk.log_in(CHIEF)
    desk.open("/mailings/new/")
    desk.option("phones").fill("12")
    desk.option("mes").fill(TEXT)
    desk.review_button.click()
    expect(desk.page).to_have_title(re.compile(begins))
    summary = desk.page.locator("[role=alert]:focus")
    expect(summary).to_be_visible()
    expect(desk.option("phones")).to_have_value("12")
    expect(desk.option("mes")).to_have_value(TEXT)
    summary.get_by_role("link").first.click()
    expect(desk.page.locator("#compose [aria-invalid=true]:focus")).to_be_visible()
