"""Texts kept in a temporary file, so that the messages of a million people take no memory.

The file has no name on the disk: it is gone with the process, however that ends.
"""

import json
import weakref
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from django.conf import settings

# Bytes up to which they stay in memory all the same.
IN_MEMORY = 8 * 1024 * 1024
# How many texts are written and read at once.
AT_ONCE = 1_000


class Spool:
    """Texts in the order in which they were added; can be walked again. The file goes with the object."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=IN_MEMORY, dir=str(settings.VAR_DIR))
        weakref.finalize(self, self._file.close)
        self._last: list[str] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, text: str) -> None:
        self._count += 1
        self._last.append(text)
        if len(self._last) == AT_ONCE:
            self._file.seek(0, 2)
            self._file.write(
                json.dumps(self._last, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
            )
            self._last = []

    def __iter__(self) -> Iterator[str]:
        # The place is kept here and not in the file: two walks may go on at once.
        place, chunks, last = 0, self._count // AT_ONCE, tuple(self._last)
        for _chunk in range(chunks):
            self._file.seek(place)
            line = self._file.readline()
            place += len(line)
            yield from json.loads(line.decode("utf-8", "surrogatepass"))
        yield from last
