"""Prices: what a message would cost, asked of the provider by a worker and good for ten minutes.

A price is kept by the digest of what was asked: the account's login, the message's parameters, the recipients
and the files. The mailing's name is left out: a question about a price has none.
"""

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from mailings import accounts, outbox
from mailings.lookups.catalogs import slug
from mailings.models import Account, Mailing, Quote, Waiting
from mailings.outbox import notify
from mailings.smsc.api.answers import Price
from mailings.smsc.api.body import FormBody
from mailings.smsc.api.client import Param, Upload
from mailings.smsc.api.errors import SmscError
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.spec import Spec

# How long a price is good for, and after how long its row is deleted.
FRESH = timedelta(minutes=10)
KEPT = timedelta(days=1)
# After this long a question without an answer counts as lost with its worker.
LOST_AFTER = timedelta(minutes=5)
# An answer that takes longer is given up: it holds one of the account's calls.
ANSWER_SECONDS = 20.0
# How long a call waits for one of the account's permits.
PATIENCE_SECONDS = 5.0
# So many prices of one account are asked at once; the other permits are for mailings.
AT_ONCE = 2
# Without a draft the recipients are stored in the quote's row: with more of them the draft is saved first.
MOST_PEOPLE = 20_000
# Reasons without a call that end by themselves soon, and after how long a price is then asked again.
SOON_AGAIN = timedelta(seconds=3)
PASSING = frozenset({Waiting.GATE, Waiting.SHUT, Waiting.REDIS})


def known(account: Account, digest: str) -> Quote | None:
    """What was asked for this message (`digest_of`) in the last ten minutes, answered or not."""
    found = Quote.objects.filter(account=account, digest=digest).first()
    return found if found and timezone.now() - (found.answered_at or found.asked_at) < FRESH else None


def want(account: Account, spec: Spec) -> Quote:
    """The price of a message that is not saved: a worker asks it, unless it is known or was just asked for.

    ValueError when the recipients are too many, or files have to go along.
    """
    if not travels(spec):
        raise ValueError("save it first: this cannot be asked without its draft")
    asked = [[name, _plain(value)] for name, value in params(spec)]
    return _wanted(account, digest_of(account, spec), asked=asked, mailing=None)


def want_for(mailing: Mailing, digest: str) -> Quote:
    """The same for a draft that has a spec; `digest`: that of its request."""
    return _wanted(mailing.account, digest, asked=[], mailing=mailing)


def _wanted(account: Account, digest: str, **what: Any) -> Quote:
    now = timezone.now()
    Quote.objects.filter(asked_at__lt=now - KEPT).delete()
    fields = {**what, "asked_at": now}
    quote, made = Quote.objects.get_or_create(account=account, digest=digest, defaults=fields)
    if not made:
        if _stands(quote, now):
            return quote
        again = Quote.objects.filter(pk=quote.pk, asked_at=quote.asked_at)
        emptied = {"begun_at": None, "answered_at": None, "cost": None, "messages": None}
        again.update(**fields, **emptied, trouble="", words="")
        quote.refresh_from_db()
    notify.send("price", quote.pk)
    return quote


def _stands(quote: Quote, now: datetime) -> bool:
    """Whether it need not be asked anew, or may not be yet."""
    if quote.answered_at is None:
        return now - quote.asked_at < timedelta(seconds=settings.PROVIDER_TOTAL_SECONDS)
    if not quote.trouble:
        return now - quote.answered_at < FRESH
    passing = quote.trouble in PASSING
    pause = SOON_AGAIN if passing else timedelta(seconds=settings.SAME_REQUEST_SECONDS)
    return now - quote.answered_at < pause


def answer(quote_id: int) -> None:
    """Ask the provider for a price that is wanted, once; what came of it is written to its row."""
    now = timezone.now()
    if not Quote.objects.filter(pk=quote_id, begun_at=None).update(begun_at=now):
        return
    quote = Quote.objects.select_related("account", "mailing").get(pk=quote_id)
    since = now - timedelta(seconds=ANSWER_SECONDS + PATIENCE_SECONDS)
    others = Quote.objects.filter(account=quote.account, answered_at=None, begun_at__gt=since)
    if others.exclude(pk=quote.pk).count() >= AT_ONCE:
        _store(quote, accounts.CannotCall(Waiting.GATE))
        return
    request = _request(quote)
    if request is None:
        quote.delete()
        return
    try:
        _store(quote, _ask(quote.account, quote.digest, *request, wait=PATIENCE_SECONDS))
    except (SmscError, accounts.CannotCall) as error:
        _store(quote, error)


def clear_away() -> None:
    """Delete old prices, and take numbers and texts out of questions that were never answered."""
    now = timezone.now()
    Quote.objects.filter(asked_at__lt=now - KEPT).delete()
    lost = Quote.objects.filter(answered_at=None, asked_at__lt=now - LOST_AFTER)
    lost.update(asked=[], trouble=Waiting.GATE, answered_at=now)


def price(account: Account, spec: Spec, uploads: Sequence[Upload] = (), *, wait: float = 0.0) -> Price:
    """The price, asked now. Within the gap between identical calls the last answer to the same one is given.

    Raises the errors of the client, and CannotCall.
    """
    digest, now = digest_of(account, spec), timezone.now()
    lately = now - timedelta(seconds=settings.SAME_REQUEST_SECONDS)
    same = Quote.objects.filter(account=account, digest=digest, answered_at__gt=lately, trouble="").first()
    if same is not None and same.cost is not None:
        return Price(same.cost, same.messages, None)
    found = _ask(account, digest, params(spec), uploads, wait=wait)
    fields = {"asked_at": now, "begun_at": now, "asked": [], "mailing": None}
    quote, _made = Quote.objects.update_or_create(account=account, digest=digest, defaults=fields)
    _store(quote, found)
    return found


def travels(spec: Spec) -> bool:
    """Whether its price can be asked without a draft: few recipients, no files, no bytes."""
    people = len(spec.phones) + (spec.recipients if "list" in spec.options else 0)
    raw = any(isinstance(value, bytes) for _name, value in params(spec))
    return people <= MOST_PEOPLE and not spec.files and not raw


def params(spec: Spec) -> list[Param]:
    """What is asked: the mailing's parameters without its name."""
    return [(name, value) for name, value in spec.wire("") if name != "name"]


def digest_of(account: Account, spec: Spec, more: str = "") -> str:
    """A name for what is asked, the same for the same request of one login: 32 hex digits.

    `more`: what names the recipients that are not in the spec (`Chosen.fingerprint`).
    """
    digest = hashlib.blake2b(account.identity.encode(), digest_size=16)
    for piece in FormBody(params(spec)):
        digest.update(piece)
    for file in spec.files:
        digest.update(f"\n{file.sha256} {file.name}".encode())
    digest.update(more.encode())
    return digest.hexdigest()


def _ask(
    account: Account, digest: str, asked: Sequence[Param], uploads: Sequence[Upload], *, wait: float
) -> Price:
    with accounts.slot(account, "price", digest, wait=wait) as client:
        return client.price(asked, uploads, deadline=time.monotonic() + ANSWER_SECONDS)


def _request(quote: Quote) -> tuple[list[Param], list[Upload]] | None:
    """What to ask; None when the draft has been changed since, so that it is another message."""
    if quote.mailing is None:
        return [(name, tuple(value) if isinstance(value, list) else value) for name, value in quote.asked], []
    spec = outbox.spec_of(quote.mailing) if quote.mailing.spec else None
    if spec is None or quote.digest not in (
        quote.mailing.prepared.get("price"),
        digest_of(quote.account, spec),
    ):
        return None
    return params(spec), outbox.uploads_of(quote.mailing, spec)


def _store(quote: Quote, came: Price | SmscError | accounts.CannotCall) -> None:
    quote.asked, quote.answered_at = [], timezone.now()
    if isinstance(came, Price):
        quote.cost, quote.messages, quote.trouble, quote.words = came.cost, came.count, "", ""
    else:
        quote.trouble = slug(came)
        quote.words = came.text[:500] if isinstance(came, SmscError) else ""
    quote.save()


def _plain(value: str | bytes | Sequence[str] | Iterable[str]) -> str | list[str]:
    """A parameter's value as JSON keeps it; bytes do not travel (`travels`)."""
    if isinstance(value, Lines):
        return "\n".join(value)
    return value if isinstance(value, str) else [str(one) for one in value]
