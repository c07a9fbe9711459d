"""Reads a `list` that a person typed: recipients are judged as everywhere; a person gets each text once.

A line that only looks like one with a recipient (an order number, say) is a problem, and is not sent to.
"""

from dataclasses import dataclass

from mailings.recipients.judge import Judge
from mailings.recipients.reader import key_of
from mailings.recipients.reasons import Note, Said, Verdict
from mailings.smsc.spec import lists, texts
from mailings.smsc.spec.addresses import shorten
from mailings.smsc.spec.lists import Entry
from mailings.smsc.spec.problems import N_, Problem, Refusal
from mailings.smsc.spec.vocabulary import Channel


@dataclass(frozen=True)
class Listed:
    """`text`: as it is sent, with all recipients in one form; as typed if a line cannot be read."""

    text: str
    problems: tuple[Problem, ...] = ()
    duplicates: int = 0
    notes: tuple[Said, ...] = ()

    def __repr__(self) -> str:
        return f"Listed({len(self.problems)} problems)"


def read(text: str, channel: Channel | None, country: str, *, nl: bool) -> Listed:
    """Read a typed list. Only its recipients are judged; the spec checks everything else."""
    judge = Judge(channel, country)
    try:
        clean = texts.clean(text)
    except Refusal:
        return Listed(text)
    found = _Found(nl=nl)
    for entry in lists.entries(clean, nl=nl, kinds=judge.kinds, read=lambda one: _read(one, judge)):
        found.add(entry)
    if found.problems or found.unread:
        return Listed(text, tuple(lists.first_of(found.problems)))
    said = Said(Note.OTHER_TEXTS, {"count": found.others})
    return Listed("\n".join(found.lines), (), found.duplicates, (said,) if found.others else ())


def _read(text: str, judge: Judge) -> str:
    """A recipient in the form in which it is sent. Raises Refusal with the reason."""
    entries = judge.entries(text)
    for entry in entries:
        if entry.verdict is not Verdict.VALID and entry.reason is not None:
            why = Problem((), "", entry.reason.value)
            said = N_("“%(entry)s” stands where a recipient does. %(why)s")
            raise Refusal("list_phone", said, entry=shorten(text.strip()), why=why)
    return ",".join(entry.recipient for entry in entries)


class _Found:
    def __init__(self, *, nl: bool) -> None:
        self.lines: list[str] = []
        self.problems: list[Problem] = []
        self.duplicates = self.others = 0
        self.unread = False
        self._nl = nl
        self._texts: dict[int, set[str]] = {}

    def add(self, entry: Entry | Problem) -> None:
        if isinstance(entry, Problem):
            self.unread = True
            if entry.code == "list_phone":
                self.problems.append(entry)
            return
        again = {phone for phone in entry.phones if self._has(phone, entry.text)}
        self.duplicates += len(again)
        if line := lists.without(entry, again, nl=self._nl):
            self.lines.append(line)

    def _has(self, phone: str, text: str) -> bool:
        """Whether the person gets this very text already. Notes that from now on it does."""
        known = self._texts.setdefault(key_of(phone), set())
        if text in known:
            return True
        self.others += bool(known)
        known.add(text)
        return False
