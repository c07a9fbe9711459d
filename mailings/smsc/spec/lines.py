"""A list of personal messages that is too long to be one text."""

from collections.abc import Callable, Iterable, Iterator


class Lines:
    """Its messages, a line each, walked anew whenever they are needed."""

    def __init__(self, walk: Callable[[], Iterable[str]]) -> None:
        self._walk = walk

    def __iter__(self) -> Iterator[str]:
        return iter(self._walk())
