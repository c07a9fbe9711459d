"""Message results: `get.php?get_messages=1` and `status.php`, by the provider's page on sent messages.

A message exists once its job's sending has begun. Its outcome, and when it is reached, are computed from its
id, so that they are the same after a restart.
"""

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from sandbox import rules, texts, times
from sandbox.forms import Form
from sandbox.jobs import Job, Pace, Store, price
from sandbox.rules import RefusedError, wrong

NOT_FOUND, STOPPED, WAITING, SENT, DELIVERED, READ, CLICKED = -3, -2, -1, 0, 1, 2, 4
STATUSES = {
    -3: "Not found", -2: "Stopped", -1: "Waiting to be sent", 0: "Passed to the operator", 1: "Delivered",
    2: "Read", 3: "Expired", 4: "Link clicked", 20: "Undeliverable", 22: "Wrong number", 23: "Forbidden",
    24: "Not enough funds", 25: "Number unreachable",
}  # fmt: skip
# `err` for each status without delivery. Only a part of these numbers is published; the others are made up.
ERRORS = {3: 13, 20: 6, 22: 1, 23: 248, 24: 237, 25: 13, -2: 240}
# After which outcomes an SMS follows, if it was asked for (`fl[5]`).
REPLAYED_AFTER = (3, 20, 22, 23, 25)
TYPES = {"sms": 0, "hlr": 4, "ping": 5, "mms": 6, "mail": 8, "call": 9, "viber": 12, "soc": 13, "tg": 14}
PLAIN_OUTCOMES = {1: 0.9, 3: 0.02, 20: 0.03, 22: 0.02, 23: 0.01, 25: 0.02}
MOST_ROWS, DEFAULT_ROWS = 1_000, 100
HALF_A_YEAR = timedelta(days=184)
KEPT_TEXTS = (
    "phones",
    "mes",
    "list",
    "nl",
    "translit",
    "tinyurl",
    "sender",
    "tpl",
    "fl[5]",
    "mes2",
    "sender2",
)
_LINK = re.compile(r"https?://\S+")
_STRANGERS = 5 * 10**15
# A message's `int_id`: the job's id, then three digits for the sending, and seven for the place in it. An SMS
# that follows a failure has the place of that message and half of these.
_ROUND, _JOB = 10**7, 10**10
_REPLAY = _ROUND // 2


@dataclass
class Manner:
    """The setting `messages`: how messages end, and peculiarities of the answers that a test can ask for.

    `outcomes`: status to share; the rest up to 1 is delivered. `settle_seconds`: each message is delivered or
    fails within this time, and is read within twice that. `ids`: a row's `id` is the job's ("job") or the
    message's own ("own"). `missing`: keys that are left out. `as_text`: values as strings. `mixed`: rows out
    of order. `doubled`: share of rows that occur twice. `late_seconds`: how long a message is not listed at
    first.
    """

    outcomes: dict[int, float] = field(default_factory=lambda: dict(PLAIN_OUTCOMES))
    settle_seconds: float = 30.0
    ids: str = "own"
    missing: tuple[str, ...] = ()
    as_text: bool = False
    mixed: bool = False
    doubled: float = 0.0
    late_seconds: float = 0.0

    def changed(self, asked: Mapping[str, Any]) -> "Manner":
        """A copy with some values changed. ValueError for unknown names and invalid values."""
        if unknown := set(asked) - set(asdict(self)):
            raise ValueError(f"no such setting of messages: {', '.join(sorted(unknown))}")
        new = Manner(**(asdict(self) | dict(asked)))
        new.outcomes = {int(status): float(share) for status, share in new.outcomes.items()}
        if set(new.outcomes) - set(STATUSES) or sum(new.outcomes.values()) > 1.000001:
            raise ValueError("outcomes are shares of the statuses that there are, 1 together at most")
        if new.ids not in ("job", "own"):
            raise ValueError("ids are job or own")
        new.missing = tuple(new.missing)
        return new


@dataclass(frozen=True)
class Message:
    """One message. `job`: its job's id, 0 if it belongs to none. `outcome`: its final status, if given."""

    int_id: int
    job: int
    phone: str
    text: str
    sent_at: float
    channel: str = "sms"
    sender: str = ""
    outcome: int | None = None


class Messages:
    """All messages of the account. Not thread-safe: the caller holds a lock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.manner = Manner()
        self.strangers: list[Message] = []
        self._people: dict[int, list[tuple[str, str]]] = {}
        self._made: tuple[Any, list[Message]] = (None, [])

    def keep_texts(self, number: int, given: Form | Mapping[str, Any]) -> None:
        """Keep a job's recipients and texts in full: the job's `parameters` may be cut short."""
        kept = {name: str(given.get(name)) for name in KEPT_TEXTS if given.get(name)}
        if kept:
            self.store.keep_texts(number, kept)

    def forget(self) -> None:
        self.strangers.clear()
        self._people.clear()
        self.manner = Manner()
        self._made = (None, [])

    def add_strangers(self, rows: Iterable[Mapping[str, Any]], now: float) -> list[int]:
        """Add messages that no job here has sent; returns their ids.

        Each has `phone` and `mes`, and may have `age channel sender status`. ValueError for others.
        """
        made: list[Message] = []
        for row in rows:
            if unknown := set(row) - {"phone", "mes", "age", "channel", "sender", "status"}:
                raise ValueError(f"no such option: {', '.join(sorted(unknown))}")
            number = _STRANGERS + len(self.strangers) + len(made)
            status = row.get("status")
            made.append(
                Message(
                    number,
                    0,
                    str(row["phone"]),
                    str(row["mes"]),
                    now - float(row.get("age", 0)),
                    str(row.get("channel", "sms")),
                    str(row.get("sender", "")),
                    None if status is None else int(status),
                )
            )
        self.strangers += made
        return [message.int_id for message in made]

    def all(self, now: float, pace: Pace) -> list[Message]:
        """Every message whose sending has begun, the oldest first."""
        jobs = [
            (job, job.progress(now, pace).begun) for job in self.store.jobs.values() if job.created_at <= now
        ]
        seal = (
            pace,
            len(self.strangers),
            str(self.manner),
            tuple((job.id, begun) for job, begun in jobs if begun),
        )
        if self._made[0] != seal:
            made = [message for job, begun in jobs for message in self._of(job, begun, pace)]
            made += self.strangers
            made.sort(key=lambda message: (message.sent_at, message.int_id))
            self._made = (seal, made)
        return self._made[1]

    def _of(self, job: Job, begun: int, pace: Pace) -> Iterable[Message]:
        if not begun:
            return
        people = self._people.setdefault(job.id, _people(job, self.store.texts(job.id)))
        kept = self.store.texts(job.id)
        sender = kept.get("sender", "")
        lasts = (job.stretch or pace.going_seconds) / max(len(people), 1)
        moments = times.occurrences(job.due_at, job.rpt, job.rptn, job.zone)
        for number, due in zip(range(begun), moments, strict=False):
            for place, (phone, text) in enumerate(people):
                own = due + place * lasts
                sent_at = job.created_at + (own - job.created_at) / pace.speed
                int_id = job.id * _JOB + number * _ROUND + place
                message = Message(int_id, job.id, phone, text, sent_at, job.channel, sender)
                yield message
                if kept.get("fl[5]") == "1" and self.outcome(message) in REPLAYED_AFTER:
                    yield self._replayed(message, kept)

    def _replayed(self, failed: Message, kept: Mapping[str, str]) -> Message:
        """The SMS that goes to whoever did not get the message by its own channel."""
        return Message(
            failed.int_id + _REPLAY,
            failed.job,
            failed.phone,
            _as_sent(kept["mes2"], kept) if "mes2" in kept else failed.text,
            failed.sent_at + self.ends(failed),
            "sms",
            kept.get("sender2") or failed.sender,
        )

    def status(self, message: Message, now: float) -> int:
        """A message's status at a moment."""
        passed = now - message.sent_at
        if passed < 0:
            return WAITING
        ends = self.ends(message)
        if passed < ends:
            return SENT
        outcome = self.outcome(message)
        # A message is delivered before it is read, or its link followed.
        return DELIVERED if outcome in (READ, CLICKED) and passed < 2 * ends else outcome

    def ends(self, message: Message) -> float:
        """After how many seconds a message is delivered, or fails."""
        return self.manner.settle_seconds * (0.2 + 0.8 * _chance(message.int_id, "when"))

    def outcome(self, message: Message) -> int:
        """A message's final status."""
        if message.outcome is not None:
            return message.outcome
        left = _chance(message.int_id, "how")
        for status, share in self.manner.outcomes.items():
            left -= share
            if left < 0:
                return status
        return DELIVERED

    def history(self, form: Form, now: float, pace: Pace, zone: float) -> list[dict[str, Any]]:
        """The rows of `get_messages`: the newest first, those sent before `prev_id`, `cnt` at most."""
        opens, closes = _days(form, now, zone)
        count = _count(form.get("cnt"))
        found = self.all(now, pace)
        last = len(found)
        if before := form.get("prev_id"):
            last = _place(found, before)
        wanted, kind = _addresses(form), form.get("format") or "0"
        if kind not in ("0", "8"):
            raise wrong("format")
        first = bisect_left(found, opens, key=lambda message: message.sent_at)
        rows: list[dict[str, Any]] = []
        for message in reversed(found[first:last]):
            if message.sent_at >= closes or (message.channel == "mail") is not (kind == "8"):
                continue
            if wanted and _digits(message.phone) not in wanted:
                continue
            if now - message.sent_at < self.manner.late_seconds:
                continue
            rows.append(self.row(message, now, zone))
            if len(rows) == count:
                break
        return self._dressed(rows)

    def one(self, form: Form, now: float, pace: Pace, zone: float) -> dict[str, Any]:
        """The answer of status.php: one message, found by address and `id`."""
        phone, number = _digits(form.get("phone")), form.get("id")
        if not phone or not number.isdecimal():
            raise wrong("phone and id")
        for message in filter(_exists(now), reversed(self.all(now, pace))):
            if str(self._id(message)) == number and _digits(message.phone) == phone:
                row = self.row(message, now, zone)
                short = ("status", "last_date", "last_timestamp", "err")
                return row if form.get("all") == "1" else {key: row[key] for key in short if key in row}
        return {"status": NOT_FOUND, "last_date": "", "last_timestamp": 0}

    def row(self, message: Message, now: float, zone: float) -> dict[str, Any]:
        """A message's row, with the published keys in the published order."""
        status = self.status(message, now)
        last = max(message.sent_at, min(now, message.sent_at + self.manner.settle_seconds))
        paid = texts.parts(message.text) if message.channel == "sms" else 1
        row: dict[str, Any] = {
            "status": status,
            "status_name": STATUSES[status],
            "last_date": times.show(last, zone),
            "last_timestamp": int(last),
        }
        if status in ERRORS:
            row["err"] = ERRORS[status]
        return row | {
            "flag": 0,
            "send_date": times.show(message.sent_at, zone),
            "send_timestamp": int(message.sent_at),
            "phone": message.phone if "@" in message.phone else _digits(message.phone),
            "cost": f"{price(message.channel, paid):.2f}",
            "sender_id": message.sender,
            "mccmnc": "25001",
            "country": "Russia",
            "operator": "MTS",
            "region": "Perm",
            "type": TYPES.get(message.channel, 0),
            "id": self._id(message),
            "int_id": message.int_id,
            "sms_cnt": paid,
            "format": 8 if message.channel == "mail" else 0,
            "crc": int(hashlib.sha256(message.text.encode()).hexdigest()[:7], 16),
            "message": message.text,
        }

    def truth(self, now: float, pace: Pace) -> dict[int, dict[str, int]]:
        """The number of messages by job (0: none of ours) and status."""
        counts: dict[int, Counter[str]] = {}
        for message in filter(_exists(now), self.all(now, pace)):
            counts.setdefault(message.job, Counter())[str(self.status(message, now))] += 1
        return {job: dict(count) for job, count in counts.items()}

    def _id(self, message: Message) -> int:
        if self.manner.ids == "job" and message.job:
            return message.job
        return message.int_id % 10**9 + 700_000_000

    def _dressed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        manner = self.manner
        if manner.doubled:
            twice = [row for row in rows if _chance(row["int_id"], "twice") < manner.doubled]
            rows = [*rows, *twice]
        if manner.mixed:
            rows = sorted(rows, key=lambda row: _chance(row["int_id"], "order"))
        kept = [{key: row[key] for key in row if key not in manner.missing} for row in rows]
        if manner.as_text:
            kept = [{key: str(value) for key, value in row.items()} for row in kept]
        return kept


def _exists(now: float) -> Callable[[Message], bool]:
    """Whether a message exists by now: an SMS that follows a failure does not before it."""
    return lambda message: message.sent_at <= now or not message.job or message.int_id % _ROUND < _REPLAY


def _people(job: Job, kept: Mapping[str, str]) -> list[tuple[str, str]]:
    """A job's recipients, each with the text as sent. Without known recipients, numbers are invented."""
    if "list" in kept:
        lines = rules.list_entries(kept["list"], kept.get("nl") == "1")
        pairs = [(phone, text) for phones, text in lines for phone in _split(phones)]
    elif "phones" in kept:
        text = kept.get("mes", "")
        pairs = [(phone, text) for phone in _split(kept["phones"])]
    else:
        invented = 79_000_000_000 + job.id % 1000 * 1_000_000
        pairs = [(str(invented + place), job.name) for place in range(job.recipients)]
    cache: dict[str, str] = {}
    return [(phone, cache.setdefault(text, _as_sent(text, kept))) for phone, text in pairs]


def _as_sent(text: str, kept: Mapping[str, str]) -> str:
    """A text after translit and the shortening of links."""
    if kept.get("tinyurl") == "1":
        text = _LINK.sub(lambda link: f"smsc.ru/{hashlib.sha256(link[0].encode()).hexdigest()[:6]}", text)
    return texts.transliterate(text, int(kept.get("translit") or 0))


def _split(phones: str) -> list[str]:
    return [phone.strip() for phone in re.split(r"[,;\n]", phones) if phone.strip()]


def _days(form: Form, now: float, zone: float) -> tuple[float, float]:
    start, end = form.get("start"), form.get("end")
    try:
        first = times.day(start, "start") if start else times.on_day(now, zone)
        last = times.day(end, "end") if end else times.on_day(now, zone)
    except times.BadTimeError as error:
        raise RefusedError(5, f"wrong date format: {error}") from None
    if last - first > HALF_A_YEAR:
        raise wrong("start and end")
    return times.midnight(first, zone), times.midnight(last + timedelta(days=1), zone)


def _count(text: str) -> int:
    if not text:
        return DEFAULT_ROWS
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_ROWS):
        raise wrong("cnt")
    return int(text)


def _place(found: list[Message], before: str) -> int:
    """The position of the message with this `int_id` in `found`, which is sorted by time."""
    for place, message in enumerate(found):
        if str(message.int_id) == before:
            return place
    raise wrong("prev_id")


def _addresses(form: Form) -> frozenset[str]:
    given = form.get("phone") or form.get("email")
    return frozenset(_digits(one) for one in given.split(",") if one.strip())


def _digits(address: str) -> str:
    """An address in one spelling, for comparison: a number's digits, or a name in lower case."""
    plain = re.sub(r"[\s()+\-]", "", address)
    return plain if plain.isdigit() else address.strip().lower()


def _chance(number: int, what: str) -> float:
    """A pseudo-random figure from 0 to below 1 that is always the same for this message."""
    digest = hashlib.blake2b(f"{what} {number}".encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56
