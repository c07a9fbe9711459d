"""A mailing's options in words, and its first recipients or those that match a search."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from mailings.models import Attempt, HourChange, Mailing, Recipient
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.wording import moments

AT_MOST = 100
# Options that the page shows elsewhere.
ELSEWHERE = frozenset({"name", "phones", "list"})
# `0` and a Unix timestamp ("Values" in docs/provider.md).
STAMP = re.compile(r"0[1-9][0-9]{9}")
PUNCTUATION = re.compile(r"[\s()+\-.]+")


@dataclass(frozen=True)
class OptionValue:
    """An option of a mailing: the provider's name for it, ours, and its value in words."""

    name: str
    label: str
    value: str


@dataclass(frozen=True)
class People:
    """The first of a mailing's recipients. `more`: there are others that are not shown."""

    entries: list[str]
    more: bool


def options(mailing: Mailing) -> list[OptionValue]:
    """The mailing's options in the order of the catalogue; a draft's as typed."""
    given = mailing.options
    known = [name for name in OPTIONS if name in given and name not in ELSEWHERE]
    return [OptionValue(name, _(OPTIONS[name].label), _value(name, given[name])) for name in known]


def _value(name: str, value: Any) -> str:
    text = str(value)
    if name == "time":
        return _time(text)
    for choice in OPTIONS[name].choices:
        if choice.value == text:
            return _(choice.label)
    return text


def _time(text: str) -> str:
    """The hour asked for: a timestamp in the reader's zone, other forms unchanged."""
    if text == "0":
        return _("now")
    if STAMP.fullmatch(text):
        return moments.exact(datetime.fromtimestamp(int(text), tz=UTC))
    return text


def latest_attempts(mailing: Mailing, at_most: int) -> list[Attempt]:
    """The latest attempts, `at_most` so many, in the order of time."""
    return list(mailing.attempts.order_by("-begin", "-id")[:at_most])[::-1]


def first_people(mailing: Mailing) -> People:
    """The first recipients, without reading all of them."""
    return find_people(mailing, "")


def find_people(mailing: Mailing, wanted: str) -> People:
    """Recipients whose address or text contains `wanted`; a number may be written with any separators."""
    rows = Recipient.objects.filter(mailing=mailing).order_by("position")
    if wanted:
        plain = PUNCTUATION.sub("", wanted)
        needle = plain if plain.isdigit() else wanted
        rows = rows.filter(Q(address__icontains=needle) | Q(text__icontains=needle))
    entries = [_shown(row) for row in rows[: AT_MOST + 1]]
    return People(entries[:AT_MOST], more=len(entries) > AT_MOST)


def _shown(row: Recipient) -> str:
    return row.address if row.text is None else f"{row.address}: {row.text}"


def last_hour_change(mailing: Mailing) -> HourChange | None:
    """The latest change of hour. Uses `hour_changes` as prefetched with the mailing."""
    return max(mailing.hour_changes.all(), key=lambda change: change.asked_at, default=None)
