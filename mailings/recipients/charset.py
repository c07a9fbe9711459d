"""Finds the charset of a file: by its byte order mark, its zero bytes (UTF-16), else UTF-8 or windows-1251.

A byte that the charset does not have does not make the file unreadable: it is replaced, and its line is
noted.
"""

import codecs
import re
from dataclasses import dataclass
from typing import IO

from mailings.recipients.limits import LONGEST_LINE, Limits
from mailings.recipients.reasons import Note, Said, Trouble, UnreadableFile

CHUNK = 1024 * 1024
SAMPLE = 4000
_LINE_END = re.compile(rb"\r\n?|\n")


@dataclass(frozen=True)
class Text:
    """`encoding`: to be read with `errors="replace"`, from the byte `start` on."""

    encoding: str
    start: int
    notes: tuple[Said, ...] = ()


def recognise(file: IO[bytes], limits: Limits) -> Text:
    """The charset of a file. UnreadableFile: it is empty, too large or no text, or a line is too long."""
    file.seek(0)
    first = file.read(SAMPLE)
    if not first:
        raise UnreadableFile(Trouble.EMPTY)
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if first.startswith(mark):
            return _examined(file, encoding, 2, limits)
    start = 3 if first.startswith(codecs.BOM_UTF8) else 0
    if b"\x00" in first:
        return _examined(file, _utf_16(first), 0, limits)
    text = _examined(file, "utf-8", start, limits)
    return text if text.encoding == "utf-8" else _examined(file, "cp1251", start, limits)


def _utf_16(sample: bytes) -> str:
    """Which UTF-16 it is: the zero byte of a digit is the second of two in LE, the first in BE."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if min(even, odd) > 0 or max(even, odd) * 20 < len(sample):
        raise UnreadableFile(Trouble.NO_TEXT)
    return "utf-16-le" if odd else "utf-16-be"


def _examined(file: IO[bytes], encoding: str, start: int, limits: Limits) -> Text:
    """Read the whole file once, to check its size and lines, and to find bytes that the charset lacks.

    The encoding of the result is "other" if the file is not UTF-8.
    """
    survey = _Survey(encoding)
    file.seek(start)
    size = start
    while chunk := file.read(CHUNK):
        size += len(chunk)
        if size > limits.bytes:
            raise limits.too_large()
        survey.add(chunk)
    survey.add(b"", final=True)
    if encoding == "utf-8" and survey.is_another_charset:
        return Text("other", start)
    return Text(encoding, start, survey.notes())


class _Survey:
    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._wide = encoding.startswith("utf-16")
        self._lines = 1
        self._letters = 0
        self._replaced: list[int] = []
        self._count = 0
        self._cut = False
        self._since_line_end = 0

    def add(self, chunk: bytes, *, final: bool = False) -> None:
        text = self._decoder.decode(chunk, final)
        if final and text == "\ufffd":
            self._cut = True
            return
        if "\x00" in text:
            raise UnreadableFile(Trouble.NO_TEXT)
        if not text.isascii():
            self._letters += len(text) - len(text.encode("ascii", "ignore"))
        bad = text.count("\ufffd")
        if bad:
            self._count += bad
            self._replaced = self._replaced or [self._lines + _ends(text[: text.index("\ufffd")])]
        self._lines += self._measure(text)

    def _measure(self, text: str) -> int:
        """How many lines end in the text; raises UnreadableFile when none has for too long."""
        last = max(text.rfind("\n"), text.rfind("\r"))
        self._since_line_end = len(text) - last - 1 if last >= 0 else self._since_line_end + len(text)
        if self._since_line_end > LONGEST_LINE:
            raise UnreadableFile(Trouble.LONG_LINE, line=self._lines)
        return _ends(text)

    @property
    def is_another_charset(self) -> bool:
        """Whether too much is wrong for a few slips: in windows-1251 nearly all letters are no UTF-8."""
        return self._count * 2 > self._letters or (self._cut and self._letters == 0)

    def notes(self) -> tuple[Said, ...]:
        found = [Said(Note.REPLACED, {"line": line}) for line in self._replaced]
        if self._cut:
            found.append(Said(Note.CUT, {"line": self._lines}))
        return tuple(found)


def _ends(text: str) -> int:
    """The line ends of a text: Unix, Windows or old Macintosh."""
    return text.count("\n") or text.count("\r")
