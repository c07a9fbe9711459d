"""Which of our mailings may have sent a message that the provider lists, and to which recipient.

The provider's row need not name the mailing, so account, address, hour and text are compared. All recipients
that a message may have been for are found. `results` decides which are certain, so that the order in which
messages are read does not matter. A message that no mailing of ours can have sent is not stored.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Max, Min, QuerySet

from mailings.delivery.hours import Hours, Tries, hours_of
from mailings.delivery.rows import Meant, people
from mailings.delivery.texts import Texts
from mailings.models import Account, Attempt, Delivery, Mailing, Message, Recipient
from mailings.smsc.api.messages import STATUSES
from mailings.smsc.api.messages import Message as Told
from mailings.smsc.spec.addresses import is_group

# After a create call with one of these outcomes the provider has no job of it.
NOT_SENT = (Attempt.Outcome.NOT_SENT, Attempt.Outcome.REFUSED, Attempt.Outcome.HELD)
Place = tuple[int, int]
# Spaces and punctuation that people write in a number.
_SIGNS = re.compile(r"^[\s+]+|[\s().-]+")


@dataclass(frozen=True)
class Sender:
    """A mailing that may have sent messages in the hours asked about."""

    mailing: Mailing
    hours: Hours
    texts: Texts


@dataclass
class Found:
    """What was found for one page of the provider's rows.

    `left_alone`: how many rows said too little, by the reason (see `DeliveryPull`). `ids`: for each message
    whose mailing is certain, by its `int_id`, whether the row's `id` is that mailing's. `foreign`: whether a
    row's `id` was that of a mailing which cannot have sent it.
    """

    messages: list[Meant] = field(default_factory=list)
    left_alone: dict[str, int] = field(default_factory=dict)
    ids: dict[int, bool] = field(default_factory=dict)
    foreign: bool = False

    def leave(self, why: str, count: int = 1) -> None:
        if count:
            self.left_alone[why] = self.left_alone.get(why, 0) + count


class Senders:
    """The mailings of an account that may have sent something between two moments."""

    def __init__(self, account: Account, first: datetime, last: datetime) -> None:
        self._account_id = account.pk
        kept = Delivery.objects.filter(account=account, opens__lte=last).exclude(closes__lt=first)
        rows = [one.mailing for one in kept.select_related("mailing").defer("mailing__remote")]
        tries = tries_of([row.pk for row in rows])
        self.by_id = {
            row.pk: Sender(row, hours_of(row, tries[row.pk]), Texts(row.options))
            for row in rows
            if row.pk in tries
        }
        self.by_job = {sender.mailing.remote_id: pk for pk, sender in self.by_id.items()}

    def most(self, pk: int) -> int:
        """How many messages a recipient of this mailing gets at most."""
        if pk not in self.by_id:
            return Texts(Mailing.objects.only("draft", "spec").get(pk=pk).options).most
        return self.by_id[pk].texts.most

    def most_ever(self, pk: int) -> int:
        """How many messages a recipient can have got at most, if each call that may have made a job has."""
        return self.most(pk) * possible_tries([pk]).count()

    def match(self, rows: Sequence[Told]) -> Found:
        """Every recipient that each of these messages may have been for."""
        found = Found()
        told = self._usable(rows, found)
        spelt = {row.address: forms(row.address) for row in told}
        people = self._people(spelt.values())
        for row in told:
            places = [place for form in spelt[row.address] for place in people.get(form, ())]
            self._match(row, places, found)
        return found

    def _usable(self, rows: Iterable[Told], found: Found) -> list[Told]:
        """Each message once, in its newest row. Those without an address or an hour are left out."""
        newest: dict[int, Told] = {}
        for row in rows:
            before = newest.get(row.int_id)
            if row.sent is None:
                found.leave("undated")
            elif not row.address:
                found.leave("unaddressed")
            elif before is None:
                newest[row.int_id] = row
            else:
                later, other = (row, before) if newness(row) > newness(before) else (before, row)
                # A row may leave out the text or the id: then another row of the same message has it.
                text = other.text if later.text is None else later.text
                newest[row.int_id] = later._replace(text=text, job=later.job or other.job)
        return list(newest.values())

    def _people(self, spelt: Collection[tuple[str, ...]]) -> dict[str, list[tuple[int, int, str | None]]]:
        """By address: mailing, position and own text (None: the mailing's) of each recipient who has it."""
        wanted = {form for spellings in spelt for form in spellings}
        found: dict[str, list[tuple[int, int, str | None]]] = {}
        for mailing, position, address, text in people(self.by_id, wanted):
            found.setdefault(address, []).append((mailing, position, text))
        return found

    def _match(self, row: Told, places: list[tuple[int, int, str | None]], found: Found) -> None:
        sent = datetime.fromtimestamp(row.sent or 0, UTC)
        meant, certain = dict[Place, bool](), True
        for pk, position, own in places:
            sender = self.by_id[pk]
            if not sender.hours.include(sent):
                continue
            compared = row.text is not None and (sender.texts.known or own is not None)
            if compared and not sender.texts.says(own, row.text or ""):
                continue
            meant[pk, position] = compared
            certain = certain and compared
        named = self.by_job.get(row.job) if row.job else None
        mailings = [pk for pk, _ in meant]
        self._weigh_id(row, mailings, named, found, certain=certain)
        if meant and row.status not in STATUSES:
            found.leave("status")
        alone = certain and len(meant) == 1
        for (pk, position), compared in meant.items():
            named_here = "" if named not in mailings else "this" if named == pk else "other"
            one = self._meant(row, (pk, position), sent, alone=alone, compared=compared, named=named_here)
            found.messages.append(one)

    def _meant(
        self, row: Told, place: Place, sent: datetime, *, alone: bool, compared: bool, named: str
    ) -> Meant:
        pk, position = place
        sender = self.by_id[pk]
        return Meant(
            self._account_id,
            pk,
            position,
            sender.hours.round_of(sent) if sender.hours.rounds[1:] else 0,
            row.int_id,
            row.sent or 0,
            row.last or 0,
            row.status,
            row.err,
            row.cost,
            row.parts,
            alone,
            compared,
            named,
            is_final(row.status, sender.mailing.channel),
        )

    def _weigh_id(
        self, row: Told, meant: list[int], named: int | None, found: Found, *, certain: bool
    ) -> None:
        """Note whether this row's `id` is its mailing's: that tells what `id` means on this account."""
        if certain and len(meant) == 1 and row.job and self.by_id[meant[0]].mailing.remote_id:
            found.ids[row.int_id] = named == meant[0]
        elif named is not None and named not in meant:
            found.foreign = found.foreign or not _has_groups(self.by_id[named].mailing)


def forms(address: str) -> tuple[str, ...]:
    """The spellings under which a recipient may be stored, the usual one first.

    Mailings from before numbers were stored in one form hold them as typed: without `+`, or with 8 for +7.
    """
    plain = address if address.isdecimal() else _SIGNS.sub("", address)
    if plain.isdecimal():
        old = ("8" + plain[1:],) if len(plain) == 11 and plain[0] == "7" else ()
        return (f"+{plain}", plain, *old)
    return tuple(dict.fromkeys((address.strip(), address.strip().lower(), f"@{address.strip()}")))


def is_final(status: int | None, channel: str) -> bool:
    """Whether a status is a message's last. On other channels than SMS "read" may follow "delivered"."""
    known = None if status is None else STATUSES.get(status)
    if known is None or not known.final:
        return False
    return known.word != "delivered" or channel in ("", "sms", "hlr", "ping")


def newness(row: Told | Message | Meant) -> tuple[int, int, int]:
    """A key that orders rows about the same message, the newest last.

    At the same moment a known status is newer than an unknown one, a final one newer than any other.
    """
    known = None if row.status is None else STATUSES.get(row.status)
    return (
        row.last or 0,
        -1 if known is None else int(known.final),
        -9 if row.status is None else row.status,
    )


def tries_of(mailings: Sequence[int]) -> dict[int, Tries]:
    """By mailing: when the calls began that may have created its job. Others are left out."""
    grouped = possible_tries(mailings).order_by().values_list("mailing_id")
    ends = grouped.annotate(first=Min("begin"), last=Max("begin"))
    return {mailing: Tries(first, last) for mailing, first, last in ends}


def possible_tries(mailings: Sequence[int]) -> QuerySet[Attempt]:
    """The calls that may have created a job of these mailings."""
    tries = Attempt.objects.filter(mailing__in=mailings, kind=Attempt.Kind.CREATE)
    return tries.exclude(outcome__in=NOT_SENT)


def _has_groups(mailing: Mailing) -> bool:
    """Whether it goes to groups at the provider, whose members are not known here."""
    starting = Recipient.objects.filter(mailing=mailing, address__startswith="G")
    return any(map(is_group, starting.values_list("address", flat=True)))
