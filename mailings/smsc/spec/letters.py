"""Characters that deceive the eye: invisible ones, and letters that look like those of another alphabet.

Names are English, marked for extraction; nothing here translates, and nothing here changes a text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mailings.smsc.spec.problems import N_

# Names for people; an invisible character without one here is named by its code point (U+200A).
INVISIBLE: Mapping[str, str] = {
    "\u00a0": N_("no-break space"),
    "\u2007": N_("figure space"),
    "\u202f": N_("narrow no-break space"),
    "\u3000": N_("wide space"),
    "\u00ad": N_("soft hyphen"),
    "\u200b": N_("zero-width space"),
    "\u200c": N_("zero-width non-joiner"),
    "\u200d": N_("zero-width joiner"),
    "\u200e": N_("left-to-right mark"),
    "\u200f": N_("right-to-left mark"),
    "\u2060": N_("word joiner"),
    "\ufeff": N_("byte order mark"),
    "\u2028": N_("line separator"),
    "\u2029": N_("paragraph separator"),
    "\u2800": N_("blank of the Braille alphabet"),
    "\u3164": N_("Hangul filler"),
    "\t": N_("tab"),
}
_FILLERS = frozenset("\u2800\u3164\u115f\u1160\uffa0\u034f")
_UNSEEN = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))
_WORD = re.compile(r"[^\W\d_]{2,}")

# A Latin letter beside a Cyrillic one: quicker than to look up the name of each letter.
_SEAM = re.compile("[A-Za-zªºÀ-ɏ](?:[Ѐ-ԯ]|(?<=[Ѐ-ԯ].))")
_JOINER = "\u200d"
_JOINED = re.compile(f"(?:^|.){_JOINER}", re.DOTALL)
# So many texts are kept of all that deceive.
FEW = 5

LATIN = "AaBCcEeHIiJjKMOoPpSsTXxYy"
CYRILLIC = "АаВСсЕеНІіЈјКМОоРрЅѕТХхУу"
_TWINS = frozenset(LATIN + CYRILLIC)


class Mixed(NamedTuple):
    """A word with stray letters of another alphabet, each once; `cyrillic`: whether these are Cyrillic."""

    word: str
    stray: tuple[str, ...]
    cyrillic: bool


def is_unseen(char: str) -> bool:
    """Whether a character is invisible: a blank of any kind, a control or format character, a filler."""
    picked = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return picked or char in _FILLERS or unicodedata.category(char) in _UNSEEN


def is_visible(text: str) -> bool:
    """Whether a text holds any visible character."""
    return not all(map(is_unseen, text))


def unseen(text: str) -> dict[str, int]:
    """How often each invisible character occurs in a text, except spaces, line ends and parts of an emoji."""
    found: dict[str, int] = {}
    for before, char in zip(f" {text}", text, strict=False):
        if char in " \n" or not is_unseen(char) or "\ufe00" <= char <= "\ufe0f":
            continue
        if char == "\u200d" and (before == "\ufe0f" or unicodedata.category(before) in ("So", "Sk")):
            continue
        found[char] = found.get(char, 0) + 1
    return found


def mixed(text: str) -> Iterator[Mixed]:
    """The words, each once, with letters of both alphabets, if all of the rarer one are look-alikes."""
    for word in dict.fromkeys(_WORD.findall(text)):
        latin = [char for char in word if _is_of(char, "LATIN")]
        cyrillic = [char for char in word if _is_of(char, "CYRILLIC")]
        stray, strays_are_cyrillic = (cyrillic, True) if len(cyrillic) <= len(latin) else (latin, False)
        if latin and cyrillic and _TWINS.issuperset(stray):
            yield Mixed(word, tuple(dict.fromkeys(stray)), strays_are_cyrillic)


class Lookout:
    """Of many texts, those that deceive by something that none before had; the first FEW.

    `found`: each text with its address. `known`: a text whose deceptions are no news.
    """

    def __init__(self, known: str = "") -> None:
        self.found: list[tuple[str, str]] = []
        self._chars, self._pairs, self._words = {" ", "\n", _JOINER}, set[str](), set[str]()
        self._is_new(known)

    def look(self, text: str, address: str) -> None:
        if len(self.found) < FEW and self._is_new(text):
            self.found.append((text, address))

    def _is_new(self, text: str) -> bool:
        """Whether the text deceives by something new. Whatever was judged once is not judged again."""
        chars = set(text).difference(self._chars)
        self._chars |= chars
        pairs = set(_JOINED.findall(text)) - self._pairs if _JOINER in text else set[str]()
        self._pairs |= pairs
        words = set[str]()
        if _SEAM.search(text):
            words = {word for word in _WORD.findall(text) if word not in self._words and _SEAM.search(word)}
            self._words |= words
        return any(map(unseen, (*chars, *pairs))) or any(any(mixed(word)) for word in words)


def _is_of(char: str, alphabet: str) -> bool:
    return unicodedata.name(char, "").startswith(alphabet)
