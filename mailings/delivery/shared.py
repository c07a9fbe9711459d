"""Whose a message was that may have been for several recipients, as far as it follows from other messages.

A mailing sends each recipient so many messages at most. If that many are certain, a further one cannot be
its. So if somebody is sent the same text again because the first did not arrive, both mailings have a result.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import NamedTuple

from mailings.delivery import rows
from mailings.delivery.match import Place
from mailings.models import Account, Message

# Rows are read for so many recipients of a mailing at once.
PEOPLE_AT_ONCE = 5_000
Slot = tuple[int, int, int]


class Claim(NamedTuple):
    """The columns of a `Message` by which it is decided whose it was."""

    int_id: int
    mailing_id: int
    position: int
    round: int
    alone: bool
    compared: bool
    named: str

    @property
    def place(self) -> Place:
        return self.mailing_id, self.position

    @property
    def slot(self) -> Slot:
        """One recipient in one round: a mailing sends there so many messages at most."""
        return self.mailing_id, self.position, self.round


_CLAIM = attrgetter(*Claim._fields)


def around(account: Account, int_ids: Iterable[int]) -> list[Claim]:
    """These messages with everybody whom they may have been for, these people's other messages, and so on.

    Messages to other addresses are never among them.
    """
    found, known = dict[int, Claim](), set[Place]()
    wanted = seen = set(int_ids)
    while wanted:
        claims = {row.pk: Claim(*_CLAIM(row)) for row in rows.known(account, wanted)}
        places = {claim.place for claim in claims.values()} - known
        known |= places
        beside = _beside(account, places)
        found |= claims | beside
        wanted = {claim.int_id for claim in beside.values() if not claim.alone} - seen
        seen = seen | wanted
    return list(found.values())


def _beside(account: Account, places: Collection[Place]) -> dict[int, Claim]:
    by_mailing: dict[int, list[int]] = {}
    for mailing, position in places:
        by_mailing.setdefault(mailing, []).append(position)
    found: dict[int, Claim] = {}
    for mailing, positions in by_mailing.items():
        for at in range(0, len(positions), PEOPLE_AT_ONCE):
            some = positions[at : at + PEOPLE_AT_ONCE]
            told = Message.objects.filter(account=account, mailing=mailing, position__in=some)
            found |= {pk: Claim(*values) for pk, *values in told.values_list("pk", *Claim._fields)}
    return found


def told_apart(
    claims: Iterable[Claim], most: Callable[[int], int], *, alike: bool
) -> dict[tuple[int, Place], bool]:
    """By message and place: whether it is that recipient's for certain (True), or cannot be (False).

    What stays open is left out. `most`: how many messages a mailing can have sent a recipient at most. All
    that follows at once is decided at once, so that the order of the claims does not matter. `alike`: where
    the message's `id` names one of the mailings, that decides, and nothing here.
    """
    unsettled: dict[int, list[Claim]] = {}
    used: Counter[Slot] = Counter()
    for claim in claims:
        if claim.alone:
            used[claim.slot] += 1
        else:
            unsettled.setdefault(claim.int_id, []).append(claim)
    if alike:
        unsettled = {
            int_id: some for int_id, some in unsettled.items() if all(one.named != "this" for one in some)
        }
    decided: dict[tuple[int, Place], bool] = {}
    while True:
        left = {int_id: _with_room(some, used, most) for int_id, some in unsettled.items()}
        for int_id, some in left.items():
            if some:
                decided |= {(int_id, one.place): False for one in unsettled[int_id] if one not in some}
        certain = [some[0] for some in left.values() if len(some) == 1 and some[0].compared]
        for claim in certain:
            decided[claim.int_id, claim.place] = True
            del unsettled[claim.int_id]
        if not certain:
            return decided
        used.update(map(attrgetter("slot"), certain))


def _with_room(claims: list[Claim], used: Counter[Slot], most: Callable[[int], int]) -> list[Claim]:
    return [claim for claim in claims if used[claim.slot] < most(claim.mailing_id)]
