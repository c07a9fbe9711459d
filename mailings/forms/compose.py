"""The compose form: what was typed, checked by the spec, with each error at its field."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from django import forms
from django.conf import settings
from django.core.files import File
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext as _

from mailings.forms import filed, when
from mailings.forms.fields import fields
from mailings.forms.personal import Personal
from mailings.forms.typed import FLAGS, WHEN, Typed
from mailings.forms.uploads import StoredUpload
from mailings.models import Account, Attachment, Import, Mailing
from mailings.recipients import listed, stop_list
from mailings.recipients.corrections import Chosen
from mailings.recipients.gather import Gathered, gather, problems
from mailings.smsc.spec import spec
from mailings.smsc.spec.catalogue import FILES, OPTIONS
from mailings.smsc.spec.problems import N_, Problem, SpecError
from mailings.smsc.spec.spec import FileRef, Spec
from mailings.smsc.spec.vocabulary import Channel, Section

# Controls that are not folded away, in this order, if the channel has them.
FIRST = (
    "bot",
    "sender",
    "name",
    "phones",
    "recipients_file",
    "skip_wrong",
    "with_doubtful",
    "subj",
    "mes",
    FILES.name,
    "time_at",
    "clock",
    "which",
)
# The folds below the hour: titles, and the controls in each.
WHEN_FOLDS = (
    (N_("Only between certain hours"), ("hours_from", "hours_to")),
    (N_("In so many minutes"), ("minutes",)),
    (N_("Repeat"), ("rpt", "rptn")),
    (N_("Spread it out"), ("period", "freq")),
    (N_("Technical: as SMS Centre writes it"), ("time", "tz")),
)
# Parameters that the choice of a channel sets: their errors are shown beside it.
SETS_CHANNEL = ("channel", *FLAGS)
# Controls that the page draws in places of their own, with their errors.
DRAWN_ELSEWHERE = (*SETS_CHANNEL, "braces", "own_addresses")
COMMON = (Channel.SMS, Channel.VIBER, Channel.WHATSAPP, Channel.MAIL)


@dataclass
class Files:
    """The files of a form: `attached` to its draft already, and `held` since this post or an earlier one.

    `recipients`: the file of recipients, read or being read. `dropped`: which attachments of the draft are
    removed when it is saved or sent. `refused`: uploads that were not taken, each as the name of its field
    and a sentence.
    """

    attached: Sequence[Attachment] = ()
    held: list[StoredUpload] = field(default_factory=list)
    recipients: Import | None = None
    dropped: Sequence[str] = ()
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def refs(self) -> list[FileRef]:
        return [*self.kept, *(upload.ref for upload in self.held)]

    @property
    def kept(self) -> list[FileRef]:
        return [one.ref for one in self.attached]

    @contextmanager
    def opened(self) -> Iterator[list[tuple[FileRef, File[bytes]]]]:
        """The held files, open for reading while they are stored with their mailing."""
        with ExitStack() as stack:
            yield [(upload.ref, stack.enter_context(upload.open())) for upload in self.held]


class Part(NamedTuple):
    """A section of the page: its first controls, and those that are folded away unless `open`."""

    section: str
    first: list[BoundField]
    folded: list[BoundField]
    open: bool


class Fold(NamedTuple):
    """A few controls that are folded away under a title; `open` if one has a value or an error."""

    title: str
    fields: list[BoundField]
    open: bool


class Way(NamedTuple):
    """One button of the channel choice. `option`: the parameter that it sets, for `data-option`."""

    value: str
    label: str
    option: str
    chosen: bool


class Listed(NamedTuple):
    """One line of the summary of errors. `target`: the HTML id of the control to which it leads."""

    target: str
    label: str
    text: str


class ComposeForm(forms.Form):
    """`check`: whether errors are shown; they are not when a form is only drawn anew.

    `judge`: whether what was typed is checked at all. The form of a visitor without a login is given back
    unchecked, because it takes long to check a list of recipients.
    """

    use_required_attribute = False

    def __init__(
        self, typed: Typed, *, now: datetime, files: Files | None = None, accounts: Sequence[Account] = (),
        check: bool = False, judge: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(data=typed.values)
        self.typed, self.now, self.check, self.judge = typed, now, check, judge
        self.uploads = files or Files()
        self.accounts = accounts
        self.made_before: Mailing | None = None
        # When the draft was saved last, if it was.
        self.saved_at: datetime | None = None
        # Why the provider refused it before: the field, "" if that is not known, and a sentence.
        self.refusal = ("", "")
        self.fields.update(fields(typed.channel, typed.values, all_values=typed.show_all))

    # --- what was typed ---------------------------------------------------------------------------

    @cached_property
    def account(self) -> Account | None:
        """The chosen account, or the first if none was named. None: there is none, or none of that name."""
        if not self.typed.account:
            return self.accounts[0] if self.accounts else None
        return next((one for one in self.accounts if one.name == self.typed.account), None)

    @cached_property
    def country(self) -> str:
        """The country (two letters) of numbers without a country code."""
        return self.account.home if self.account else str(settings.DEFAULT_COUNTRY)

    @cached_property
    def gathered(self) -> Gathered:
        """The recipients that were pasted."""
        if not self.judge:
            return Gathered()
        pasted, country = self.typed.values.get("phones", ""), self.country
        return gather(pasted, self.typed.channel, country=country, stopped=self._stopped)

    @cached_property
    def _filed(self) -> Chosen | None:
        return filed.chosen(self.uploads.recipients, doubtful=self.typed.has("with_doubtful"))

    @property
    def chosen(self) -> Chosen | None:
        """The recipients that the file adds. None: it gives none yet, or their messages are personal."""
        return None if self.personal.applies else self._filed

    @property
    def _sample(self) -> tuple[str, ...]:
        """The first few recipients of the file, which the spec has in place of all of them."""
        return self.chosen.first if self.chosen else ()

    @cached_property
    def own_list(self) -> listed.Listed | None:
        """The personal messages that were typed one by one, if any were."""
        text, nl = self.typed.values.get("list", ""), self.typed.values.get("nl", "")
        if not (self.judge and text.strip()):
            return None
        return listed.read(text, self.typed.channel, self.country, nl=nl.strip() == "1")

    @cached_property
    def _stopped(self) -> frozenset[int]:
        """The keys of all people on the account's stop list."""
        return stop_list.keys(self.account) if self.account else frozenset()

    @cached_property
    def personal(self) -> Personal:
        """The text with the columns of the file filled in."""
        found = self._filed if self.judge else None
        waits = self.uploads.recipients is not None and found is None
        return Personal(self.typed, found, waits=waits, whole=self.check)

    @property
    def skips_wrong(self) -> bool:
        return self.typed.has("skip_wrong")

    @cached_property
    def _outcome(self) -> tuple[Spec | None, tuple[Problem, ...]]:
        if not self.judge:
            return None, ()
        options, found = self.typed.options(self.now)
        gathered = self.gathered
        given: dict[str, Any] = options | {"phones": [*gathered.valid, *self._sample]}
        if self.own_list:
            found += self.own_list.problems
            given["list"] = self.own_list.text
        given, found = self.personal.given(given), [*found, *self.personal.problems]
        wrong = [] if self.skips_wrong else problems(gathered.wrong)
        wrong += self._wrong_in_file()
        if wrong and not given.get("phones") and not self.personal.applies:
            given["phones"] = ["?"]  # keeps the spec from saying that there are none: they are only wrong
        found += wrong
        try:
            made = spec.validate(given, self.uploads.refs, now=self.now)
        except SpecError as refused:
            told = ("recipient", "list_phone") if self.own_list and self.own_list.problems else ("recipient",)
            kept = [
                one for one in map(self.personal.placed, refused.problems) if not one.code.startswith(told)
            ]
            return None, (*found, *kept)
        return (None if found else made), tuple(found)

    def _wrong_in_file(self) -> list[Problem]:
        if self.uploads.recipients is None:
            return []
        doubtful = self.typed.has("with_doubtful")
        return filed.problems(self.uploads.recipients, doubtful=doubtful, leave_out=self.skips_wrong)

    @property
    def spec(self) -> Spec | None:
        """What would be sent; None while there are `problems`."""
        return self._outcome[0]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._outcome[1]

    def draft_options(self) -> dict[str, str]:
        """Everything as typed, without the file of recipients, which is stored beside it."""
        options = self.typed.to_draft()
        if self.typed.has("time_at") and not self.typed.has("clock"):
            # Another person, with another time zone, may open the draft.
            options["clock"] = timezone.get_current_timezone_name()
        return options

    # --- checking ---------------------------------------------------------------------------------

    @property
    def unstorable(self) -> list[str]:
        """The names of fields that contain a NUL character, which PostgreSQL cannot store."""
        return [name for name, value in self.typed.values.items() if "\0" in value]

    def clean(self) -> dict[str, Any]:
        if self.check:
            self._show_problems()
        if self.refusal[0]:
            self.add_error(*self.refusal)
        for field_name, text in self.uploads.refused:
            self.add_error(field_name, text)
        for name in self.unstorable:
            if not self.has_error(name):
                text = _("There is an invisible character (NUL) in it that cannot be kept. Type it anew.")
                self.add_error(name, text)
        return self.cleaned_data

    def _show_problems(self) -> None:
        for problem in self.problems:
            for field_name in problem.fields:
                name = when.used(self.typed.values) if field_name == "time" else field_name
                known = name in self.fields
                text = problem.message(_)
                self.add_error(name if known else None, text if known else f"{name}: {text}")
        if not self.accounts:
            self.add_error(None, _("There is no account to send with. An administrator adds one."))
        elif self.account is None:
            self.add_error(None, _("There is no such account. Choose one."))

    @property
    def listed_errors(self) -> list[Listed]:
        """Every error once, for the summary at the top of the page."""
        found: dict[str, Listed] = {}
        for name, errors in self.errors.items():
            for text in map(str, errors):
                if name == "__all__":
                    found.setdefault(text, Listed("", "", text))
                elif name not in SETS_CHANNEL:
                    found.setdefault(text, Listed(self[name].id_for_label, str(self[name].label), text))
        for text in self.channel_errors:
            found.setdefault(text, Listed("channel", _("Channel"), text))
        return list(found.values())

    @property
    def channel_errors(self) -> list[str]:
        """Errors of the parameters that the choice of a channel sets."""
        return list(dict.fromkeys(str(text) for name in SETS_CHANNEL for text in self.errors.get(name, [])))

    # --- what the page shows ----------------------------------------------------------------------

    @property
    def ways(self) -> list[Way]:
        return [
            Way(
                channel.value,
                _(channel.label),
                channel.value if channel.value in FLAGS else "channel",
                channel is self.typed.channel,
            )
            for channel in (*COMMON, *(one for one in Channel if one not in COMMON))
        ]

    @property
    def common_ways(self) -> list[Way]:
        return self.ways[: len(COMMON)]

    @property
    def other_ways(self) -> list[Way]:
        return self.ways[len(COMMON) :]

    @property
    def other_way_chosen(self) -> bool:
        return self.typed.channel not in COMMON

    @property
    def zero_flags(self) -> list[str]:
        """The flags of channels that were given as 0 (viber=0): the form keeps them as they came."""
        return [name for name in FLAGS if self.typed.values.get(name, "").strip() == "0"]

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The sections by name."""
        return {section.value: self._part(section) for section in Section}

    def _part(self, section: Section) -> Part:
        first, folded = list[BoundField](), list[BoundField]()
        for name in self._names():
            if self._section_of(name) == section:
                (first if name in FIRST else folded).append(self[name])
        first.sort(key=lambda one: FIRST.index(one.name))
        return Part(section.value, first, folded, self._holds_something(folded))

    def _names(self) -> list[str]:
        names = [
            *self.typed.shown,
            *(name for name in self.errors if name in self.fields and name not in DRAWN_ELSEWHERE),
        ]
        if "phones" in names:
            names += ["recipients_file", *self._switches()]
        if "voice" in names:
            names.insert(names.index("voice") + 1, "voice_language")
        names += [name for name in WHEN if name != "which" or self.hour_is_twice]
        return list(dict.fromkeys(names))

    @property
    def hour_is_twice(self) -> bool:
        """Whether the hour that was typed comes twice by its clock, so that a person has to choose."""
        zone = when.zone_of(self.typed.values.get("clock", ""))
        text = self.typed.values.get("time_at") or self.typed.values.get("time", "")
        return self.typed.has("which") or (zone is not None and when.is_twice(text, zone, self.now))

    @property
    def when_folds(self) -> list[Fold]:
        """The folds below the hour; each folded control of the section is in one of them."""
        shown = {one.name: one for one in self.parts[Section.WHEN].folded}
        folds = [(_(title), [shown[name] for name in names]) for title, names in WHEN_FOLDS]
        return [Fold(title, found, self._holds_something(found)) for title, found in folds]

    def _holds_something(self, controls: Sequence[BoundField]) -> bool:
        return self.typed.show_all or any(self.typed.has(one.name) or one.errors for one in controls)

    def _switches(self) -> list[str]:
        """The switches for wrong and doubtful recipients, if there are any such recipients."""
        held = self.uploads.recipients
        doubtful = held is not None and held.doubtful > 0
        wrong = self.gathered.wrong_count > 0 or (held is not None and held.wrong > 0) or doubtful
        asked = {"skip_wrong": wrong, "with_doubtful": doubtful}
        return [name for name, there in asked.items() if there or self.typed.has(name)]

    def _section_of(self, name: str) -> Section:
        own = {
            "recipients_file": Section.TO,
            "skip_wrong": Section.TO,
            "with_doubtful": Section.TO,
            **dict.fromkeys(WHEN, Section.WHEN),
            FILES.name: FILES.section,
        }
        if name in ("bot", "sender"):
            return Section.CHANNEL
        return own.get(name) or (OPTIONS[name].section if name in OPTIONS else Section.MORE)

    @property
    def more_labels(self) -> str:
        """The names of the controls that are folded away under "Options"."""
        return " · ".join(str(one.label) for one in self.parts[Section.MORE].folded)

    @property
    def more_set(self) -> int:
        """How many of these have a value."""
        return sum(self.typed.has(one.name) for one in self.parts[Section.MORE].folded)

    @property
    def kept_labels(self) -> list[str]:
        """The names of options that were typed for another channel and are kept."""
        return [_(OPTIONS[name].label) for name in self.typed.kept]
