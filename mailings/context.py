"""What base.html shows around every page: menu, account, the reader's zone, warnings."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from mailings import health, rights
from mailings.models import Account
from mailings.models.prepared import PreparedRow
from mailings.wording import moments

# The time zones of the menu. The reader's present zone is added if it is another one.
ZONES = (
    "UTC", "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk",
    "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok",
    "Asia/Magadan", "Asia/Kamchatka", "Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "Asia/Yerevan",
    "Asia/Baku", "Asia/Tbilisi", "Europe/Berlin", "Europe/London", "Asia/Dubai", "America/New_York",
)  # fmt: skip
# Label and icon by URL name.
MENU = {
    "today": (_lazy("Today"), "sun"),
    "history": (_lazy("History"), "queue-list"),
    "people": (_lazy("People"), "users"),
    "compose": (_lazy("New mailing"), "plus"),
}

_ACCOUNTS = PreparedRow(lambda: Account.objects.order_by("id"))


@dataclass(frozen=True)
class Entry:
    """One link of the main menu."""

    label: str
    url: str
    icon: str
    current: bool


class May(dict[str, bool]):
    """By URL name: whether this reader may open it. Found out when it is asked for."""

    def __init__(self, user: Any) -> None:
        super().__init__()
        self._user = user

    def __missing__(self, name: str) -> bool:
        self[name] = rights.may(self._user, name)
        return self[name]


class Frame:
    """Read by base.html. Properties, so that a page computes only what it shows."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def menu(self) -> tuple[Entry, ...]:
        allowed = tuple(name for name in MENU if self.may[name])
        return _menu(get_language(), allowed, _places().get(self.request.path))

    @cached_property
    def may(self) -> May:
        return May(getattr(self.request, "user", AnonymousUser()))  # none if refused before authentication

    @property
    def whom_to_ask(self) -> str:
        """The sentences for a reader who was refused a page."""
        return str(getattr(self.request, "whom_to_ask", ""))

    @cached_property
    def account(self) -> Account | None:
        return next(iter(self._accounts), None)

    @cached_property
    def warnings(self) -> list[str]:
        return health.warnings(self._accounts)

    @cached_property
    def _accounts(self) -> list[Account]:
        return _ACCOUNTS.all()

    @property
    def zone(self) -> str:
        return timezone.get_current_timezone_name()

    @property
    def zones(self) -> tuple[str, ...]:
        return ZONES if self.zone in ZONES else (self.zone, *ZONES)

    @property
    def words(self) -> SafeString:
        return _words(get_language(), self.zone)


@cache
def _places() -> dict[str, str]:
    """The URL names of the menu by their paths."""
    return {reverse(name): name for name in MENU}


@cache
def _menu(language: str | None, allowed: tuple[str, ...], here: str | None) -> tuple[Entry, ...]:
    """The links that a reader may follow. `here`: the URL name of the page, if the menu has it."""
    return tuple(
        Entry(str(label), reverse(name), icon, name == here)
        for name, (label, icon) in MENU.items()
        if name in allowed
    )


@lru_cache(maxsize=100)
def _words(language: str | None, zone: str) -> SafeString:
    """The texts for scripts: of ages, and of a page that cannot refresh itself (static/refresh.js)."""
    refresh = {
        "stale": _("Not refreshed since {time}: Mailroom cannot be reached. This page tries again."),
        "login": _("Not refreshed since {time}: you are no longer logged in. Load the page anew."),
        "zone": zone,
    }
    return json_script(moments.age_words(), "age-words") + json_script(refresh, "refresh-words")


def frame(request: HttpRequest) -> dict[str, Frame]:
    return {"frame": Frame(request)}
