"""What a mailing would do if it were sent now, for the panel beside the form. Makes no call."""

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
from mailings.forms.bubble import Bubble, all_deceptions, named
from mailings.forms.compose import ComposeForm
from mailings.forms.filed import left_out
from mailings.models import Quote
from mailings.recipients.corrections import Beyond
from mailings.recipients.gather import Gathered
from mailings.smsc.spec import letters, values
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.problems import Refusal
from mailings.smsc.spec.spec import Spec
from mailings.smsc.spec.texts import Parts, clean, message_parts
from mailings.smsc.spec.times import TimeForm, When, due, is_past, parse
from mailings.smsc.spec.vocabulary import Channel

SHOWN_PEOPLE = 5
SHOWN_WRONG = 50
SHOWN_CULPRITS = 5
# Stands for the reference, which is not known before the row is made.
REFERENCE = "•••••a"


@dataclass(frozen=True)
class Extreme:
    """The length of one of many texts. `parts`: None unless it is an SMS."""

    characters: int
    parts: Parts | None


@dataclass(frozen=True)
class Preview:
    """The facts that the panel shows, each worked out when it is asked for."""

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
        """How many recipients the file adds to those of the spec, or to the pasted ones without a spec."""
        if self.form.personal.applies:
            return Beyond(self.form.personal.unread if self.spec else self.form.personal.count)
        chosen, spec = self.form.chosen, self.spec
        return chosen.beyond(spec.phones if spec else self.gathered.valid) if chosen else Beyond()

    @property
    def people(self) -> int:
        """How many people it goes to, without those in groups."""
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
        """How many entries repeat a recipient, in the paste and the file together."""
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
        """The first wrong entries of the paste: "line 3" and the entry."""
        found = ((_("line {n}").format(n=one.line), one.entry) for one in self.gathered.wrong)
        return list(islice(found, SHOWN_WRONG))

    @property
    def wrong_unlisted(self) -> int:
        return self.wrong_count - len(self.wrong)

    @property
    def whom(self) -> str:
        """To how many people and groups it goes, in words; "" while it goes to nobody."""
        people = npgettext("counted", "{n} person", "{n} people", self.people).format(n=grouped(self.people))
        groups = npgettext("counted", "{n} group", "{n} groups", self.groups).format(n=self.groups)
        if self.people and self.groups:
            return _("{people} and {groups}").format(people=people, groups=groups)
        if self.people or self.groups:
            return people if self.people else groups
        return ""

    @property
    def button(self) -> str:
        """The label of the button that opens the review."""
        return _("Review: {people}").format(people=self.whom) if self.whom else _("Review")

    # --- the text ---------------------------------------------------------------------------------

    @cached_property
    def text(self) -> str:
        """The text as it is counted, with line ends as LF; "" for one that cannot be sent at all."""
        try:
            return clean(self.form.typed.values.get("mes", ""))
        except Refusal:
            return ""

    @property
    def bubble(self) -> Bubble:
        """The message as people get it; of personal messages the chosen one, or the first."""
        if rows := self.form.personal.rows:
            return Bubble(self.form, rows.shown.text)
        if self.spec and self.spec.options.get("list"):
            return Bubble(self.form, next((text or "" for _who, text, _front in self.spec.people()), ""))
        return Bubble(self.form, self.text)

    @property
    def deceptions(self) -> list[str]:
        """What deceives the eye, in sentences; of personal messages in those that were looked at."""
        rows, single = self.form.personal.rows, letters.Lookout()
        if not rows and self.spec and self.spec.options.get("list"):
            for one in self.spec.people():
                single.look(one.text or "", one.address)
        own = rows.deceiving if rows else single.found
        texts = (self.text, self.bubble.fallback)
        return all_deceptions(texts, own, self.form.typed.values)

    @property
    def extremes(self) -> list[Extreme]:
        """The shortest and the longest of personal messages; [] if everybody gets the same."""
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
        """Whether parts are counted here: for an SMS that is not binary."""
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
        """The characters without which the text would have fewer parts, if they are few: «ё», «—»."""
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
        """The digest under which the price is asked; "" if it cannot be asked before the draft is saved.

        That is so with very many recipients and with files: their price is asked by the review.
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
        """The parts of all messages together, without groups. None: not known.

        It is not known for channels without parts, and while only the first personal messages are read.
        """
        if self.form.personal.applies and self.form.personal.unread:
            return None
        if self.spec is None or self.spec.parts is None or not self._beyond.people:
            return self.spec.parts if self.spec else None
        return self.spec.parts // max(self.spec.recipients, 1) * self.people

    # --- the time ---------------------------------------------------------------------------------

    @cached_property
    def _typed_hour(self) -> tuple[When | None, float | None]:
        """The hour and the zone of `tz` as typed, also in an unfinished form; None if wrong or missing."""
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
        """The error of an hour that the clock skips or shows twice, as a sentence; "" if it does neither."""
        _options, found = self.form.typed.options(self.form.now)
        return next((one.message(_) for one in found if one.code in when.CLOCK_CHANGES), "")

    @property
    def when(self) -> When | None:
        return self.spec.when if self.spec else self._typed_hour[0]

    @property
    def clock(self) -> str:
        """The time zone by which the hour was typed; "": the reader's own."""
        return self.form.typed.values.get("clock", "")

    @property
    def arrival(self) -> tuple[datetime, datetime] | None:
        """The first and the last hour of its arrival, if the night hours delay it; else None."""
        moment = self.form.now if self.is_now else None if self.is_past else self.due_at
        return when.arrival(moment, self.form.country, self.form.typed.channel) if moment else None

    @property
    def keeps_night_hours(self) -> bool:
        """Whether the night may delay messages of this channel."""
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
        """Whether the hour is past, so that the provider would send it at once."""
        typed, zone = self._typed_hour
        return typed is not None and is_past(typed, zone, self.form.now)

    @property
    def occurrences(self) -> Sequence[datetime]:
        """The next rounds of a mailing that repeats."""
        if self.spec is None or not self.spec.options.get("rpt"):
            return ()
        return self.spec.occurrences(self.form.now)

    @property
    def notices(self) -> list[str]:
        own = [one.message(_) for one in self.form.own_list.notes] if self.form.own_list else []
        return [*own, *(one.message(_) for one in self.spec.notices())] if self.spec else own

    # --- the request ------------------------------------------------------------------------------

    @property
    def wire(self) -> list[tuple[str, str]]:
        """The request's parameters as they would be sent, with only the first recipients."""
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
    """A value as text. `beyond`: how many recipients there are besides those in `value`."""
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
