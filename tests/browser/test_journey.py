"""An operator's journey through the real thing, held against what the provider knows of it."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.pages import PHONE, TEXT, Desk
from tests.browser.processes import CHIEF, Truth, eventually

pytestmark = pytest.mark.xdist_group("browser")


def parameters(truth: Truth, name: str) -> dict[str, str]:
    """What came of a mailing's create call at the provider, by parameter."""
    return dict(truth.job(name)["parameters"])


# --- making -------------------------------------------------------------------------------------------------


def test_logging_in_leads_to_today(mailroom: Any, new_desk: Any) -> None:
    desk = new_desk(mailroom)
    desk.log_in(CHIEF, "not this one")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    desk.log_in(CHIEF)
    expect(desk.page.locator("h1")).to_have_text("Today")


@pytest.mark.parametrize(
    ("name", "options", "sent"),
    [
        ("Весна 🌷 SMS", {"mes": TEXT}, {"phones": PHONE, "mes": TEXT}),
        ("Весна 🌷 Viber", {"channel": "viber"}, {"viber": "1", "phones": PHONE, "mes": TEXT}),
        (
            "Весна 🌷 list",
            {"list": "+79990000001:Анна, скидка ☕\n+79990000002:Борис, скидка 🚀"},
            {"list": "+79990000001:Анна, скидка ☕\n+79990000002:Борис, скидка 🚀"},
        ),
    ],
    ids=["sms", "viber", "list"],
)
def test_a_mailing_is_accepted_and_the_page_says_so_by_itself(
    desk: Desk, truth: Truth, name: str, options: dict[str, Any], sent: dict[str, str]
) -> None:
    desk.send(name, **options)
    desk.sees_state("accepted")
    job = truth.job(name)
    desk.sees(f"job {job['id']}")
    assert desk.was_not_reloaded()
    known = parameters(truth, name)
    assert known == known | sent


def test_an_email_takes_its_file_along(desk: Desk, truth: Truth, tmp_path: Path) -> None:
    file = tmp_path / "прайс 🧾.txt"
    file.write_text("Кофе 120 ₽\n")
    name = "Письмо 📎"
    desk.send(
        name,
        channel="mail",
        phones="anna@example.com",
        sender="shop@example.com",
        subj="Прайс ☕",
        mes=TEXT,
        files=file,
    )
    desk.sees_state("accepted")
    assert desk.was_not_reloaded()
    job = truth.job(name)
    assert [(one["name"], one["size"]) for one in job["files"]] == [(file.name, file.stat().st_size)]
    assert parameters(truth, name) == parameters(truth, name) | {"mail": "1", "subj": "Прайс ☕"}


def test_a_double_click_and_the_back_button_make_one_mailing(desk: Desk, truth: Truth) -> None:
    name = "Двойной щелчок 🖱"
    desk.write(name)
    desk.review()
    desk.send_button.dblclick(no_wait_after=True)
    desk.sees_state("accepted")
    number = desk.arrive()
    desk.page.go_back()  # the browser keeps no page of ours, and what was sent has no review: its page comes
    desk.sees_state("accepted")
    assert desk.arrive() == number
    desk.open(f"/mailings/?q={name}")
    expect(desk.page.locator("tr[data-mailing]")).to_have_count(1)
    assert truth.job(name)["origin"] != "elsewhere"


def test_two_tabs_make_two_mailings_but_one_of_the_same_draft(desk: Desk, truth: Truth) -> None:
    names = ["Вкладка ①", "Вкладка ②"]
    tabs = [desk, desk.tab()]
    for tab, name in zip(tabs, names, strict=True):
        tab.write(name)
    for tab in tabs:
        tab.submit()
    assert tabs[0].arrive() != tabs[1].arrive()
    for tab, name in zip(tabs, names, strict=True):
        tab.sees_state("accepted")
        assert truth.job(name)

    desk.write("Черновик в двух вкладках 📄")
    desk.page.click("button[value=draft]")
    desk.page.wait_for_url(re.compile(r"\?draft=\d+$"))
    tabs[1].page.goto(desk.page.url)
    for tab in tabs:
        tab.review()
    for tab in tabs:
        tab.send_button.click()
    assert tabs[0].arrive() == tabs[1].arrive()
    tabs[1].sees_state("accepted")
    assert truth.job("Черновик в двух вкладках 📄")


def test_a_copy_becomes_a_draft_with_all_that_was_typed(desk: Desk, truth: Truth) -> None:
    name = "Копия 🐑"
    first = desk.accepted(name, time="+90", sender="Mailroom")
    desk.page.click("#do-duplicate")
    desk.page.wait_for_url(re.compile(r"\?draft=\d+$"))
    for option, value in {
        "name": f"{name} (copy)",
        "mes": TEXT,
        "minutes": "90",
        "sender": "Mailroom",
    }.items():
        expect(desk.option(option)).to_have_value(value)
    assert len(truth.jobs(name)) == 1
    desk.fill_in(name=f"{name} вторая")
    desk.submit()
    assert desk.arrive() != first
    desk.sees_state("accepted")
    assert parameters(truth, f"{name} вторая")["sender"] == "Mailroom"


# --- watching -----------------------------------------------------------------------------------------------


def test_a_change_at_the_provider_arrives_on_the_page(desk: Desk, truth: Truth) -> None:
    name = "Через полчаса ⏳"
    desk.accepted(name, time="+30")
    desk.sees("waits")
    truth.advance(31 * 60)
    assert eventually(lambda: truth.job(name)["status"] == "gone")
    desk.sees("gone out", within=40)
    assert desk.was_not_reloaded()


def test_a_job_made_elsewhere_is_in_the_history(desk: Desk, truth: Truth) -> None:
    name = "Сделано в кабинете 🏢"
    (job,) = truth.ask("jobs", {"name": name, "recipients": 7, "age": 60})["ids"]

    def found() -> bool:
        desk.open(f"/mailings/?origin=provider&q={name}")
        return desk.page.locator("tr[data-mailing]").count() == 1

    assert eventually(found)
    row = desk.page.locator("tr[data-mailing]")
    expect(row).to_have_attribute("data-state", "accepted")
    expect(row).to_contain_text("elsewhere")
    row.get_by_role("link").click()
    desk.sees("Made elsewhere")
    desk.sees(f"job {job}")


def test_an_unknown_outcome_is_found_by_its_reference(desk: Desk, truth: Truth) -> None:
    name = "Оборвалось ✂️"
    truth.fault("server_error", "get_all", count=None)
    truth.fault("cut_after_saving", "add")
    desk.send(name)
    desk.sees_state("unknown")
    desk.sees("may or may not have it")
    desk.sees("not be sent again without you")
    history = desk.tab()
    history.open(f"/mailings/?q={name}")
    row = history.page.locator("tr[data-mailing]")
    expect(row).to_have_attribute("data-state", "unknown")

    truth.clear_faults()
    desk.sees_state("accepted")
    desk.sees(f"job {truth.job(name)['id']}")
    assert desk.was_not_reloaded()
    expect(row).to_have_attribute("data-state", "accepted")
    expect(desk.page.locator("#timeline")).to_contain_text("ound at SMS Centre")


def test_the_history_is_searched_and_filtered(desk: Desk) -> None:
    desk.accepted("Ёлка 🎄 Viber", channel="viber")
    sms = desk.accepted("Ёлка 🎄 SMS", time="+90")
    rows = desk.page.locator("tr[data-mailing]")
    desk.open("/mailings/")
    desk.page.fill("[name=q]", "ёлка 🎄")
    desk.page.press("[name=q]", "Enter")
    expect(rows).to_have_count(2)
    desk.page.select_option("[name=channel]", "sms")
    desk.page.click("form[role=search] button")
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("data-mailing", str(sms))
    desk.page.click("details.states > summary")
    desk.page.check("[name=state][value=refused]")
    desk.page.click("form[role=search] button")
    expect(desk.page.locator("main")).to_contain_text("No mailing fits this filter.")
    assert "q=" in desk.page.url


# --- taking back --------------------------------------------------------------------------------------------


def test_cancelled_is_said_only_after_a_second_look(desk: Desk, truth: Truth) -> None:
    name = "Отменить вовремя 🛑"
    desk.accepted(name, time="+90")
    truth.fault("slow", "get", seconds=4)
    desk.page.click("#do-cancel")
    expect(desk.page.locator("main")).to_contain_text(re.compile(r"\b1 recipient"))
    assert truth.job(name)["status"] == "waiting"
    desk.page.click("main form button.btn-danger")
    desk.arrive()
    assert eventually(lambda: truth.job(name)["status"] == "cancelled")
    expect(desk.status).to_have_attribute("data-state", "accepted")
    desk.sees(f"{CHIEF} asked to cancel it")
    desk.sees_state("cancelled")
    desk.sees("confirmed it on a second look")
    assert desk.was_not_reloaded()
    job = str(truth.job(name)["id"])
    (cancel,) = truth.calls("cancel", job)
    assert truth.calls("get", job)[-1]["number"] > cancel["number"]


def test_too_late_is_said(desk: Desk, truth: Truth) -> None:
    name = "Поздно 🐌"
    desk.accepted(name, time="+90")
    desk.page.click("#do-cancel")
    # when it goes out while the person still reads the question
    truth.advance(100 * 60)
    assert truth.job(name)["status"] == "gone"
    desk.page.click("main form button.btn-danger")
    desk.arrive()
    desk.sees("gone out")
    expect(desk.status).to_have_attribute("data-state", "accepted")
    assert truth.job(name)["cancelled_at"] is None


def test_a_cancel_that_cannot_be_confirmed_is_not_called_cancelled(desk: Desk, truth: Truth) -> None:
    name = "Неясно 🤷"
    desk.accepted(name, time="+90")
    truth.ask("settings", {"dialect": "strange"})
    desk.ask_for("cancel")
    desk.sees("could not confirm it")
    desk.sees("psi")
    expect(desk.status).to_have_attribute("data-state", "accepted")
    assert truth.job(name)["status"] == "cancelled"


def test_a_deleted_mailing_is_kept_for_the_record(desk: Desk, truth: Truth) -> None:
    name = "Удалить 🗑"
    number = desk.accepted(name, time="+90")
    desk.ask_for("delete")
    desk.sees_state("deleted")
    desk.sees("Kept here for the record")
    assert truth.job(name)["deleted"]
    desk.open(f"/mailings/?q={name}")
    expect(desk.page.locator(f"tr[data-mailing='{number}']")).to_have_attribute("data-state", "deleted")


def test_two_tabs_that_cancel_make_one_cancel(desk: Desk, truth: Truth) -> None:
    name = "Отмена дважды 👯"
    desk.accepted(name, time="+90")
    other = desk.tab()
    other.page.goto(desk.page.url)
    for tab in (desk, other):
        tab.page.click("#do-cancel")
    for tab in (desk, other):
        tab.page.click("main form button.btn-danger")
        tab.arrive()
    for tab in (desk, other):
        tab.sees_state("cancelled")
    assert len(truth.calls("cancel", str(truth.job(name)["id"]))) == 1


def test_who_may_not_cancel_is_not_offered_it_and_refused_it(
    desk: Desk, plain_desk: Desk, truth: Truth
) -> None:
    name = "Не для всех 🔒"
    number = desk.accepted(name, time="+90")
    plain_desk.open(f"/mailings/{number}/")
    plain_desk.sees_state("accepted")
    expect(plain_desk.page.locator("#do-cancel, #do-delete")).to_have_count(0)
    for verb in ("cancel", "delete"):
        answer = plain_desk.page.goto(f"{plain_desk.url}/mailings/{number}/{verb}/")
        assert answer.status == 403
        expect(plain_desk.page.locator("h1")).to_have_text("Not allowed")
        plain_desk.complaints.forgive("403")
    assert truth.job(name)["status"] == "waiting"


def test_another_hour_is_one_step_and_the_copy_goes_only_once_the_cancel_was_seen(
    desk: Desk, truth: Truth
) -> None:
    name = "Другой час 🕐"
    desk.accepted(name, time="+90")
    desk.page.click("#do-change_hour")
    desk.page.fill("[name=time_at]", "tomorrow 9:30")
    expect(desk.page.locator("#when-said")).to_contain_text("09:30 (your clock)")
    desk.page.click("main form button.btn-primary")
    expect(desk.page.locator("[data-hour-change]")).to_be_visible()
    desk.sees_state("cancelled")
    desk.page.click("#hour-copy")
    desk.arrive()
    desk.sees_state("accepted")
    first, copy = truth.jobs(name)
    assert (first["status"], copy["status"]) == ("cancelled", "waiting")
    assert truth.calls("get", str(first["id"]))
