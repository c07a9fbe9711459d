"""On what the figures were taken: the machine, its load before, and the versions of what they depend on."""

import os
import platform
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.servers import postgres_binaries, redis_binary

PACKAGES = ("django", "celery", "redis", "psycopg", "gunicorn", "requests", "orjson")


def machine() -> dict[str, Any]:
    """Words and numbers for build/bench.json. `memory_mb`: of the whole machine."""
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu(),
        "cores": len(cores),
        "memory_mb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _says(lambda: f"{postgres_binaries()}/postgres"),
        "redis": _says(redis_binary),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _cpu() -> str:
    about = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", about.read_text()) if about.exists() else None
    return found[1] if found else platform.processor()


def _says(program: Any) -> str:
    """The version that a server's program tells of itself; "" where it is missing."""
    try:
        said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout
    except (RuntimeError, OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"[0-9]+(\.[0-9]+)+", said)
    return found[0] if found else said.strip()
