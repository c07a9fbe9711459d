"""Processes and what they use, read from Linux's /proc."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Used:
    """`pss_mb`: with a page that several share counted once in all; `rss_mb`: with it counted in each."""

    pss_mb: float
    rss_mb: float
    cpu_seconds: float


def below(root: int) -> dict[int, str]:
    """The command lines of all that a process has started, directly or not, by their ids."""
    parents = {pid: int(fields[1]) for pid in _all() if (fields := _stat(pid))}
    found, level = dict[int, str](), {root}
    while level := {pid for pid, parent in parents.items() if parent in level}:
        found |= {pid: line for pid in level if (line := command(pid))}
    return found


def with_variable(text: str) -> dict[int, str]:
    """The command lines of all that have this in their environment (`NAME=value`), by their ids."""
    found = {}
    for pid in _all():
        with suppress(OSError):
            if text.encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found[pid] = command(pid)
    return found


def command(pid: int) -> str:
    """Its command line; "" when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ""


def used(pid: int) -> Used:
    """What a process uses, with the time of its children that have ended; nothing when it is gone."""
    fields = _stat(pid)
    with suppress(OSError):
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found = re.findall(r"^(Pss|Rss):\s+(\d+) kB", told, re.MULTILINE)
        sizes = {name: int(kilobytes) / 1024 for name, kilobytes in found}
        return Used(sizes["Pss"], sizes["Rss"], sum(map(int, fields[11:15])) * TICK)
    return Used(0, 0, 0)


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """The fields behind the name: state, parent, …; [] when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []
