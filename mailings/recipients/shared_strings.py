"""The shared texts of a workbook, kept as one run of bytes: a million objects would take too much memory.

Nearly all have the form `<si><t>…</t></si>`, which an expression reads many times faster than an XML parser.
If a piece of the file has anything else, which the number of `<` shows, the parser reads that piece.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import Any
from xml.parsers import expat

from mailings.recipients.package import LocalNames, Package, feed, parser
from mailings.recipients.reasons import Trouble, UnreadableFile

MOST_STRINGS = 8_000_000
MOST_BYTES = 96 * 1024 * 1024
# A longer piece without the end of a text is read by the parser.
LONGEST = 1024 * 1024
_PLAIN = re.compile(rb"<si><t(?: xml:space=\"preserve\")?>([^<&]*)</t></si>")
_ENDS, _TAGS = b"</si>", 4
_HEAD = b"<sst>"


class SharedStrings:
    """The texts by index. UnreadableFile: there are too many, or there is no such index."""

    def __init__(self, package: Package, part: str) -> None:
        self._bytes, self._ends = bytearray(), array("I", [0])
        if part:
            self._read(package.chunks(part))

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK)
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "replace")

    def _read(self, chunks: Iterator[bytes]) -> None:
        rest = next(chunks, b"")
        begin = rest.find(b"<si>")
        if begin < 0 or not is_plain(rest):
            self._slowly(chain([rest], chunks))
            return
        rest = rest[begin:]
        for chunk in chunks:
            rest += chunk
            cut = rest.rfind(_ENDS) + len(_ENDS)
            if not is_plain(rest) or len(rest) > LONGEST:
                break
            if cut >= len(_ENDS):
                self._piece(rest[:cut])
                rest = rest[cut:]
        self._slowly(chain([_HEAD + rest], chunks))

    def _piece(self, piece: bytes) -> None:
        """Read a piece that has only whole texts."""
        found = _PLAIN.findall(piece)
        if piece.count(b"<") == _TAGS * len(found):
            self._keep(found)
            return
        texts: list[bytes] = []
        made = _collector(texts)
        try:
            made.Parse(_HEAD + piece, False)
        except (expat.ExpatError, IndexError):
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK) from None
        self._keep(texts)

    def _slowly(self, chunks: Iterator[bytes]) -> None:
        texts: list[bytes] = []
        for _fed in feed(_collector(texts), chunks):
            self._keep(texts)
            texts.clear()

    def _keep(self, texts: Sequence[bytes]) -> None:
        before = len(self._bytes)
        self._bytes += b"".join(texts)
        if len(self._bytes) > MOST_BYTES or len(self._ends) + len(texts) > MOST_STRINGS:
            raise UnreadableFile(Trouble.UNPACKS)
        ends = accumulate(map(len, texts), initial=before)
        next(ends)
        self._ends.extend(ends)


def is_plain(piece: bytes) -> bool:
    """Whether an expression may read a piece of XML: it is UTF-8, without comments and CDATA."""
    return b"<!" not in piece and not piece.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00"))


def _collector(found: list[bytes]) -> Any:
    """A parser that adds the text of each `si` to `found`, without phonetic hints (`rPh`)."""
    made, local, text = parser(), LocalNames(), list[str]()
    inside = aside = False

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal inside, aside
        inside = local[name] == "t" and not aside
        aside = aside or local[name] == "rPh"

    def end(name: str) -> None:
        nonlocal inside, aside
        inside = False
        if local[name] == "rPh":
            aside = False
        elif local[name] == "si":
            found.append("".join(text).encode("utf-8", "replace"))
            text.clear()

    def data(piece: str) -> None:
        if inside:
            text.append(piece)

    made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = start, end, data
    return made
