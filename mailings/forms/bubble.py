"""The message as its recipient sees or hears it, and characters of its text that are not what they seem."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.forms.compose import ComposeForm
from mailings.smsc.spec import letters
from mailings.smsc.spec.catalogue import OPTIONS
from mailings.smsc.spec.texts import message_parts
from mailings.smsc.spec.vocabulary import Channel

# About so many characters a voice reads in a second.
SPOKEN = 14
# A shortened link has about this length; the provider publishes none.
SHORT_LINK = "x" * 20
# How many characters or words are named at most.
SHOWN = 5
_LINK = re.compile(r"https?://[^\s]+|www\.[^\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class Bubble:
    """`text`: as typed, with line ends as LF. `form`: has the sender, subject, voice and other options."""

    form: ComposeForm
    text: str

    @property
    def channel(self) -> Channel:
        return self.form.typed.channel

    @property
    def shape(self) -> str:
        """How it is drawn: `mail`, `call`, `chat`, or `none` if the recipient sees nothing."""
        shapes = {Channel.MAIL: "mail", Channel.VOICE: "call", Channel.HLR: "none", Channel.PING: "none"}
        return shapes.get(self.channel, "chat")

    @property
    def channel_name(self) -> str:
        return _(self.channel.label)

    @property
    def sender(self) -> str:
        """The name or address that people see; "" if it is the account's own."""
        return self._typed("bot" if self.channel is Channel.BOT else "sender")

    @property
    def subject(self) -> str:
        return self._typed("subj") if self.channel in (Channel.MAIL, Channel.MMS) else ""

    @property
    def template(self) -> str:
        """The number of the provider's template that is sent; only the provider knows its text."""
        return self._typed("tpl")

    @property
    def attachments(self) -> list[str]:
        """The names of the files, and the address of a file that the provider is to fetch."""
        return [*(ref.name for ref in self.form.uploads.refs), *filter(None, [self._typed("fileurl")])]

    @property
    def voice(self) -> str:
        """Who reads it aloud, in words."""
        return voice_named(self._typed("voice"))

    @property
    def seconds(self) -> int:
        """How long the voice reads, about."""
        return seconds_of(self.text)

    @property
    def fallback(self) -> str:
        """The text of the SMS that is sent when this channel fails; "" if none is."""
        if not self._typed("fl[5]") or self._typed("fl[5]") == "0":
            return ""
        return self._typed("mes2") or self.text

    @property
    def on_the_way(self) -> Iterator[str]:
        translit, links = self._typed("translit"), self._typed("tinyurl") == "1"
        how = int(translit) if translit in ("1", "2") else 0
        return changes(self.text, self.channel, translit=how, short_links=links)

    def _typed(self, name: str) -> str:
        return self.form.typed.values.get(name, "").strip()


def voice_named(value: str) -> str:
    """A value of the option `voice` in words, with its language if it has one; "": the default voice."""
    option = OPTIONS["voice"]
    voice, comma, language = (value or str(option.default)).partition(",")
    label = next((_(one.label) for one in option.choices if one.value == voice.strip()), voice)
    return f"{label} ({language.strip()})" if comma else label


def seconds_of(text: str) -> int:
    """About how many seconds a voice reads a text."""
    return -(-len(text) // SPOKEN)


def changes(text: str, channel: Channel, *, translit: int, short_links: bool) -> Iterator[str]:
    """Sentences on what the provider will change in a text, as far as that can be guessed.

    `translit`, `short_links`: the options `translit` and `tinyurl`.
    """
    if translit:
        yield _("Russian letters become Latin ones on the way.")
    if not short_links or not _LINK.search(text):
        return
    if channel is not Channel.SMS:
        yield _("Its links become short ones on the way.")
        return
    parts = message_parts(_LINK.sub(SHORT_LINK, text), translit=translit).parts
    yield ngettext(
        "Its links become short ones on the way: then about {n} part each.",
        "Its links become short ones on the way: then about {n} parts each.",
        parts,
    ).format(n=parts)


def deceptions(text: str, known: set[str] | None = None) -> Iterator[str]:
    """A sentence for every kind of character in a text that is not what it seems.

    `known`: what was said before and is left out; what is said now is added.
    """
    said = set[str]() if known is None else known
    found = {char: count for char, count in letters.unseen(text).items() if char not in said}
    if found:
        names = ", ".join(f"{named(char)} × {count}" for char, count in list(found.items())[:SHOWN])
        yield _("Invisible in the text: {names}.").format(names=names)
    words = [one for one in letters.mixed(text) if one.word not in said]
    for one in words[:SHOWN]:
        stray = ", ".join(f"«{char}»" for char in one.stray)
        template = (
            _("In “{word}” {letters} is Cyrillic among Latin letters, and only looks like one of them.")
            if one.cyrillic
            else _("In “{word}” {letters} is Latin among Cyrillic letters, and only looks like one of them.")
        )
        yield template.format(word=one.word, letters=stray)
    said |= {*found, *(one.word for one in words)}


def all_deceptions(
    texts: Iterable[str], own: Iterable[Sequence[str]], options: Mapping[str, Any]
) -> list[str]:
    """What deceives in a whole mailing, each thing once.

    `texts`: what all get; `own`: single messages, each with its address; `options`: for sender and subject.
    """
    known, found = set[str](), list[str]()
    for text in texts:
        found += deceptions(text, known)
    for text, address in own:
        found += [f"{address}: {said}" for said in deceptions(text, known)]
    for name in ("sender", "subj"):
        told = deceptions(str(options.get(name, "")))
        found += [f"{_(OPTIONS[name].label)}: {said}" for said in told]
    return found


def named(char: str) -> str:
    """A character in words: «ё», or the name of an invisible one."""
    if not letters.is_unseen(char):
        return f"«{char}»"
    code = f"U+{ord(char):04X}"
    return f"{_(letters.INVISIBLE[char])} ({code})" if char in letters.INVISIBLE else code
