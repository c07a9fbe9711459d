"""How many SMS parts a text takes in which alphabet, how a binary SMS is made, and which texts are refused.

Source: the provider's lines on `mes` (160 or 70 characters in one SMS, 153 or 67 in each of several),
`bin` and `push`, and GSM 03.38 for the alphabet. Of a typed text only line ends are changed, and in a binary
message blanks between the digits are taken out.
"""

import re
from dataclasses import dataclass

from mailings.smsc.spec import letters
from mailings.smsc.spec.problems import N_, Refusal

# The longest `mes`, in code points.
MAX_CHARACTERS = 1000

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Characters of the GSM alphabet that take two places.
GSM_EXTENSION = frozenset("^{}\\[~]|€\f")

SINGLE = {"gsm": 160, "unicode": 70}
IN_PARTS = {"gsm": 153, "unicode": 67}
BINARY_SINGLE = 140
BINARY_IN_PARTS = 134

_CLASS = "[" + "".join(re.escape(char) for char in sorted(GSM)) + "]*"
_PLAIN_GSM = re.compile(_CLASS)

# How many Latin characters a Cyrillic letter becomes, for those that become more than one. The provider's
# tables are not published: these follow common practice and are good for an estimate only.
_TRANSLIT = {
    1: dict.fromkeys("ёжхцчшюя", 2) | {"щ": 3},
    2: dict.fromkeys("ёдйлцыэю", 2) | dict.fromkeys("жшщ", 3),
}

_TAIL = re.compile(r"\n~~~\npid: ([0-9]{1,3}), dcs: ([0-9]{1,3})")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_LINK = re.compile(r"(?:https?://)?[^\s/.]+\.[^\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class Parts:
    """How an SMS is cut.

    `alphabet`: `gsm` or `unicode`. `units`: places taken in it (septets, UTF-16 units). `per_part`:
    the places of one part: of the only one, or of each of several. `culprits`: the characters that forced
    unicode, each once, in order. `estimate`: the text is transliterated on the way, so all this is a guess.
    """

    alphabet: str
    units: int
    per_part: int
    parts: int
    culprits: tuple[str, ...] = ()
    estimate: bool = False


def message_parts(text: str, *, translit: int = 0) -> Parts:
    """How `text` is cut as an SMS; an empty text has no parts."""
    if _PLAIN_GSM.fullmatch(text):
        return Parts("gsm", *_cut("gsm", b"\1" * len(text)))
    estimate = translit in _TRANSLIT
    if estimate:
        text = _transliterated(text, _TRANSLIT[translit])
    widths = bytes(1 if char in GSM else 2 if char in GSM_EXTENSION else 0 for char in text)
    if all(widths):
        return Parts("gsm", *_cut("gsm", widths), estimate=estimate)
    culprits = tuple(dict.fromkeys(char for char, width in zip(text, widths, strict=True) if not width))
    widths = bytes(2 if char > "\uffff" else 1 for char in text)
    return Parts("unicode", *_cut("unicode", widths), culprits, estimate)


def _cut(alphabet: str, widths: bytes) -> tuple[int, int, int]:
    """Units, places in a part, and number of parts, for characters of these widths (1 or 2 places each)."""
    units, room = sum(widths), IN_PARTS[alphabet]
    if units <= SINGLE[alphabet]:
        return units, SINGLE[alphabet], min(units, 1)
    return units, room, -(-units // room) if units == len(widths) else _packed(widths, room)


def _packed(widths: bytes, room: int) -> int:
    """How many parts are needed, since a character of two places may not be split between two."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts


def _transliterated(text: str, lengths: dict[str, int]) -> str:
    """`text` with each Russian letter replaced by as many Latin ones as it probably becomes."""
    return "".join(
        "x" * lengths.get(char.lower(), 1) if "а" <= char.lower() <= "я" or char in "Ёё" else char
        for char in text
    )


def clean(text: str) -> str:
    """`text` as it is sent: line ends as LF, nothing stripped. Refuses NUL and half surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise Refusal(
            "text_nul", N_("The text holds a null character, which cannot be sent. Type the text anew.")
        )
    if _surrogates(text):
        raise Refusal(
            "text_surrogate", N_("The text holds half a character. Type the last emoji or letter anew.")
        )
    return text


def _surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def check_plain(text: str) -> None:
    """Refuses a text over 1000 characters (code points), and one without any visible character."""
    if not letters.is_visible(text):
        raise Refusal(
            "text_unseen",
            N_("There is nothing to see in this text, only blanks or invisible characters. Write it anew."),
        )
    check_length(text)


def check_length(text: str) -> None:
    """Refuses a text over 1000 characters (code points)."""
    if len(text) > MAX_CHARACTERS:
        raise Refusal(
            "text_too_long",
            N_("The text has %(length)s characters; at most %(maximum)s can be sent. Shorten it."),
            length=len(text),
            maximum=MAX_CHARACTERS,
        )


@dataclass(frozen=True)
class Binary:
    """A binary SMS: `data`, its header in front, and `tail` as typed ("" or `\\n~~~\\npid: …`)."""

    data: bytes
    tail: str

    @property
    def raw(self) -> bytes:
        """The bytes that are sent with bin=1."""
        return self.data + self.tail.encode("ascii")

    @property
    def parts(self) -> int:
        """How many SMS it takes: 140 bytes fit in one, 134 in each of several."""
        return 1 if len(self.data) <= BINARY_SINGLE else -(-len(self.data) // BINARY_IN_PARTS)


def binary_text(text: str) -> str:
    """A typed binary message in the form that is kept: hex without blanks, then the tail as typed."""
    digits, tilde, tail = text.partition("\n~~~")
    return "".join(digits.split()) + (tilde + tail).rstrip("\n")


def parse_binary(text: str) -> Binary:
    """Reads what `binary_text` keeps; raises Refusal.

    The first byte is the length of the header that follows and must fit; 00 means no header.
    """
    digits, tilde, rest = text.partition("\n~~~")
    tail = tilde + rest
    if tail:
        _check_tail(tail)
    if not _HEX.fullmatch(digits):
        raise Refusal(
            "bin_hex",
            N_("A binary message is written in hexadecimal digits (0–9, A–F), two for each byte."),
        )
    data = bytes.fromhex(digits)
    if data[0] >= len(data):
        raise Refusal(
            "bin_header",
            N_(
                "The first byte says that the header has %(header)s bytes, but only %(rest)s follow. "
                "Begin with 00 if there is no header."
            ),
            header=data[0],
            rest=len(data) - 1,
        )
    return Binary(data, tail)


def _check_tail(tail: str) -> None:
    match = _TAIL.fullmatch(tail)
    if match is None or any(int(value) > 255 for value in match.groups()):
        raise Refusal(
            "bin_tail",
            N_(
                "After the line ~~~ comes exactly one line, with these spaces: pid: 0, dcs: 0 "
                "and with numbers from 0 to 255."
            ),
        )


def check_push(text: str) -> None:
    """Refuses a wap-push text other than a link, a line end and a title."""
    link, _, title = text.partition("\n")
    if not _LINK.fullmatch(link.strip()) or not title.strip() or "\n" in title.strip():
        raise Refusal(
            "push_shape",
            N_("A wap-push has two lines: the link, such as https://example.com/, and then its title."),
        )


def check_code(text: str) -> None:
    """Refuses a Telegram text without a code, that is, without any digit."""
    if not any(char in "0123456789" for char in text):
        raise Refusal("tg_code", N_("Telegram sends a confirmation code: put the code into the text."))
