"""Searches for secrets (a seeded password, key and phone number) wherever they could leak to.

Environments of processes are not searched: a password may legitimately be there (SMSC_PASSWORD), and only the
same user and root can read them. Recipients and specs of mailings contain phone numbers legitimately.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import redis

PROC = Path("/proc")


class Needles:
    """The secrets to search for. `found`: {place: {name of the secret: number of times}}."""

    def __init__(self, cores: dict[str, bytes]) -> None:
        self.cores = cores
        self.found: dict[str, Counter[str]] = {}
        self.bytes_read: Counter[str] = Counter()
        self.examples: list[str] = []

    def search(self, place: str, where: str, data: bytes, names: Iterable[str] = ()) -> None:
        """Search `data` for the secrets `names`; () for all of them."""
        found = self.found.setdefault(place, Counter())
        self.bytes_read[place] += len(data)
        for name in names or self.cores:
            count = data.count(self.cores[name])
            if count:
                found[name] += count
                self.examples.append(f"{name} in {place}: {where}")

    def leaks(self, place: str) -> int:
        return sum(len(self.cores[name]) * count for name, count in self.found.get(place, {}).items())

    def logs(self, folder: Path) -> None:
        for file in sorted(folder.iterdir()):
            self.search("logs and tracebacks", file.name, file.read_bytes())

    def redis(self, url: str) -> None:
        """Search every key and value in all databases of a Redis."""
        for database in range(64):
            with contextlib.closing(redis.Redis.from_url(f"{url.rsplit('/', 1)[0]}/{database}")) as client:
                for key in client.scan_iter(count=1000):
                    self.search("Redis", str(key), key)
                    self.search("Redis", str(key), _dump(client, key))

    def folder(self, place: str, folder: Path) -> None:
        for file in folder.rglob("*"):
            if file.is_file():
                self.search(place, file.name, file.read_bytes())


def _dump(client: Any, key: bytes) -> bytes:
    """A key's value as bytes, whatever its type."""
    match client.type(key):
        case b"string":
            value: Any = client.get(key)
        case b"list":
            value = client.lrange(key, 0, -1)
        case b"hash":
            value = client.hgetall(key)
        case b"zset":
            value = client.zrange(key, 0, -1)
        case b"set":
            value = client.smembers(key)
        case _:
            value = b""
    return value if isinstance(value, bytes) else repr(value).encode()


class ProcessList(threading.Thread):
    """Searches the arguments of every process on the machine, twice a second (Linux)."""

    def __init__(self, needles: Needles) -> None:
        super().__init__(daemon=True)
        self._needles = needles
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.5):
            for process in PROC.glob("[0-9]*") if PROC.is_dir() else ():
                with contextlib.suppress(OSError):
                    self._needles.search("process lists", process.name, (process / "cmdline").read_bytes())
