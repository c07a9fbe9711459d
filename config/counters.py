"""The cache behind login throttling: files, and no counter is dropped before it expires."""

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
    """Django's file cache, without the two habits that would let an attacker reset a counter.

    Above 300 entries Django deletes a third of them at random; here only expired ones go, once a minute. Its
    `add` checks and writes in two steps; here, of several processes that add one key at once, one succeeds.
    """

    _swept_at: ClassVar[float] = 0.0
    # Attributes of the base class that django-stubs does not declare.
    _dir: str
    _createdir: Callable[[], None]
    _key_to_file: Callable[[str, int | None], str]
    _write_content: Callable[[IO[bytes], Any, Any], None]
    _list_cache_files: Callable[[], list[str]]
    _is_expired: Callable[[IO[bytes]], bool]

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        if self.has_key(key, version):  # also deletes the file when it has expired
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
                self._is_expired(file)  # also deletes the file when it has expired
