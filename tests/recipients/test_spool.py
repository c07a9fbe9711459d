"""Texts in a temporary file come back as they were added, however many they are and whoever walks them."""

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import pytest

from mailings.recipients import spool
from mailings.recipients.personal import Wanted, address
from mailings.recipients.reader import Entry
from mailings.recipients.reasons import Verdict
from mailings.recipients.spool import AT_ONCE, Spool


def filled(count: int) -> tuple[Spool, list[str]]:
    texts = [f"+7999{number:07}:Привет,\n{number} \\n 😀 \ud800\x00" for number in range(count)]
    kept = Spool()
    for text in texts:
        kept.add(text)
    return kept, texts


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE + 7])
@pytest.mark.parametrize("in_memory", [10, 10**8])
def test_all_texts_come_back_in_their_order(
    count: int, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    kept, texts = filled(count)

    assert (len(kept), bool(kept)) == (count, count > 0)
    assert list(kept) == list(kept) == texts


def test_two_walks_at_once_and_texts_that_are_added_meanwhile_do_not_disturb_each_other() -> None:
    kept, texts = filled(2 * AT_ONCE + 3)
    one = iter(kept)
    first = [next(one) for _text in range(AT_ONCE + 5)]

    assert list(kept) == texts
    for number in range(AT_ONCE):
        kept.add(str(number))

    assert [*first, *one] == texts
    assert list(kept) == [*texts, *map(str, range(AT_ONCE))]
    assert all(mine == yours for mine, yours in zip_longest(kept, kept))


class Rows:
    """Very many rows of a file, made while they are read."""

    names, questions = ("Phone", "Name"), ()
    roles = {"phones": 0}
    count = 30_000

    def says(self, text_of: Callable[[Sequence[str]], str] | None) -> None:
        """Every text is another one here."""

    def __iter__(self) -> Iterator[Entry]:
        for number in range(self.count):
            phone = f"+7999{number:07}"
            yield Entry(number, Verdict.VALID, phone, phone, None, (phone, f"Анна {number}"))


def test_personal_messages_take_no_memory_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were a list of texts, and then one text beside it: half a gigabyte for a million people."""
    monkeypatch.setattr(spool, "IN_MEMORY", 1_000)
    tracemalloc.start()

    found = address(Rows(), Wanted(text="Привет, {Name}! " * 5))

    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(found.lines), found.problems) == (Rows.count, [])
    assert held < 3_000_000
