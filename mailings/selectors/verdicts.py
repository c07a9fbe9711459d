"""The results of a mailing that only checks numbers (HLR, ping), and which numbers have each."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count

from mailings.models import Mailing, Result
from mailings.models.recipients import RecipientQuerySet
from mailings.recipients import stop_list
from mailings.selectors import deliveries
from mailings.wording.deliveries import CHECKS, status_word

CERTAIN = (Result.DELIVERED, Result.READ, Result.FAILED)
SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """`key`: the provider's status number as text, for URLs. `bad`: these numbers cannot be reached."""

    key: str
    label: str
    count: int
    bad: bool


@dataclass(frozen=True)
class Preview:
    """The numbers of a selection. `first`: some of them. `stopped`: how many are on the stop list already."""

    count: int
    first: list[str]
    stopped: int


def can_take_over(mailing: Mailing) -> bool:
    """Whether the mailing checks numbers, so that its results can be taken over into lists."""
    return mailing.channel in CHECKS


def verdicts(mailing: Mailing) -> list[Verdict]:
    """The verdicts that occur, the commonest first. Recipients without a certain result are not counted."""
    rows = deliveries.people(mailing).filter(stopped=False, result__in=CERTAIN).order_by()
    counted = rows.values_list("status", "result").annotate(number=Count("pk")).order_by("-number", "status")
    return [
        Verdict(str(status), status_word(status, mailing.channel), number, result == Result.FAILED)
        for status, result, number in counted
    ]


def people_with(mailing: Mailing, keys: Collection[str]) -> RecipientQuerySet:
    """The recipients with one of these verdicts, in order."""
    meant = [int(key) for key in keys]
    return deliveries.people(mailing).filter(stopped=False, result__in=CERTAIN, status__in=meant)


def preview(mailing: Mailing, keys: Collection[str]) -> Preview:
    rows = people_with(mailing, keys)
    count, first = rows.count(), list(rows.values_list("address", flat=True)[:SHOWN])
    open_ones = stop_list.reachable(mailing).filter(pk__in=rows.order_by().values("pk")).count()
    return Preview(count, first, count - open_ones)
