"""Corrects rows of a file, and chooses the rows that a mailing is sent to.

A correction is stored, and made again on the same line whenever the file is read anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from mailings import accounts
from mailings.models import Correction, Import, ImportedRow, Mailing, Recipient
from mailings.models.imports import LONGEST_VALUE, plain
from mailings.recipients import stop_list
from mailings.recipients.judge import Judge
from mailings.recipients.numbers import Judged
from mailings.recipients.reader import key_of
from mailings.recipients.reasons import Reason, Verdict
from mailings.smsc.spec.addresses import is_group
from mailings.smsc.spec.vocabulary import Channel

CORRECTABLE = (Verdict.WRONG, Verdict.DOUBTFUL)
KEYS_AT_ONCE = 500
SAMPLE = 5


@dataclass(frozen=True)
class Beyond:
    """How many people, and how many groups, a file adds to given recipients."""

    people: int = 0
    groups: int = 0

    @property
    def all(self) -> int:
        return self.people + self.groups


@dataclass(frozen=True)
class Chosen:
    """The recipients that a file adds to a mailing: the valid ones, and with `doubtful` the doubtful ones."""

    imported: Import
    doubtful: bool = False

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return (Verdict.VALID, Verdict.DOUBTFUL) if self.doubtful else (Verdict.VALID,)

    @property
    def rows(self) -> QuerySet[ImportedRow]:
        return ImportedRow.objects.filter(imported=self.imported, verdict__in=self.verdicts)

    @property
    def count(self) -> int:
        """How many there are, groups included, by the counts of the import."""
        return self.imported.valid + (self.imported.doubtful if self.doubtful else 0)

    @cached_property
    def first(self) -> tuple[str, ...]:
        """The first few, as they are sent."""
        return tuple(self.rows.order_by("position").values_list("address", flat=True)[:SAMPLE])

    @property
    def fingerprint(self) -> str:
        """A text that differs for other recipients."""
        return f"import:{self.imported.pk}:{self.imported.revision}:{int(self.doubtful)}"

    def beyond(self, recipients: Sequence[str]) -> "Beyond":
        """How many are not among `recipients` (in the form in which they are sent)."""
        there = self.among(recipients)
        shared = len(self.among(filter(is_group, recipients)))
        groups = self.imported.groups - shared
        return Beyond(self.count - self.imported.groups - (len(there) - shared), groups)

    def among(self, recipients: Iterable[str]) -> list[int]:
        """The positions of those that are among `recipients` (in the form in which they are sent)."""
        return [
            position
            for keys in _parts(key_of(one) for one in recipients)
            for position in self.rows.filter(key__in=keys).values_list("position", flat=True)
        ]

    def add_to(self, mailing: Mailing, written: Sequence[str]) -> int:
        """Add them to a mailing, after its recipients `written`, no person twice; returns their number."""
        verdicts = [verdict.value for verdict in self.verdicts]
        added = Recipient.objects.add_imported(mailing, self.imported.pk, verdicts, len(written))
        twice = [len(written) + position for position in self.among(written)]
        for places in _parts(twice):
            Recipient.objects.filter(mailing=mailing, position__in=places).delete()
        return added - len(twice)


class Late(NamedTuple):
    """A correction whose row is not there any more. `line`, `before`: the row as the person saw it."""

    line: int
    before: str
    after: str


def _parts(numbers: Iterable[int]) -> Iterator[list[int]]:
    left = iter(numbers)
    while part := list(islice(left, KEYS_AT_ONCE)):
        yield part


def correct(imported: Import, position: int, text: str) -> ImportedRow | None:
    """Judge one row by what was typed in its place, and store the correction for later readings.

    None: there is no such row, it cannot be corrected (any more), or its value was typed again.
    """
    with transaction.atomic():
        before = ImportedRow.objects.filter(imported=imported, position=position).first()
        row = _corrected(imported, position, text)
        if row is not None and before is not None:
            where = {"sheet": imported.sheet, "line": row.line, "before": before.value}
            Correction.objects.create(imported=imported, **where, after=_kept(text))
    return row


def correct_late(imported: Import, sheet: str, typed: Iterable[Late]) -> list[Late]:
    """Store corrections that were typed on a page of an earlier reading, of its `sheet`.

    A correction that fits a row now is made at once. Returns the others, which wait for a reading in which
    they fit. Those that are stored already are left out.
    """
    waiting = list[Late]()
    with transaction.atomic():
        held = Import.objects.select_for_update().select_related(None).get(pk=imported.pk)
        fits = held.state == Import.State.READY and held.sheet == _kept_name(sheet)
        for line, before, after in typed:
            where: dict[str, Any] = {"sheet": _kept_name(sheet), "line": line, "before": _kept(before)}
            if imported.corrections.filter(**where, after=_kept(after)).exists():
                continue
            Correction.objects.create(imported=imported, **where, after=_kept(after))
            if not (fits and _round(imported, {(line, _kept(before)): [after]})):
                waiting.append(Late(line, before, after))
    return waiting


def make_again(imported: Import) -> tuple[int, int]:
    """Make the stored corrections in a file that was read anew: how many were made, and how many fit no row.

    A row is found by its line and the value that the person saw there.
    """
    wanted = defaultdict[tuple[int, str], list[str]](list)
    typed = Correction.objects.filter(imported=imported, sheet=imported.sheet).order_by("pk")
    for line, before, after in typed.values_list("line", "before", "after"):
        wanted[line, before].append(after)
    made = 0
    # Repeated, because a correction can make another row correctable (`_bring_back`).
    while found := _round(imported, wanted):
        made += found
    return made, imported.corrections.count() - made


def _round(imported: Import, wanted: dict[tuple[int, str], list[str]]) -> int:
    """Make the corrections that fit a row as it is now, and take them out of `wanted`; how many."""
    made = 0
    for lines in _parts(sorted({line for (line, _before), texts in wanted.items() if texts})):
        problems = ImportedRow.objects.problems().filter(imported=imported, verdict__in=CORRECTABLE)
        for row in sorted(problems.filter(line__in=lines), key=lambda row: row.position):
            made += _retraced(imported, row, wanted)
    return made


def _retraced(imported: Import, row: ImportedRow, wanted: dict[tuple[int, str], list[str]]) -> int:
    """Make the corrections of one row, each of the value that the one before gave it; how many."""
    made, after = 0, row
    while texts := wanted.get((row.line, after.value)):
        found = _corrected(imported, row.position, texts.pop(0))
        if found is None:
            break
        made, after = made + 1, found
    return made


def _corrected(imported: Import, position: int, text: str) -> ImportedRow | None:
    found = _judged(imported, text)
    with transaction.atomic():
        held = Import.objects.select_for_update().select_related(None).get(pk=imported.pk)
        row = ImportedRow.objects.filter(imported=held, position=position, verdict__in=CORRECTABLE).first()
        as_seen = held.state == Import.State.READY and held.reading == imported.reading
        if row is None or not as_seen or in_one_line(text) == in_one_line(row.value):
            return None
        before, key = row.verdict, row.key
        _write(held, row, found, text)
        _count(held.pk, before, -1)
        _count(held.pk, row.verdict, 1, groups=int(row.verdict == Verdict.VALID and is_group(row.address)))
        if before == Verdict.DOUBTFUL and row.key != key:
            _bring_back(held, key)
    imported.refresh_from_db()
    return row


def in_one_line(text: str) -> str:
    """A cell in one line, as a text box of the page has it: browsers drop line ends there."""
    return " ".join(text.split())


def _judged(imported: Import, text: str) -> Judged:
    channel = Channel(imported.channel) if imported.channel else None
    found = Judge(channel, accounts.home_country(imported.account)).entries(text)
    return found[0] if len(found) == 1 else Judged(Verdict.WRONG, text, "", Reason.SEVERAL)


def _write(imported: Import, row: ImportedRow, found: Judged, text: str) -> None:
    verdict, reason = found.verdict, found.reason
    key = key_of(found.recipient) if found.recipient else None
    there = ImportedRow.objects.filter(imported=imported, key=key, verdict__in=(*CORRECTABLE, Verdict.VALID))
    if key is not None and there.exclude(pk=row.pk).exists():
        verdict, reason = Verdict.DUPLICATE, Reason.BEFORE
    elif key is not None and imported.account and stop_list.is_stopped(imported.account, found.recipient):
        verdict, reason = Verdict.STOPPED, Reason.STOPPED
    row.value = "" if verdict is Verdict.VALID else _kept(text)
    row.address, row.key, row.verdict, row.reason = (
        found.recipient,
        key,
        verdict,
        reason.code if reason else "",
    )
    row.save(update_fields=["value", "address", "key", "verdict", "reason"])


def _kept_name(sheet: str) -> str:
    return plain(sheet)[:255]


def _kept(text: str) -> str:
    return plain(text.strip())[:LONGEST_VALUE]


def _count(pk: int, verdict: str, change: int, groups: int = 0) -> None:
    fields = {verdict: F(verdict) + change, "groups": F("groups") + groups, "revision": F("revision") + 1}
    Import.objects.filter(pk=pk).update(**fields)


def _bring_back(imported: Import, key: int | None) -> None:
    """When a doubtful recipient was corrected to another one, make its next duplicate the doubtful row."""
    again = ImportedRow.objects.filter(imported=imported, key=key, verdict=Verdict.DUPLICATE)
    if (row := again.order_by("position").first()) is None:
        return
    row.verdict, row.reason = Verdict.DOUBTFUL, Reason.UNKNOWN_RANGE.code
    row.save(update_fields=["verdict", "reason"])
    _count(imported.pk, Verdict.DUPLICATE, -1)
    _count(imported.pk, Verdict.DOUBTFUL, 1)
