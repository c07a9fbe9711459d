"""What kind of file it is, by its first bytes: its name and the browser's word cannot be trusted."""

# How many of the first bytes have to be read.
HEAD = 4096

# Content type, endings of names, and the bytes that such a file has at an offset.
_MARKS: tuple[tuple[str, frozenset[str], int, tuple[bytes, ...]], ...] = (
    ("image/jpeg", frozenset({"jpg", "jpeg"}), 0, (b"\xff\xd8\xff",)),
    ("image/gif", frozenset({"gif"}), 0, (b"GIF87a", b"GIF89a")),
    ("image/png", frozenset({"png"}), 0, (b"\x89PNG\r\n\x1a\n",)),
    ("audio/x-wav", frozenset({"wav"}), 8, (b"WAVE",)),
    ("audio/amr", frozenset({"amr"}), 0, (b"#!AMR",)),
    (
        "audio/mpeg",
        frozenset({"mp3"}),
        0,
        (b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3"),
    ),
    ("audio/aac", frozenset({"aac"}), 0, (b"\xff\xf1", b"\xff\xf9", b"ADIF")),
    ("audio/midi", frozenset({"mid", "midi"}), 0, (b"MThd",)),
    ("audio/ogg", frozenset({"ogg", "opus"}), 0, (b"OggS",)),
    ("audio/flac", frozenset({"flac"}), 0, (b"fLaC",)),
    ("audio/x-ms-wma", frozenset({"wma"}), 0, (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",)),
    ("video/mp4", frozenset({"mp4", "3gp", "m4a"}), 4, (b"ftyp",)),
    ("application/pdf", frozenset({"pdf"}), 0, (b"%PDF-",)),
    (
        "application/zip",
        frozenset({"zip", "docx", "xlsx", "pptx", "odt", "ods"}),
        0,
        (b"PK\x03\x04", b"PK\x05\x06"),
    ),
)
_TEXTS = frozenset({"txt", "csv"})
_KNOWN = _TEXTS.union(*(endings for _type, endings, _offset, _marks in _MARKS))
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!/")


def is_what_its_name_says(head: bytes, ending: str) -> bool:
    """Whether a file that begins with `head` can be what its name's `ending` says.

    False only if it is certainly something else: a picture named as sound, a program named as text. Files and
    endings that are not known here pass.
    """
    if ending not in _KNOWN:
        return True
    if head.startswith(_PROGRAMS):
        return False
    shown = [endings for _type, endings, offset, marks in _MARKS if head[offset:].startswith(marks)]
    return not shown or any(ending in endings for endings in shown)


def content_type(head: bytes) -> str | None:
    """The content type of a file that begins with `head`; None if it is not known."""
    return next((name for name, _, offset, marks in _MARKS if head[offset:].startswith(marks)), None)
