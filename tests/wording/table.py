"""Every state of a mailing that can be reached, as far as its words go: the rows of the table of sentences.

Run as a program it writes the table anew (tests/wording/sentences.txt), to be read by a person line by line.
"""

import html
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone, translation
from django.utils.html import strip_tags

from mailings.models import (
    Account,
    Alarm,
    HeldReason,
    LookNote,
    Mailing,
    Origin,
    State,
    Waiting,
    Wish,
    WishAnswer,
    WishResult,
)
from mailings.smsc.api.answers import JobStatus
from mailings.wording import chips, sentences
from mailings.wording.reasons import Reason

FILE = Path(__file__).with_name("sentences.txt")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
JOB = "4100001"
Fields = dict[str, Any]
# These prove that nothing was sent: the mailing waits or is refused, and is not unknown.
NOTHING_LEFT_US = {Reason.RESOLVE, Reason.UPLOAD, Reason.OBJECTION, Reason.TOO_SOON, Reason.DATABASE}


@dataclass(frozen=True)
class Line:
    """One line of the table: what a row holds beside its state, and what is said of it."""

    state: State
    fields: Fields
    mailing: Mailing
    chip: chips.Chip
    text: str

    @property
    def said(self) -> str:
        held = ", ".join(f"{name}={_plain(value)}" for name, value in self.fields.items())
        marks = "".join(f" ! {mark.word} ({mark.tone})" for mark in self.chip.marks)
        spins = " ~" if self.chip.wishing else ""
        return (
            f"{self.state}: {held}\n    [{self.chip.word} ({self.chip.tone}){spins}{marks}]\n    {self.text}"
        )


def table() -> list[Line]:
    """All of it, in English and UTC."""
    with translation.override("en"), timezone.override(UTC):
        return [_line(state, fields) for state, fields in combinations()]


def combinations() -> Iterator[tuple[State, Fields]]:
    """What can be reached: the state, and what its row holds beside it."""
    for state in (State.DRAFT, State.AWAITING_APPROVAL, State.WITHDRAWN, State.ABANDONED):
        yield state, {}
    yield State.AWAITING_APPROVAL, {"cost": Decimal("2.80")}
    for waiting, later in itertools.product(["", *Waiting.values], [False, True]):
        yield State.QUEUED, {"waiting_for": waiting} | ({"due_at": _ahead(hours=5)} if later else {})
    yield State.QUEUED, {"state_at": _ago(seconds=2)}
    yield State.QUEUED, {"waiting_for": "gap", "not_before": _ahead(seconds=50)}
    yield State.SENDING, {}
    yield State.SENDING, {"deadline_at": _ago(minutes=1)}
    for kind in Wish.values:
        yield State.SENDING, _open(kind)
        yield State.UNKNOWN, _open(kind)
    yield from ((State.UNKNOWN, fields) for fields in _unknown())
    yield from ((State.HELD, {"held_reason": reason}) for reason in HeldReason.values)
    yield State.HELD, {"held_reason": HeldReason.RESTORED, "looks": 2}
    yield State.HELD, {"held_reason": HeldReason.RESTORED, "look_note": "no_control"}
    for text in ("the sender is not allowed.", "", "upload"):
        yield State.REFUSED, {"refusal_code": 1, "refusal_text": text}
    yield from ((State.ACCEPTED, fields) for fields in _accepted())
    yield from _settled()


def _unknown() -> Iterator[Fields]:
    yield from ({"looks": looks} for looks in (0, 1, 2))
    yield from ({"look_note": note} for note in LookNote.values)
    causes = [*sorted(set(Reason) - NOTHING_LEFT_US), "http_504", "error 3", "ValueError"]
    yield from ({"unknown_reason": cause} for cause in causes)
    yield {"look_matches": ["7", "8"]}
    yield {"candidate": "7", "candidate_at": _ago(seconds=30), "candidate_by": _anna()}


def _accepted() -> Iterator[Fields]:
    """The job as it was last read, by age, with what was asked of it and what came of that."""
    wishes = [{}, *_wishes()]
    yield from ({"verified_at": None} | wish for wish in wishes)
    for (read, old, gone), wish in itertools.product(
        itertools.product(_reads(), [False, True], [False, True]), wishes
    ):
        yield read | {"verified_at": _ago(hours=1) if old else _ago(seconds=40), "gone": gone} | wish
    for alarm in Alarm.values:
        yield {"alarm": alarm, "alarm_jobs": [JOB], "remote_status": "waiting"}
        yield {"alarm": alarm, "alarm_jobs": [JOB], "remote_status": "gone_out"}
    yield {"origin": Origin.PROVIDER, "remote_status": "cancelled"}
    for kind in Wish.values:
        yield {
            "wish_before": kind,
            "wish_at": _ago(minutes=2),
            "wish_by": _anna(),
            "remote_status": "waiting",
        }
    yield {"remote_status": "waiting", "due_at": _ahead(hours=5)}
    yield {"remote_status": "waiting", "due_at": _ahead(hours=5), "remote_send_at": _ahead(hours=9)}
    for read in ({"remote_status": "gone_out"}, {"remote_status": "waiting"}):
        yield read | {"due_at": _ago(hours=5)}
        yield read | {"due_at": _ago(hours=5), "verified_at": _ago(hours=1)}
    yield {"remote_status": "waiting", "due_at": _ahead(hours=5), "verified_at": _ago(hours=1)}


def _reads() -> list[Fields]:
    known = [{"remote_status": status, "remote_word": status} for status in JobStatus]
    return [*known, {"remote_status": "", "remote_word": "psi"}, {"remote_status": "", "remote_word": ""}]


def _wishes() -> Iterator[Fields]:
    for kind in Wish.values:
        yield _open(kind)
        yield _open(kind) | {"wish_agreed_at": _ago(minutes=1)}
    yield _open("cancel") | {"wish_tries": 3, "wish_next_at": _ahead(minutes=2)}
    for result in (WishResult.TOO_LATE, WishResult.UNCONFIRMED):
        yield _ended(result)
    for answer in WishAnswer.values:
        yield _ended(WishResult.FAILED) | {"wish_answer": answer}


def _settled() -> Iterator[tuple[State, Fields]]:
    for state, result, gone in itertools.product(
        (State.CANCELLED, State.DELETED), ("", WishResult.CONFIRMED), (False, True)
    ):
        wish = _ended(result) if result else {}
        yield state, {"remote_status": "cancelled", "gone": gone} | wish
    yield State.CANCELLED, _ended(WishResult.CONFIRMED) | _open("delete") | {"remote_status": "cancelled"}


def _open(kind: str) -> Fields:
    return {"wish": kind, "wish_at": _ago(minutes=2), "wish_by": _anna()}


def _ended(result: str) -> Fields:
    ended = {"wish_result": result, "wish_result_at": _ago(minutes=1)}
    return {"wish_at": _ago(minutes=2), "wish_by": _anna()} | ended


def _line(state: State, fields: Fields) -> Line:
    at_provider = state in (State.ACCEPTED, State.CANCELLED, State.DELETED)
    there = {"remote_id": JOB, "verified_at": _ago(seconds=40)} if at_provider else {}
    plain = {"name": "Spring sale", "recipients_count": 2, "state_at": _ago(minutes=4)}
    account = Account(kind="sandbox", currency="RUR")
    mailing = Mailing(account=account, state=state, **plain | there | fields)
    said = " ".join(sentences.sentences(mailing, NOW, actor=_anna()))
    seen = re.sub(r'<span class="visually-hidden">.*?</span>', "", said)
    return Line(state, fields, mailing, chips.chip(mailing, NOW), html.unescape(strip_tags(seen)))


def _anna() -> User:
    return User(username="anna")


def _ago(**span: int) -> datetime:
    return NOW - timedelta(**span)


def _ahead(**span: int) -> datetime:
    return NOW + timedelta(**span)


def _plain(value: Any) -> str:
    """A value as the table shows it: moments as distances."""
    return f"{(value - NOW).total_seconds():+.0f}s" if isinstance(value, datetime) else str(value)


def written() -> str:
    """The table as its file holds it."""
    return "\n".join(line.said for line in table()) + "\n"
