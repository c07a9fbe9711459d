"""What became of a mailing's messages: its figures, and its people by result, a page at a time."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mailings.models import Delivery, Ending, Mailing, Recipient, Result
from mailings.models.deliveries import ENDING, moment
from mailings.models.prepared import PreparedRow, given
from mailings.models.recipients import RecipientQuerySet
from mailings.recipients import people as person
from mailings.recipients.stop_list import NotAnAddress
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import money
from mailings.wording.deliveries import NEVER_HEARD, result_label
from mailings.wording.deliveries import UNHEARD as STILL_UNHEARD

PAGE_SIZE = 50
FAILED_SHOWN = 5
# The value, in an address, of the filter for recipients without a result.
UNHEARD = "unheard"


@dataclass(frozen=True)
class Page:
    """A page of recipients, in order. `before`, `after`: positions to go on from, None at an end."""

    people: list[Recipient]
    before: int | None
    after: int | None


def filters(channel: str = "", *, final: bool = False) -> list[tuple[str, str]]:
    """The filters of the table: each its value in an address, and its label.

    `final`: nothing more will be heard.
    """
    results = [(str(one), result_label(one, channel, final=final)) for one in Result]
    return [("", _("everybody")), *results, (UNHEARD, str(NEVER_HEARD if final else STILL_UNHEARD))]


def delivery_of(mailing: Mailing) -> Delivery | None:
    """A mailing's figures, queried unless selected with it; None while nothing was ever asked."""
    found: Delivery | None = getattr(mailing, "delivery", None)
    return found if found is not None and found.as_of is not None else None


def is_final(mailing: Mailing) -> bool:
    """Whether nothing more will be heard of its messages."""
    found = delivery_of(mailing)
    return found is not None and found.final


def failed_since(moment: datetime) -> list[Delivery]:
    """The FAILED_SHOWN mailings since then with the most failures, without HLR and ping."""
    return _FAILED.all(since=moment)


def _failed() -> QuerySet[Delivery]:
    since = given(Delivery, opens__gte="since")
    told = Delivery.objects.filter(as_of__isnull=False, failed__gt=0, **since)
    sent = told.exclude(mailing__channel__in=(Channel.HLR, Channel.PING)).select_related("mailing")
    shown = sent.only("failed", "mailing__name", "mailing__state")
    return shown.order_by("-failed", "-mailing")[:FAILED_SHOWN]


_FAILED = PreparedRow(_failed)


def people(mailing: Mailing, result: str = "") -> RecipientQuerySet:
    """The recipients with this result (a `Result` or UNHEARD), in order; for any other value all of them."""
    rows = Recipient.objects.filter(mailing=mailing).order_by("position")
    if result == UNHEARD:
        return rows.filter(result="", stopped=False)
    return rows.filter(result=result) if result in Result.values else rows


def page(rows: QuerySet[Recipient], *, after: int | None = None, before: int | None = None) -> Page:
    """The page after a position, or before one. By the index, so that it is fast anywhere among a million."""
    if before is not None:
        found = list(rows.filter(position__lt=before).reverse()[: PAGE_SIZE + 1])
        more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        return Page(found, found[0].position if more else None, found[-1].position if found else None)
    if after is not None:
        rows = rows.filter(position__gt=after)
    found = list(rows[: PAGE_SIZE + 1])
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    first = found[0].position if found and after is not None else None
    return Page(found, first, found[-1].position if more else None)


def undelivered(mailing: Mailing) -> RecipientQuerySet:
    """The recipients of whom the provider says that they did not get it."""
    return people(mailing, Result.FAILED).filter(stopped=False)


def described(mailing: Mailing) -> dict[str, Any]:
    """The figures as `mailings deliveries` prints them."""
    found = delivery_of(mailing)
    if found is None:
        count = mailing.recipients_count or 0
        found = Delivery(mailing=mailing, recipients=count)
    return {
        "id": mailing.pk,
        "recipients": found.recipients,
        "delivered": found.delivered,
        "read": found.read,
        "failed": found.failed,
        "waiting": found.on_the_way,
        "unclear": found.unclear,
        "unknown": found.unknown,
        "as_of": _iso(found.as_of),
        "final": found.final,
    }


def rows_described(mailing: Mailing) -> Iterator[dict[str, Any]]:
    """One line for each recipient, in order."""
    for row in people(mailing).iterator(chunk_size=2000):
        yield {
            "recipient": row.address,
            "status": status_of(row),
            "status_code": row.status,
            "err": row.err,
            "at": _iso(moment(row.result_at)),
            "cost": money.plain(row.cost),
            "parts": row.parts,
        }


def status_of(row: Recipient) -> str | None:
    """A `Result`, or "stopped"; None while nothing is known."""
    return "stopped" if row.stopped else row.result or None


class Found(NamedTuple):
    """The recipients that a search found. `ending`: the digits, if only the ends of numbers were searched."""

    rows: QuerySet[Recipient]
    ending: str = ""


def search(mailing: Mailing, wanted: str, result: str = "", *, anywhere: bool = False) -> Found:
    """The recipients with this address, in any spelling; else those whose number ends so; else those that
    contain it.

    `anywhere`: skip the ends of numbers. For a large mailing only the last step reads all recipients.
    """
    rows = people(mailing, result)
    with contextlib.suppress(NotAnAddress):
        spellings = person.find(wanted, mailing.account.home).spellings
        # In two queries: in one, SQLite would read all recipients in order instead of sorting a few.
        whole = Recipient.objects.filter(mailing=mailing, address__in=spellings)
        if places := list(whole.values_list("position", flat=True)):
            return Found(rows.filter(position__in=places))
    plain = "".join(sign for sign in wanted if sign.isdigit())
    needle = plain if plain and "@" not in wanted else wanted.strip()
    if needle == plain and len(plain) >= ENDING and not anywhere:
        ending = _ending_in(mailing, rows, plain)
        if ending is not None and ending.exists():
            return Found(ending, plain)
    return Found(rows.filter(address__icontains=needle))


def _ending_in(mailing: Mailing, rows: RecipientQuerySet, digits: str) -> RecipientQuerySet | None:
    """The recipients whose number ends in these digits; None if the mailing has no `Ending` rows."""
    if not Delivery.objects.filter(mailing=mailing, endings=True).exists():
        return None
    there = Ending.objects.filter(mailing=mailing, ending=digits[-ENDING:])
    return rows.filter(position__in=there.values("position"), address__endswith=digits)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
