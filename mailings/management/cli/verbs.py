"""The verbs. Each takes the parsed arguments and yields objects to print; errors are raised."""

import re
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings import accounts, delivery, outbox, sync
from mailings.delivery.pulls import STUCK
from mailings.ids import row_id
from mailings.management.cli import order, people, prices, recipients, texts
from mailings.management.cli.describe import described
from mailings.management.cli.errors import BadInput, Errors
from mailings.management.cli.patience import patience
from mailings.models import Account, Event, EventKind, Mailing, State, Waiting, Wish
from mailings.models.prepared import PreparedRow, given
from mailings.models.states import BEING_HANDED_OVER, UNDECIDED
from mailings.recipients.personal import FILE
from mailings.selectors import deliveries as selected
from mailings.smsc.api.answers import Jobs
from mailings.smsc.api.errors import SmscError
from mailings.sync import spans
from mailings.wording import money, timeline

Object = dict[str, Any]
WRONG, FAILED, RAN_OUT = 1, 2, 3
ASK_EVERY_SECONDS = 0.2
AWAY = "The database cannot be used (%s); this one was not stored."
DAY = re.compile("([0-9]{2})[.]([0-9]{2})[.]([0-9]{4})")


class Stop(Exception):
    """Ends the verb: `last` is printed as its last object, `code` is the exit code."""

    def __init__(self, last: Object, code: int) -> None:
        super().__init__(code)
        self.last = last
        self.code = code


def create(asked: Namespace) -> Iterator[Object]:
    """Store a mailing and, unless told otherwise, send it off; a file may hold many, one a line."""
    texts = order.texts(asked.file)
    if len(texts) > 1:
        yield from _create_each(texts, asked)
        return
    mailing = _made(texts[0][1], asked.by)
    stored = _stored(mailing)
    yield stored if asked.wait is None else stored | {"state": _state_after(mailing.pk, asked.wait)}


def _create_each(texts: list[tuple[int, str]], asked: Namespace) -> Iterator[Object]:
    """One object for each line, printed as soon as it is stored; a wrong line does not stop the others."""
    begun, code = time.monotonic(), 0
    said: list[Object] = []
    for number, text in texts:
        try:
            mailing = _made(text, asked.by)
            said.append({"line": number, **_stored(mailing)})
        except BadInput as wrong:
            said.append({"line": number, "errors": wrong.errors})
            code = WRONG
        except DatabaseError as error:
            said.append({"line": number, "error": AWAY % type(error).__name__})
            code = WRONG
        if asked.wait is None and number != texts[-1][0]:
            yield said.pop()
    for one in said:
        if "id" in one and asked.wait is not None:
            try:
                one["state"] = _state_after(one["id"], max(0.0, begun + asked.wait - time.monotonic()))
            except Stop as stop:
                one["state"], code = stop.last["state"], code or stop.code
    yield from said[:-1]
    if code:
        raise Stop(said[-1], code)
    yield said[-1]


def _made(text: str, by: Any) -> Mailing:
    wanted = order.parsed(text)
    twin = outbox.made_with(wanted.key) if wanted.key else None
    # The same key again must give the same spec: it is validated as of then, since its hour may have passed.
    spec = wanted.spec(twin.created_at if twin else timezone.now())
    uploads = wanted.uploads()
    try:
        return outbox.make(
            spec,
            account=wanted.account,
            key=wanted.key,
            uploads=uploads,
            submit=wanted.submit,
            by=by,
            leave_out=True,
        )
    except outbox.KeyTaken as error:
        raise BadInput({"key": [str(error)]}) from None
    except outbox.Impossible as error:
        raise BadInput({FILE if wanted.from_file else "phones": [str(error)]}) from None
    finally:
        for _ref, file in uploads:
            file.close()


_LEFT_OUT = PreparedRow(
    lambda: Event.objects.filter(kind=EventKind.LEFT_OUT, **given(Event, mailing_id="mailing")).order_by(
        "pk"
    )[:1]
)


def _stored(mailing: Mailing) -> Object:
    """What `create` prints; `stopped`: how many recipients were left out, as they are on the stop list."""
    try:
        event = _LEFT_OUT.one(mailing=mailing.pk)
    except DatabaseError:
        event = None
    left_out = {"stopped": event.data.get("count")} if event else {}
    return {"id": mailing.pk, "state": mailing.state, **left_out}


def _state_after(pk: int, seconds: float) -> str:
    """The state, once it is neither queued nor sending. Raises Stop if it still is after `seconds`."""
    until, state = time.monotonic() + seconds, str(State.QUEUED)
    while True:
        state = _state(pk) or state
        if state not in BEING_HANDED_OVER:
            return state
        if time.monotonic() >= until:
            raise Stop({"id": pk, "state": state}, RAN_OUT)
        time.sleep(ASK_EVERY_SECONDS)


def _state(pk: int) -> str | None:
    """The state; None while the database is away, as the mailing is stored and the wait can go on."""
    try:
        return Mailing.objects.values_list("state", flat=True).get(pk=pk)
    except DatabaseError:
        return None


def show(asked: Namespace) -> Iterator[Object]:
    """Show one mailing."""
    return described(Mailing.objects.filter(pk=_existing(asked.id)))


def list_newest(asked: Namespace) -> Iterator[Object]:
    """Mailings, the newest first."""
    rows = Mailing.objects.newest_first()
    if asked.state:
        rows = rows.filter(state=asked.state)
    return described(rows[: asked.limit])


def cancel(asked: Namespace) -> Iterator[Object]:
    """Ask to cancel a mailing."""
    yield _brief(outbox.wish(_existing(asked.id), Wish.CANCEL, asked.by))


def delete(asked: Namespace) -> Iterator[Object]:
    """Ask to delete a mailing."""
    yield _brief(outbox.wish(_existing(asked.id), Wish.DELETE, asked.by))


def resolve(asked: Namespace) -> Iterator[Object]:
    """Decide on an unknown mailing: name its job, send it again, or give it up."""
    pk, seen = _existing(asked.id), outbox.Seen(attempt=asked.attempt)
    if asked.adopt is not None:
        yield _brief(_adopted(pk, asked.adopt, asked.by, seen))
    elif asked.send_again:
        yield _brief(outbox.send_again(pk, asked.by, seen=seen))
    else:
        yield _brief(outbox.give_up(pk, asked.by, seen=seen))


def _adopted(pk: int, remote_id: str, by: Any, seen: outbox.Seen) -> Mailing:
    """Adopt a job and check it at once: unlike a page, a command may wait for the provider."""
    outbox.adopt(pk, remote_id, by, seen=seen)
    outbox.verify(pk)
    mailing = Mailing.objects.get(pk=pk)
    if mailing.state in UNDECIDED and not mailing.candidate:
        raise outbox.Impossible("; ".join(timeline.rejected_since(mailing)[-1:]))
    return mailing


def release(asked: Namespace) -> Iterator[Object]:
    """Let a held mailing go."""
    yield _brief(outbox.release(_existing(asked.id), asked.by))


def pull(asked: Namespace) -> Iterator[Object]:
    """Pull once from every account; without days, from two months back to a month ahead or more."""
    days = _days(asked.start, asked.end)
    found = list(Account.objects.order_by("pk"))
    if not found:
        raise Stop({"error": _("There is no account yet.")}, FAILED)
    results = [_pull(account, days) for account in found]
    counts = {name: sum(result.counts()[name] for result in results) for name in sync.Pulled().counts()}
    if any(result.reason == "ten_rows" for result in results):
        cut = _("The provider's list may have been cut at ten rows: there may be more.")
        sys.stderr.write(f"{cut}\n")
    errors = [result.error for result in results if result.error]
    if errors:
        raise Stop(counts | {"error": "; ".join(_said(error) for error in errors)}, FAILED)
    yield counts


def _pull(account: Account, days: tuple[date, date] | None) -> sync.Pulled:
    if days is None:
        return sync.pull_two_months(account, wait=patience())
    return sync.pull(account, *days, wait=patience())


def deliveries(asked: Namespace) -> Iterator[Object]:
    """Show what became of a mailing's messages, or read the results of all from the provider."""
    if asked.pull:
        yield _pull_deliveries(asked)
    elif asked.id is None:
        raise Stop({"error": _("Name a mailing, or ask with --pull.")}, WRONG)
    else:
        mailing = Mailing.objects.get(pk=_existing(asked.id))
        yield from selected.rows_described(mailing) if asked.rows else [selected.described(mailing)]


def _pull_deliveries(asked: Namespace) -> Object:
    """Pull results once from every account; without days, those of yesterday and today."""
    days = _days(asked.start or asked.end, asked.end)
    start, end = days or (spans.today() - spans.DAY, spans.today())
    results = [delivery.pull(account, start, end) for account in Account.objects.order_by("pk")]
    ended = [result.ended_by for result in results if result.ended_by]
    names = ("calls", "rows", "matched", "changed")
    left: Counter[str] = Counter()
    for result in results:
        left.update(result.left_alone)
    counts: Object = {name: sum(getattr(result, name) for result in results) for name in names}
    counts["left_alone"] = dict(left)
    if ended:
        raise Stop(counts | {"error": "; ".join(_said(error) for error in ended)}, FAILED)
    return counts


def probe(asked: Namespace) -> Iterator[Object]:
    """Make two read-only calls, and show which fields of the answers were recognised."""
    try:
        account = accounts.default_account()
        balance = accounts.probe(account, wait=patience())
        jobs = sync.read_list(account, spans.today() - spans.TWO_MONTHS, spans.today(), wait=patience())
    except accounts.NoAccount as error:
        raise Stop({"error": str(error)}, FAILED) from None
    except (accounts.CannotCall, SmscError) as error:
        raise Stop({"error": _said(str(error))}, FAILED) from None
    known = {"amount": money.plain(balance.amount), "currency": balance.currency}
    yield {
        "account": account.name,
        "balance": {"recognised": known, "payload": balance.payload},
        "get_all": _fields(jobs),
    }


def _fields(jobs: Jobs) -> Object:
    recognised: dict[str, str] = {}
    unrecognised: set[str] = set()
    for job in jobs.jobs:
        recognised |= job.recognised
        unrecognised |= set(job.unrecognised)
    words = {job.status_word for job in jobs.jobs if job.status is None and job.status_word}
    return {
        "format": jobs.raw_format,
        "rows": jobs.rows,
        "odd_rows": len(jobs.odd),
        "recognised": recognised,
        "unrecognised": sorted(unrecognised),
        "unknown_status_words": sorted(words),
    }


def _existing(text: str) -> int:
    pk = row_id(text)
    if pk is not None and Mailing.objects.filter(pk=pk).exists():
        return pk
    raise Stop({"error": _("There is no mailing %(id)s.") % {"id": text}}, WRONG)


def _brief(mailing: Mailing) -> Object:
    return {
        "id": mailing.pk,
        "state": mailing.state,
        "wish": mailing.wish or None,
        "wish_result": mailing.wish_result or None,
    }


def _days(start: str | None, end: str | None) -> tuple[date, date] | None:
    """First and last day; None if neither is given. Raises BadInput.

    A missing end is spans.MONTH_AHEAD from today, a missing start is two months before the end.
    """
    if start is None and end is None:
        return None
    errors: Errors = {}
    last = _day("end", end, errors) or spans.today() + spans.MONTH_AHEAD
    first = _day("start", start, errors) or last - spans.TWO_MONTHS
    if not errors and first > last:
        errors = {name: [_("The start comes after the end.")] for name in ("start", "end")}
    if errors:
        raise BadInput(errors)
    return first, last


def _day(name: str, text: str | None, errors: Errors) -> date | None:
    if text is None:
        return None
    try:
        parts = DAY.fullmatch(text)
        day = date(int(parts[3]), int(parts[2]), int(parts[1])) if parts else date.min
    except ValueError:
        day = date.min
    if abs(day - spans.today()) > timedelta(days=36525):
        errors[name] = [_("A day such as 24.11.2025 is expected here.")]
        return None
    return day


def _said(error: str) -> str:
    """Why no call could go out, or why a list was not read to its end; any other error unchanged."""
    sentences = {
        "breaker": _("The account's calls are stopped until its login is mended or the block is over."),
        "credentials": _("The account's login cannot be read."),
        "gap": _("The very same call was made a moment ago."),
        "gate": _("Other calls of this account are under way."),
        "redis": _("Redis is away."),
        STUCK: _("SMS Centre's list of messages did not go on, so the rest of it was not read."),
    }
    if error in sentences:
        return sentences[error]
    return str(Waiting(error).label) if error in Waiting.values else error


VERBS: dict[str, Callable[[Namespace], Iterator[Object]]] = {
    "create": create,
    "show": show,
    "list": list_newest,
    "cancel": cancel,
    "delete": delete,
    "resolve": resolve,
    "release": release,
    "sync": pull,
    "deliveries": deliveries,
    "probe": probe,
    "recipients": recipients.recipients,
    "stop": people.stop,
    "person": people.person,
    "price": prices.price,
    "text": texts.text,
}
