"""The cache that counts logins: files, of which none is thrown away that still counts."""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache

SWEEP_SECONDS = 60.0


class Counters(FileBasedCache):
    """Django's file cache throws away a third of its files at random above 300, and adds in two steps.

    Here what has run out goes, once a minute, and nothing else; of several who add one key at once, one does.
    """

    _swept_at: ClassVar[float] = 0.0
    # Django's own, which the stubs do not know.
    _dir: str
    _createdir: Callable[[], None]
    _key_to_file: Callable[[str, int | None], str]
    _write_content: Callable[[IO[bytes], Any, Any], None]
    _list_cache_files: Callable[[], list[str]]
    _is_expired: Callable[[IO[bytes]], bool]

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        if self.has_key(key, version):  # which also removes one that has run out
            return False
        self._createdir()
        handle, draft = tempfile.mkstemp(dir=self._dir)
        try:
            with os.fdopen(handle, "wb") as file:
                self._write_content(file, timeout, value)
            os.link(draft, self._key_to_file(key, version))
        except FileExistsError:
            return False
        finally:
            Path(draft).unlink()
        return True

    def _cull(self) -> None:
        now = time.monotonic()
        if now - Counters._swept_at < SWEEP_SECONDS:
            return
        Counters._swept_at = now
        for path in self._list_cache_files():
            with suppress(OSError), Path(path).open("rb") as file:
                self._is_expired(file)  # removes it if so
