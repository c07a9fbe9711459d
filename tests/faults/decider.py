"""Somebody who decides as the pages suggest, and submits every decision three times.

A page is opened, its text read, and its form submitted from two tabs at once. At the end all forms are
submitted again, as by the browser's Back. Each page may have an effect only once.
"""

import html
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from mailings.models import Event, EventKind
from tests.helpers.people import person

# The page says this only if two complete looks did not show the mailing.
LIKELY_ABSENT = "Two complete looks did not show it."
_FORM = re.compile(r"<form.*?</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_JOB = re.compile(r'name="remote_id" value="([0-9]+)"')
Form = dict[str, str]


class Decider:
    """`did`: the decisions, counted. `pressed`: the address and fields of every form submitted."""

    def __init__(self) -> None:
        self.did: Counter[str] = Counter()
        self.pressed: list[tuple[str, Form]] = []
        self._user = person("decider", role="staff")

    def resolve(self, pk: int) -> str:
        """Decide on an unknown mailing; returns what was done.

        Sends it again if the page says that it is very likely absent; else adopts the job that the page
        names, if it is only one; else leaves it alone.
        """
        address = reverse("resolve", args=[pk])
        page, forms = self._open(address)
        jobs = _JOB.findall(page)
        if LIKELY_ABSENT in page and "send_again" in forms:
            self._press(address, forms["send_again"])
            return self._note("sent again")
        if len(jobs) == 1 and "adopt" in forms:
            self._press(address, forms["adopt"] | {"remote_id": jobs[0]})
            return self._note("taken to be a job")
        return self._note("left alone")

    def release(self, pk: int) -> None:
        """Release a held mailing."""
        address = reverse("release", args=[pk])
        _, forms = self._open(address)
        if "" in forms:
            self._press(address, forms[""])
            self._note("released")

    def go_back(self) -> None:
        """Submit every form again, long after its page was opened."""
        for address, form in self.pressed:
            self._send(address, form)

    def twice(self, since: int) -> list[str]:
        """Pages that had an effect more than once, by events with a key above `since`."""
        kinds = (EventKind.SENT_AGAIN, EventKind.RELEASED, EventKind.PROPOSED)
        events = Event.objects.filter(pk__gt=since, kind__in=kinds, who=self._user).values_list(
            "mailing_id", "kind"
        )
        pages: Counter[str] = Counter(address for address, _ in self.pressed)
        done: Counter[str] = Counter(
            reverse("release" if kind == EventKind.RELEASED else "resolve", args=[pk]) for pk, kind in events
        )
        return [f"{address}: {done[address]} of {pages[address]}" for address in done - pages]

    def _note(self, what: str) -> str:
        self.did[what] += 1
        return what

    def _open(self, address: str) -> tuple[str, dict[str, Form]]:
        """A page's text, and its stamped forms by the value of their field `decision`."""
        page = self._browser().get(address).content.decode()
        sent = [dict(_HIDDEN.findall(form)) for form in _FORM.findall(page)]
        return html.unescape(page), {form.get("decision", ""): form for form in sent if "seen" in form}

    def _press(self, address: str, form: Form) -> None:
        self.pressed.append((address, form))
        with ThreadPoolExecutor(2) as tabs:
            list(tabs.map(self._send, [address] * 2, [form] * 2))

    def _send(self, address: str, form: Form) -> None:
        try:
            self._browser().post(address, form)
        finally:
            connection.close()

    def _browser(self) -> Browser:
        browser = Browser()
        browser.force_login(self._user)
        return browser


def newest_event() -> int:
    """The primary key of the newest event; 0 if there is none."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
