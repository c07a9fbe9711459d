"""Corrections of a file's rows that were typed on the page, which may be older than the rows.

The page posts the line and the old value of each row that it showed (`fix_rows`). By these a value that was
typed differs from one that was only shown, and its row is found again after the file was read anew.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import ngettext

from mailings.forms.typed import FIX
from mailings.models import Import
from mailings.recipients.corrections import SAMPLE, Late, correct, correct_late, in_one_line
from mailings.smsc.spec.addresses import shorten

ROWS = "fix_rows"
LONGEST_POSITION = 8
LAST_LINE = 2**31


class Shown(NamedTuple):
    """The rows that a page showed. `reading`: `Import.reading` then. `rows`: by position, line and value."""

    reading: str
    sheet: str
    rows: Mapping[int, tuple[int, str]]

    def as_json(self) -> str:
        return json.dumps([self.reading, self.sheet, self.rows], ensure_ascii=False)


def correct_rows(imported: Import, data: Mapping[str, Any]) -> str:
    """Correct the rows for which another value was typed, whichever button was pressed.

    A correction that fits no row now is kept for later readings. Returns a sentence about these, "" if all
    fit.
    """
    shown, late, ready = _shown(data), list[Late](), imported.state == Import.State.READY
    reading = imported.reading
    for position, text in _typed(data, reading):
        line, before = shown.rows.get(position, (0, "")) if shown.reading == reading else (0, "")
        if line and in_one_line(before) == in_one_line(text):
            continue
        if (not ready or correct(imported, position, text) is None) and line:
            late.append(Late(line, before, text))
    if shown.reading != reading and shown.reading.startswith(f"{imported.pk}-"):
        late += _of_another_reading(data, shown)
    waiting = correct_late(imported, shown.sheet, late)
    return _said(waiting) if ready and waiting else ""


def replaced(data: Mapping[str, Any]) -> str:
    """A sentence about what was typed into rows of a file that another one replaces; "" if nothing was."""
    typed = list(_of_another_reading(data, _shown(data)))
    if not typed:
        return ""
    text = ngettext(
        "Line {lines}: what you typed there was for the file before, which the new one replaces. It changed "
        "nothing in the new one. Look at its rows below, then go on.",
        "Lines {lines}: what you typed there was for the file before, which the new one replaces. It changed "
        "nothing in the new one. Look at its rows below, then go on.",
        len(typed),
    )
    return text.format(lines=_lines(typed))


def _of_another_reading(data: Mapping[str, Any], shown: Shown) -> Iterator[Late]:
    for position, text in _typed(data, shown.reading):
        line, before = shown.rows.get(position, (0, ""))
        if line and in_one_line(before) != in_one_line(text):
            yield Late(line, before, text)


def _typed(data: Mapping[str, Any], reading: str) -> Iterator[tuple[int, str]]:
    """The position and the posted value of each row of a reading."""
    for name in data:
        place = name.removeprefix(f"{FIX}{reading}:")
        if name != place and place.isdecimal() and len(place) < LONGEST_POSITION:
            yield int(place), str(data[name])


def _shown(data: Mapping[str, Any]) -> Shown:
    """The rows that the page showed; none if the post cannot be read."""
    try:
        reading, sheet, rows = json.loads(str(data.get(ROWS, "")))
        found = {int(position): (int(line), str(before)) for position, (line, before) in rows.items()}
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Shown("", "", {})
    lines = {position: one for position, one in found.items() if 0 < one[0] < LAST_LINE}
    return Shown(str(reading), str(sheet), lines)


def _said(waiting: list[Late]) -> str:
    text = ngettext(
        "Line {lines}: what you typed there fits no row of the file as it stands now, because the file was "
        "read anew or the row was corrected meanwhile. It changed nothing, but is kept: it counts once the "
        "file is read as before. Look at the rows below, then go on.",
        "Lines {lines}: what you typed there fits no row of the file as it stands now, because the file was "
        "read anew or the rows were corrected meanwhile. It changed nothing, but is kept: it counts once the "
        "file is read as before. Look at the rows below, then go on.",
        len(waiting),
    )
    return text.format(lines=_lines(waiting))


def _lines(typed: list[Late]) -> str:
    first = ", ".join(f"{one.line} (“{shorten(one.after)}”)" for one in typed[:SAMPLE])
    return f"{first} …" if len(typed) > SAMPLE else first
