"""What a search finds: a rare text by an index of its letters, a common one on the way down the newest rows.

Where an index says that few rows can be meant, these are read; where many can, enough of them are soon met
going down from the newest, in an index that holds the text itself.
"""

import re
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from mailings.models import Mailing
from mailings.models.mailing import CODE_LENGTH, searchable

# Up to how many matches are taken by their ids.
RARE = 2000
# A code and the letters of a create attempt, as a search has them.
REFERENCE = re.compile(rf"([0-9a-z]{{{CODE_LENGTH}}})[a-z]{{1,2}}", re.ASCII)
# The letters of an entry of the index, and up to how many entries are looked up for fewer letters.
LETTERS, ENTRIES = 3, 60
# So many words are looked up by themselves, before all of them together.
ALONE = 3
# What a code or a job's number is made of, as a search has them.
_AT_END = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
# Letters that the index spells as a search does.
_PLAIN = re.compile("[ -~\u0430-\u045f]+")


def found(rows: QuerySet[Mailing], text: str) -> QuerySet[Mailing]:
    """Those of the rows that bear every word of a text somewhere in name, code and job number.

    None where nothing of a word is left (an accent alone): that is no wish to see, or to cancel, all.
    """
    words = searchable(text).split()
    if not words:
        return rows.none()
    bears = [_bears(word) for word in words]
    if connection.vendor == "sqlite":
        ids = by_letters(words)
        return rows.filter(*bears) if ids is None else rows.filter(*bears, id__among=ids)
    ids = list(Mailing.objects.filter(*bears).order_by().values_list("id", flat=True)[: RARE + 1])
    return rows.filter(id__in=ids) if len(ids) <= RARE else rows.filter(*bears)


def by_letters(words: list[str]) -> list[int] | None:
    """The ids that SQLite's index shows for words, and perhaps more; None: too many, or not to be told."""
    with connection.cursor() as cursor:
        told = [_spellings(word) if len(word) >= LETTERS else _entries(cursor, word) for word in words]
        if [] in told:
            return []
        matches = [f"({' OR '.join(map(_quoted, entries))})" for entries in told if entries]
        # A rare word is found at once by itself, while AND reads all rows of a common one.
        alone, together = sorted(matches, key=len, reverse=True)[:ALONE], [" AND ".join(matches)]
        found = (_rows_of(cursor, match) for match in alone + together * (len(matches) > 1))
        return next((ids for ids in found if len(ids) <= RARE), None)


def _rows_of(cursor: Any, match: str) -> list[int]:
    """Asked for by itself, the index stops as soon as there are too many."""
    cursor.execute(
        "SELECT rowid FROM mailings_search WHERE mailings_search MATCH %s LIMIT %s", [match, RARE + 1]
    )
    return [pk for (pk,) in cursor.fetchall()]


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


def _spellings(word: str) -> list[str]:
    """A word, and the code that it may be with the letters of an attempt."""
    match = REFERENCE.fullmatch(word)
    return [word, match[1]] if match else [word]


def _bears(word: str) -> Q:
    """Rows that bear a word; a reference (`K7Q2Ma`) leads to the mailing of its code."""
    match = REFERENCE.fullmatch(word)
    of_code = Q(code=match[1].upper()) if match else Q()
    return Q(search_text__contains=word) | of_code
