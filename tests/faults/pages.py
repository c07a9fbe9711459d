"""Requests pages all the time: they must be served, whatever happens to workers and Redis."""

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
    """Requests one page after another from gunicorn, logged in; counts failures, and times the slowest."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.asked = self.failed = 0
        self.slowest = 0.0
        self.ended = threading.Event()
        # Set while the database is stopped on purpose, when no page can be served.
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
            good = path == "/healthz" and error.code == 503  # correct while Redis is away
        except OSError:
            good = False
        self.failed += not good
        self.slowest = max(self.slowest, time.monotonic() - began)
