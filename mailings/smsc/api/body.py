"""The body of a request: a form, or multipart when files go along. Streamed, with its exact length.

A body has `__len__` and can be iterated repeatedly, so that a million numbers are never joined into one
string: a long body is encoded slice by slice, once to be counted and once to be sent.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

# The texts of a sequence are joined by commas, those of any other iterable by line ends. Both are iterated
# twice.
Value = str | bytes | Sequence[str] | Iterable[str]
Param = tuple[str, Value]

_ITEMS = 4096  # recipients in a slice
_CHARACTERS = 32 * 1024  # characters in a slice of a long text
_CHUNK = 64 * 1024  # bytes handed to the socket at once

# A comma needs no escape in a form body: it saves two bytes a recipient. A space becomes a plus.
_KEPT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~,"
_AS_LONG = _KEPT + b" "
_ESCAPES = [bytes([byte]) if byte in _KEPT else b"%%%02X" % byte for byte in range(256)]
_ESCAPES[ord(" ")] = b"+"


@dataclass(frozen=True)
class Upload:
    """A file to be sent: form field, file name, content type, its path on our disk, and its size in bytes."""

    field: str
    name: str
    content_type: str
    path: Path | str
    size: int


class Body(Protocol):
    """What the transport sends."""

    content_type: str

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


def body_of(params: Sequence[Param], uploads: Sequence[Upload] = ()) -> Body:
    """The body for these. Raises ValueError for text that UTF-8 cannot hold.

    Raises OSError for a file that is missing or has another size.
    """
    return MultipartBody(params, uploads) if uploads else FormBody(params)


class FormBody:
    """application/x-www-form-urlencoded in UTF-8; bytes values are percent-encoded as they are."""

    content_type = "application/x-www-form-urlencoded"

    def __init__(self, params: Sequence[Param]) -> None:
        self._params = tuple(params)
        # Nearly every body is one chunk: that is made once, and kept.
        begin = next(_gathered(self._escaped()), b"")
        self._whole = begin if len(begin) < _CHUNK else None
        self._length = len(begin) if self._whole is not None else self._counted()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return _gathered(self._escaped()) if self._whole is None else iter([self._whole])

    def _counted(self) -> int:
        return sum(_escaped_length(piece) for piece in self._pieces()) + self._marks()

    def _marks(self) -> int:
        """How many = and & join the parameters."""
        return max(2 * len(self._params) - 1, 0)

    def _pieces(self) -> Iterator[bytes]:
        for name, value in self._params:
            yield name.encode()
            yield from value_pieces(name, value)

    def _escaped(self) -> Iterator[bytes]:
        for number, (name, value) in enumerate(self._params):
            yield (b"&" if number else b"") + _escape(name.encode()) + b"="
            for piece in value_pieces(name, value):
                yield _escape(piece)


class MultipartBody:
    """multipart/form-data: parameters as fields, byte for byte, then the files, read while they are sent.

    Raises OSError at once when a file is missing or has not the size that was promised.
    """

    def __init__(self, params: Sequence[Param], uploads: Sequence[Upload]) -> None:
        self._params = tuple(params)
        self._uploads = tuple(uploads)
        self._boundary = secrets.token_hex(20).encode()
        self.content_type = f"multipart/form-data; boundary={self._boundary.decode()}"
        for upload in self._uploads:
            if Path(upload.path).stat().st_size != upload.size:
                raise OSError("an attached file has changed its size")
        self._length = sum(len(piece) for piece in self._fields())
        self._length += sum(len(self._file_head(upload)) + upload.size + 2 for upload in self._uploads)
        self._length += len(self._end())

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return _gathered(chain(self._fields(), self._files(), [self._end()]))

    def _fields(self) -> Iterator[bytes]:
        for name, value in self._params:
            yield b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n' % (
                self._boundary,
                _quoted(name),
            )
            yield from value_pieces(name, value)
            yield b"\r\n"

    def _files(self) -> Iterator[bytes]:
        for upload in self._uploads:
            yield self._file_head(upload)
            yield from _file_pieces(upload)
            yield b"\r\n"

    def _file_head(self, upload: Upload) -> bytes:
        return (
            b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\nContent-Type: %b\r\n\r\n'
        ) % (self._boundary, _quoted(upload.field), _quoted(upload.name), _one_line(upload.content_type))

    def _end(self) -> bytes:
        return b"--%b--\r\n" % self._boundary


def value_pieces(name: str, value: Value) -> Iterator[bytes]:
    """The bytes of a value in slices.

    Raises ValueError for text that UTF-8 cannot hold: it names the parameter, never the value.
    """
    try:
        if isinstance(value, bytes):
            yield value
        elif isinstance(value, str):
            yield from _slices(value)
        else:
            yield from _joined(value, "," if isinstance(value, Sequence) else "\n")
    except UnicodeEncodeError:
        problem = ValueError(f"the parameter {name} holds text that is not valid")
    else:
        return
    raise problem


def _slices(text: str) -> Iterator[bytes]:
    """The text in short slices: while a slice is escaped, it takes a hundred times its size."""
    for start in range(0, len(text), _CHARACTERS):
        yield text[start : start + _CHARACTERS].encode()


def _joined(texts: Iterable[str], mark: str) -> Iterator[bytes]:
    left, before = iter(texts), ""
    while some := list(islice(left, _ITEMS)):
        yield from _slices(before + mark.join(some))
        before = mark


def _file_pieces(upload: Upload) -> Iterator[bytes]:
    """Exactly `size` bytes, or OSError: a body that is shorter than announced must not pass as complete."""
    left = upload.size
    with Path(upload.path).open("rb") as file:
        while left:
            piece = file.read(min(_CHUNK, left))
            if not piece:
                raise OSError("an attached file ended early")
            left -= len(piece)
            yield piece


def _escape(data: bytes) -> bytes:
    """Percent-encode for a form body, with a fast path for numbers, where only a plus needs it."""
    if not data.translate(None, _KEPT):
        return data
    if not data.translate(None, _KEPT + b"+"):
        return data.replace(b"+", b"%2B")
    return b"".join(map(_ESCAPES.__getitem__, data))


def _escaped_length(data: bytes) -> int:
    return len(data) + 2 * len(data.translate(None, _AS_LONG))


def _quoted(name: str) -> bytes:
    """A field or file name inside quotes, as browsers escape it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "replace")


def _one_line(text: str) -> bytes:
    return " ".join(text.split()).encode("ascii", "replace")


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Join small pieces, so that the socket gets few and large ones."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)
