"""Finds the row of headings and the column of recipients, by headings and cells, for the channel.

If several columns may be the one, or none is found, the result has a question for a person.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from mailings.recipients.cells import Odd
from mailings.recipients.delimited import TableRow
from mailings.recipients.judge import Judge, split
from mailings.recipients.reasons import Ask, Question, Trouble, UnreadableFile
from mailings.smsc.spec.addresses import Kind

# The roles of columns, named after the provider's parameters; `phones` may also have e-mail addresses.
RECIPIENTS, SENDER, ZONE = "phones", "sender", "tz"
ROLES = (RECIPIENTS, SENDER, ZONE)
# The heading is searched for in so many first rows that are not blank.
HEADING_WITHIN = 50
# How many cells of a row are examined for a heading.
RANKED = 1000
# How many cells are judged, in a column and in all.
JUDGED_A_COLUMN = 100
JUDGED_IN_ALL = 200_000
# A column with this share of valid cells is a candidate whatever its heading.
ENOUGH = 0.5

# What a heading says of its column: recipients; perhaps recipients; nothing; something else.
STRONG, WEAK, NOTHING, OTHER = 2, 1, 0, -1
_PHONE = re.compile(
    r"(?:теле?фон|тел$|тлф$|моб|сот(?:ов|$)|phone|telephone|telefon|tel$|mob(?:ile|$)|cell|msisdn|whats?app|viber"
    r"|вайбер|ват?сап|sms$|смс$|gsm$|handy)"
)
_MAIL = re.compile(r"(?:e?mail|имейл|емейл|имэйл|мейл|почта$|почты$|майл)")
_TELEGRAM = re.compile(r"(?:telegram|телеграмм?$|tg$|тг$|username|nick|ник$|никнейм)")
_MAYBE = re.compile(
    r"(?:номера?$|numbers?$|contacts?$|контакт|recipients?$|получател|связь$|абонент|адресат|to$|кому$|адрес$|address$)"
)
_ALWAYS_OTHER = re.compile(
    r"(?:тип$|type$|код$|code$|оператор|operator|дата$|date$|факс|fax|id$|подтвержд|verified|confirmed|согласие)"
)
_OTHER = re.compile(
    r"(?:заказ|order|инн$|inn$|снилс|огрн|кпп$|бик$|сч[её]т|account|карт[аы]|card|договор|contract$|сумма|sum$|amount"
    r"|price|цена|паспорт|passport|индекс|zip$|артикул|sku$|штрихкод|barcode|рожд|birth|доставк|delivery|долг|debt|№$)"
)
_SENDER = frozenset(("sender", "отправитель", "имя отправителя", "подпись", "from"))
_ZONE = frozenset(("tz", "timezone", "time zone", "часовой пояс", "пояс", "utc offset"))
_BREAK = re.compile(r"[\W_]+")


@dataclass
class Column:
    """One column of the table, and how many of its cells are filled, judged and valid so far."""

    index: int
    heading: str = ""
    filled: int = 0
    judged: int = 0
    valid: int = 0
    rank: int = NOTHING

    @property
    def is_candidate(self) -> bool:
        return self.rank > OTHER and self.valid > 0 and self.valid >= ENOUGH * self.judged


@dataclass(frozen=True)
class Layout:
    """What the columns are. `heading_line`: None without headings. `roles`: indexes by role.

    `recipients`: the index of their column, None while `question` is open. `names`: a different name for each
    column: its heading, or its number. `candidates`: the names of columns that may be the one.
    """

    heading_line: int | None
    names: tuple[str, ...]
    recipients: int | None
    roles: Mapping[str, int] = field(default_factory=dict)
    candidates: tuple[str, ...] = ()
    question: Question | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The columns by role, under their names."""
        return {role: self.names[index] for role, index in self.roles.items()}


class Profile:
    """Collects what the cells of each column are, from rows, until the layout can be found."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._worth = re.compile(r"@" if Kind.NUMBER not in judge.kinds else r"\d(?:\D?\d){4}|^[@#]|t\.me/")
        self._columns: list[Column] = []
        self._first: list[tuple[int, list[str], bool]] = []
        self._data_began = False
        self._judged = 0

    def add(self, rows: Iterable[TableRow]) -> None:
        for line, cells, _hidden in rows:
            self._add(line, cells)

    @property
    def is_blank(self) -> bool:
        return not self._first

    @property
    def holds_recipients(self) -> bool:
        return any(column.valid for column in self._columns)

    def _add(self, line: int, cells: Sequence[str]) -> None:
        while len(self._columns) < len(cells):
            self._columns.append(Column(len(self._columns)))
        valid = False
        blank = True
        for column, cell in zip(self._columns, cells, strict=False):
            if not cell or cell.isspace():
                blank = blank and not isinstance(cell, Odd)
                continue
            blank = False
            column.filled += 1
            if column.judged < JUDGED_A_COLUMN and self._judged < JUDGED_IN_ALL:
                valid |= self._judged_cell(column, cell)
        if not blank and len(self._first) < HEADING_WITHIN and not self._data_began:
            self._first.append((line, list(cells), valid))
            self._data_began = valid

    def _judged_cell(self, column: Column, cell: str) -> bool:
        column.judged += 1
        if isinstance(cell, Odd) or self._worth.search(cell) is None:
            return False
        self._judged += 1
        valid = self._judge.valid(cell)
        column.valid += valid
        return valid

    # --- the layout -------------------------------------------------------------------------------

    def layout(self, chosen: Mapping[str, str], heading_line: int | None, *, whole: bool) -> Layout | None:
        """The layout, or None if it cannot be found before the `whole` table was added.

        `chosen`: by role, a heading or number, "" for no column. `heading_line`: 0 for no heading. Raises
        UnreadableFile if there is no such column.
        """
        heading = self._heading(heading_line, whole=whole)
        names = _names(heading[1] if heading else [], len(self._columns))
        for column, name in zip(self._columns, names, strict=True):
            column.heading = name
            column.rank = _rank(name, self._judge) if heading else NOTHING
        roles = self._roles(names, chosen)
        chosen_column = self._columns[roles[RECIPIENTS]] if RECIPIENTS in roles else None
        picked = (chosen_column, None) if chosen_column else self._choose(whole=whole)
        return self._made(heading, names, roles, *picked) if picked else None

    def _roles(self, names: tuple[str, ...], chosen: Mapping[str, str]) -> dict[str, int]:
        """The chosen columns by role; for the other roles those whose heading names the role."""
        roles = {role: _named(names, name) for role, name in chosen.items() if name}
        for role, known in ((SENDER, _SENDER), (ZONE, _ZONE)):
            for column in self._columns:
                if " ".join(_words(column.heading)) in known and role not in chosen:
                    roles.setdefault(role, column.index)
        return roles

    def _made(
        self, heading: tuple[int, list[str]] | None, names: tuple[str, ...], roles: dict[str, int],
        found: Column | None, question: Question | None,
    ) -> Layout:  # fmt: skip
        if found is not None:
            roles[RECIPIENTS] = found.index
            if heading and not self._is_heading_of(heading[1], found):
                heading = None
        candidates = tuple(one.heading for one in self._columns if one.rank == STRONG or one.is_candidate)
        line = heading[0] if heading else None
        return Layout(line, names, found.index if found else None, roles, candidates, question)

    def _is_heading_of(self, row: list[str], column: Column) -> bool:
        """Whether a row has the column's heading, and not a wrong recipient: a digit, @ or # tells that."""
        cell = row[column.index] if column.index < len(row) else ""
        return column.rank == STRONG or not re.search(r"[\d@#]", cell)

    def _heading(self, chosen: int | None, *, whole: bool) -> tuple[int, list[str]] | None:
        if chosen is not None:
            return next(((line, row) for line, row, _valid in self._first if line == chosen), None)
        best, found = (0, 0), None
        for line, row, valid in self._first:
            filled = [cell for cell in row if cell and not cell.isspace()]
            if valid or not filled:
                continue
            score = (max(_rank(cell, self._judge) for cell in filled[:RANKED]), len(filled))
            if score > best or (score == best and score[0] > NOTHING) or found is None:
                best, found = score, (line, row)
        return found

    def _choose(self, *, whole: bool) -> tuple[Column | None, Question | None] | None:
        strong = [column for column in self._columns if column.rank == STRONG]
        likely = [column for column in self._columns if column.is_candidate and column.rank != STRONG]
        if len(strong) == 1 and (strong[0].valid or (whole and not likely)):
            return strong[0], None
        # One of the filled cells is the heading itself.
        filled = [column for column in strong if column.filled > 1]
        if len(filled) > 1 or (not strong and len(likely) > 1):
            return self._asked([*strong, *likely])
        if not strong and likely:
            return likely[0], None
        if not whole:
            return None
        if len(strong) > 1 and len(filled) == 1:
            return filled[0], None
        return self._asked([*strong, *likely]) if strong else self._by_content()

    def _by_content(self) -> tuple[Column | None, Question | None]:
        """The only column with any recipients, or the only one at all; else a question."""
        some = [column for column in self._columns if column.valid and column.rank > OTHER]
        if not some and len(self._columns) == 1:
            some = self._columns
        return (some[0], None) if len(some) == 1 else self._asked(some or self._columns)

    def _asked(self, columns: Iterable[Column]) -> tuple[None, Question]:
        options = tuple(column.heading for column in columns if column.filled)
        return None, Question(Ask.COLUMN, {}, options, RECIPIENTS)


def list_heading(rows: Iterable[TableRow], judge: Judge) -> int | None:
    """The line of the heading of a plain list: the first that is not blank, if it names recipients."""
    for line, cells, _hidden in islice(rows, HEADING_WITHIN):
        if cells[0].strip():
            meant = "@" in cells[0] or "#" in cells[0] or any(map(judge.valid, split(cells[0])))
            return line if _rank(cells[0], judge) > NOTHING and not meant else None
    return None


def _rank(text: str, judge: Judge) -> int:
    """How much a heading says that its column has recipients: STRONG, WEAK, NOTHING or OTHER."""
    words = _words(text)
    if len(words) > 8:
        return NOTHING
    if any(map(_ALWAYS_OTHER.match, words)):
        return OTHER
    wanted = [_PHONE] if Kind.NUMBER in judge.kinds else [_MAIL]
    if Kind.NICKNAME in judge.kinds:
        wanted.append(_TELEGRAM)
    if any(pattern.match(word) for pattern in wanted for word in words):
        return STRONG
    if any(map(_OTHER.match, words)):
        return OTHER
    others = {_PHONE, _MAIL, _TELEGRAM} - set(wanted)
    if any(pattern.match(word) for pattern in others for word in words):
        return NOTHING
    return WEAK if any(map(_MAYBE.match, words)) else NOTHING


def _words(text: str) -> list[str]:
    """The words of a heading in lower case, without digits at their ends (`Phone2`); `e-mail` is one word."""
    plain = text.casefold().replace("ё", "е").replace("e-mail", "email").replace("е-mail", "email")
    return [word.rstrip("0123456789") or word for word in _BREAK.split(plain) if word]


def _names(heading: Sequence[str], width: int) -> tuple[str, ...]:
    """A different name for each column: its heading (numbered if it comes twice) or its number."""
    seen = Counter[str]()
    found = dict[str, None]()
    for index in range(max(width, len(heading))):
        text = " ".join((heading[index] if index < len(heading) else "").split())[:100] or str(index + 1)
        seen[text] += 1
        found[text if text not in found else f"{text} ({seen[text]})"] = None
    return (
        tuple(found) if len(found) == max(width, len(heading)) else tuple(map(str, range(1, len(seen) + 1)))
    )


def _named(names: Sequence[str], wanted: str) -> int:
    """The index of a column by its name, in any case, or by its number. Raises UnreadableFile."""
    plain = " ".join(wanted.split()).casefold()
    for index, name in enumerate(names):
        if name.casefold() == plain:
            return index
    if plain.isdecimal() and 0 < int(plain) <= len(names):
        return int(plain) - 1
    raise UnreadableFile(Trouble.NO_SUCH_COLUMN, name=wanted, names=", ".join(names))
