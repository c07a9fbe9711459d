"""What messages come to: a recipient's result, and a mailing's figures.

A recipient's result is certain when exactly as many messages as it gets can have been for it, each of them
for nobody else. Whatever else was seen is unclear, on everybody who may be meant. Results follow from all
that was ever seen and not from its order; seeing the same again changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min

from mailings.delivery import rows
from mailings.delivery.match import Found, Place, Senders, newness
from mailings.models import Account, Delivery, Mailing, Message, Recipient, Result
from mailings.models.deliveries import NOTHING
from mailings.models.states import UNDECIDED
from mailings.smsc.api.messages import Message as Told
from mailings.smsc.api.messages import outcome_of

ALIKE, UNLIKE = "alike", "unlike"
# So many messages whose `id` was their mailing's, and none against it, show that an account does it so.
EVIDENCE = 3
PEOPLE_AT_ONCE = 5_000
TOLD = ("last", "status", "err", "cost", "parts", "final")
MEANT = ("alone", "named", "round", "sent")


@dataclass
class Kept:
    """What was written: messages of ours, and how many of them were new or otherwise than before."""

    matched: int = 0
    changed: int = 0
    mailings: frozenset[int] = frozenset()


def news(account: Account, told: Sequence[Told]) -> list[Told]:
    """Those that are not known already, with certainty whose and as they are told of now.

    Whoever alone may have been meant stays so: a mailing that is handed over later has sent nothing before.
    """
    kept = Message.objects.filter(account=account, int_id__in=[row.int_id for row in told], alone=True)
    known = set(kept.values_list("int_id", "status", "last", "err"))
    return [row for row in told if (row.int_id, row.status, row.last or 0, row.err) not in known]


def keep(account: Account, senders: Senders, found: Found) -> Kept:
    """Write down what a page of rows comes to; all of it or nothing."""
    with transaction.atomic():
        new, changed, gone = _sorted_out(account, found.messages)
        rows.insert(new)
        rows.update(changed, (*TOLD, *MEANT))
        Message.objects.filter(pk__in=[message.pk for message in gone]).delete()
        touched = {place(message) for message in (*new, *changed, *gone)}
        touched |= _learn(account, found, {message.int_id for message in new})
        _settle(account, senders, touched)
    return Kept(
        matched=len({message.int_id for message in found.messages}),
        changed=len(touched),
        mailings=frozenset(mailing for mailing, _ in touched),
    )


def place(message: Message) -> Place:
    return message.mailing_id, message.position


def _sorted_out(
    account: Account, found: Sequence[Message]
) -> tuple[list[Message], list[Message], list[Message]]:
    """What is new, what is known and now otherwise, and who is meant no more."""
    ids = {message.int_id for message in found}
    known = {
        (row.int_id, *place(row)): row for row in Message.objects.filter(account=account, int_id__in=ids)
    }
    new, changed = [], []
    for message in found:
        before = known.pop((message.int_id, *place(message)), None)
        if before is None:
            new.append(message)
        elif _brought_up_to(before, message):
            changed.append(before)
    return new, changed, list(known.values())


def _brought_up_to(before: Message, now: Message) -> bool:
    """Take over what is newer; whether anything is."""
    fields = (*MEANT, *TOLD) if newness(now) > newness(before) else MEANT
    differs = [name for name in fields if getattr(before, name) != getattr(now, name)]
    for name in differs:
        setattr(before, name, getattr(now, name))
    return bool(differs)


def _learn(account: Account, found: Found, fresh: set[int]) -> set[Place]:
    """Whether messages bear their mailing's id here; the places where that changes what is certain."""
    before = account.message_ids
    said = [alike for number, alike in found.ids.items() if number in fresh]
    if before == UNLIKE or not (said or found.foreign):
        return set()
    account.message_ids_seen += sum(said)
    if found.foreign or not all(said):
        account.message_ids = UNLIKE
    elif account.message_ids_seen >= EVIDENCE:
        account.message_ids = ALIKE
    account.save(update_fields=["message_ids", "message_ids_seen"])
    if before == account.message_ids or ALIKE not in (before, account.message_ids):
        return set()
    doubtful = Message.objects.filter(account=account, alone=False).exclude(named="")
    return set(doubtful.values_list("mailing_id", "position"))


def _settle(account: Account, senders: Senders, touched: Iterable[Place]) -> None:
    """Bring the results of these recipients up to what is known of their messages."""
    for pk, places in groupby(sorted(touched), key=lambda one: one[0]):
        positions = [position for _, position in places]
        now = _round_now(pk)
        for at in range(0, len(positions), PEOPLE_AT_ONCE):
            _settle_some(account, pk, now, senders.most(pk), positions[at : at + PEOPLE_AT_ONCE])


def _round_now(pk: int) -> int:
    """The last round that anything was seen of; where it is a new one, everybody begins anew."""
    newest = Message.objects.filter(mailing=pk).aggregate(round=Max("round"))["round"] or 0
    if Delivery.objects.filter(mailing=pk, round__lt=newest).update(round=newest):
        Recipient.objects.filter(mailing=pk).exclude(result="").update(**NOTHING)
    return int(newest)


def _settle_some(account: Account, pk: int, now: int, most: int, positions: list[int]) -> None:
    seen = Message.objects.filter(mailing=pk, position__in=positions, round=now)
    messages: dict[int, list[Message]] = {position: [] for position in positions}
    for message in seen:
        messages[message.position].append(message)
    names = ("position", *NOTHING)
    changed = []
    for before in Recipient.objects.filter(mailing=pk, position__in=positions).values(*names):
        position = before.pop("position")
        result = result_of(messages[position], most=most, alike=account.message_ids == ALIKE)
        if result != before:
            changed.append((*result.values(), pk, position))
    rows.write_results(changed)


def result_of(messages: Sequence[Message], *, most: int, alike: bool) -> dict[str, Any]:
    """What a recipient's row holds, from everything that may have been for it in one round.

    `most`: how many messages it gets at most. `alike`: an `id` is its mailing's on this account.
    """
    if alike:
        messages = [message for message in messages if message.named != "other" or message.alone]
        messages = [message for message in messages if message.named == "this"] or messages
    if not messages:
        return dict(NOTHING)
    last = max(messages, key=lambda message: (message.sent, message.int_id))
    certain = all(message.alone or (alike and message.named == "this") for message in messages)
    outcome = outcome_of(last.status)
    if not certain or len(messages) > most or outcome is None:
        return NOTHING | {"result": str(Result.UNCLEAR)}
    return {
        "result": str(outcome),
        "status": last.status,
        "err": last.err,
        "result_at": last.last or last.sent,
        "cost": last.cost,
        "parts": last.parts,
    }


def count(mailings: Iterable[int], at: datetime) -> None:
    """Bring the figures of these mailings up to their recipients' results, as they were read at a moment."""
    for delivery in Delivery.objects.filter(mailing__in=list(mailings)).select_related("mailing"):
        figures = figures_of(delivery.mailing_id)
        delivery.rounds = earlier_rounds(delivery) if delivery.mailing.repeats else []
        for name, value in figures.items():
            setattr(delivery, name, value)
        delivery.as_of = at
        if delivery.unheard < delivery.recipients:
            doubtful = Mailing.objects.filter(pk=delivery.mailing_id, state__in=UNDECIDED)
            doubtful.filter(messages_seen=False).update(messages_seen=True)
        delivery.save(update_fields=[*figures, "rounds", "as_of"])


def still_so(mailings: Iterable[int], at: datetime) -> None:
    """All of these was read, and nothing was otherwise than before."""
    read = Delivery.objects.filter(mailing__in=list(mailings))
    count(read.filter(as_of=None).values_list("pk", flat=True), at)
    read.update(as_of=at)


def figures_of(pk: int) -> dict[str, Any]:
    """How many recipients have which result, and the provider's statuses among them."""
    grouped = Recipient.objects.filter(mailing=pk, stopped=False).values_list("result", "status")
    figures: dict[str, Any] = {str(result): 0 for result in Result} | {"recipients": 0, "reasons": {}}
    for result, status, number in grouped.annotate(number=Count("pk")).order_by():
        figures["recipients"] += number
        if result:
            figures[result] += number
        if result in (Result.FAILED, Result.READ):
            figures["reasons"][str(status)] = number
    return figures


def earlier_rounds(delivery: Delivery) -> list[dict[str, Any]]:
    """The figures of the rounds before the last one: of messages that were certainly its own."""
    told = Message.objects.filter(mailing=delivery.mailing_id, round__lt=delivery.round)
    found: dict[int, dict[str, Any]] = {}
    counted = told.values("round", "status", "alone").annotate(
        number=Count("position", distinct=True), sent=Min("sent")
    )
    for row in counted.order_by("round"):
        empty = {"round": row["round"], "sent": row["sent"]} | {str(result): 0 for result in Result}
        figures = found.setdefault(row["round"], empty)
        figures["sent"] = min(figures["sent"], row["sent"])
        outcome = outcome_of(row["status"]) if row["alone"] else None
        figures[str(outcome or Result.UNCLEAR)] += row["number"]
    return list(found.values())


def is_settled(delivery: Delivery) -> bool:
    """Whether nothing more can come: everybody was heard of, and no message of theirs is still on its way."""
    if delivery.unheard or delivery.mailing.repeats:
        return False
    return not Message.objects.filter(mailing=delivery.mailing_id, final=False).exists()
