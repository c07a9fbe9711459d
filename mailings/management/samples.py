"""Sample mailings: some of the last two weeks, some ahead, and drafts.

Those ahead are handed to the sandbox by the real workers. Those of the past are written as finished rows, and
their jobs are made at the sandbox directly, so that the next pull agrees with the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mailings.accounts.sandbox_control import make_jobs
from mailings.models import (
    Account,
    Attempt,
    Event,
    EventKind,
    HeldReason,
    Mailing,
    Recipient,
    State,
    WishResult,
)
from mailings.models.mailing import new_code, search_text
from mailings.smsc.spec import times
from mailings.smsc.spec.spec import Spec, validate

KEY = "sample-"
PEOPLE = [f"+7999000{number:04d}" for number in range(1, 241)]
READERS = [f"reader{number}@example.com" for number in range(1, 61)]
OUTCOME = Attempt.Outcome
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOT_REGISTERED = "the sender name SHOPX is not registered"


@dataclass(frozen=True)
class Past:
    """A mailing of the past. `ago`: how long ago it was sent off.

    `job`: the status of its job at the sandbox; "" to let the sandbox work it out, None for no job. `fields`:
    values of the row's columns. `steps`: its further events, as pairs of kind and data.
    `outcome`, `code` and `words`: the creating attempt's; with an outcome of "" there was none.
    """

    key: str
    ago: timedelta
    options: dict[str, Any]
    job: str | None = ""
    fields: dict[str, Any] = field(default_factory=dict)
    outcome: str = OUTCOME.ACCEPTED
    code: int | None = None
    words: str = ""
    steps: tuple[tuple[EventKind, dict[str, Any]], ...] = ()


def sms(name: str, count: int, text: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "phones": PEOPLE[:count], "mes": text, "sender": "SHOP", "time": "0", **more}


def gone_out() -> Iterator[Past]:
    """Mailings that have gone out, on several days and channels."""
    plan: tuple[tuple[str, float, dict[str, Any]], ...] = (
        ("autumn", 13.2, sms("Autumn sale", 180, "Autumn sale: 15 % off until Sunday. Stop: reply STOP")),
        ("debts-1", 11.4, sms("Reminder of the bill, first", 96, "Your bill is due on Friday. Thank you!")),
        ("invite", 10.1, sms("Приглашение на дегустацию", 64, "Ждём вас в субботу в 17:00!", viber=1)),
        ("letter", 9.3, {**_letter("Letter of the week 46"), "time": "0"}),
        ("hours", 7.2, sms("New opening hours", 140, "From Monday we are open from 8 to 21.")),
        ("stock", 6.1, sms("Back in stock", 88, "It is back: size 42, black.", whatsapp=1)),
        ("debts-2", 4.3, sms("Reminder of the bill, second", 38, "Your bill was due on Friday.")),
        ("loyal", 3.2, sms("Скидка для своих", 120, "Ваша скидка 10 % ждёт вас до воскресенья.", viber=1)),
        ("letter-2", 2.3, {**_letter("Letter of the week 47"), "time": "0"}),
        ("sale", 1.1, sms("Winter sale: 20 % off", 210, "Today only: 20 % off everything. Stop: reply STOP")),
        ("thanks", 0.2, sms("Thank you for your order", 26, "Thank you! Your order is on its way.")),
    )
    for key, days, options in plan:
        yield Past(key, timedelta(days=days), options)


def stories(now: datetime, by: Any) -> Iterator[Past]:
    """One mailing of each state that needs an explanation."""
    yield from _unsent(now)
    concert = (now + 2 * DAY).replace(hour=16, minute=0, second=0, microsecond=0)
    waited = {"state": State.CANCELLED, "due_at": concert}
    yield Past(
        "cancelled",
        5 * DAY,
        sms("Concert in the park", 110, "The concert begins at 19:00.", time=times.at(concert)),
        job="cancelled",
        fields={**waited, **_wish(now - 5 * DAY + 2 * MINUTE, by, WishResult.CONFIRMED)},
        steps=_wish_steps(WishResult.CONFIRMED),
    )
    yield Past(
        "late",
        26 * timedelta(hours=1),
        sms("Wrong price list", 12, "Our new prices: coffee 120, tea 80."),
        fields=_wish(now - timedelta(hours=25, minutes=55), by, WishResult.TOO_LATE),
        steps=_wish_steps(WishResult.TOO_LATE),
    )


def _unsent(now: datetime) -> Iterator[Past]:
    """Unknown, refused and held ones: SMS Centre has no job of these."""
    yield Past(
        "lost",
        14 * MINUTE,
        sms("Spring collection, first look", 48, "The spring collection is here: come and see it first."),
        job=None,
        fields={"state": State.UNKNOWN, "state_at": now - 13 * MINUTE, "deadline_at": now - 13 * MINUTE},
        outcome=OUTCOME.UNKNOWN,
        words="answer",
        steps=((EventKind.UNKNOWN, {"reason": "answer", "code": None, "text": ""}),),
    )
    yield Past(
        "refused",
        3 * timedelta(hours=1),
        sms("Debtors, last reminder", 31, "Please settle your bill today.", sender="SHOPX"),
        job=None,
        fields={"state": State.REFUSED, "refusal_code": 1, "refusal_text": NOT_REGISTERED},
        outcome=OUTCOME.REFUSED,
        code=1,
        words=NOT_REGISTERED,
        steps=((EventKind.REFUSED, {"code": 1, "text": NOT_REGISTERED}),),
    )
    yield Past(
        "overdue",
        20 * timedelta(hours=1),
        sms("Happy hour tonight", 75, "Tonight from 18 to 20: two for one."),
        job=None,
        fields={"state": State.HELD, "held_reason": HeldReason.OVERDUE},
        outcome="",
        steps=((EventKind.HELD, {"reason": HeldReason.OVERDUE.value}),),
    )


def _wish(at: datetime, by: Any, result: WishResult) -> dict[str, Any]:
    ended = at + timedelta(seconds=4)
    state_at = {"state_at": ended} if result == WishResult.CONFIRMED else {}
    return {"wish_at": at, "wish_by": by, "wish_result": result, "wish_result_at": ended, **state_at}


def _wish_steps(result: WishResult) -> tuple[tuple[EventKind, dict[str, Any]], ...]:
    return (
        (EventKind.WISHED, {"wish": "cancel"}),
        (EventKind.WISH_ENDED, {"wish": "cancel", "result": result.value}),
    )


def _letter(name: str) -> dict[str, Any]:
    text = {"subj": "What is new this week", "mes": "Hello! Three things happened this week: …"}
    return {"name": name, "mail": 1, "phones": READERS, "sender": "news@example.com", **text}


def elsewhere(now: datetime) -> list[dict[str, Any]]:
    """Jobs that somebody made on the provider's own site, as `make_jobs` takes them."""
    tomorrow = times.at((now + DAY).replace(hour=9, minute=0, second=0, microsecond=0))
    return [
        {"name": "Made in the cabinet: holidays", "recipients": 40, "age": 2.4 * 86400},
        {"name": "Made in the cabinet: tomorrow", "recipients": 25, "age": 3600, "time": tomorrow},
    ]


@dataclass(frozen=True)
class Written:
    """A mailing of the past, ready to be stored. `number`: its job's id, None without a job."""

    past: Past
    spec: Spec
    code: str
    number: str | None = None

    @property
    def job(self) -> dict[str, Any]:
        """Its job, as `make_jobs` takes it."""
        return {
            "name": f"{self.code}a {self.spec.name}",
            "recipients": self.spec.recipients,
            "channel": str(self.spec.channel),
            "age": self.past.ago.total_seconds(),
            "status": self.past.job or None,
            "time": self.past.options["time"],
            "phones": ",".join(self.past.options["phones"]),
            "mes": self.past.options["mes"],
            "sender": self.past.options["sender"],
        }


def write_past(account: Account, now: datetime, by: Any) -> None:
    """Make the past's jobs at the sandbox, then store its rows. Raises NoSandbox, with nothing stored."""
    pasts = (*gone_out(), *stories(now, by))
    written = [Written(past, validate(past.options, now=now), new_code()) for past in pasts]
    there = [one for one in written if one.past.job is not None]
    ids = make_jobs(account, [one.job for one in there] + elsewhere(now))
    numbers = {one.code: number for one, number in zip(there, ids, strict=False)}
    with transaction.atomic():
        for one in written:
            _write(account, replace(one, number=numbers.get(one.code)), now, by)


def _write(account: Account, one: Written, now: datetime, by: Any) -> None:
    past, spec, sent_off = one.past, one.spec, now - one.past.ago
    values = {
        "state": State.ACCEPTED,
        "state_at": sent_off + timedelta(seconds=2),
        "created_at": sent_off - 3 * MINUTE,
        "submitted_at": sent_off,
        "due_at": sent_off,
        **past.fields,
    }
    mailing = Mailing.objects.create(
        account=account,
        code=one.code,
        key=KEY + past.key,
        name=spec.name,
        search_text=search_text(spec.name, one.code, one.number),
        channel=spec.channel,
        spec=spec.to_json(),
        spec_digest=spec.digest(),
        recipients_count=spec.recipients,
        remote_id=one.number,
        created_by=by,
        submitted_by=by,
        **values,
    )
    Recipient.objects.replace(mailing, spec.people())
    _tell(mailing, past, sent_off, by)


def _tell(mailing: Mailing, past: Past, sent_off: datetime, by: Any) -> None:
    """Write the attempt and the events of a past mailing."""
    told: list[tuple[EventKind, dict[str, Any]]] = [(EventKind.CREATED, {}), (EventKind.SUBMITTED, {})]
    if past.outcome:
        reference = f"{mailing.code}a"
        told.append((EventKind.CLAIMED, {"reference": reference}))
        Attempt.objects.create(
            mailing=mailing, kind=Attempt.Kind.CREATE, reference=reference, token=KEY + past.key,
            begin=sent_off, end=sent_off + timedelta(seconds=2), outcome=past.outcome,
            code=past.code, text=past.words,
        )  # fmt: skip
    if mailing.remote_id:
        told.append((EventKind.ACCEPTED, {"remote_id": mailing.remote_id, "cost": None}))
    people = {EventKind.CREATED, EventKind.SUBMITTED, EventKind.WISHED}
    for second, (kind, data) in enumerate([*told, *past.steps]):
        at = mailing.wish_at if kind in (EventKind.WISHED, EventKind.WISH_ENDED) else None
        moment = (at or sent_off) + timedelta(seconds=second)
        Event.objects.create(
            mailing=mailing, at=moment, who=by if kind in people else None, kind=kind, data=data
        )


def ahead(now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and options of mailings for the coming week, which the real workers hand over."""

    def at(days: int, hour: int) -> str:
        moscow = (now + timedelta(days=days)).astimezone(times.MOSCOW)
        return times.at(moscow.replace(hour=hour, minute=30, second=0, microsecond=0))

    personal = "\n".join(
        f"{phone}:Dear client {number}, we expect you tomorrow at {9 + number}:00."
        for number, phone in enumerate(PEOPLE[48:54])
    )
    yield "reminder", {"name": "Appointments, day before", "list": personal, "time": at(1, 18)}
    yield "digest", {**_letter("Weekly digest"), "time": at(2, 9), "rpt": 5, "rptn": 12}
    vip = "Приглашаем вас на закрытый показ в пятницу в 19:00. Ответьте «да», если придёте."
    yield "vip", sms("Приглашение на закрытый показ ✨", 26, vip, viber=1, time=at(3, 12))
    bill = sms("Reminder of the bill", 120, "Your bill is due on Friday. Thank you!", time=at(4, 11))
    yield "debtors", {**bill, "period": "4", "freq": "30"}


def drafts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and typed values of drafts."""
    text = "С наступающим Новым годом! Пусть всё задуманное сбудется 🎄"
    yield "draft", {"name": "New Year greetings", "phones": "\n".join(PEOPLE[200:240]), "mes": text}
