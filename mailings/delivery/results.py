"""What follows from messages: each recipient's result, and each mailing's figures.

A recipient's result is certain if every message that may have been for it can have been for nobody else, and
there are no more of them than it may get. Otherwise it is unclear, for everybody who may have been meant.
Results depend on everything that was ever read, not on the order; reading the same again changes nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count

from mailings.delivery import rows, shared
from mailings.delivery.match import Found, Place, Senders, newness
from mailings.delivery.rows import Meant
from mailings.delivery.texts import Texts
from mailings.models import Account, Delivery, Mailing, Message, Recipient, Result, bulk
from mailings.models.deliveries import NO_RESULT
from mailings.models.states import UNDECIDED
from mailings.smsc.api.messages import Message as Told
from mailings.smsc.api.messages import outcome_of
from mailings.smsc.spec.addresses import is_group

ALIKE, UNLIKE = "alike", "unlike"
# After so many messages whose `id` was that of their mailing's job, and none with another, this is taken to
# hold for all.
EVIDENCE = 3
PEOPLE_AT_ONCE = 5_000
# Recipients are read by a range of positions if no more than so many lie in it for each one wanted.
WIDE = 4
# The columns of `Message` that the provider's newest row decides, and those that matching decides.
TOLD = ("last", "status", "err", "cost", "parts", "final")
MEANT = ("alone", "compared", "named", "round", "sent")


class Seen(NamedTuple):
    """The columns of a `Message` that decide a recipient's result."""

    sent: int
    int_id: int
    last: int
    status: int | None
    err: int | None
    cost: Decimal | None
    parts: int | None
    alone: bool
    named: str


_SEEN = attrgetter(*Seen._fields)


@dataclass
class Kept:
    """What was stored. `matched`: how many messages may be ours. `changed`: how many recipients are affected.

    `mailings`: the primary keys of these recipients' mailings.
    """

    matched: int = 0
    changed: int = 0
    mailings: frozenset[int] = frozenset()


def news(account: Account, told: Sequence[Told]) -> list[Told]:
    """The messages that may say something new.

    Left out are those whose recipient is certain and whose row says what it said before. They need not be
    matched again: a mailing that is handed over later cannot have sent an earlier message.
    """
    known = rows.certain(account, {row.int_id for row in told})
    return [row for row in told if (row.int_id, row.status, row.last or 0, row.err) not in known]


def keep(account: Account, senders: Senders, found: Found) -> Kept:
    """Store what was found for a page, in one transaction. Pulls of the same account take turns."""
    with transaction.atomic():
        bulk.without_waiting()  # the page is read anew after a crash; the figures are written later, and wait
        held = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        write = _sorted_out(held, found.messages)
        rows.update(write.changed, (*TOLD, *MEANT))
        Message.objects.filter(pk__in=[message.pk for message in write.gone]).delete()
        touched = {place(message) for message in write.new}
        touched |= {place(message) for message in (*write.changed, *write.gone)}
        touched |= _learn(held, found, write.certain)
        unsettled = _update_results(held, senders, touched, write.new)
        rows.insert(write.new)
        touched |= _tell_apart(held, senders, unsettled)
    return Kept(
        matched=len({message.int_id for message in found.messages}),
        changed=len(touched),
        mailings=frozenset(mailing for mailing, _ in touched),
    )


def place(message: Message | Meant) -> Place:
    return message.mailing_id, message.position


@dataclass
class _Write:
    """What to store: messages that are new, changed, or to be removed (not for that recipient after all).

    `certain`: the `int_id` of each message whose recipient was not certain before.
    """

    new: list[Meant] = field(default_factory=list)
    changed: list[Message] = field(default_factory=list)
    gone: list[Message] = field(default_factory=list)
    certain: set[int] = field(default_factory=set)


def _sorted_out(account: Account, found: Sequence[Meant]) -> _Write:
    """Compare what was found with what is stored.

    A recipient who was once the only one possible stays so, even if another mailing is handed over later, or
    if a later row leaves out the text.
    """
    ids = {message.int_id for message in found}
    known = {(row.int_id, *place(row)): row for row in rows.known(account, ids)}
    owners = {row.int_id: place(row) for row in known.values() if row.alone}
    write = _Write()
    for message in found:
        owner = owners.get(message.int_id)
        if owner not in (None, place(message)):
            continue
        before = known.pop((message.int_id, *place(message)), None)
        if message.alone and owner is None:
            write.certain.add(message.int_id)
        if before is None:
            write.new.append(message)
        elif _brought_up_to(before, message):
            write.changed.append(before)
    write.gone = [row for row in known.values() if row.int_id not in owners]
    return write


def _brought_up_to(before: Message, now: Meant) -> bool:
    """Copy into `before` what is newer in `now`; returns whether anything changed."""
    meant = () if before.alone else MEANT
    fields = (*meant, *TOLD) if newness(now) > newness(before) else meant
    differs = [name for name in fields if getattr(before, name) != getattr(now, name)]
    for name in differs:
        setattr(before, name, getattr(now, name))
    return bool(differs)


def _learn(account: Account, found: Found, certain: set[int]) -> set[Place]:
    """Learn whether the `id` of a message is its mailing's on this account.

    Each message counts once, when it becomes certain whose it is. A single one with another `id` decides for
    good that it is not so. Returns the recipients whose results may change by what was learnt.
    """
    before = account.message_ids
    said = [alike for number, alike in found.ids.items() if number in certain]
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


def _update_results(
    account: Account, senders: Senders, touched: Iterable[Place], new: Iterable[Meant]
) -> set[int]:
    """Decide the results of these recipients anew from all messages, the stored and the `new` ones.

    The new ones are stored afterwards, so that they need not be read again. Returns the `int_id` of each
    message that may have been for one of them, but is not certain.
    """
    unsettled, by_mailing = set[int](), dict[int, list[Meant]]()
    for message in new:
        by_mailing.setdefault(message.mailing_id, []).append(message)
    for pk, places in groupby(sorted(touched), key=lambda one: one[0]):
        now, positions = _round_now(pk, by_mailing.get(pk, ())), [position for _, position in places]
        told: dict[int, list[Seen]] = {position: [] for position in positions}
        for message in by_mailing.get(pk, ()):
            if message.round == now:
                told[message.position].append(Seen(*_SEEN(message)))
        for at in range(0, len(positions), PEOPLE_AT_ONCE):
            some = {position: told[position] for position in positions[at : at + PEOPLE_AT_ONCE]}
            _add_stored(pk, now, some)
            _update_some(pk, some, most=senders.most(pk), alike=account.message_ids == ALIKE)
            unsettled |= {message.int_id for one in some.values() for message in one if not message.alone}
    return unsettled


def _tell_apart(account: Account, senders: Senders, int_ids: Collection[int]) -> set[Place]:
    """Decide whose these messages are as far as it follows from others; returns whose results changed."""
    if not int_ids:
        return set()
    claims, alike = shared.around(account, int_ids), account.message_ids == ALIKE
    decided = shared.told_apart(claims, cache(senders.most_ever), alike=alike)
    told: dict[int, dict[int, list[Seen]]] = {}
    for mailing, position in {claim.place for claim in claims if not claim.alone}:
        told.setdefault(mailing, {})[position] = []
    changed = set[Place]()
    for pk, messages in told.items():
        _add_stored(pk, _round_now(pk, ()), messages)
        for position, some in messages.items():
            messages[position] = list(_as_decided(some, (pk, position), decided))
        changed |= _update_some(pk, messages, most=senders.most(pk), alike=alike)
    return changed


def _as_decided(
    messages: Iterable[Seen], where: Place, decided: Mapping[tuple[int, Place], bool]
) -> Iterator[Seen]:
    for message in messages:
        mine = decided.get((message.int_id, where))
        if mine is not False:
            yield message._replace(alone=True) if mine else message


def _round_now(pk: int, new: Iterable[Meant]) -> int:
    """The last round of which a message was seen. If it is a new one, all results are cleared for it."""
    later = Message.objects.filter(mailing=pk, round__gt=0).order_by("-round")
    stored = later.values_list("round", flat=True).first() or 0
    newest = max([stored, *(message.round for message in new)])
    if Delivery.objects.filter(mailing=pk, round__lt=newest).update(round=newest):
        Recipient.objects.filter(mailing=pk).exclude(result="").update(**NO_RESULT)
    return newest


def _add_stored(pk: int, now: int, messages: dict[int, list[Seen]]) -> None:
    """Add what is stored of the round `now` to the messages of each position."""
    seen = Message.objects.filter(mailing=pk, round=now, **_among(messages))
    for place, *values in seen.values_list("position", *Seen._fields):
        if place in messages:
            messages[place].append(Seen(*values))


def _update_some(pk: int, messages: dict[int, list[Seen]], *, most: int, alike: bool) -> set[Place]:
    """Decide the results at the positions of `messages`, which has all of them; returns which changed."""
    changed = []
    known = Recipient.objects.filter(mailing=pk, **_among(messages)).values_list("position", *NO_RESULT)
    for place, *before in known:
        if place in messages:
            result = list(result_of(messages[place], most=most, alike=alike).values())
            if result != before:
                changed.append((*result, pk, place))
    rows.write_results(changed)
    return {(pk, row[-1]) for row in changed}


def _among(positions: Collection[int]) -> dict[str, Any]:
    """The filter for rows at these positions, and perhaps some others.

    A range is faster than thousands of single positions, unless too much else lies in it.
    """
    first, last = min(positions), max(positions)
    wide = last - first < WIDE * len(positions)
    return {"position__range": (first, last)} if wide else {"position__in": list(positions)}


def result_of(messages: Sequence[Seen], *, most: int, alike: bool) -> dict[str, Any]:
    """The result columns of a recipient's row, from all messages of one round that may have been for it.

    `most`: how many messages it gets at most. `alike`: on this account a message's `id` is its mailing's.
    """
    if alike:
        messages = [message for message in messages if message.named != "other" or message.alone]
        messages = [message for message in messages if message.named == "this"] or messages
    if not messages:
        return dict(NO_RESULT)
    last = max(messages, key=lambda message: (message.sent, message.int_id))
    certain = all(message.alone or (alike and message.named == "this") for message in messages)
    outcome = outcome_of(last.status)
    if not certain or len(messages) > most:
        return NO_RESULT | {"result": str(Result.UNCLEAR)}
    return {
        # What a status means that is not published is never guessed; its number is shown.
        "result": str(outcome or Result.UNCLEAR),
        "status": last.status,
        "err": last.err,
        "result_at": last.last or last.sent,
        "cost": last.cost,
        "parts": last.parts,
    }


def count(mailings: Iterable[int], at: datetime) -> None:
    """Count the results of these mailings' recipients anew, and ask no more about those that are settled.

    `at`: when the results were read.
    """
    for delivery in Delivery.objects.filter(mailing__in=list(mailings)).select_related("mailing", "account"):
        figures = figures_of(delivery.mailing_id)
        figures["groups"] = groups_of(delivery.mailing, figures["recipients"])
        figures["recipients"] -= figures["groups"]
        delivery.rounds = earlier_rounds(delivery) if delivery.mailing.repeats else []
        for name, value in figures.items():
            setattr(delivery, name, value)
        delivery.as_of = at
        # Messages that were seen are evidence for the person who decides on an unknown mailing.
        if delivery.unheard < delivery.recipients:
            doubtful = Mailing.objects.filter(pk=delivery.mailing_id, state__in=UNDECIDED)
            doubtful.filter(messages_seen=False).update(messages_seen=True)
        settled = is_settled(delivery, at)
        if settled:
            delivery.final, delivery.ask_at = True, None
        delivery.save(update_fields=[*figures, "rounds", "as_of", *(("final", "ask_at") if settled else ())])


def mark_unchanged(mailings: Iterable[int], at: datetime) -> None:
    """Note that these mailings were read in full at `at` and nothing had changed.

    A mailing whose hours had not begun is left out, since there was nothing to read.
    """
    read = Delivery.objects.filter(mailing__in=list(mailings), opens__lte=at)
    count(read.filter(as_of=None).values_list("pk", flat=True), at)
    read.update(as_of=at)


def figures_of(pk: int) -> dict[str, Any]:
    """The columns of `Delivery`: how many recipients there are, and how many have which result.

    `reasons`: how many of those with the result failed or read have which status of the provider.
    """
    grouped = Recipient.objects.filter(mailing=pk, stopped=False).values_list("result", "status")
    figures: dict[str, Any] = {str(result): 0 for result in Result} | {"recipients": 0, "reasons": {}}
    for result, status, number in grouped.annotate(number=Count("pk")).order_by():
        figures["recipients"] += number
        if result:
            figures[result] += number
        if result in (Result.FAILED, Result.READ):
            figures["reasons"][str(status)] = number
    return figures


def groups_of(mailing: Mailing, rows: int) -> int:
    """How many of its recipients are groups. `rows`: how many recipients it has, groups and all."""
    if mailing.recipients_count is None or mailing.recipients_count >= rows:
        return 0
    starting = Recipient.objects.filter(mailing=mailing, stopped=False, address__startswith="G")
    return sum(map(is_group, starting.values_list("address", flat=True)))


def earlier_rounds(delivery: Delivery) -> list[dict[str, Any]]:
    """The figures of each round before the last one, by what is known now.

    Each has `round`, `sent` (when its first message was sent, in seconds since 1970), and for each result how
    many recipients have it.
    """
    alike, most = delivery.account.message_ids == ALIKE, Texts(delivery.mailing.options).most
    told = Message.objects.filter(mailing=delivery.mailing_id, round__lt=delivery.round)
    found: dict[int, dict[str, Any]] = {}
    ordered = told.order_by("round", "position").values_list("round", "position", *Seen._fields)
    for (number, _), grouped in groupby(ordered.iterator(PEOPLE_AT_ONCE), key=lambda values: values[:2]):
        messages = [Seen(*values[2:]) for values in grouped]
        sent = min(message.sent for message in messages)
        empty = {"round": number, "sent": sent} | {str(result): 0 for result in Result}
        figures = found.setdefault(number, empty)
        figures["sent"] = min(figures["sent"], sent)
        result = result_of(messages, most=most, alike=alike)["result"]
        if result:
            figures[result] += 1
    return list(found.values())


def is_settled(delivery: Delivery, now: datetime) -> bool:
    """Whether nothing more can change: all recipients have results, and no message is still on its way.

    Unclear results can still become clear while the mailing's job has no known id.
    """
    # First what is known without reading messages, of which there may be a million.
    if delivery.unheard or delivery.waiting or delivery.mailing.repeats or may_follow(delivery, now):
        return False
    if delivery.unclear and not delivery.mailing.remote_id:
        return False
    return not Message.objects.filter(mailing=delivery.mailing_id, final=False).exists()


def may_follow(delivery: Delivery, now: datetime) -> bool:
    """Whether those who did not get the message may still get it by the mailing's second channel."""
    over = delivery.closes is not None and delivery.closes < now
    return bool(delivery.failed) and not over and Texts(delivery.mailing.options).most > 1
