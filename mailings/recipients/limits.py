"""Limits of a file of recipients: rows, size, unpacked size and time. All readers check them."""

import time
from dataclasses import dataclass

from mailings.recipients.reasons import Trouble, UnreadableFile

# The most that Excel can have.
COLUMNS = 16_384
LONGEST_LINE = 8 * 1024 * 1024
# How many rows are read between two checks.
CHECK_EVERY = 4096


@dataclass(frozen=True)
class Limits:
    """`megabytes`: size of the file; a workbook may unpack to eight times that. `seconds`: of CPU."""

    megabytes: int = 64
    rows: int = 2_000_000
    seconds: float = 10.0

    @property
    def bytes(self) -> int:
        return self.megabytes * 1024 * 1024

    @property
    def unpacked(self) -> int:
        return 8 * self.bytes

    def too_large(self) -> UnreadableFile:
        return UnreadableFile(Trouble.TOO_LARGE, megabytes=self.megabytes)

    def too_many_rows(self) -> UnreadableFile:
        return UnreadableFile(Trouble.TOO_MANY_ROWS, rows=self.rows)


class Budget:
    """Counts the rows and the time of one walk through a file."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._end = time.thread_time() + limits.seconds

    def check(self, rows: int) -> None:
        """Raises UnreadableFile if there are too many rows, or the time is used up."""
        if rows > self._limits.rows:
            raise self._limits.too_many_rows()
        if time.thread_time() > self._end:
            raise UnreadableFile(Trouble.TOO_SLOW)
