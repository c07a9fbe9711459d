"""Personal messages of the compose page: `{Heading}` filled from the file's columns, and one row's message.

About braces that no column fills the page asks: a switch says that they are part of the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from mailings.forms.typed import Typed
from mailings.forms.when import from_moscow, zone_of
from mailings.recipients import messages
from mailings.recipients.columns import ZONE
from mailings.recipients.corrections import Chosen
from mailings.recipients.held_rows import HeldRows, first_gap, shortest_and_longest
from mailings.recipients.messages import Template
from mailings.recipients.personal import Addressed, Rule, Wanted, address, own_roles
from mailings.recipients.reasons import Verdict
from mailings.smsc.spec import letters, times
from mailings.smsc.spec.lines import Lines
from mailings.smsc.spec.problems import N_, Problem, Refusal

# How many rows of a long file are read while a person types.
WHILE_TYPING = 100
# A row with a higher number is not shown again at each key press: to find it takes the longer, the higher it
# is.
KEPT_IN_VIEW = 2_000
# Rows that can be asked for in place of a number.
SHORTEST, LONGEST, GAP = "shortest", "longest", "gap"
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class PersonalRow:
    """One recipient's message. `number`: its place among the rows with a recipient, from 1.

    `gaps`: headings whose cell is empty. `goes_out`: False if the person gets this very text by an earlier
    row, or nothing at all.
    """

    number: int
    line: int
    recipient: str
    text: str
    gaps: tuple[str, ...]
    goes_out: bool = True


@dataclass(frozen=True)
class RowPreview:
    """The row that is shown, of `count` rows. `has_gap`: there is, or may be, one with an empty cell.

    `shortest`, `longest`: of the first `looked` rows; of all rows if one of these was asked for.
    `deceiving`: texts that deceive by something that the text of all has not, each with its recipient.
    """

    shown: PersonalRow
    count: int
    has_gap: bool
    shortest: PersonalRow
    longest: PersonalRow
    looked: int
    deceiving: Sequence[tuple[str, str]] = ()

    @property
    def is_near(self) -> bool:
        """Whether it is shown again at the next key press."""
        return self.shown.number < KEPT_IN_VIEW

    @property
    def is_of_all(self) -> bool:
        """Whether `shortest` and `longest` are those of the whole file."""
        return self.looked >= self.count

    @property
    def before(self) -> int | None:
        return self.shown.number - 1 if self.shown.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.shown.number + 1 if self.shown.number < self.count else None


@dataclass(frozen=True)
class Personal:
    """`filed`: the recipients of the file. None: there is none, or it `waits` to be read or for an answer.

    `whole`: whether all of a long file is read, or only its first rows.
    """

    typed: Typed
    filed: Chosen | None
    waits: bool = False
    whole: bool = False

    @property
    def text(self) -> str:
        return self.typed.values.get("mes", "")

    @property
    def as_they_stand(self) -> bool:
        """Whether a person has said that braces are part of the text."""
        return self.typed.has("braces")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the file's columns; none without a file that has columns."""
        return _walk(self.filed, 0).names if self.filed else ()

    @property
    def chips(self) -> tuple[str, ...]:
        """The headings that are offered for the text. Columns without a heading, named by number, are not."""
        return tuple(name for name in self.names if not name.isdecimal() and not set("{}\n") & set(name))

    @cached_property
    def template(self) -> Template:
        return messages.template(self._wanted.text or "", self.names)

    @property
    def blanks(self) -> list[str]:
        """The placeholders that no column fills. A person can fill them in, the same for everybody."""
        if self.as_they_stand or self.waits:
            return []
        return [str(one.params["name"]) for one in self.template.problems]

    @property
    def asks(self) -> bool:
        """Whether the switch for braces is shown: no column fills some of them, or it is on."""
        return self.as_they_stand or bool(self.template.problems and not self.waits)

    @property
    def applies(self) -> bool:
        """Whether each recipient gets a line of the provider's `list`: an own text, sender or time zone."""
        return self.template.is_personal or bool(self._own_roles)

    @cached_property
    def _own_roles(self) -> dict[str, int]:
        return own_roles(_walk(self.filed, 0).roles, self._wanted) if self.filed else {}

    @cached_property
    def _wanted(self) -> Wanted:
        options, _problems = self.typed.options()
        options |= self._hour(options)
        return Wanted(
            text=messages.doubled(self.text) if self.as_they_stand else self.text,
            channel=self.typed.channel,
            time=options.get("time", ""),
            nl=self.typed.values.get("nl", "").strip() == "1",
            wrong=Rule.SKIP if self.typed.has("skip_wrong") else Rule.REFUSE,
            doubtful=Rule.SEND,
        )

    @cached_property
    def addressed(self) -> Addressed | None:
        """The lines of the list: of the first rows, or of all if `whole`. None without a file."""
        if self.filed is None:
            return None
        return address(_walk(self.filed, None) if self.whole else self._first, self._wanted)

    @cached_property
    def _first(self) -> HeldRows:
        """The first rows of the file. Raises ValueError without one."""
        if self.filed is None:
            raise ValueError("no file")
        return _walk(self.filed, WHILE_TYPING)

    @property
    def count(self) -> int:
        """How many people the file holds."""
        return self.filed.count if self.filed else 0

    @cached_property
    def unread(self) -> int:
        """How many of the file's recipients were not read."""
        if self.filed is None or self.whole:
            return 0
        return self.filed.count - self._first.counted

    @property
    def skipped(self) -> int:
        """How many rows were left out as wrong, or for an empty cell."""
        return self.addressed.skipped if self.applies and self.addressed else 0

    @property
    def duplicates(self) -> int:
        """How many rows give a person the same text again; 0 while only the first rows are read."""
        return self.addressed.duplicates if self.addressed and not self.unread else 0

    @property
    def problems(self) -> Iterator[Problem]:
        if self.waits:
            return
        if self.template.problems:
            yield from self.template.problems if self.names else self._unfilled()
        elif self.applies:
            if self.typed.has("phones"):
                yield Problem(("phones",), "phones_without_columns", self._columnless())
            yield from self.addressed.problems if self.addressed else ()

    def _columnless(self) -> str:
        """The error of pasted recipients beside a file whose columns make personal messages."""
        if self.template.is_personal:
            return N_("These have no columns that fill the text: put them into the file, or take them out.")
        return N_(
            "The file has a column of senders or time zones, and these have none: put them into the file, "
            "take them out, or say above that no column holds them."
        )

    @property
    def unfilled(self) -> list[str]:
        """The errors at the text, about placeholders that no column fills."""
        return [one.message(_) for one in self.problems if "mes" in one.fields]

    def _unfilled(self) -> Iterator[Problem]:
        said = N_("Nothing fills {%(name)s}. Bring a file with columns, or say below that braces are meant.")
        for name in messages.names_in(self.text):
            yield Problem(("mes",), "braces", said, {"name": name})

    def given(self, options: dict[str, Any]) -> dict[str, Any]:
        """The create options with the personal messages, or with the one text for all."""
        if self.template.problems or "mes" not in options:
            return options
        if not self.applies:
            return options if self.as_they_stand else options | {"mes": messages.braced(options["mes"])}
        if not (self.addressed and self.addressed.lines):
            return options
        rest = {name: value for name, value in options.items() if name not in ("mes", "phones", "nl")}
        nl = {"nl": "1"} if self.addressed.nl else {}
        return rest | self._hour(options) | {"list": Lines(self.addressed.lines.__iter__)} | nl

    def _hour(self, options: dict[str, Any]) -> dict[str, str]:
        """The hour as a date and an hour of the clock, if rows have time zones of their own; else {}."""
        zone = zone_of(self.typed.values.get("clock", ""))
        roles = _walk(self.filed, 0).roles if self.filed else {}
        try:
            moment = times.parse(str(options.get("time", ""))).moment
        except Refusal:
            return {}
        if moment is None or zone is None or ZONE not in roles:
            return {}
        return {"time": f"{moment.astimezone(zone):%d.%m.%y %H:%M}", "tz": from_moscow(zone, moment)}

    def placed(self, problem: Problem) -> Problem:
        """The problem, moved from the list to the text from which the list was made."""
        if not self.applies or "list" not in problem.fields:
            return problem
        return replace(problem, fields=tuple("mes" if name == "list" else name for name in problem.fields))

    @property
    def own_columns(self) -> dict[str, str]:
        """The names of the columns of senders and time zones, by role."""
        return {role: self.names[index] for role, index in self._own_roles.items()}

    # --- one row ------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> RowPreview | None:
        """The row that was asked for, else the first; None without personal messages."""
        if not self.applies or self.filed is None:
            return None
        found = list(self._read(self._first))
        sent = [row for row in found if row.goes_out]
        if not sent:
            return None
        first, wanted, count = sent[0], self.typed.row, self._first.walked_count
        more = count > len(found)
        if more and wanted in (SHORTEST, LONGEST, GAP):
            sent += self._beyond(wanted)
        gap = next((row for row in sent if row.gaps), None)
        shortest, longest = min(sent, key=_length), max(sent, key=_length)
        shown = {SHORTEST: shortest, LONGEST: longest, GAP: gap}.get(wanted) or self._numbered(found)
        looked = count if more and wanted in (SHORTEST, LONGEST) else len(found)
        has_gap = bool(gap or (more and wanted != GAP))
        odd = self._deceiving(sent)
        return RowPreview(shown or first, count, has_gap, shortest, longest, looked, odd)

    def _deceiving(self, rows: Sequence[PersonalRow]) -> Sequence[tuple[str, str]]:
        lookout = letters.Lookout(self.text)
        for row in rows:
            lookout.look(row.text, row.recipient)
        return lookout.found

    def _beyond(self, wanted: str) -> list[PersonalRow]:
        """Rows of the whole file, found by the database, that may be the one asked for."""
        find = first_gap if wanted == GAP else shortest_and_longest
        return [row for place in find(self._first.sent_to, self.template) for row in self._at(place)]

    def _numbered(self, found: Sequence[PersonalRow]) -> PersonalRow | None:
        """The row whose number was asked for."""
        wanted = self.typed.row
        if not (wanted.isdecimal() and len(wanted) < LONGEST_NUMBER):
            return None
        number = max(int(wanted), 1)
        if number <= len(found):
            return found[number - 1]
        places = self._first.walked.values_list("position", flat=True)[number - 1 : number]
        return next((replace(row, number=number) for place in places for row in self._at(place)), None)

    def _at(self, place: int) -> Iterator[PersonalRow]:
        """The row at this position of the file, with its number."""
        if self.filed is None:
            return
        one = HeldRows(self.filed.imported, doubtful=self.filed.doubtful, places=[place])
        before = self._first.walked.filter(position__lt=place).count()
        yield from self._read(one, before + 1)

    def _read(self, walk: HeldRows, number: int = 1) -> Iterator[PersonalRow]:
        """The message of each of these rows, which are numbered from `number`."""
        walk.says(self.template.fill)
        for at, entry in enumerate(walk, number):
            text, gaps = self.template.fill(entry.cells), self.template.gaps(entry.cells)
            goes_out = entry.verdict in (Verdict.VALID, Verdict.DOUBTFUL)
            yield PersonalRow(at, entry.line, entry.recipient, text, gaps, goes_out)


def _walk(filed: Chosen, at_most: int | None) -> HeldRows:
    return HeldRows(filed.imported, doubtful=filed.doubtful, at_most=at_most)


def _length(row: PersonalRow) -> int:
    return len(row.text)
