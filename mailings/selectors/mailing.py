"""What a mailing holds, for reading: its options in words, its recipients a page at a time."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from mailings.models import HourChange, Mailing, Recipient
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.wording import moments

AT_MOST = 100
# Options that are shown in a place of their own.
ELSEWHERE = frozenset({"name", "phones", "list"})
# `0` and the seconds since 1970 (the provider's page, "time", form 3).
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
    """Some of a mailing's recipients. `more`: there are others that are not shown."""

    entries: list[str]
    more: bool


def options(mailing: Mailing) -> list[OptionValue]:
    """The given options in the catalogue's order; of a draft as typed."""
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
    """The hour asked for: an absolute one on the reader's clock, others as the provider takes them."""
    if text == "0":
        return _("now")
    if STAMP.fullmatch(text):
        return moments.exact(datetime.fromtimestamp(int(text), tz=UTC))
    return text


def first_people(mailing: Mailing) -> People:
    """The first recipients, without reading all of them."""
    return find_people(mailing, "")


def find_people(mailing: Mailing, wanted: str) -> People:
    """Recipients that contain `wanted`; of a number the digits alone count, however it was written."""
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
    """The latest wish for another hour, of those that were read with the mailing."""
    return max(mailing.hour_changes.all(), key=lambda change: change.asked_at, default=None)
