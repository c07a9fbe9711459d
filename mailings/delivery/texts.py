"""Whether a message's text is a mailing's: as it was sent, or as the provider may have changed it on its way.

Changed means: transliterated (their tables are not published, so letters are compared by what the tables
agree on), links shortened, a comment for the sender cut out. Where a mailing's text is the provider's own (a
template, a file) nothing can be compared.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<![\w@.])(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)
_SOME_LINK = "\ue000"
# A comment stands between marks; which ones is not known here.
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
# What the tables spell in several ways comes to one: y, j and i stand for too much to be told apart.
_SPELT = (
    ("shch", "s"), ("sch", "s"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "k"), ("ts", "c"), ("tc", "c"),
    ("y", ""), ("j", ""), ("i", ""), ("o", "e"), ("h", "k"), ("x", "k"), ("w", "s"),
)  # fmt: skip


class Texts:
    """What a mailing may have said."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.translit = int(options.get("translit") or 0)
        self.links = str(options.get("tinyurl") or "0") == "1"
        without = any(options.get(name) for name in ("hlr", "ping"))
        self.text = "" if without else str(options.get("mes") or "")
        # Nobody here knows what a template or a file says, and bytes are no text.
        readable = not (options.get("bin") or options.get("tpl"))
        self.known = readable and bool(without or self.text or options.get("list"))
        self.second = str(options.get("mes2") or "") if options.get("fl[5]") else ""

    @property
    def most(self) -> int:
        """How many messages one recipient gets at most: where the first way fails, a second one."""
        return 2 if self.second else 1

    def says(self, own: str | None, said: str) -> bool:
        """Whether `said` is this text. `own`: a recipient's own text, None where all get the mailing's."""
        text = self.text if own is None else own
        if text == said:
            return True
        kind = (self.translit, self.links)
        return _is(text, said, *kind) or bool(self.second and _is(self.second, said, *kind))


@lru_cache(maxsize=8192)
def _is(ours: str, theirs: str, translit: int, links: bool) -> bool:
    """Whether one text may have become the other."""
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
    """Letters by what the tables of transliteration agree on, in small Latin."""
    found = _SIGNS.sub("", text.lower()).translate(_TO_LATIN)
    for spelt, letter in _SPELT:
        found = found.replace(spelt, letter)
    return found


def _looks_alike(ours: str, theirs: str) -> bool:
    """Whether letters were replaced by signs that look like them: all other words stay as they are."""
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
    # The cut may lie anywhere in a run of equal letters: each place is tried until one cuts a comment.
    for at in range(front, -1, -1):
        if not ours.endswith(theirs[at:].lstrip()):
            return False
        tail = len(theirs[at:].lstrip())
        if _COMMENT.fullmatch(ours[at : len(ours) - tail]):
            return True
    return False
