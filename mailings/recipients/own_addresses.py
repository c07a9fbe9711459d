"""A person's own addresses, to which tests are sent, stored for each channel."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from mailings.models import OwnAddress

AT_MOST = 5


def of(person: Any, channel: str) -> list[str]:
    """The person's addresses for a channel, in the order in which they were given."""
    kept = OwnAddress.objects.filter(person=person, channel=channel)
    return list(kept.values_list("address", flat=True))


def keep(person: Any, channel: str, addresses: Sequence[str]) -> None:
    """Store these addresses, at most AT_MOST, in place of the earlier ones."""
    if of(person, channel) == list(addresses):
        return
    with transaction.atomic():
        OwnAddress.objects.filter(person=person, channel=channel).delete()
        rows = [OwnAddress(person=person, channel=channel, address=one) for one in addresses[:AT_MOST]]
        OwnAddress.objects.bulk_create(rows, ignore_conflicts=True)
