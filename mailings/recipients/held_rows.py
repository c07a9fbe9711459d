"""The rows of an import as a walk through its file gives them, for personal messages.

Another text to the same person is no duplicate there, so what a row comes to depends on the text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from mailings.models import Import, ImportedRow
from mailings.recipients.reader import Entry
from mailings.recipients.reasons import Question, Reason, Verdict

CHUNK = 2_000


class HeldRows:
    """Those who may get a message. `doubtful`: whether doubtful ones are among them. `at_most`: rows."""

    questions: Sequence[Question] = ()

    def __init__(self, imported: Import, *, doubtful: bool, at_most: int | None = None) -> None:
        self._imported, self._doubtful, self._at_most = imported, doubtful, at_most
        self._text_of: Callable[[Sequence[str]], str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names; a file of one column has none that could fill anything."""
        return tuple(self._imported.headings) if len(self._imported.headings) > 1 else ()

    @property
    def roles(self) -> Mapping[str, int]:
        found: dict[str, int] = self._imported.columns
        return found

    def says(self, text_of: Callable[[Sequence[str]], str] | None) -> None:
        self._text_of = text_of

    def __iter__(self) -> Iterator[Entry]:
        wanted = [Verdict.VALID, *([Verdict.DUPLICATE] if self._text_of else [])]
        wanted += [Verdict.DOUBTFUL] if self._doubtful else []
        rows = ImportedRow.objects.filter(imported=self._imported)
        stopped = set(rows.filter(verdict=Verdict.STOPPED).values_list("key", flat=True))
        found = rows.filter(verdict__in=wanted).order_by("position")[: self._at_most]
        values = found.values_list("line", "verdict", "value", "address", "key", "cells")
        told: set[int | None] = set()
        for line, verdict, value, address, key, cells in values.iterator(chunk_size=CHUNK):
            if key in stopped:
                continue
            both = hash((key, self._text_of(cells or ()))) if self._text_of else key
            if both in told:
                yield Entry(line, Verdict.DUPLICATE, value, address, Reason.BEFORE, cells or ())
                continue
            told.add(both)
            kept = Verdict.VALID if verdict == Verdict.DUPLICATE else Verdict(verdict)
            yield Entry(line, kept, value or address, address, None, cells or ())
