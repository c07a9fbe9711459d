"""Reads a request's parameters from query, urlencoded body or multipart body with files, in its charset."""

import dataclasses
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

CHARSETS = {"windows-1251": "cp1251", "utf-8": "utf-8", "koi8-r": "koi8-r"}
DEFAULT_CHARSET = "windows-1251"
SECRET_NAMES = frozenset({"login", "psw", "apikey"})
KEPT_CHARACTERS = 200_000
SHOWN_CHARACTERS = 1_000
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_NAME = re.compile(rb';\s*name=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_FILENAME = re.compile(rb';\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)
_FILENAME_STAR = re.compile(rb";\s*filename\*=utf-8''([^;\s]+)", re.IGNORECASE)
_PART_TYPE = re.compile(rb"^content-type:\s*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


class UndecodableError(ValueError):
    """A body, or a text in it, cannot be decoded."""


@dataclass(frozen=True)
class File:
    """One file of a multipart body. `field`: the name of its form field."""

    field: str
    name: str
    content_type: str
    content: bytes = dataclasses.field(repr=False)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def shown(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "name": self.name,
            "content_type": self.content_type,
            "size": len(self.content),
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class Form:
    """A request's parameters as raw bytes, in order, and its files. `in_query`: names that the URL had."""

    pairs: tuple[tuple[str, bytes], ...]
    files: tuple[File, ...] = ()
    in_query: frozenset[str] = frozenset()

    @cached_property
    def charset(self) -> str:
        """The codec of the texts. UndecodableError for a charset that the provider's page does not name."""
        asked = self.raw("charset").decode("latin-1")
        codec = CHARSETS.get(asked.lower() or DEFAULT_CHARSET)
        if codec is None:
            raise UndecodableError("charset")
        return codec

    @property
    def answer_charset(self) -> str:
        """The codec of the answer: the one asked for if there is such, else the provider's default."""
        return CHARSETS.get(self.raw("charset").decode("latin-1").lower(), CHARSETS[DEFAULT_CHARSET])

    @property
    def answer_format(self) -> str:
        """The `fmt` of the answer; "0" if none or an unknown one was asked for."""
        asked = self.raw("fmt").decode("latin-1")
        return asked if asked in ("1", "2", "3") else "0"

    @cached_property
    def is_binary(self) -> bool:
        return self.raw("bin") == b"1"

    def raw(self, name: str) -> bytes:
        """The bytes of a parameter; of several with one name, the last. Empty if it is missing."""
        return next((raw for given, raw in reversed(self.pairs) if given == name), b"")

    @cached_property
    def texts(self) -> dict[str, str]:
        """The parameters as text; of several with one name, the last. A binary `mes` (bin=1) as hex."""
        found = {}
        for name, raw in self.pairs:
            hexed = self.is_binary and name == "mes"
            found[name] = raw.hex() if hexed else decode(name, raw, self.charset)
        return found

    def get(self, name: str) -> str:
        return self.texts.get(name, "")

    def digest(self, path: str) -> str:
        """A digest that is equal for requests with the same path, parameters and files, in any order."""
        whole = hashlib.sha256(path.encode())
        for name, raw in sorted((name, hashlib.sha256(raw).digest()) for name, raw in self.pairs):
            whole.update(name.encode() + b"=" + raw)
        for name, sha256 in sorted((file.field, file.sha256) for file in self.files):
            whole.update(name.encode() + b":" + sha256.encode())
        return whole.hexdigest()

    def shown(self) -> tuple[list[list[str]], dict[str, dict[str, Any]]]:
        """For the record: [name, text] pairs without credentials, and by name what of them was cut short."""
        pairs, long = [], {}
        for name, raw in self.pairs:
            if name in SECRET_NAMES:
                continue
            hexed = self.is_binary and name == "mes"
            text = raw.hex() if hexed else raw.decode(self.answer_charset, "replace")
            if len(text) > KEPT_CHARACTERS:
                sha256 = hashlib.sha256(raw).hexdigest()
                long[name] = {"bytes": len(raw), "commas": raw.count(b","), "sha256": sha256}
                text = text[:SHOWN_CHARACTERS]
            pairs.append([name, text])
        return pairs, long


def decode(name: str, raw: bytes, codec: str) -> str:
    """A parameter's text. UndecodableError, with the parameter's name, if it is not in that charset."""
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        raise UndecodableError(name) from None


def read(query: str, content_type: str, body: bytes) -> Form:
    """Read a request. UndecodableError for a body that is neither urlencoded nor valid multipart."""
    in_query = _urlencoded(query.encode("latin-1", "replace"))
    names = frozenset(name for name, _ in in_query)
    if not body:
        return Form(tuple(in_query), (), names)
    if content_type.lower().startswith("multipart/form-data"):
        pairs, files = _multipart(content_type, body)
        return Form((*in_query, *pairs), tuple(files), names)
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        return Form((*in_query, *_urlencoded(body)), (), names)
    raise UndecodableError("body")


def _urlencoded(text: bytes) -> list[tuple[str, bytes]]:
    pairs = []
    for chunk in text.split(b"&"):
        if chunk:
            name, _, value = chunk.partition(b"=")
            pairs.append((_plain(name).decode("latin-1"), _plain(value)))
    return pairs


def _plain(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _multipart(content_type: str, body: bytes) -> tuple[list[tuple[str, bytes]], list[File]]:
    match = _BOUNDARY.search(content_type)
    if not match:
        raise UndecodableError("body")
    mark = b"--" + (match[1] or match[2]).encode("latin-1")
    chunks = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(chunks) < 2 or not chunks[-1].startswith(b"--"):
        raise UndecodableError("body")
    pairs: list[tuple[str, bytes]] = []
    files: list[File] = []
    for chunk in chunks[1:-1]:
        head, blank, content = chunk.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or not name:
            raise UndecodableError("body")
        label = _unquoted(name)
        filename = _file_name(head)
        if filename is None:
            pairs.append((label, content))
            continue
        kind = _PART_TYPE.search(head)
        files.append(File(label, filename, kind[1].decode("latin-1") if kind else "", content))
    return pairs, files


def _file_name(head: bytes) -> str | None:
    if star := _FILENAME_STAR.search(head):
        return unquote_to_bytes(star[1]).decode("utf-8", "replace")
    plain = _FILENAME.search(head)
    return _unquoted(plain) if plain else None


def _unquoted(match: re.Match[bytes]) -> str:
    raw = match[1] if match[1] is not None else match[2]
    text = re.sub(rb"\\(.)", rb"\1", raw).decode("utf-8", "replace")
    return text.replace("%22", '"')
