"""Somebody who looks at pages all the time: they must come, whatever befalls workers and Redis."""

import threading
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.test import Client as Browser

from tests.faults.proxy import HOST
from tests.helpers.people import person

PAGES = ("/", "/mailings/", "/mailings/new/", "/healthz")
PAUSE_SECONDS = 1.0


class Pages(threading.Thread):
    """Asks gunicorn for one page after another, logged in; counts failures and times the slowest."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.asked = self.failed = 0
        self.slowest = 0.0
        self.ended = threading.Event()
        # While the database is ended on purpose no page can come.
        self.resting = threading.Event()
        self._port = port
        browser = Browser()
        browser.force_login(person("reader"))
        name = settings.SESSION_COOKIE_NAME
        self._cookie = f"{name}={browser.cookies[name].value}"

    def run(self) -> None:
        while not self.ended.wait(PAUSE_SECONDS):
            if self.resting.is_set():
                continue
            self._ask(PAGES[self.asked % len(PAGES)])

    def _ask(self, path: str) -> None:
        self.asked += 1
        began = time.monotonic()
        request = urllib.request.Request(
            f"http://{HOST}:{self._port}{path}", headers={"Cookie": self._cookie}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                good = answer.status == 200
        except urllib.error.HTTPError as error:
            good = path == "/healthz" and error.code == 503  # Redis is away, and it says so
        except OSError:
            good = False
        self.failed += not good
        self.slowest = max(self.slowest, time.monotonic() - began)
