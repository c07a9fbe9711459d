"""A person at a browser: what they do on Mailroom's pages, and what the browser complains of."""

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.processes import PASSWORD, ROOT

CHROMIUM = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = [
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
STATUS = "#status[data-state]"
TEXT = "Привет, мир 👋"
PHONE = "+79990000001"


def chromium() -> str:
    """The browser: what CHROMIUM names, else the first that this machine has."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert found, "Chromium is missing: install the package chromium (apt-get, brew)."
    return found


class Complaints:
    """What the browser's console says of the pages of a context: errors, warnings, breaches of the policy."""

    def __init__(self, context: BrowserContext) -> None:
        self.heard: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.heard.append(str(error.error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.location['url']}: {message.text}")

    def forgive(self, part: str) -> None:
        """One complaint that was to be expected, such as a refused page."""
        (mine, *_rest) = [text for text in self.heard if part in text]
        self.heard.remove(mine)


class Desk:
    """One tab of a person's browser."""

    def __init__(self, page: Page, url: str, complaints: Complaints) -> None:
        self.page, self.url, self.complaints = page, url, complaints

    # --- getting about ------------------------------------------------------------------------------------

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def log_in(self, who: str, password: str = PASSWORD) -> None:
        self.open("/accounts/login/")
        self.page.fill("[name=login]", who)
        self.page.fill("[name=password]", password)
        self.page.click("main form button.btn-primary")

    def tab(self) -> "Desk":
        """Another tab of the same browser."""
        return Desk(self.page.context.new_page(), self.url, self.complaints)

    # --- the form -----------------------------------------------------------------------------------------

    def option(self, name: str) -> Locator:
        """The control of a provider's parameter."""
        return self.page.locator(f'#compose [data-option="{name}"]:not([type=hidden])')

    def choose_channel(self, channel: str) -> None:
        way = self.page.locator(f"#way_{channel}")
        self.unfold(way)
        way.check()
        expect(self.page.locator("#compose > input[name=shown]")).to_have_value(channel)

    def unfold(self, control: Locator) -> None:
        """Open the folds that a control lies in."""
        control.evaluate("node => { while (node = node.parentElement?.closest('details')) node.open = true }")

    def fill_in(self, **options: Any) -> None:
        """Fill the form of a new mailing; `channel` by its button, `files` as paths, others by parameter."""
        if channel := options.pop("channel", ""):
            self.choose_channel(channel)
        for name, value in options.items():
            control = self.option(name)
            self.unfold(control)
            if isinstance(value, Path):
                control.set_input_files(value)
                expect(self.page.locator("#attached-files .held")).to_contain_text(value.name)
            elif control.evaluate("node => node.localName") == "select":
                control.select_option(value)
            else:
                control.fill(value)

    @property
    def review_button(self) -> Locator:
        return self.page.locator("#compose button[name=action][value=review]")

    @property
    def send_button(self) -> Locator:
        """On the review, the one button that sends."""
        return self.page.locator("#do-send")

    def review(self) -> None:
        """From the form to its review, with all that it asks confirmed."""
        self.review_button.click()
        self.page.wait_for_url("**/review/")
        for switch in self.page.locator("[name=confirm]").all():
            switch.check()

    def submit(self) -> None:
        self.review()
        self.send_button.click()

    def write(self, name: str, **options: Any) -> None:
        """Fill in a new mailing; an SMS to one number unless the options say otherwise."""
        self.open("/mailings/new/")
        if "list" not in options and options.get("channel") != "mail":
            options.setdefault("phones", PHONE)
        if "list" not in options:
            options.setdefault("mes", TEXT)
        self.fill_in(**{"channel": options.pop("channel", ""), "name": name, **options})

    def send(self, name: str, **options: Any) -> int:
        """Make a mailing and send it; its number. The page that shows it is then watched for reloads."""
        self.write(name, **options)
        self.submit()
        return self.arrive()

    def arrive(self) -> int:
        """The number of the mailing whose page has come."""
        self.page.wait_for_url(re.compile(r"/mailings/\d+/$"))
        self.page.evaluate("window.notReloaded = true")
        return int(self.page.locator(STATUS).get_attribute("data-mailing") or 0)

    def accepted(self, name: str, **options: Any) -> int:
        """A mailing that the provider has, its page open."""
        number = self.send(name, **options)
        self.sees_state("accepted")
        return number

    # --- a mailing's page ---------------------------------------------------------------------------------

    @property
    def status(self) -> Locator:
        return self.page.locator(STATUS)

    def sees_state(self, state: str, *, within: float = 30) -> None:
        expect(self.status).to_have_attribute("data-state", state, timeout=within * 1000)

    def sees(self, text: str | re.Pattern[str], *, within: float = 30) -> None:
        expect(self.status).to_contain_text(text, timeout=within * 1000)

    def was_not_reloaded(self) -> bool:
        return bool(self.page.evaluate("window.notReloaded === true"))

    def ask_for(self, verb: str) -> None:
        """Press a mailing's button and then the one on the page that asks."""
        self.page.click(f"#do-{verb}")
        self.page.click("main form button.btn-danger")
        self.arrive()

    # --- what it is like ----------------------------------------------------------------------------------

    def accessibility_faults(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe-core finds on the page as it stands: the rule, the place, and why. All rules, or these."""
        if not self.page.evaluate("typeof window.axe === 'object'"):
            self.page.evaluate(AXE.read_text())
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{rule['id']}: {json.dumps(node['target'])}: {node['failureSummary'][:300]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def scrolls_sideways(self) -> list[str]:
        """What sticks out of the page on the right, if the page can be scrolled there."""
        return list(
            self.page.evaluate(
                """() => {
                  const root = document.documentElement;
                  if (root.scrollWidth <= root.clientWidth) return [];
                  return [...document.querySelectorAll("body *")]
                    .filter((node) => node.getBoundingClientRect().right > root.clientWidth + 1)
                    .map((node) => `${node.localName}#${node.id}.${node.className}`).slice(0, 8);
                }"""
            )
        )
