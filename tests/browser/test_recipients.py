"""A file of recipients from an office: uploaded, and corrected on the page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Desk
from tests.browser.processes import eventually

pytestmark = pytest.mark.xdist_group("browser")
EXCEL = (
    "Имя;Телефон;Долг\r\nАнна;8 (999) 000-00-31;117\r\nБорис;12345;20\r\n"
    "Вера;89990000032;45\r\nГлеб;нет;0\r\nДина;+7 999;5\r\n"
)


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


def test_an_office_file_is_corrected_in_place_and_its_wrong_rows_are_asked_about(
    desk: Desk, excel: Path
) -> None:
    desk.write("Office file", phones="")
    desk.option("recipients_file").set_input_files(excel)
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")
    assert rows(desk) == ["3", "5", "6"]
    assert desk.accessibility_faults() == []

    box = desk.page.get_by_label("Line 3", exact=True)
    box.fill("8 999 000-00-33")
    desk.page.locator("tr[data-line='3'] button").click()
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("3 valid")
    assert rows(desk) == ["5", "6"]
    expect(desk.page.locator("#panel [data-fact=people]")).to_have_text("3")

    desk.review_button.click()
    expect(desk.page.locator("#errors")).to_contain_text("2 rows of the file get no message")
    expect(desk.page.get_by_label("Leave these 2 out and send to the others")).not_to_be_checked()


def test_a_long_file_is_read_by_a_worker_while_its_writer_goes_on(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("".join(f"+7999{number:07}\n" for number in range(30_000)))
    desk.write("Long file", phones="")

    desk.option("recipients_file").set_input_files(path)
    desk.option("mes").fill("Written meanwhile")

    expect(desk.page.locator("[data-count=valid]")).to_contain_text("30,000 valid", timeout=60_000)
    expect(desk.option("mes")).to_have_value("Written meanwhile")
    assert eventually(lambda: "30,000 people" in desk.page.locator("#send-label").inner_text())
