"""A file of recipients from an office: uploaded, corrected on the page, and sent."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.pages import Desk
from tests.browser.processes import Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")
EXCEL = (
    "Имя;Телефон;Долг\r\nВера;89990000032;45\r\nАнна;8 (999) 000-00-31;117\r\n"
    "Борис;12345;20\r\nГлеб;нет;0\r\nДина;+7 999;5\r\n"
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


def test_an_office_file_is_corrected_in_place_and_each_gets_a_text_of_their_own(
    desk: Desk, truth: Truth, excel: Path
) -> None:
    desk.write("Office file", phones="", mes="Hi {Имя}, you owe {Долг} ₽")
    desk.option("recipients_file").set_input_files(excel)
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("2 valid")
    assert rows(desk) == ["4", "5", "6"]
    assert desk.accessibility_faults() == []

    desk.page.get_by_label("Line 4", exact=True).fill("8 999 000-00-33")
    desk.page.locator("tr[data-line='4'] button").click()
    expect(desk.page.locator("[data-count=valid]")).to_contain_text("3 valid")
    assert rows(desk) == ["5", "6"]

    desk.page.locator("#row-after").click()
    expect(desk.page.locator("[data-fact=row]")).to_contain_text("+79990000031 reads it: 2 of 3")
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
