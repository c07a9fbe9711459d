"""Pulls: what the provider says of messages is read page by page and written into the recipients' rows.

This is background work. Every call that a mailing needs goes first, and a budget limits the calls in an hour.
A pull that ends early keeps what it has read.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from mailings import accounts
from mailings.delivery import endings, plan, results
from mailings.delivery.match import Senders
from mailings.delivery.plan import Ask
from mailings.models import Account, Delivery, DeliveryPull, Mailing, State
from mailings.models.bulk import without_collection
from mailings.smsc.api.errors import SmscError
from mailings.smsc.api.messages import MOST_ROWS, Message, Messages

log = logging.getLogger(__name__)

HOUR = timedelta(hours=1)
KEPT = timedelta(days=60)
# An unfinished pull that began longer ago than this is taken to have died with its worker.
UNDER_WAY = timedelta(minutes=10)
GAVE_WAY, BUDGET, JOINED, STUCK = "gave_way", "budget", "joined", "stuck"


@dataclass
class Pulled:
    """What a pull has read; the fields are those of `DeliveryPull`. `ended_by`: "" if it was finished."""

    calls: int = 0
    rows: int = 0
    matched: int = 0
    changed: int = 0
    left_alone: dict[str, int] = field(default_factory=dict)
    ended_by: str = ""

    def counts(self) -> dict[str, Any]:
        return asdict(self)

    def leave(self, why: str, count: int) -> None:
        if count:
            self.left_alone[why] = self.left_alone.get(why, 0) + count


class _Stopped(Exception):
    """Ends a pull early; its text says why (a slug of this module)."""


def pull_due(account: Account) -> Pulled:
    """Ask about everything that is due, within the budget. Does nothing while another pull is under way."""
    now = timezone.now()
    lately = DeliveryPull.objects.filter(account=account, begun_at__gt=now - UNDER_WAY, ended_at=None)
    if lately.exists():
        return Pulled(ended_by=JOINED)
    DeliveryPull.objects.filter(account=account, begun_at__lt=now - KEPT).delete()
    plan.enrol(account)
    endings.keep(account)
    meant = plan.due(account, now)
    if not meant:
        return Pulled()
    result = _pull(account, plan.asks(meant, now), behind=True)
    if not result.ended_by:
        plan.reschedule(meant, now)
    return result


def pull(account: Account, start: date, end: date) -> Pulled:
    """Read these days now (both included), because somebody asks for it; no budget holds."""
    plan.enrol(account)
    now = timezone.now()
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    meant = plan.due(account, now)
    mail = Delivery.objects.filter(account=account, mailing__channel="mail").exists()
    kinds = (False, True) if mail else (False,)
    found = _pull(account, [Ask(day, day, kind) for day in reversed(days) for kind in kinds], behind=False)
    if not found.ended_by:
        plan.reschedule(plan.fully_read(meant, days, now), now)
    return found


def calls_left(account: Account) -> int:
    """How many calls of the budget are left. Of a pull that ran in the last hour all calls count."""
    since = timezone.now() - HOUR
    lately = DeliveryPull.objects.filter(Q(begun_at__gt=since) | Q(ended_at__gt=since), account=account)
    return max(plan.CALLS_AN_HOUR - int(lately.aggregate(calls=Sum("calls"))["calls"] or 0), 0)


def _pull(account: Account, asks: Sequence[Ask], *, behind: bool) -> Pulled:
    result, begun = Pulled(), timezone.now()
    kept = DeliveryPull.objects.create(account=account, begun_at=begun)
    touched, read = set[int](), set[int]()
    try:
        for ask in asks:
            senders = _read(kept, ask, result, touched, behind=behind)
            read |= set(senders.by_id) if ask.mailing is None else {ask.mailing}
    except (accounts.CannotCall, SmscError, _Stopped) as why:
        result.ended_by = str(why)[:200]
        log.info("Deliveries of account %s were read in part: %s", account.pk, why)
    finally:
        results.count(touched, begun)
        if not result.ended_by:
            results.mark_unchanged(read - touched, begun)
        for name, value in result.counts().items():
            setattr(kept, name, value)
        kept.ended_at = timezone.now()
        kept.save()
    return result


def _read(kept: DeliveryPull, ask: Ask, result: Pulled, touched: set[int], *, behind: bool) -> Senders:
    """Read one list to its end, one page a call. Returns the mailings that may have sent what is in it.

    Adds to `result`, and to `touched` the mailings whose results may have changed.
    """
    account, senders, before = kept.account, None, None
    while True:
        if behind and not calls_left(account):
            raise _Stopped(BUDGET)
        if behind and _something_waits(account):
            raise _Stopped(GAVE_WAY)
        page = _ask(kept, ask, before, result, patient=not behind or result.calls > 0)
        senders = _senders(account, ask, senders)
        with without_collection():
            news = results.news(account, page.messages)
            found = senders.match(news)
            saved = results.keep(account, senders, found)
        touched |= saved.mailings
        result.rows += page.rows
        result.matched += saved.matched + _different(page.messages) - _different(news)
        result.changed += saved.changed
        for why, number in (found.left_alone | {"odd": page.odd}).items():
            result.leave(why, number)
        if page.rows < MOST_ROWS:
            return senders
        if page.oldest in (None, before):
            raise _Stopped(STUCK)
        before = page.oldest


def _different(rows: Sequence[Message]) -> int:
    return len({row.int_id for row in rows})


def _senders(account: Account, ask: Ask, known: Senders | None) -> Senders:
    """The mailings that may have sent something on these days, with a day to spare on either side.

    To be called after each answer, since it may hold messages of mailings that were handed over during the
    call. `known`: those found before. They are read anew if there is a new mailing, or if one of them had no
    job's id yet.
    """
    if not plan.enrol(account, plan.LATELY) and known is not None and all(known.by_job):
        return known
    first = datetime.combine(ask.start, datetime.min.time(), UTC) - timedelta(days=1)
    return Senders(account, first, datetime.combine(ask.end, datetime.min.time(), UTC) + timedelta(days=2))


def _ask(kept: DeliveryPull, ask: Ask, before: int | None, result: Pulled, *, patient: bool) -> Messages:
    """One call. It is counted before it is made, since a call counts even if its worker dies.

    `patient`: wait until the same call may be made again, instead of a few seconds.
    """
    account = kept.account
    whom = hashlib.blake2b(",".join(ask.addresses).encode(), digest_size=8).hexdigest()
    distinct = (f"{ask.start:%d.%m.%Y}-{ask.end:%d.%m.%Y}", str(ask.mail), str(before), whom)
    wait = settings.SAME_REQUEST_SECONDS + 5 if patient else 5.0
    with accounts.slot(account, "messages", *distinct, wait=wait) as client:
        result.calls += 1
        DeliveryPull.objects.filter(pk=kept.pk).update(calls=result.calls)
        return client.messages(ask.start, ask.end, addresses=ask.addresses, mail=ask.mail, before=before)


def _something_waits(account: Account) -> bool:
    """Whether a mailing waits for a call of this account, which has to go first."""
    now = timezone.now()
    ready = Q(state=State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=now))
    wished = ~Q(wish="") & (Q(wish_next_at=None) | Q(wish_next_at__lte=now))
    return Mailing.objects.filter(ready | wished, account=account).exists()
