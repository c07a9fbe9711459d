"""What a mailing would do if it were sent now, for the panel beside the form. No call goes out for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from mailings import lookups
from mailings.forms import when
from mailings.forms.bubble import Bubble, named
from mailings.forms.compose import ComposeForm
from mailings.forms.filed import left_out
from mailings.models import Quote
from mailings.recipients.corrections import Beyond
from mailings.recipients.gather import Gathered
from mailings.smsc.spec import values
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.smsc.spec.lists import Lines
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.spec import Spec
from mailings.smsc.spec.texts import Parts, clean, message_parts
from mailings.smsc.spec.times import TimeForm, When, due, is_past, parse
from mailings.smsc.spec.vocabulary import Channel

SHOWN_PEOPLE = 5
SHOWN_WRONG = 50
SHOWN_CULPRITS = 5
REFERENCE = "•••••a"


@dataclass(frozen=True)
class Extreme:
    """How long one of many texts is; `parts` where it is an SMS."""

    characters: int
    parts: Parts | None


@dataclass(frozen=True)
class Preview:
    """All of it is worked out only when the panel shows it."""

    form: ComposeForm

    @property
    def gathered(self) -> Gathered:
        return self.form.gathered

    @property
    def spec(self) -> Spec | None:
        return self.form.spec

    # --- recipients -------------------------------------------------------------------------------

    @cached_property
    def _beyond(self) -> Beyond:
        """What the file adds to those that stand in the spec, or were pasted."""
        if self.form.personal.applies:
            return Beyond(self.form.personal.unread)
        chosen, spec = self.form.chosen, self.spec
        return chosen.beyond(spec.phones if spec else self.gathered.valid) if chosen else Beyond()

    @property
    def people(self) -> int:
        """How many people it goes to, groups aside."""
        return (self.spec.recipients if self.spec else self.gathered.people) + self._beyond.people

    @property
    def groups(self) -> int:
        return (self.spec.groups if self.spec else self.gathered.groups) + self._beyond.groups

    @property
    def stopped(self) -> int:
        held = self.form.uploads.recipients
        return self.gathered.stopped + (held.stopped if held else 0)

    @cached_property
    def duplicates(self) -> int:
        """How many stand there twice, in the paste, in the file or in both."""
        held, chosen = self.form.uploads.recipients, self.form.chosen
        if self.form.personal.applies:
            return self.form.personal.duplicates
        both = len(chosen.among(self.gathered.valid)) if chosen else 0
        return self.gathered.duplicates + both + (held.duplicate if held else 0)

    @property
    def wrong_count(self) -> int:
        held, doubtful = self.form.uploads.recipients, self.form.typed.has("with_doubtful")
        return self.gathered.wrong_count + (left_out(held, doubtful=doubtful) if held else 0)

    @cached_property
    def wrong(self) -> list[tuple[str, str]]:
        """The first wrong entries of the paste, each with the line that it stands on."""
        found = ((_("line {n}").format(n=one.line), one.entry) for one in self.gathered.wrong)
        return list(islice(found, SHOWN_WRONG))

    @property
    def wrong_unlisted(self) -> int:
        return self.wrong_count - len(self.wrong)

    @property
    def whom(self) -> str:
        """How many it goes to, in words; empty while it goes to nobody."""
        people = npgettext("counted", "{n} person", "{n} people", self.people).format(n=grouped(self.people))
        groups = npgettext("counted", "{n} group", "{n} groups", self.groups).format(n=self.groups)
        if self.people and self.groups:
            return _("{people} and {groups}").format(people=people, groups=groups)
        if self.people or self.groups:
            return people if self.people else groups
        return ""

    @property
    def button(self) -> str:
        """What the button that leads to the review says."""
        return _("Review: {people}").format(people=self.whom) if self.whom else _("Review")

    # --- the text ---------------------------------------------------------------------------------

    @cached_property
    def text(self) -> str:
        """The text as it would be counted: line ends as LF. What cannot be sent at all counts as nothing."""
        try:
            return clean(self.form.typed.values.get("mes", ""))
        except Refusal:
            return ""

    @property
    def bubble(self) -> Bubble:
        """The message as people get it; of personal messages the one that is looked at, or the first."""
        if rows := self.form.personal.rows:
            return Bubble(self.form, rows.shown.text)
        if self.spec and self.spec.options.get("list"):
            return Bubble(self.form, next((text or "" for _who, text, _front in self.spec.people()), ""))
        return Bubble(self.form, self.text)

    @property
    def extremes(self) -> list[Extreme]:
        """Of personal messages the shortest and the longest; none where everybody gets the same."""
        if rows := self.form.personal.rows:
            return [self._extreme(rows.shortest.text), self._extreme(rows.longest.text)]
        if not (self.spec and self.spec.options.get("list")):
            return []
        texts = [one.text or "" for one in self.spec.people()]
        return [self._extreme(min(texts, key=len)), self._extreme(max(texts, key=len))]

    def _extreme(self, text: str) -> Extreme:
        return Extreme(len(text), self._parts_of(text))

    @property
    def characters(self) -> int:
        return len(self.text)

    @property
    def counted_in_parts(self) -> bool:
        """Whether the text is a plain SMS; bytes are counted by the spec alone."""
        return self.form.typed.channel is Channel.SMS and self.form.typed.values.get("bin", "") in ("", "0")

    @cached_property
    def parts(self) -> Parts | None:
        return self._parts_of(self.text)

    def _parts_of(self, text: str) -> Parts | None:
        translit = self.form.typed.values.get("translit", "")
        if not (text and self.counted_in_parts):
            return None
        return message_parts(text, translit=int(translit) if translit in ("1", "2") else 0)

    @property
    def culprits(self) -> str:
        """The few characters without which the text would be shorter by a part or more: «ё», «—»."""
        if self.parts is None or not 0 < len(self.parts.culprits) <= SHOWN_CULPRITS:
            return ""
        return ", ".join(map(named, self.parts.culprits)) if self.parts_saved else ""

    @property
    def parts_saved(self) -> int:
        """How many parts the text would save without its culprits."""
        if self.parts is None or not self.parts.culprits:
            return 0
        table = dict.fromkeys(map(ord, self.parts.culprits), "x")
        return self.parts.parts - message_parts(self.text.translate(table)).parts

    # --- the price --------------------------------------------------------------------------------

    @cached_property
    def price_digest(self) -> str:
        """The name of what its price is asked by; empty when there is nothing to ask, or not from here.

        Too many people, and files of any kind, have to be saved first: their price is asked for the review.
        """
        spec, account = self.spec, self.form.account
        if spec is None or account is None or self.form.chosen or self.form.personal.unread:
            return ""
        if not lookups.travels(spec):
            return ""
        return lookups.digest_of(account, spec)

    @cached_property
    def quote(self) -> Quote | None:
        """The price, if it was asked for in the last ten minutes."""
        account = self.form.account
        return lookups.known(account, self.price_digest) if account and self.price_digest else None

    @property
    def total_parts(self) -> int | None:
        """Over all recipients outside groups: those of the file get what the others get.

        Not known while only the first of many personal messages are read.
        """
        if self.form.personal.applies and self.form.personal.unread:
            return None
        if self.spec is None or self.spec.parts is None or not self._beyond.people:
            return self.spec.parts if self.spec else None
        return self.spec.parts // max(self.spec.recipients, 1) * self.people

    # --- the time ---------------------------------------------------------------------------------

    @cached_property
    def _typed_hour(self) -> tuple[When | None, float | None]:
        """The hour of a form that is not finished yet, and the zone of a date; None where it is wrong."""
        options, found = self.form.typed.options(self.form.now)
        if any(name in when.FIELDS for problem in found for name in problem.fields):
            return None, None
        try:
            zone = values.read(OPTIONS["tz"], options["tz"]) if "tz" in options else None
            return parse(options.get("time", "0")), zone
        except Refusal:
            return None, None

    @property
    def hour_problem(self) -> str:
        """Why an hour that was read is no moment: the clock shows it twice, or skips it; "" if neither."""
        _options, found = self.form.typed.options(self.form.now)
        return next((one.message(_) for one in found if one.code in when.CLOCK_CHANGES), "")

    @property
    def when(self) -> When | None:
        return self.spec.when if self.spec else self._typed_hour[0]

    @property
    def clock(self) -> str:
        """The clock that the hour was typed by; "" is the reader's own."""
        return self.form.typed.values.get("clock", "")

    @property
    def arrival(self) -> tuple[datetime, datetime] | None:
        """When it really arrives if the night hours delay it: the first and the last hour."""
        moment = self.form.now if self.is_now else self.due_at
        return when.arrival(moment, self.form.country, self.form.typed.channel) if moment else None

    @property
    def keeps_night_hours(self) -> bool:
        """Whether the night may delay it, as far as is known here."""
        return self.form.typed.channel not in when.SILENT

    @property
    def is_now(self) -> bool:
        return self.when is not None and self.when.form is TimeForm.NOW

    @property
    def due_at(self) -> datetime | None:
        if self.spec:
            return self.spec.due_at(self.form.now)
        typed, zone = self._typed_hour
        return due(typed, zone, self.form.now) if typed else None

    @property
    def is_past(self) -> bool:
        """Whether the hour is past: SMS Centre would send at once."""
        typed, zone = self._typed_hour
        return typed is not None and is_past(typed, zone, self.form.now)

    @property
    def occurrences(self) -> Sequence[datetime]:
        """The next sendings of a mailing that repeats."""
        if self.spec is None or not self.spec.options.get("rpt"):
            return ()
        return self.spec.occurrences(self.form.now)

    @property
    def notices(self) -> list[str]:
        own = [one.message(_) for one in self.form.own_list.notes] if self.form.own_list else []
        return [*own, *(one.message(_) for one in self.spec.notices())] if self.spec else own

    # --- word for word ----------------------------------------------------------------------------

    @property
    def wire(self) -> list[tuple[str, str]]:
        """The request's parameters as they would be sent, recipients cut short."""
        if self.spec is None:
            return []
        beyond, wire = self._beyond.all, self.spec.wire(REFERENCE)
        found = [
            (
                name,
                _lines(value, beyond)
                if name == "list" or isinstance(value, Lines)
                else _readable(value, beyond),
            )
            for name, value in wire
        ]
        return [*found, *(("file", ref.name) for ref in self.spec.files)]

    @property
    def problem_count(self) -> int:
        return len(self.form.problems)


def _readable(value: str | bytes | Sequence[str], beyond: int) -> str:
    """`beyond`: how many recipients there are besides."""
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, str):
        return value
    more = len(value) + beyond - SHOWN_PEOPLE
    first = ", ".join(islice(value, SHOWN_PEOPLE))
    return f"{first} … {_('and {n} more').format(n=grouped(more))}" if more > 0 else first


def _lines(value: str | bytes | Sequence[str] | Lines, beyond: int) -> str:
    """The first personal messages, and how many lines more."""
    lines = value if isinstance(value, Lines) else str(value).split("\n")
    more = sum(1 for _line in lines) + beyond - SHOWN_PEOPLE
    first = "\n".join(islice(lines, SHOWN_PEOPLE))
    return f"{first}\n… {_('and {n} more').format(n=grouped(more))}" if more > 0 else first


def grouped(number: int) -> str:
    """`4,812`, as the reader's language groups it."""
    return str(number_format(number, use_l10n=True, force_grouping=True))
