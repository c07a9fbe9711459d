"""Searches everything that a campaign has written for secrets, after its error paths were run."""

import json
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.urls import reverse

from mailings.models import Account, Attempt, Event, Mailing, Observation, State
from tests.faults.error_paths import ErrorPaths
from tests.faults.house import House
from tests.faults.needles import Needles

SECRETS = ("password", "key")
# These pages show phone numbers legitimately, so only the other secrets are searched for there.
PAGES_WITH_PEOPLE = frozenset({"mailing", "mailing_recipients", "compose"})
PLACES = (
    "logs and tracebacks",
    "process lists",
    "Redis",
    "pages",
    "events",
    "attempts",
    "the database (password, key)",
    "files (password, key)",
)
ROWS_OF_A_STATE = 10


def search_everywhere(needles: Needles, house: House, paths: ErrorPaths) -> None:
    _pages(needles, paths)
    _records(needles)
    _database(needles)
    needles.redis(settings.REDIS_URL)
    needles.folder("Redis", house.folder / "redis")
    needles.logs(house.logs)
    for file in (house.folder / "var").rglob("*"):
        if file.is_file() and "static" not in file.parts:
            needles.search("files (password, key)", file.name, file.read_bytes(), SECRETS)


def _pages(needles: Needles, paths: ErrorPaths) -> None:
    for name, content in paths.pages:
        needles.search("pages", name, content, SECRETS if name.startswith("compose") else ())
    browser = paths.browser()
    for name in ("today", "history", "compose", "preferences", "export", "healthz", "account_login"):
        _page(needles, browser, name)
    for state in State.values:
        rows = Mailing.objects.filter(state=state).order_by("-attempts__id")[:ROWS_OF_A_STATE]
        for pk in {row.pk for row in rows}:
            for name in ("mailing", "mailing_status", "mailing_recipients"):
                _page(needles, browser, name, pk)
    for account in Account.objects.all():
        _page(needles, browser, "admin:mailings_account_change", account.pk)


def _page(needles: Needles, browser: Any, name: str, *arguments: int) -> None:
    answer = browser.get(reverse(name, args=arguments), secure=True)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    needles.search("pages", f"{name} {arguments}", content, SECRETS if name in PAGES_WITH_PEOPLE else ())


def _records(needles: Needles) -> None:
    for place, model in (("events", Event), ("events", Observation), ("attempts", Attempt)):
        for row in model._default_manager.values().iterator():
            needles.search(place, f"{model.__name__} {row['id']}", _text(row))
    for account in Account.objects.values():
        needles.search("events", f"Account {account['name']}", _text(account))


def _database(needles: Needles) -> None:
    """Search every column of every table, as text."""
    model: type[Model]
    for model in apps.get_models():
        for row in model._default_manager.values().iterator():
            needles.search("the database (password, key)", model.__name__, _text(row), SECRETS)


def _text(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row, default=str, ensure_ascii=False).encode()
