"""What a search finds: a rare text by an index of its letters, a common one on the way down the newest rows.

A page looks at its next rows first (`HistoryFilter.tries`): what many bear is there. Else an index says
whether few rows can be meant, and these are read; where many can, enough of them are soon met going down from
the newest, in an index that holds the text itself.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat

from mailings.models import Mailing
from mailings.models.mailing import CODE_LENGTH, searchable

# Up to how many matches are taken by their ids, each of which takes as long as a hundred on the way down;
# and how many are so few that nothing further is asked.
RARE, FEW = 1000, 100
# A code and the letters of a create attempt, as a search has them.
REFERENCE = re.compile(rf"([0-9a-z]{{{CODE_LENGTH}}})[a-z]{{1,2}}", re.ASCII)
# The letters of an entry of the index, and up to how many entries are looked up for fewer letters.
LETTERS, ENTRIES = 3, 60
# Common words are often together if so many of the newest mailings bear them all.
OFTEN, NEWEST = 20, 1000
BY_INDEX_ALONE = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_indexscan = off"
)
ROW_BY_ROW = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
# What no row can bear, as it has a blank too many.
NOTHING = '"   "'
# What a code or a job's number is made of, as a search has them.
_AT_END = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
# Letters that the index spells as a search does.
_PLAIN = re.compile("[ -~\u0430-\u045f]+")


def found(rows: QuerySet[Mailing], text: str, *, seldom: bool = False) -> QuerySet[Mailing]:
    """Those of the rows that bear every word of a text somewhere in name, code and job number.

    `seldom`: many rows have been read already, and hardly one of them bears it.

    None where nothing of a word is left (an accent alone): that is no wish to see, or to cancel, all.
    """
    words = searchable(text).split()
    if not words:
        return rows.none()
    bearing = rows.filter(*(_bears(word, "search_text") for word in words))
    ids = by_letters(words) if connection.vendor == "sqlite" else _by_trigrams(words, seldom)
    if ids is None:
        return bearing
    return bearing.filter(id__among=ids) if ids else rows.none()


def read(rows: QuerySet[Mailing], text: str) -> QuerySet[Mailing]:
    """The same, but each of the rows is read, which is good for few of them: no index can be used."""
    words = searchable(text).split()
    rows = rows.alias(any_text=Concat("search_text", Value("")))
    return rows.filter(*(_bears(word, "any_text") for word in words)) if words else rows.none()


def _by_trigrams(words: list[str], seldom: bool) -> list[int] | None:
    """The ids that PostgreSQL finds for words, and perhaps more; None: too many.

    It reads all rows where it expects many, as of two common words that are never together. For one or
    two letters it has no index: it had looked for them in each row of a common word beside them.
    """
    long = [word for word in words if len(word) >= LETTERS]
    if len(long) > 1 and (seldom or not _are_often_together(words)):
        ids = _told_how(BY_INDEX_ALONE, long)
    else:
        ids = _ids(long) if long else None
    return _told_how(ROW_BY_ROW, words) if ids is None and long != words else ids


def _ids(words: list[str]) -> list[int] | None:
    rows = Mailing.objects.filter(*(Q(search_text__contains=_stem(word)) for word in words)).order_by()
    ids = list(rows.values_list("id", flat=True)[: RARE + 1])
    return ids if len(ids) <= RARE else None


def _told_how(settings: str, words: list[str]) -> list[int] | None:
    """The same, with settings of the server for this question."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(settings)
        return _ids(words)


def _are_often_together(words: list[str]) -> bool:
    """Whether enough of the newest mailings bear them all, so that others are met on the way down."""
    edge = list(Mailing.objects.newest_first().values_list("created_at", flat=True)[NEWEST : NEWEST + 1])
    newest = Mailing.objects.filter(created_at__gte=edge[0]) if edge else Mailing.objects.all()
    return len(read(newest, " ".join(words)).order_by().values_list("id")[:OFTEN]) == OFTEN


def by_letters(words: list[str]) -> list[int] | None:
    """The ids that SQLite's index shows for words, and perhaps more; None: too many, or not to be told."""
    with connection.cursor() as cursor:
        found = (_rows_of(cursor, *asked) for asked, _again in groupby(_questions(cursor, words)))
        return next((ids for ids in found if ids is not None), None)


def _questions(cursor: Any, words: list[str]) -> Iterator[tuple[str, int]]:
    """What to ask the index, the cheapest first, and up to how many rows are taken; it may show too many.

    Whole words take three times as long as some letters of each, as their places in each row are compared.
    """
    whole = [_quoted(_stem(word)) for word in words if len(word) >= LETTERS]
    first, ends = ([cut(_stem(word)) for word in words if len(word) >= LETTERS] for cut in (_first, _ends))
    yield from ((word, FEW) for word in whole)
    if first:
        yield " AND ".join(first), RARE
    entries = [_entries(cursor, word) for word in words if len(word) < LETTERS]
    short = [f"({' OR '.join(map(_quoted, found)) or NOTHING})" for found in entries if found is not None]
    yield from ((" AND ".join(asked + short), RARE) for asked in (ends, whole) if asked + short)


def _rows_of(cursor: Any, match: str, most: int) -> list[int] | None:
    """None if there are more; the index stops there."""
    cursor.execute(
        "SELECT rowid FROM mailings_search WHERE mailings_search MATCH %s LIMIT %s", [match, most + 1]
    )
    ids = [pk for (pk,) in cursor.fetchall()]
    return ids if len(ids) <= most else None


def _entries(cursor: Any, letters: str) -> list[str] | None:
    """The entries of the index in which one or two letters stand; None: too many, or not to be told.

    They begin an entry wherever they stand, but at the end of a text. There is a code or a job's number: what
    these are made of is met everywhere, and a short number alone has no entry.
    """
    at_end = _AT_END.issuperset(letters)
    if letters.isdigit() or (at_end and len(letters) == 1) or not _PLAIN.fullmatch(letters):
        return None
    beyond = letters[:-1] + chr(ord(letters[-1]) + 1)
    cursor.execute(
        "SELECT term FROM mailings_search_letters WHERE term >= %s AND term < %s LIMIT %s",
        [letters, beyond, ENTRIES + 1],
    )
    found = [term for (term,) in cursor.fetchall()]
    if len(found) > ENTRIES:
        return None
    return [*found, *(before + letters for before in (" ", *sorted(_AT_END)))] if at_end else found


def _quoted(word: str) -> str:
    return '"{}"'.format(word.replace('"', '""'))


def _first(word: str) -> str:
    return _quoted(word[:LETTERS])


def _ends(word: str) -> str:
    """The first and the last letters of a word, as the index has them."""
    return " AND ".join(map(_quoted, dict.fromkeys([word[:LETTERS], word[-LETTERS:]])))


def _stem(word: str) -> str:
    """What stands in all rows that bear a word: it may be a code with the letters of an attempt."""
    match = REFERENCE.fullmatch(word)
    return match[1] if match else word


def _bears(word: str, column: str) -> Q:
    """Rows that bear a word; a reference (`K7Q2Ma`) leads to the mailing of its code."""
    match = REFERENCE.fullmatch(word)
    of_code = Q(code=match[1].upper()) if match else Q()
    return Q(**{f"{column}__contains": word}) | of_code
