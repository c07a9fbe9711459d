"""The review page of a draft: what, to whom, when, for how much, and what could be wrong.

What takes long to compute with a million recipients is stored in the draft's row when it is prepared
(`frozen_facts`).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings import lookups, outbox
from mailings.forms import ComposeForm, Preview, bubble, when
from mailings.models import Account, Confirmation, Mailing, Quote
from mailings.recipients import stop_list
from mailings.recipients.reasons import Reason
from mailings.selectors import repeats
from mailings.selectors.repeats import Repeat
from mailings.smsc.spec import letters
from mailings.smsc.spec.spec import Spec
from mailings.smsc.spec.texts import message_parts
from mailings.smsc.spec.times import TimeForm, When
from mailings.smsc.spec.vocabulary import Channel
from mailings.wording import money, prices, terms

SHOWN_CULPRITS = 5


@dataclass(frozen=True)
class Need:
    """Something that a person must confirm before sending. `fact`: why; `label`: the text of its switch."""

    what: Confirmation
    fact: str
    label: str
    repeats: Sequence[Repeat] = ()


@dataclass(frozen=True)
class Message:
    """A message as one recipient gets it. `address`: "" if all get the same."""

    text: str
    address: str = ""


def frozen_facts(form: ComposeForm, spec: Spec, account: Account) -> dict[str, Any]:
    """The facts for the review that take long to compute, from the form that makes the draft."""
    facts, chosen = Preview(form), form.chosen
    text = form.personal.text if form.personal.applies else ""
    return {
        "price": lookups.digest_of(account, spec, chosen.fingerprint if chosen else ""),
        "left_out": _left_out(form, facts),
        "groups": facts.groups,
        "parts": facts.total_parts,
        "text": text,
        "clock": form.draft_options().get("clock", ""),
        **_messages(spec, text),
    }


def _left_out(form: ComposeForm, facts: Preview) -> dict[str, int]:
    """How many entries were left out of the recipients, by verdict."""
    doubtful = sum(one.reason is Reason.UNKNOWN_RANGE for one in form.gathered.wrong)
    if (held := form.uploads.recipients) and not form.typed.has("with_doubtful"):
        doubtful += held.doubtful
    wrong = facts.wrong_count - doubtful + form.personal.skipped
    return {"doubtful": doubtful, "wrong": wrong, "duplicate": facts.duplicates, "stopped": facts.stopped}


def _facts_from_rows(mailing: Mailing) -> dict[str, Any]:
    """The same for a draft that no form prepared: made by the command line, or refused, or taken back."""
    spec = outbox.spec_of(mailing)
    return {
        "price": lookups.digest_of(mailing.account, spec),
        "left_out": {},
        "groups": spec.groups,
        "parts": spec.parts,
        **_messages(spec),
    }


def _messages(spec: Spec, template: str = "") -> dict[str, Any]:
    """The first message, the shortest and the longest, each as text and address.

    [] where the first is as short, or is the longest. `deceiving`: the first messages that deceive by
    something that `template`, the text of all, has not.
    """
    if "list" not in spec.options:
        return {"first": [str(spec.options.get("mes", "")), ""], "shortest": [], "longest": []}
    first, shortest, longest, lookout = ["", ""], ["", ""], ["", ""], letters.Lookout(template)
    for one in spec.people():
        message = [one.text or "", one.address]
        lookout.look(*message)
        first = first if first[1] else message
        shortest = message if not shortest[1] or len(message[0]) < len(shortest[0]) else shortest
        longest = message if len(message[0]) > len(longest[0]) else longest
    return {
        "first": first,
        "shortest": [] if len(shortest[0]) == len(first[0]) else shortest,
        "longest": [] if longest == first else longest,
        "deceiving": lookout.found,
    }


def of(mailing: Mailing, now: datetime) -> "Review":
    """The review of a draft that may be sent off. `mailing`: read with its account."""
    if not mailing.prepared:
        mailing.prepared = _facts_from_rows(mailing)
    spec = Spec.from_json(mailing.spec)
    quote = lookups.known(mailing.account, mailing.prepared["price"])
    return Review(mailing, spec, now, quote, repeats.of_mailing(mailing, spec, now))


@dataclass(frozen=True)
class Review:
    """`spec`: without recipients. `quote`: the price, if it was asked lately (see `lookups.known`)."""

    mailing: Mailing
    spec: Spec
    now: datetime
    quote: Quote | None
    repeats: Sequence[Repeat]

    # --- what and to whom -------------------------------------------------------------------------

    @property
    def channel(self) -> Channel:
        return self.spec.channel

    @property
    def sender(self) -> str:
        return str(self.spec.options.get("sender", ""))

    @property
    def seen_sender(self) -> str:
        """Whom people see as the sender, in words; "" where nobody is seen."""
        return terms.sender(self.spec)

    @property
    def options(self) -> list[str]:
        """What else was chosen, a sentence each."""
        return terms.options(self.spec)

    @property
    def subject(self) -> str:
        return str(self.spec.options.get("subj", ""))

    @cached_property
    def stopped(self) -> int:
        """How many recipients are on the stop list since the draft was prepared; they will be left out."""
        if not stop_list.of(self.mailing.account).exists():
            return 0
        return (self.mailing.recipients_count or 0) - stop_list.reachable(self.mailing).count()

    @property
    def groups(self) -> int:
        return int(self.mailing.prepared["groups"])

    @property
    def people(self) -> int:
        """How many people it goes to, without those in groups."""
        return max(0, (self.mailing.recipients_count or 0) - max(0, self.stopped))

    @property
    def left_out(self) -> dict[str, int]:
        given = self.mailing.prepared["left_out"]
        found = {name: int(given.get(name, 0)) for name in ("doubtful", "wrong", "duplicate", "stopped")}
        return found | {"stopped": found["stopped"] + max(0, self.stopped)}

    @property
    def parts(self) -> int | None:
        found = self.mailing.prepared["parts"]
        return None if found is None else int(found)

    @property
    def first(self) -> Message:
        return Message(*self.mailing.prepared["first"])

    @property
    def extremes(self) -> list[tuple[str, Message]]:
        """The shortest and the longest of personal messages, with their heading, if the first is neither."""
        given = self.mailing.prepared
        named = ((_("The shortest"), given.get("shortest")), (_("The longest"), given["longest"]))
        return [(words, Message(*found)) for words, found in named if found]

    @property
    def voice(self) -> str:
        """Who reads a call aloud, in a sentence; "" if nobody does."""
        return terms.voice(self.spec, self.first.text)

    @property
    def fallback(self) -> terms.Fallback | None:
        return terms.fallback(self.spec)

    @property
    def fallback_sender(self) -> str:
        return self.fallback.sender if self.fallback else ""

    @property
    def changes(self) -> list[str]:
        """What happens to the text on the way; of personal messages, to the one that becomes longest."""
        return terms.changes(self.spec, max(self._texts, key=len))

    @property
    def _texts(self) -> list[str]:
        """The message's texts that are shown here."""
        return [self.first.text, *(message.text for _words, message in self.extremes)]

    @property
    def template(self) -> str:
        """The id of the provider's template that is used; "" without one."""
        return str(self.spec.options.get("tpl", ""))

    # --- when -------------------------------------------------------------------------------------

    @property
    def when(self) -> When:
        return self.spec.when

    @property
    def is_now(self) -> bool:
        return self.when.form is TimeForm.NOW

    @property
    def clock(self) -> str:
        """The clock that the hour was typed by; "" is the reader's own."""
        return str(self.mailing.prepared.get("clock", ""))

    @property
    def hours_clock(self) -> str:
        """By whose clock hours of the day are meant, in words."""
        return terms.clock(self.spec)

    @property
    def rhythm(self) -> list[str]:
        """How often it goes out again and how it is spread, a sentence each."""
        return terms.rhythm(self.spec)

    @property
    def due_at(self) -> datetime | None:
        return self.spec.due_at(self.now)

    @property
    def is_past(self) -> bool:
        """Whether the chosen hour is past: SMS Centre would send at once."""
        due = self.due_at
        return not self.is_now and due is not None and due < self.now

    @property
    def arrival(self) -> tuple[datetime, datetime] | None:
        """First and last hour of arrival, if the rule "from 09:00 to 22:00" delays it; else None."""
        due = None if self.is_past else self.due_at
        return when.arrival(due, self.mailing.account.home, self.channel) if due else None

    @property
    def is_repeated(self) -> bool:
        return bool(self.spec.options.get("rpt"))

    @property
    def occurrences(self) -> Sequence[datetime]:
        return self.spec.occurrences(self.now, 3) if self.is_repeated else ()

    # --- how much ---------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether the price was asked for and is not known yet."""
        return self.quote is not None and self.quote.answered_at is None

    @property
    def cost(self) -> Decimal | None:
        return self.quote.cost if self.quote else None

    @property
    def balance_after(self) -> Decimal | None:
        return prices.balance_after(self.quote, self.mailing.account) if self.quote else None

    @property
    def why_no_price(self) -> str:
        """Why asking brought no price; "" if it brought one, or is still under way."""
        return (
            prices.why_not(self.quote.trouble, self.quote.words) if self.quote and self.quote.trouble else ""
        )

    # --- what could be wrong ----------------------------------------------------------------------

    @cached_property
    def needs(self) -> list[Need]:
        """What must be confirmed before sending."""
        found = [self._balance(), self._repeated(), self._left_out()]
        return [need for need in found if need is not None]

    def _balance(self) -> Need | None:
        after = self.balance_after
        if after is None or after >= 0:
            return None
        account = self.mailing.account
        fact = _(
            "The balance of {balance} does not cover {cost}: SMS Centre may send a part of it, or nothing."
        )
        return Need(
            Confirmation.BALANCE,
            fact.format(
                balance=money.amount(account.balance, account.currency),
                cost=money.amount(self.cost, account.currency),
            ),
            _("Send it although the balance does not cover it"),
        )

    def _repeated(self) -> Need | None:
        if not self.repeats:
            return None
        most = max(one.people for one in self.repeats)
        fact = ngettext(
            "{n} of these people gets the same text within 24 hours in another mailing.",
            "{n} of these people get the same text within 24 hours in another mailing.",
            most,
        ).format(n=money.count(most))
        label = _("Send it although they get the same text twice")
        return Need(Confirmation.REPEATED, fact, label, self.repeats)

    def _left_out(self) -> Need | None:
        out = self.left_out
        if not out["doubtful"] + out["wrong"]:
            return None
        fact = _("Left out, since nothing can be sent to them: {wrong} wrong, {doubtful} doubtful.")
        return Need(
            Confirmation.LEFT_OUT,
            fact.format(wrong=money.count(out["wrong"]), doubtful=money.count(out["doubtful"])),
            _("Send it without them"),
        )

    @property
    def has_other_worries(self) -> bool:
        """Whether there is a worry or a need besides the balance."""
        return bool(self.worries or self.deceptions) or any(
            need.what is not Confirmation.BALANCE for need in self.needs
        )

    @property
    def worries(self) -> list[str]:
        """Warnings that need no confirmation."""
        said = [one.message(_) for one in self.spec.notices()]
        if culprits := self._culprits:
            said.append(
                _(
                    "The text is not all in the alphabet of SMS ({culprits}), so a part holds 70 characters."
                ).format(culprits=culprits)
            )
        return said

    @property
    def deceptions(self) -> list[str]:
        """What deceives the eye: in the text of all and the SMS after a failure, and in single messages."""
        given, sms = self.mailing.prepared, self.fallback.text if self.fallback else ""
        single = given.get("deceiving", ())
        text = given.get("text", "") if "list" in self.spec.options else self.first.text
        return bubble.all_deceptions((text, sms), single, self.spec.options)

    @property
    def _culprits(self) -> str:
        """The characters that make an SMS Unicode; "" if there are none, or too many to name."""
        if self.channel is not Channel.SMS or self.spec.options.get("bin"):
            return ""
        translit = self.spec.options.get("translit", 0)
        parts = [message_parts(text, translit=translit) for text in self._texts]
        found = list(dict.fromkeys(char for one in parts for char in one.culprits))
        return ", ".join(map(bubble.named, found)) if len(found) <= SHOWN_CULPRITS else ""

    # --- sending it -------------------------------------------------------------------------------

    @property
    def button(self) -> str:
        """The text of the button: to how many people, and for how much."""
        people = ngettext("{n} person", "{n} people", self.people).format(n=money.count(self.people))
        groups = ngettext("{n} group", "{n} groups", self.groups).format(n=self.groups)
        whom = people if not self.groups else groups
        if self.people and self.groups:
            whom = _("{people} and {groups}").format(people=people, groups=groups)
        if self.cost is None:
            unknown = _("Send to {whom} for a price not known yet")
            again = _("Send to {whom} each time for a price not known yet")
            return (again if self.is_repeated else unknown).format(whom=whom)
        once, each = _("Send to {whom} for {price}"), _("Send to {whom} for {price} each time")
        price = money.amount(self.cost, self.mailing.account.currency)
        return (each if self.is_repeated else once).format(whom=whom, price=price)

    @cached_property
    def stamp(self) -> str:
        """Digests of all facts that the decision rests on, separated by dots; the form posts it back."""
        return ".".join(_digest(fact) for fact in self._facts.values())

    @property
    def _facts(self) -> dict[str, Any]:
        options, account = dict(self.spec.options), self.mailing.account
        hour = {name: options.pop(name, None) for name in ("time", "tz", "rpt", "rptn", "period", "freq")}
        files = [file.sha256 for file in self.spec.files]
        others = [(one.mailing_id, one.people) for one in self.repeats]
        return {
            "text": [options, files],
            "people": [self.mailing.spec_digest, self.people, self.left_out, others, account.pk],
            "hour": hour,
            "price": None if self.cost is None else [str(self.cost), account.currency],
            "balance": None if account.balance is None else str(account.balance),
        }

    def stale(self, stamp: str) -> str:
        """Why it may not be sent as the page with this stamp showed it, in a sentence; "" if it may.

        A price or balance that was not known then has not changed: whoever sent it off agreed to any price.
        If the balance does not cover it, that still has to be confirmed. A price that was shown and is not
        known has not changed either: it is older than ten minutes (`lookups.known`).
        """
        differing = self._differing(stamp)
        if "price" in differing and self.cost is None:
            differing.remove("price")
            aged = _(
                "Nothing was sent, for the price was asked more than ten minutes ago. "
                "It is asked anew: look at it once more."
            )
        else:
            aged = ""
        if not differing:
            return aged
        words = {"text": _("the message"), "people": _("the people"), "hour": _("the hour")}
        words |= {"price": _("the price"), "balance": _("the balance")}
        changed = _(
            "Nothing was sent, for something has changed since you looked at it: {what}. Look at it anew."
        )
        return changed.format(what=", ".join(words[name] for name in differing))

    def _differing(self, stamp: str) -> list[str]:
        """The names of the facts that are not as they were; all of them if the stamp is none of ours."""
        before, now = stamp.split("."), self.stamp.split(".")
        if len(before) != len(now):
            return list(self._facts)
        facts = zip(self._facts, before, now, strict=True)
        return [name for name, old, new in facts if old not in (new, UNKNOWN)]


def _digest(fact: Any) -> str:
    text = json.dumps(fact, default=str, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


UNKNOWN = _digest(None)
