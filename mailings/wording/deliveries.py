"""What became of a mailing's messages, in words: its bar, the statuses, the share delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from mailings.delivery.plan import CALLS_AN_HOUR
from mailings.models import Account, Delivery, Recipient, Result
from mailings.smsc.api.messages import STATUSES, Outcome
from mailings.smsc.spec.addresses import is_group
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import moments, money

# By the words of smsc.api.messages.STATUSES: how a person reads each of the provider's statuses.
STATUS_WORDS = {
    "not_found": gettext_lazy("not found at SMS Centre"),
    "stopped": gettext_lazy("stopped before it was sent"),
    "waiting": gettext_lazy("waits to be sent"),
    "passed_on": gettext_lazy("with the operator"),
    "delivered": gettext_lazy("delivered"),
    "read": pgettext_lazy("message", "read"),
    "expired": gettext_lazy("its time ran out"),
    "clicked": gettext_lazy("read, the link was followed"),
    "undeliverable": gettext_lazy("could not be delivered"),
    "wrong_number": gettext_lazy("wrong number"),
    "forbidden": gettext_lazy("forbidden"),
    "no_funds": gettext_lazy("not enough money"),
    "unreachable": gettext_lazy("the number cannot be reached"),
}
# Channels that only check a number and deliver nothing: for these the words are REACHED and NOT_REACHED.
CHECKS = (Channel.HLR, Channel.PING)
REACHED, NOT_REACHED = gettext_lazy("reached"), gettext_lazy("not reached")
UNHEARD = gettext_lazy("nothing heard yet")
HOUR = timedelta(hours=1)
NOT_KNOWN = gettext_lazy("not known")
# Once SMS Centre is not asked any more.
LAST_ON_THE_WAY = gettext_lazy("not known, last seen on the way")
NEVER_HEARD = gettext_lazy("not known, nothing heard")
TONES = {
    "delivered": "green", "read": "azure", "on_the_way": "blue", "failed": "red", "unclear": "orange",
    "unheard": "grey", "unknown": "grey",
}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A part of the bar. `x`, `width`: in thousandths of the bar. `result`: the filter that it links to."""

    key: str
    label: str
    count: int
    share: str
    x: int
    width: int
    tone: str
    result: str


def pieces(delivery: Delivery, channel: str = "") -> list[Piece]:
    """The parts of the bar that are not empty. Together they are all recipients."""
    checks = channel in CHECKS
    parts = [
        ("delivered", str(REACHED) if checks else _("delivered"), delivery.delivered, "delivered"),
        ("read", pgettext("message", "read"), delivery.read, "read"),
        *_open_parts(delivery),
        ("failed", str(NOT_REACHED) if checks else _("not delivered"), delivery.failed, "failed"),
        ("unclear", str(Result.UNCLEAR.label), delivery.unclear, "unclear"),
    ]
    total, x, found = max(delivery.recipients, 1), 0, []
    for key, label, count, result in parts:
        if not count:
            continue
        width = round(1000 * count / total)
        found.append(Piece(key, label, count, percent(count, total), x, width, TONES[key], result))
        x += width
    return found


def _open_parts(delivery: Delivery) -> list[tuple[str, str, int, str]]:
    """Recipients without a final result. Only those of whom SMS Centre says so are on the way."""
    if delivery.final:
        return [
            ("unknown", str(LAST_ON_THE_WAY), delivery.waiting, "waiting"),
            ("unknown", str(NEVER_HEARD), delivery.unheard, "unheard"),
        ]
    return [
        ("on_the_way", _("on the way"), delivery.waiting, "waiting"),
        ("unheard", str(UNHEARD), delivery.unheard, "unheard"),
    ]


def round_in_words(earlier: Mapping[str, int], delivery: Delivery, channel: str = "") -> str:
    """What came of one of its earlier rounds: `3 delivered · 1 read`. `earlier`: one of `delivery.rounds`."""
    found = [(earlier[result], result_label(result, channel)) for result in Result]
    left = delivery.recipients - sum(number for number, _label in found)
    told = [*found, (left, _("nothing heard"))]
    return " · ".join(f"{money.count(number)} {label}" for number, label in told if number > 0)


def percent(count: int, total: int) -> str:
    """`97 %`. Never rounded to 100 % unless it is all, nor to 0 % unless it is none."""
    share = round(100 * count / total) if total else 0
    if 0 < count < total:
        share = min(max(share, 1), 99)
    return f"{share}\N{NO-BREAK SPACE}%"


def result_label(result: Result, channel: str, *, final: bool = False) -> str:
    """A result's name; channels that only check numbers have their own words."""
    if final and result == Result.WAITING:
        return str(LAST_ON_THE_WAY)
    checked = {Result.DELIVERED: REACHED, Result.FAILED: NOT_REACHED} if channel in CHECKS else {}
    return str(checked.get(result, result.label))


def reasons(delivery: Delivery) -> list[tuple[str, int]]:
    """Why messages failed, as pairs of words and number of recipients, the commonest first."""
    failed = {status: number for status, number in delivery.reasons.items() if _is_failed(status)}
    commonest = sorted(failed.items(), key=lambda one: -one[1])
    return [(status_word(int(status)), number) for status, number in commonest]


def evidence(delivery: Delivery | None) -> str:
    """What messages that were seen tell of an unknown mailing, for whoever decides; "" if none was seen."""
    seen = 0 if delivery is None else delivery.recipients - delivery.unheard
    if delivery is None or not seen:
        return ""
    certain = seen - delivery.unclear
    if not certain:
        return _(
            "SMS Centre shows messages to %(people)s of its people that may be its own, but this is not "
            "certain: another mailing may have sent them as well."
        ) % {"people": money.count(seen)}
    return _(
        "SMS Centre shows messages with its text, to its people and in its hours, that no other mailing of "
        "ours can have sent: to %(people)s of %(all)s. So it seems to have gone out."
    ) % {"people": money.count(certain), "all": money.count(delivery.recipients)}


def clicks(delivery: Delivery) -> int:
    """How many recipients are known to have followed the link."""
    return sum(number for status, number in delivery.reasons.items() if _is_known(status, "clicked"))


def status_word(status: int | None, channel: str = "") -> str:
    """A status in words; an unpublished status is named by its number."""
    known = None if status is None else STATUSES.get(status)
    if known is not None and known.word == "delivered" and channel in CHECKS:
        return str(REACHED)
    if known is None:
        return _("status %(number)s, not published") % {"number": status}
    return str(STATUS_WORDS[known.word])


def of(row: Recipient, channel: str = "", *, final: bool = False) -> str:
    """The outcome for one recipient in a few words. `final`: nothing more will be heard."""
    if row.stopped:
        return _("left out: on the stop list")
    if not row.result and is_group(row.address):
        return _("a group at SMS Centre: its people are not known here")
    if not row.result:
        return str(NOT_KNOWN if final else UNHEARD)
    if row.result == Result.UNCLEAR and row.status is None:
        return str(Result.UNCLEAR.label)
    word = status_word(row.status, channel)
    if row.result == Result.WAITING and final:
        return _("not known (last: %(word)s)") % {"word": word}
    return word if row.err is None else _("%(word)s (error %(number)s)") % {"word": word, "number": row.err}


def tone(row: Recipient, final: bool = False) -> str:
    """The colour name for a recipient's result. `final`: nothing more will be heard."""
    if row.result == Result.WAITING:
        return TONES["unknown" if final else "on_the_way"]
    key = row.result
    return TONES.get(key, "grey")


def share(values: Mapping[str, Any]) -> str:
    """What a row of the history says of delivery: `97 % delivered`; "" while there is no result yet."""
    total = values.get("delivery__recipients")
    if not total or values.get("delivery__as_of") is None:
        return ""
    got = (values.get("delivery__delivered") or 0) + (values.get("delivery__read") or 0)
    failed = values.get("delivery__failed") or 0
    if not (got or failed):
        return ""
    if values.get("channel") in CHECKS:
        return _("%(share)s reached") % {"share": percent(got, total)}
    return _("%(share)s delivered") % {"share": percent(got, total)}


def asking(account: Account, now: datetime) -> str:
    """How many calls about messages were made this hour, and when the next one is; "" if none is planned.

    `account`: as `selectors.news` reads it, with `asked_calls`, `asked_since` and `asked_next`.
    """
    used, due = getattr(account, "asked_calls", None) or 0, getattr(account, "asked_next", None)
    if due is None and not used:
        return ""
    said = _("Messages: %(used)s of %(all)s calls this hour") % {"used": used, "all": CALLS_AN_HOUR}
    if due is None:
        return said
    if used >= CALLS_AN_HOUR:
        due = max(due, getattr(account, "asked_since", now) + HOUR)
    if due <= now:
        return _("%(said)s, the next in a moment") % {"said": said}
    return _("%(said)s, the next at %(hour)s") % {"said": said, "hour": moments.short(due, now)}


def figures_in_words(found: list[Piece]) -> str:
    """The bar as text, for screen readers."""
    return ", ".join(f"{piece.label}: {money.count(piece.count)} ({piece.share})" for piece in found)


def _is_failed(status: str) -> bool:
    known = STATUSES.get(int(status)) if status.lstrip("-").isdigit() else None
    return known is not None and known.outcome is Outcome.FAILED


def _is_known(status: str, word: str) -> bool:
    known = STATUSES.get(int(status)) if status.lstrip("-").isdigit() else None
    return known is not None and known.word == word
