"""Reads the archive of a workbook: its parts are unpacked in small chunks, within the limits."""

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from mailings.recipients.limits import Limits
from mailings.recipients.reasons import Trouble, UnreadableFile

CHUNK = 32 * 1024
# A part that unpacks to more than HARMLESS bytes and to more than STEEPEST times its size is refused.
STEEPEST = 150
HARMLESS = 24 * 1024 * 1024
DEEPEST = 100
ENCRYPTED = 0x1


class Package:
    """The parts of an archive by name. UnreadableFile: it is damaged, encrypted or unpacks to too much."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        file.seek(0)
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK) from None
        self._left = limits.unpacked
        self._parts = {entry.filename.replace("\\", "/").lower(): entry for entry in self._archive.infolist()}
        if any(entry.flag_bits & ENCRYPTED for entry in self._parts.values()):
            raise UnreadableFile(Trouble.PASSWORD)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def has_folder(self, name: str) -> bool:
        return any(part.startswith(f"{name}/") for part in self._parts)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, in chunks."""
        entry = self._parts.get(name.lower())
        if entry is None:
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK)
        if entry.file_size > max(HARMLESS, STEEPEST * entry.compress_size):
            raise UnreadableFile(Trouble.UNPACKS)
        left = self._left
        try:
            with self._archive.open(entry) as part:
                while chunk := part.read(CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise UnreadableFile(Trouble.UNPACKS)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise UnreadableFile(Trouble.BROKEN_WORKBOOK) from None

    def small(self, name: str, most: int = 1024 * 1024) -> bytes:
        """All bytes of a part of at most `most` bytes; b"" if there is no such part."""
        if name not in self:
            return b""
        found = bytearray()
        for chunk in self.chunks(name):
            found += chunk
            if len(found) > most:
                raise UnreadableFile(Trouble.UNPACKS)
        return bytes(found)


class LocalNames(dict[str, str]):
    """Maps names of elements to those without a namespace prefix, which differs between programs."""

    def __missing__(self, name: str) -> str:
        local = name.rpartition(":")[2]
        if len(self) < 1000:
            self[name] = local
        return local


def attribute(attributes: dict[str, str], name: str) -> str:
    """An attribute by its name without prefix; "" if it is missing."""
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "")


def parser() -> Any:
    """An XML parser that refuses document types, and so all entities that these could define."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refused
    return made


def feed(made: Any, chunks: Iterator[bytes]) -> Iterator[None]:
    """Parse the chunks, and yield after each, so that the caller can use what was found. UnreadableFile."""
    try:
        for chunk in chunks:
            made.Parse(chunk, False)
            yield
        made.Parse(b"", True)
    except (expat.ExpatError, ValueError, IndexError):
        raise UnreadableFile(Trouble.BROKEN_WORKBOOK) from None
    yield


def _refused(*_declaration: object) -> None:
    raise UnreadableFile(Trouble.BROKEN_WORKBOOK)
