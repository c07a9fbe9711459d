"""A file of recipients from an office: uploaded, corrected on the page, and sent."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.pages import Desk
from tests.browser.processes import Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")
EXCEL = (
    "Имя;Телефон;Долг\r\nВера;89990000032;45\r\nАнна;8 (999) 000-00-31;117\r\n"
    "Борис;12345;20\r\nГлеб;нет;0\r\nДина;+7 999;5\r\n"
)
TEXT = "Hi {Имя}, you owe {Долг} ₽"
LONGER_THAN_TYPING = 800


@pytest.fixture
def excel(tmp_path: Path) -> Path:
    """A semicolon file as Excel saves it on a Russian Windows."""
    path = tmp_path / "клиенты.csv"
    path.write_bytes(EXCEL.encode("cp1251"))
    return path


def rows(desk: Desk) -> list[str]:
    lines: list[str] = desk.page.locator(".file-problems tbody tr").evaluate_all(
        "rows => rows.map(row => row.dataset.line)"
    )
    return lines


def bring(desk: Desk, excel: Path) -> None:
    """A new mailing with the office's file: two of its rows are valid, three wrong."""
    desk.write("Office file", phones="", mes=TEXT)
    desk.option("recipients_file").set_input_files(excel)
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")
    expect(desk.page.locator("[data-fact=row]")).to_contain_text("1 of 2")


def type_in(desk: Desk, line: int, text: str) -> None:
    desk.page.get_by_label(f"Line {line}", exact=True).fill(text)


def press(desk: Desk, line: int) -> None:
    desk.page.locator(f"tr[data-line='{line}'] button").click()


class HeldUp:
    """Requests that are held up on their way to a page, until they are let go."""

    def __init__(self, desk: Desk, path: str) -> None:
        self._desk, self._free = desk, False
        self._routes: list[Route] = []
        desk.page.route(path, self._hold)

    def _hold(self, route: Route) -> None:
        if self._free:
            route.continue_()
        else:
            self._routes.append(route)

    def wait(self) -> None:
        """Until one is held."""
        until = time.monotonic() + 15
        while not self._routes:
            assert time.monotonic() < until, "nothing was asked"
            self._desk.page.wait_for_timeout(20)

    def let_go(self) -> None:
        """All that are held, and those that come."""
        self._free = True
        for route in self._routes:
            route.continue_()

    def fail(self) -> None:
        """The one that is held is answered that it came to nothing."""
        self._routes.pop().fulfill(status=500)


def test_a_row_that_was_asked_for_is_shown_though_the_panel_draws_itself_meanwhile(
    desk: Desk, excel: Path
) -> None:
    bring(desk, excel)
    held = HeldUp(desk, "**/mailings/new/preview/")
    desk.page.locator("#row-after").click()
    held.wait()

    desk.option("name").fill("Typed meanwhile")
    desk.page.wait_for_timeout(LONGER_THAN_TYPING)
    held.let_go()

    expect(desk.page.locator("[data-fact=row]")).to_contain_text("+79990000031 reads it: row 2 of 2")
    desk.page.wait_for_timeout(LONGER_THAN_TYPING)
    expect(desk.page.locator("[data-fact=row]")).to_contain_text("+79990000031 reads it: row 2 of 2")


def test_what_is_done_while_a_correction_is_on_its_way_is_done_after_it(desk: Desk, excel: Path) -> None:
    bring(desk, excel)
    held = HeldUp(desk, "**/mailings/new/")
    type_in(desk, 4, "8 999 000-00-33")
    press(desk, 4)
    held.wait()

    type_in(desk, 5, "8 999 000-00-34")
    press(desk, 5)
    desk.page.locator("#row-after").click()
    type_in(desk, 6, "not sent yet")
    desk.option("skip_wrong").check()
    held.let_go()

    expect(desk.page.locator("[data-count=valid]")).to_contain_text("4 valid")
    assert rows(desk) == ["6"]
    expect(desk.page.locator("[data-fact=row]")).to_contain_text("+79990000031 reads it: row 2 of 4")
    expect(desk.page.get_by_label("Line 6", exact=True)).to_have_value("not sent yet")
    expect(desk.option("skip_wrong")).to_be_checked()


def test_what_is_typed_for_a_row_while_another_column_is_read_is_put_to_nobody_elses(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "two.csv"
    path.write_text("Телефон;Второй\n12345;54321\n79990000001;79990000005\n79990000002;79990000006\n")
    desk.write("Two columns", phones="", mes="Hi")
    desk.option("recipients_file").set_input_files(path)
    desk.option("file_phones").select_option("Телефон")
    expect(desk.page.get_by_label("Line 2", exact=True)).to_have_value("12345")
    expect(desk.page.locator("#panel")).to_have_attribute("aria-busy", "false")
    held = HeldUp(desk, "**/mailings/new/")
    desk.option("file_phones").select_option("Второй")
    held.wait()

    type_in(desk, 2, "8 999 000-00-33")
    press(desk, 2)
    held.let_go()

    expect(desk.page.get_by_label("Line 2", exact=True)).to_have_value("54321")
    desk.page.wait_for_timeout(LONGER_THAN_TYPING)
    expect(desk.page.get_by_label("Line 2", exact=True)).to_have_value("54321")
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")


def test_an_answer_that_fails_brings_no_older_letters_back_later(desk: Desk, excel: Path) -> None:
    bring(desk, excel)
    held = HeldUp(desk, "**/mailings/new/")
    press(desk, 4)
    held.wait()
    desk.option("name").fill("Older")
    with desk.page.expect_response(re.compile("/mailings/new/$")):
        held.fail()
    with desk.page.expect_response("**/mailings/new/preview/"):
        desk.option("name").fill("Newer")
    desk.page.wait_for_timeout(LONGER_THAN_TYPING)

    expect(desk.option("name")).to_have_value("Newer")
    desk.complaints.forgive("Failed to load resource")
    desk.complaints.forgive("Response Status Error Code 500")


def test_what_is_pressed_does_not_wait_for_a_panel_that_hangs(desk: Desk, excel: Path) -> None:
    bring(desk, excel)
    panel = desk.page.locator("#panel")
    held = HeldUp(desk, "**/mailings/new/preview/")
    desk.option("name").fill("Another name")
    held.wait()
    expect(panel).to_have_attribute("aria-busy", "true")

    type_in(desk, 4, "8 999 000-00-33")
    press(desk, 4)

    expect(desk.page.locator("[data-count=valid]")).to_contain_text("3 valid")
    expect(panel).to_have_attribute("aria-busy", "true")
    held.let_go()
    expect(panel).to_have_attribute("aria-busy", "false")
    expect(desk.page.locator("#freshness")).to_be_hidden()


def test_a_panel_that_cannot_be_drawn_says_so_and_tries_again(desk: Desk) -> None:
    desk.page.clock.install()
    desk.write("Panel", mes="Before")
    panel, notice = desk.page.locator("#panel"), desk.page.locator("#freshness")
    expect(panel).to_have_attribute("aria-busy", "false")
    held = HeldUp(desk, "**/mailings/new/preview/")
    desk.option("mes").fill("After")
    held.wait()
    held.fail()
    expect(notice).to_be_visible()
    expect(panel).to_have_attribute("aria-busy", "true")

    held.let_go()
    desk.page.clock.fast_forward(10_000)

    expect(panel.locator(".as-seen-text")).to_have_text("After")
    expect(panel).to_have_attribute("aria-busy", "false")
    expect(notice).to_be_hidden()
    desk.complaints.forgive("Failed to load resource")
    desk.complaints.forgive("Response Status Error Code 500")


def test_a_file_that_is_chosen_while_the_form_is_redrawn_is_read(desk: Desk, excel: Path) -> None:
    desk.write("Office file", phones="", mes=TEXT)
    held = HeldUp(desk, "**/mailings/new/")
    desk.page.locator("#way_viber").check()
    held.wait()

    desk.option("recipients_file").set_input_files(excel)
    held.let_go()

    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")
    expect(desk.page.locator("#way_viber")).to_be_checked()


def test_an_office_file_is_corrected_in_place_and_each_gets_a_text_of_their_own(
    desk: Desk, truth: Truth, excel: Path
) -> None:
    bring(desk, excel)
    assert rows(desk) == ["4", "5", "6"]
    assert desk.accessibility_faults() == []

    type_in(desk, 4, "8 999 000-00-33")
    press(desk, 4)
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("3 valid")
    assert rows(desk) == ["5", "6"]

    desk.page.locator("#row-after").click()
    expect(desk.page.locator("[data-fact=row]")).to_contain_text("+79990000031 reads it: row 2 of 3")
    expect(desk.page.locator(".as-seen-text")).to_have_text("Hi Анна, you owe 117 ₽")

    desk.review_button.click()
    expect(desk.page.locator("#errors")).to_contain_text("2 rows of the file get no message")
    desk.page.get_by_label("Leave these 2 out and send to the others").check()
    desk.submit()
    desk.arrive()
    desk.sees_state("accepted")

    assert dict(truth.job("Office file")["parameters"])["list"].split("\n") == [
        "+79990000032:Hi Вера, you owe 45 ₽",
        "+79990000031:Hi Анна, you owe 117 ₽",
        "+79990000033:Hi Борис, you owe 20 ₽",
    ]


def test_a_long_file_is_read_by_a_worker_while_its_writer_goes_on(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("".join(f"+7999{number:07}\n" for number in range(30_000)))
    desk.write("Long file", phones="")

    desk.option("recipients_file").set_input_files(path)
    desk.option("mes").fill("Written meanwhile")

    expect(desk.page.locator("[data-count=valid]")).to_contain_text("30,000 valid", timeout=60_000)
    expect(desk.option("mes")).to_have_value("Written meanwhile")
    assert eventually(lambda: "30,000 people" in desk.page.locator("#send-label").inner_text())
