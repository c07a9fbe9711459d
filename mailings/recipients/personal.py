"""Makes recipients of one text, or lines of the provider's `list`, out of the rows of a file.

A text with `{Heading}` makes personal messages, and so does a column of senders or time zones. `Wanted` says
what happens to rows that are not valid. A row whose message cannot be made is a problem with its line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mailings.recipients import messages
from mailings.recipients.columns import SENDER, ZONE
from mailings.recipients.messages import Template
from mailings.recipients.reader import Entry
from mailings.recipients.reasons import Question, Trouble, UnreadableFile, Verdict
from mailings.recipients.spool import Spool
from mailings.smsc.spec import times, values
from mailings.smsc.spec.addresses import SHOWN, shorten
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.smsc.spec.problems import N_, Problem, Refusal
from mailings.smsc.spec.texts import MAX_CHARACTERS
from mailings.smsc.spec.times import TimeForm
from mailings.smsc.spec.vocabulary import Channel

FILE = "recipients_file"


class Rule(StrEnum):
    """What a row that is not valid does: nothing at all is sent; it is left out; or it is sent too."""

    REFUSE = "refuse"
    SKIP = "skip"
    SEND = "send"


@dataclass(frozen=True)
class Wanted:
    """What to send. `text`: with or without `{Heading}`, None for none.

    `time`: the option as given; rows can have time zones only if it is a date and an hour. `without`: roles
    of columns that are not to be used.
    """

    text: str | None
    channel: Channel | None = Channel.SMS
    time: str = times.NOW
    nl: bool = False
    wrong: Rule = Rule.REFUSE
    doubtful: Rule = Rule.REFUSE
    without: frozenset[str] = frozenset()


@dataclass
class Addressed:
    """`phones`: the recipients in order, if all get the same. `lines`: those of the list, if they do not.

    `text`: the text for all, with single braces for doubled ones. `skipped`: how many rows were left out.
    """

    phones: list[str] = field(default_factory=list)
    lines: Spool = field(default_factory=Spool)
    text: str | None = None
    nl: bool = False
    skipped: int = 0
    duplicates: int = 0
    problems: list[Problem] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Addressed({len(self.phones) + len(self.lines)} recipients, {len(self.problems)} problems)"


class HasRows(Protocol):
    """The rows of a file: a `Reading`, or the stored rows (`held_rows`)."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def roles(self) -> Mapping[str, int]: ...

    @property
    def questions(self) -> Sequence[Question]: ...

    def says(self, text_of: Callable[[Sequence[str]], str] | None) -> None: ...

    def __iter__(self) -> Iterator[Entry]: ...


def address(reading: HasRows, wanted: Wanted) -> Addressed:
    """Read all rows: once, or twice if a text has the characters `\\n`.

    Raises UnreadableFile, also if the file has a question.
    """
    made = (
        messages.template(wanted.text or "", reading.names) if wanted.text is not None else Template((), {})
    )
    if made.problems:
        return Addressed(problems=list(made.problems))
    found = _Walk(reading, wanted, made, nl=wanted.nl).run()
    if not wanted.nl and found.nl:
        found = _Walk(reading, wanted, made, nl=True).run()
    if reading.questions:
        asked = reading.questions[0]
        raise UnreadableFile(Trouble.ASKED, question=asked, options=", ".join(asked.options))
    return found


class _Walk:
    """One pass over the rows. `nl`: whether texts are sent with their line ends."""

    def __init__(self, reading: HasRows, wanted: Wanted, template: Template, *, nl: bool) -> None:
        self._reading, self._wanted, self._template = reading, wanted, template
        roles = own_roles(reading.roles, wanted)
        self._sender, self._zone = roles.get(SENDER), roles.get(ZONE)
        self._own = template.is_personal or bool(roles)
        self._found = Addressed(nl=nl)
        self._more = 0

    def run(self) -> Addressed:
        self._reading.says(self._template.fill if self._own else None)
        for entry in self._reading:
            rule = self._rule(entry.verdict)
            if rule is Rule.SEND:
                self._take(entry)
            elif rule is Rule.REFUSE and entry.reason is not None:
                self._refuse(entry.line, entry.value, Problem((), "", entry.reason.value))
            elif rule is Rule.SKIP:
                self._found.skipped += 1
            self._found.duplicates += entry.verdict is Verdict.DUPLICATE
        if self._wanted.text is not None:
            self._found.text = self._template.fill(())
        if self._more:
            more = N_("And %(count)s more rows are wrong.")
            self._found.problems.append(Problem((FILE,), "rows_wrong_more", more, {"count": self._more}))
        return self._found

    def _rule(self, verdict: Verdict) -> Rule | None:
        """The rule for a verdict. None: always left out, as duplicates are."""
        if verdict is Verdict.VALID:
            return Rule.SEND
        if verdict is Verdict.WRONG:
            return self._wanted.wrong
        return self._wanted.doubtful if verdict is Verdict.DOUBTFUL else None

    def _take(self, entry: Entry) -> None:
        if not self._own:
            self._found.phones.append(entry.recipient)
            return
        try:
            self._found.lines.add(self._line(entry))
        except Refusal as refusal:
            if self._wanted.wrong is Rule.SKIP:
                self._found.skipped += 1
            else:
                self._refuse(entry.line, entry.value, refusal.at(FILE))

    def _line(self, entry: Entry) -> str:
        """The row's line of the list; raises Refusal."""
        gaps = self._template.gaps(entry.cells)
        if gaps:
            said = N_("The text needs “%(names)s”, which is empty in this row.")
            raise Refusal("row_gap", said, names=", ".join(gaps))
        text = self._template.fill(entry.cells)
        if len(text) > MAX_CHARACTERS:
            said = N_("The text has %(length)s characters; at most %(maximum)s can be sent. Shorten it.")
            raise Refusal("text_too_long", said, length=len(text), maximum=MAX_CHARACTERS)
        self._found.nl = self._found.nl or messages.needs_nl([text])
        sender, zone = self._front(entry.cells)
        # If this line is the first to need nl, the lines before it are wrong: all rows are read again.
        nl = self._found.nl
        return messages.line(entry.recipient, text, sender=sender, zone=zone, nl=nl)

    def _front(self, cells: Sequence[str]) -> tuple[str, str]:
        sender, zone = messages.cell(cells, self._sender), messages.cell(cells, self._zone)
        if sender:
            values.check_sender(sender, mail=self._wanted.channel is Channel.MAIL)
        return sender, str(values.read(OPTIONS["tz"], zone)) if zone else ""

    def _refuse(self, line: int, value: str, why: Problem) -> None:
        if len(self._found.problems) == SHOWN:
            self._more += 1
            return
        said = N_("Line %(line)s: “%(entry)s”. %(why)s")
        params = {"line": line, "entry": shorten(value), "why": why}
        self._found.problems.append(Problem((FILE,), why.code or "recipient_wrong", said, params))


def own_roles(roles: Mapping[str, int], wanted: Wanted) -> dict[str, int]:
    """The columns, by role, from which rows get a sender or time zone."""
    ours = (SENDER, ZONE) if _is_dated(wanted.time) else (SENDER,)
    return {role: at for role, at in roles.items() if role in ours and role not in wanted.without}


def _is_dated(time: str) -> bool:
    try:
        return times.parse(time).form is TimeForm.DATED
    except Refusal:
        return False
