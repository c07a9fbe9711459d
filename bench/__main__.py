"""`python -m bench [NAME…]`: benchmarks on an empty database of their own; a table, and build/bench.json.

One that fails is told, and keeps none of the others from running; the exit code is then 1.
"""

import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from bench.machine import machine

BUILD = Path(__file__).resolve().parent.parent / "build"
BENCHMARKS = (
    "start",
    "idle",
    "calls",
    "create",
    "history",
    "preview",
    "recipients",
    "submit",
    "push",
    "pull",
    "deliveries",
    "cancels",
    "people",
)


def main() -> int:
    """Run those that are named, else all; exit code 1 if one failed."""
    with tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        prepare(folder)
        results: dict[str, Any] = {"machine": machine()}
        failed = [name for name in sys.argv[1:] or BENCHMARKS if not _ran(name, results)]
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


def prepare(folder: str) -> None:
    """Set Django up with an empty database in this folder."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "0",
    }
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)


def _ran(name: str, results: dict[str, Any]) -> bool:
    """Run one, print its table, and write what there is by now; whether it ended well."""
    try:
        benchmark = runpy.run_module(f"bench.{name}")
        results[name] = benchmark["run"]()
        sys.stdout.write(benchmark["table"](results[name]) + "\n")
    except Exception:  # noqa: BLE001 (whatever it is, the figures of the others count)
        results[name] = {"failed": traceback.format_exc(limit=-3)}
        sys.stdout.write(f"{name} failed:\n{traceback.format_exc()}")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    return "failed" not in results[name]


if __name__ == "__main__":
    sys.exit(main())
