"""Personal messages of the compose page: `{Heading}` filled from the file's columns, and a row as it is read.

Braces that nothing fills are asked about beside the text: a switch says that they are meant as they stand.
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
from mailings.smsc.spec import times
from mailings.smsc.spec.problems import N_, Problem, Refusal

# So many rows of a long file are looked at while a person types.
WHILE_TYPING = 100
# A row beyond is found again at later keys only up to here: the way to it grows with its number.
KEPT_IN_VIEW = 2_000
# Rows that are asked for by what they are, beside numbers.
SHORTEST, LONGEST, GAP = "shortest", "longest", "gap"
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class PersonalRow:
    """What one recipient reads. `number`: among the file's rows that have a recipient, from 1; `line`: in it.

    `goes_out`: False where the person gets this very text by a row above, or nothing at all.
    """

    number: int
    line: int
    recipient: str
    text: str
    gaps: tuple[str, ...]
    goes_out: bool = True


@dataclass(frozen=True)
class RowPreview:
    """The row that is shown, of so many (`count`). `has_gap`: whether there is, or may be, one with an empty
    cell.

    `shortest`, `longest`: of the first rows, so many as were `looked` at; of all where they were asked for.
    """

    shown: PersonalRow
    count: int
    has_gap: bool
    shortest: PersonalRow
    longest: PersonalRow
    looked: int

    @property
    def is_near(self) -> bool:
        """Whether it is shown again at later keys."""
        return self.shown.number < KEPT_IN_VIEW

    @property
    def is_of_all(self) -> bool:
        """Whether nothing is shorter or longer in the whole file."""
        return self.looked >= self.count

    @property
    def before(self) -> int | None:
        return self.shown.number - 1 if self.shown.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.shown.number + 1 if self.shown.number < self.count else None


@dataclass(frozen=True)
class Personal:
    """`filed`: the recipients of the file; None without one, and while it `waits` for reading or an answer.

    `whole`: whether all of a long file is looked at.
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
        """Whether braces were said to be meant."""
        return self.typed.has("braces")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The headings that may stand in the text; none without a file that has columns."""
        return _walk(self.filed, 0).names if self.filed else ()

    @property
    def chips(self) -> tuple[str, ...]:
        """Those that a person may want in a text: a heading, not the number of a column without one."""
        return tuple(name for name in self.names if not name.isdecimal() and not set("{}\n") & set(name))

    @cached_property
    def template(self) -> Template:
        return messages.template(self._wanted.text or "", self.names)

    @property
    def blanks(self) -> list[str]:
        """Places in the text that no column fills: they can be filled in for everybody."""
        if self.as_they_stand or self.waits:
            return []
        return [str(one.params["name"]) for one in self.template.problems]

    @property
    def asks(self) -> bool:
        """Whether the switch for braces is shown: something in them is filled by no column."""
        return self.as_they_stand or bool(self.template.problems and not self.waits)

    @property
    def applies(self) -> bool:
        """Whether each recipient gets a line of its own: its own text, sender or time zone."""
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
        """The lines of the list: of the first rows while a person types, of all when it is sent."""
        if self.filed is None:
            return None
        return address(_walk(self.filed, None) if self.whole else self._first, self._wanted)

    @cached_property
    def _first(self) -> HeldRows:
        """The first rows of the file; asked for only where there is one."""
        if self.filed is None:
            raise ValueError("no file")
        return _walk(self.filed, WHILE_TYPING)

    @cached_property
    def unread(self) -> int:
        """How many of the file's recipients were not looked at."""
        if self.filed is None or self.whole:
            return 0
        return self.filed.count - self._first.counted

    @property
    def skipped(self) -> int:
        """Rows that were left out as wrong, or for an empty cell."""
        return self.addressed.skipped if self.applies and self.addressed else 0

    @property
    def duplicates(self) -> int:
        """Rows that say the same to the same person; not known while only the first of many are read."""
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
        """What is said of pasted recipients beside a file whose columns say what each gets."""
        if self.template.is_personal:
            return N_("These have no columns that fill the text: put them into the file, or take them out.")
        return N_(
            "The file has a column of senders or time zones, and these have none: put them into the file, "
            "take them out, or say above that no column holds them."
        )

    @property
    def unfilled(self) -> list[str]:
        """What is said beside the text of names that no column fills."""
        return [one.message(_) for one in self.problems if "mes" in one.fields]

    def _unfilled(self) -> Iterator[Problem]:
        said = N_("Nothing fills {%(name)s}. Bring a file with columns, or say below that braces are meant.")
        for name in messages.names_in(self.text):
            yield Problem(("mes",), "braces", said, {"name": name})

    def given(self, options: dict[str, Any]) -> dict[str, Any]:
        """The create options with the personal messages, or the text as all get it."""
        if self.template.problems or "mes" not in options:
            return options
        if not self.applies:
            return options if self.as_they_stand else options | {"mes": messages.braced(options["mes"])}
        if not (self.addressed and self.addressed.lines):
            return options
        rest = {name: value for name, value in options.items() if name not in ("mes", "phones", "nl")}
        nl = {"nl": "1"} if self.addressed.nl else {}
        return rest | self._hour(options) | {"list": "\n".join(self.addressed.lines)} | nl

    def _hour(self, options: dict[str, Any]) -> dict[str, str]:
        """An hour of one clock, as the day and hour that each row's own time zone counts by."""
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
        """A problem of the list that the text became, beside the text."""
        if not self.applies or "list" not in problem.fields:
            return problem
        return replace(problem, fields=tuple("mes" if name == "list" else name for name in problem.fields))

    @property
    def own_columns(self) -> dict[str, str]:
        """The columns of senders and time zones that rows go out with, by their role."""
        return {role: self.names[index] for role, index in self._own_roles.items()}

    # --- one row ------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> RowPreview | None:
        """The row that was asked for, else the first; None where there is nothing personal to read."""
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
        return RowPreview(shown or first, count, has_gap, shortest, longest, looked)

    def _beyond(self, wanted: str) -> list[PersonalRow]:
        """Those of the whole file that may be what is asked for, found by the database."""
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
        """The row at a place of the file, with its number."""
        if self.filed is None:
            return
        one = HeldRows(self.filed.imported, doubtful=self.filed.doubtful, places=[place])
        before = self._first.walked.filter(position__lt=place).count()
        yield from self._read(one, before + 1)

    def _read(self, walk: HeldRows, number: int = 1) -> Iterator[PersonalRow]:
        """What stands in each of these rows for its recipient."""
        walk.says(self.template.fill)
        for at, entry in enumerate(walk, number):
            text, gaps = self.template.fill(entry.cells), self.template.gaps(entry.cells)
            goes_out = entry.verdict in (Verdict.VALID, Verdict.DOUBTFUL)
            yield PersonalRow(at, entry.line, entry.recipient, text, gaps, goes_out)


def _walk(filed: Chosen, at_most: int | None) -> HeldRows:
    return HeldRows(filed.imported, doubtful=filed.doubtful, at_most=at_most)


def _length(row: PersonalRow) -> int:
    return len(row.text)
