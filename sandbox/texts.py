"""How many paid parts a text has, and transliteration (`mes` and `translit` on the provider's page)."""

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_DOUBLE = frozenset("^{}\\[~]|€\f")
GSM_WHOLE, GSM_SPLIT = 160, 153
UNICODE_WHOLE, UNICODE_SPLIT = 70, 67
BYTES_WHOLE, BYTES_SPLIT = 140, 134

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_AS_LATIN = "a b v g d e e zh z i j k l m n o p r s t u f kh c ch sh sch ' y ' e yu ya"
_AS_SEEN = "a 6 B r g e e >|< 3 u u K /I M H o n p c m y qp x u, 4 w w, 'b b| b 3 |-o 9I"
_LATIN = dict(zip(_CYRILLIC, _AS_LATIN.split(), strict=True))
_LOOKALIKE = dict(zip(_CYRILLIC, _AS_SEEN.split(), strict=True))
_TRANSLIT = {1: _LATIN, 2: _LOOKALIKE}


def transliterate(text: str, variant: int) -> str:
    """The text in Latin letters. The provider's tables are not published; these only resemble them."""
    table = _TRANSLIT.get(variant)
    if table is None:
        return text
    upper = {char.upper(): latin.capitalize() for char, latin in table.items()}
    letters: dict[str, str | int | None] = {**upper, **table}
    return text.translate(str.maketrans(letters))


def parts(text: str) -> int:
    """Paid SMS parts of a text, at least 1. A character of two units is never split between parts."""
    if all(char in GSM_BASIC or char in GSM_DOUBLE for char in text):
        return _fill([2 if char in GSM_DOUBLE else 1 for char in text], GSM_WHOLE, GSM_SPLIT)
    return _fill([2 if ord(char) > 0xFFFF else 1 for char in text], UNICODE_WHOLE, UNICODE_SPLIT)


def byte_parts(size: int) -> int:
    """Paid SMS parts of a binary message of so many bytes, user data header included."""
    return 1 if size <= BYTES_WHOLE else -(-size // BYTES_SPLIT)


def _fill(units: list[int], whole: int, split: int) -> int:
    if sum(units) <= whole:
        return 1
    count, used = 1, 0
    for unit in units:
        if used + unit > split:
            count, used = count + 1, 0
        used += unit
    return count
