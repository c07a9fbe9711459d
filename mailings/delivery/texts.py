"""Whether a message's text may be a mailing's, as it was written or as the provider may have changed it.

The provider may transliterate a text, shorten its links, or cut out a comment for the sender. Its tables of
transliteration are not published, so texts are compared by those letters on which the usual tables agree. If
only the provider knows a mailing's text (a template, a file), nothing can be compared.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<![\w@.])(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)
_SOME_LINK = "\ue000"
# A comment stands between two marks. Which marks is not published, so any of the likely ones will do.
_COMMENT = re.compile(r"\s*[/*~#{}\[\]()<>|\\=]{1,3}.*[/*~#{}\[\]()<>|\\=]{1,3}\s*", re.DOTALL)
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN: dict[str, str | int | None] = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        (*"abvgdeezziiklmnoprstufkccss", "", "i", "", "e", "u", "a"),
        strict=True,
    )
)
_TO_LATIN = str.maketrans(_LATIN)
_SIGNS = re.compile("['`’ʹ\"]")
# What the tables spell in several ways gets one spelling; y, j and i, which stand for too much, get none.
_SPELT = (
    ("shch", "s"), ("sch", "s"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "k"), ("ts", "c"), ("tc", "c"),
    ("y", ""), ("j", ""), ("i", ""), ("o", "e"), ("h", "k"), ("x", "k"), ("w", "s"),
)  # fmt: skip


class Texts:
    """The texts that a mailing may have sent. `known`: whether they can be compared with a message's."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.translit = int(options.get("translit") or 0)
        self.links = str(options.get("tinyurl") or "0") == "1"
        without = any(options.get(name) for name in ("hlr", "ping"))
        self.text = "" if without else str(options.get("mes") or "")
        # The text of a template or a file is at the provider, and a binary message has none.
        readable = not (options.get("bin") or options.get("tpl"))
        self.known = readable and bool(without or self.text or options.get("list"))
        # Whoever does not get it may get an SMS, with a text of its own or the same.
        self.twice = str(options.get("fl[5]") or "0") == "1"
        self.second = str(options.get("mes2") or "") if self.twice else ""

    @property
    def most(self) -> int:
        """How many messages one recipient gets at most: a second one if the first channel fails."""
        return 2 if self.twice else 1

    def says(self, own: str | None, said: str) -> bool:
        """Whether `said` may be what was sent. `own`: the recipient's own text, if it has one."""
        text = self.text if own is None else own
        if text == said:
            return True
        kind = (self.translit, self.links)
        return _is(text, said, *kind) or bool(self.second and _is(self.second, said, *kind))


@lru_cache(maxsize=8192)
def _is(ours: str, theirs: str, translit: int, links: bool) -> bool:
    """Whether the provider may have turned our text into theirs."""
    ours, theirs = " ".join(ours.split()), " ".join(theirs.split())
    if ours == theirs:
        return True
    if not theirs:
        return False
    if links:
        ours, theirs = _LINK.sub(_SOME_LINK, ours), _LINK.sub(_SOME_LINK, theirs)
    if translit == 2 and _looks_alike(ours, theirs):
        return True
    if translit == 1:
        ours, theirs = skeleton(ours), skeleton(theirs)
    return ours == theirs or _is_without_comment(ours, theirs)


def skeleton(text: str) -> str:
    """A text in lower-case Latin letters, as far as the tables of transliteration agree on them."""
    found = _SIGNS.sub("", text.lower()).translate(_TO_LATIN)
    for spelt, letter in _SPELT:
        found = found.replace(spelt, letter)
    return found


def _looks_alike(ours: str, theirs: str) -> bool:
    """Whether theirs may be ours with Cyrillic letters replaced by signs that look like them.

    Words without Cyrillic letters must be equal.
    """
    words, signs = ours.split(), theirs.split()
    if len(words) != len(signs) or _CYRILLIC.search(theirs):
        return False
    pairs = zip(words, signs, strict=True)
    return all(len(sign) >= len(word) if _CYRILLIC.search(word) else word == sign for word, sign in pairs)


def _is_without_comment(ours: str, theirs: str) -> bool:
    """Whether cutting one marked piece out of our text gives theirs."""
    rest = len(theirs)
    if rest >= len(ours):
        return False
    front = next((at for at in range(rest) if ours[at] != theirs[at]), rest)
    # Where equal letters follow one another, the cut may be at any of them, so each place is tried.
    for at in range(front, -1, -1):
        if not ours.endswith(theirs[at:].lstrip()):
            return False
        tail = len(theirs[at:].lstrip())
        if _COMMENT.fullmatch(ours[at : len(ours) - tail]):
            return True
    return False
