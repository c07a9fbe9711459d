"""The rows of an import as entries of its file, for personal messages.

There another text to the same person is no duplicate, so the verdict on a row depends on the text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Length, Trim

from mailings.models import Import, ImportedRow
from mailings.recipients.messages import Template
from mailings.recipients.reader import Entry
from mailings.recipients.reasons import Question, Reason, Verdict

CHUNK = 2_000
# How many shortest and longest rows are measured again: the database trims spaces only, no other blanks.
FEW = 10
# line, verdict, value, address, key, cells
HeldRow = tuple[int, str, str, str, int | None, Any]


class HeldRows:
    """The rows that may get a message.

    `doubtful`: also those with doubtful recipients. `at_most`: only so many first rows. `places`: only the
    rows at these positions.
    """

    questions: Sequence[Question] = ()

    def __init__(
        self, imported: Import, *, doubtful: bool, at_most: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        self._imported, self._doubtful, self._at_most = imported, doubtful, at_most
        self._places = places
        self._text_of: Callable[[Sequence[str]], str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns; none for a file of one column, which could fill nothing."""
        return tuple(self._imported.headings) if len(self._imported.headings) > 1 else ()

    @property
    def roles(self) -> Mapping[str, int]:
        found: dict[str, int] = self._imported.columns
        return found

    @property
    def walked(self) -> "QuerySet[ImportedRow]":
        """All rows, without regard to `at_most` and `places`, in the order of the file.

        Duplicates are among them, because they may get another text.
        """
        wanted = [Verdict.VALID, Verdict.DUPLICATE, *([Verdict.DOUBTFUL] if self._doubtful else [])]
        return ImportedRow.objects.filter(imported=self._imported, verdict__in=wanted).order_by("position")

    @property
    def walked_count(self) -> int:
        """How many rows `walked` has, by the counts of the import."""
        return self._imported.valid + self._imported.duplicate + self._doubtful * self._imported.doubtful

    @property
    def sent_to(self) -> "QuerySet[ImportedRow]":
        """The rows of `walked` without people who are left out because of another row."""
        return self.walked.exclude(key__in=self._left_out.values("key"))

    @cached_property
    def counted(self) -> int:
        """How many different people the chosen rows have."""
        return sum(row[1] != Verdict.DUPLICATE for row in self._few)

    def says(self, text_of: Callable[[Sequence[str]], str] | None) -> None:
        self._text_of = text_of

    def __iter__(self) -> Iterator[Entry]:
        told = self._told_before()
        left_out = self._keys_left_out
        for line, verdict, value, address, key, cells in self._values():
            if verdict == Verdict.DUPLICATE and not self._text_of:
                continue
            if key in left_out:
                yield Entry(line, Verdict.STOPPED, value, address, Reason.STOPPED, cells or ())
                continue
            both = self._both(key, cells)
            if both in told:
                yield Entry(line, Verdict.DUPLICATE, value, address, Reason.BEFORE, cells or ())
                continue
            told.add(both)
            kept = Verdict.VALID if verdict == Verdict.DUPLICATE else Verdict(verdict)
            yield Entry(line, kept, value or address, address, None, cells or ())

    def _both(self, key: int | None, cells: Any) -> int | None:
        return hash((key, self._text_of(cells or ()))) if self._text_of else key

    def _told_before(self) -> set[int | None]:
        """Which texts the people at `places` get by rows before the first of these."""
        again = [row[4] for row in self._few if row[1] == Verdict.DUPLICATE] if self._places else []
        if not (self._places and again):
            return set()
        above = self.walked.filter(key__in=again, position__lt=min(self._places))
        return {self._both(key, cells) for key, cells in above.values_list("key", "cells")}

    def _values(self) -> Iterable[HeldRow]:
        """The rows as tuples. If they are few, they are read only once."""
        if self._at_most is None and self._places is None:
            return self._rows.iterator(chunk_size=CHUNK)
        return self._few

    @cached_property
    def _few(self) -> list[HeldRow]:
        return list(self._rows[: self._at_most])

    @property
    def _rows(self) -> "QuerySet[ImportedRow, HeldRow]":
        rows = self.walked
        if self._places is not None:
            rows = rows.filter(position__in=self._places)
        return rows.values_list("line", "verdict", "value", "address", "key", "cells")

    @property
    def _left_out(self) -> "QuerySet[ImportedRow]":
        """The rows of people who get nothing: on the stop list, or doubtful ones that are not chosen."""
        verdicts = [Verdict.STOPPED, *([] if self._doubtful else [Verdict.DOUBTFUL])]
        return ImportedRow.objects.problems().filter(imported=self._imported, verdict__in=verdicts)

    @property
    def _keys_left_out(self) -> set[int | None]:
        rows = self._left_out
        if self._at_most is not None or self._places is not None:
            rows = rows.filter(key__in=[row[4] for row in self._few])
        return set(rows.values_list("key", flat=True))


def shortest_and_longest(rows: "QuerySet[ImportedRow]", template: Template) -> list[int]:
    """The positions of the FEW rows with the shortest texts and the FEW with the longest, by the database."""
    filled = [part for part in template.parts if isinstance(part, int)]
    size = sum((Length(_cell(index)) for index in filled), Value(0))
    sized = rows.annotate(size=size).values_list("position", flat=True)
    return [*sized.order_by("size", "position")[:FEW], *sized.order_by("-size", "position")[:FEW]]


def first_gap(rows: "QuerySet[ImportedRow]", template: Template) -> list[int]:
    """The position of the first row with an empty cell that the text needs; [] if there is none."""
    cells = {f"cell_{index}": _cell(index) for index in template.names}
    empty = reduce(or_, (Q(**{name: ""}) for name in cells), Q(pk=None))
    found = rows.annotate(**cells).filter(empty).order_by("position")
    return list(found.values_list("position", flat=True)[:1])


def _cell(index: int) -> Coalesce:
    """An expression: a cell of a row without the spaces around it."""
    return Coalesce(Trim(KeyTextTransform(str(index), "cells")), Value(""), output_field=TextField())
