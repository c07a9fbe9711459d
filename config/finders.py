"""Serves only those static files of npm packages that pages use, not the hundreds that a package contains."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder


class ListedFilesFinder(FileSystemFinder):
    """Finds files in STATICFILES_DIRS; under a prefix in STATICFILES_LISTED, only the files listed there."""

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        found: str | None = super().find_location(root, path, prefix)
        return found if self._served(prefix or "", path.removeprefix(f"{prefix}/")) else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        for path, storage in super().list(ignore_patterns):
            if self._served(getattr(storage, "prefix", None) or "", path):
                yield path, storage

    @staticmethod
    def _served(prefix: str, path: str) -> bool:
        return prefix not in settings.STATICFILES_LISTED or path in settings.STATICFILES_LISTED[prefix]
