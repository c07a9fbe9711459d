"""A person's page: every mailing that had the address, with the text and what became of the message."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from mailings.models import Mailing, Recipient, SavedList, StopEntry
from mailings.models.deliveries import moment
from mailings.recipients import people, saved_lists
from mailings.selectors import deliveries

AT_MOST = 200


@dataclass(frozen=True)
class Place:
    """One mailing of a person. `text`: what they were sent. `row`: their recipient row, with the result.

    `final`: nothing more will be heard of it.
    """

    mailing: Mailing
    text: str
    at: datetime
    stopped: bool
    row: Recipient
    final: bool


@dataclass(frozen=True)
class Found:
    """A person. `places`: their mailings. `stops`: their stop list entries. `lists`: lists with them."""

    address: str
    places: list[Place]
    more: bool
    stops: list[StopEntry]
    lists: list[SavedList]


def find(value: str, country: str) -> Found:
    """The person with this number, address or name. Raises stop_list.NotAnAddress if it is none of these."""
    person = people.find(value, country)
    rows = list(people.recipients_of(person)[: AT_MOST + 1])
    stops = StopEntry.objects.filter(address=person.address).select_related("account", "who")
    places = [
        Place(row.mailing, text_of(row), hour_of(row), row.stopped, row, deliveries.is_final(row.mailing))
        for row in rows[:AT_MOST]
    ]
    lists = list(saved_lists.of_person(person.address, country))
    return Found(person.address, places, len(rows) > AT_MOST, list(stops), lists)


def mailings_of(value: str, country: str) -> Iterable[Recipient]:
    """All of a person's recipient rows, for the command line. Raises stop_list.NotAnAddress."""
    return people.recipients_of(people.find(value, country)).iterator(chunk_size=500)


def text_of(row: Recipient) -> str:
    """The text that the person was sent: a personal one, else the mailing's."""
    return row.text if row.text is not None else str(row.mailing.options.get("mes") or "")


def hour_of(row: Recipient) -> datetime:
    """When it goes or went out; where that is not known, the mailing's creation."""
    return row.mailing.goes_out_at or row.mailing.created_at


def described(row: Recipient) -> dict[str, Any]:
    """One object of `mailings person`. `status`: None while nothing is known of the message.

    `at`: the time of that status, else the mailing's hour.
    """
    at = moment(row.result_at) or hour_of(row)
    return {
        "id": row.mailing_id,
        "name": row.mailing.name or None,
        "recipient": row.address,
        "text": text_of(row),
        "status": deliveries.status_of(row),
        "at": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def stop_entries(wanted: str) -> list[StopEntry]:
    """The newest entries of the stop list; with `wanted`, those whose address or reason contains it."""
    entries = StopEntry.objects.select_related("account", "who")
    if wanted:
        entries = entries.filter(Q(address__contains=wanted) | Q(reason__icontains=wanted))
    return list(entries[:AT_MOST])
