"""One Mailroom with all its processes and one Chromium for the whole folder; a fresh tab for each test."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.pages import FLAGS, PHONE, Complaints, Desk, chromium
from tests.browser.processes import CHIEF, PASSWORD, PLAIN, Mailroom, Truth

expect.set_options(timeout=15_000)


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mailroom-browser-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="package")
def mailroom(folder: Path) -> Iterator[Mailroom]:
    """All of Mailroom, at a sandbox. At the end: no process has stumbled, and none has told a secret."""
    running = Mailroom(folder / "whole")
    yield running
    running.stop()
    assert_clean(running.log())


def assert_clean(log: str) -> None:
    told = [secret for secret in (PASSWORD, PHONE.removeprefix("+")) if secret in log]
    lines = log.splitlines()
    # Django logs a refused page (403) as a warning with its traceback.
    expected = " WARNING django.request Forbidden (Permission denied)"
    stumbled = [
        number
        for number, line in enumerate(lines)
        if ("Traceback" in line or " ERROR " in line) and expected not in line
    ]
    assert not told, "a log holds a password or a number"
    assert not stumbled, "\n".join(lines[stumbled[0] : stumbled[0] + 40])


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not for the whole session: Playwright's event loop in this thread would irritate Django's own tests.
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium(), args=FLAGS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield running
        running.close()


@pytest.fixture
def truth(mailroom: Mailroom) -> Iterator[Truth]:
    """The provider's truth; whatever a test ordered of it is called off at the end."""
    yield mailroom.truth
    mailroom.truth.clear_faults()
    mailroom.truth.ask("settings", {"dialect": "plain"})


@pytest.fixture
def new_desk(browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Makes a person's browser, nobody logged in. Nothing may have been complained of at the end."""
    contexts: list[BrowserContext] = []
    complaints: list[Complaints] = []

    def make(room: Mailroom, **options: Any) -> Desk:
        context = browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **options})
        contexts.append(context)
        complaints.append(Complaints(context))
        return Desk(context.new_page(), room.url, complaints[-1])

    yield make
    for context in contexts:
        context.close()
    assert [text for each in complaints for text in each.heard] == []


@pytest.fixture(scope="package")
def logins(mailroom: Mailroom, browser: Browser) -> dict[str, Any]:
    """Cookies of people who have logged in, by name."""
    return {who: cookies(browser, mailroom, who) for who in (CHIEF, PLAIN)}


def cookies(browser: Browser, room: Mailroom, who: str) -> Any:
    with browser.new_context() as context:
        desk = Desk(context.new_page(), room.url, Complaints(context))
        desk.log_in(who)
        desk.page.wait_for_selector("h1:has-text('Today')")
        return context.storage_state()


@pytest.fixture
def desk(mailroom: Mailroom, new_desk: Callable[..., Desk], logins: dict[str, Any]) -> Desk:
    """Of a person who may do everything, logged in."""
    return new_desk(mailroom, storage_state=logins[CHIEF])


@pytest.fixture
def plain_desk(mailroom: Mailroom, new_desk: Callable[..., Desk], logins: dict[str, Any]) -> Desk:
    """Of a person who may not cancel, logged in."""
    return new_desk(mailroom, storage_state=logins[PLAIN])


@pytest.fixture(scope="package")
def still(folder: Path, mailroom: Mailroom) -> Iterator[Mailroom]:
    """A Mailroom without worker and beat: whatever is put into its database stays as it is."""
    running = Mailroom(folder / "still", still=True, static=mailroom.static)
    yield running
    running.stop()
    assert_clean(running.log())


@pytest.fixture(scope="package")
def seeded(still: Mailroom) -> dict[str, int]:
    """The numbers of mailings in every state, by label (seed.py)."""
    found: dict[str, int] = json.loads(still.python("-m", "tests.browser.seed"))
    return found


@pytest.fixture(scope="package")
def still_login(still: Mailroom, seeded: dict[str, int], browser: Browser) -> Any:
    return cookies(browser, still, CHIEF)


@pytest.fixture
def still_desk(still: Mailroom, new_desk: Callable[..., Desk], still_login: Any) -> Desk:
    """Of a person who may do everything, where nothing moves."""
    return new_desk(still, storage_state=still_login)
