"""`make fuzz`, that is `python -m tests.fuzz`: random requests on SQLite, then on PostgreSQL; a line each.

Exit 1 when an answer was 500 or more, took over two seconds, or lacked our headers. `--seed` repeats a run.
"""

import argparse
import logging
import os
import secrets
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.test.utils import get_runner, setup_test_environment

from tests.helpers import services

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    args = _arguments()
    os.chdir(ROOT)
    if args.only:
        return fuzzed(args)
    codes = []
    for database in args.database or DATABASES:
        # A process for each: Django is set up once in a process, with one database.
        command = [sys.executable, "-m", "tests.fuzz", "--count", str(args.count), "--seed", str(args.seed)]
        codes.append(subprocess.run([*command, "--only", database], check=False).returncode)
    return int(any(codes))


def fuzzed(args: Any) -> int:
    """The requests on one database, in this process."""
    servers = services.start(postgres=args.only == "postgresql")
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    if args.only == "sqlite":
        settings.DATABASES["default"]["TEST"] = {"NAME": str(settings.VAR_DIR / "test.sqlite3")}
    try:
        django.setup()
        setup_test_environment(debug=False)
        settings.ALLOWED_HOSTS = ["testserver"]
        logging.disable(logging.CRITICAL)
        runner = get_runner(settings)(verbosity=0, interactive=False)
        made = runner.setup_databases()
        began = time.monotonic()
        figures = import_module("tests.fuzz.runner").Fuzz(args.seed).run(args.count)
        seconds = time.monotonic() - began
        runner.teardown_databases(made)
    finally:
        for server in servers:
            server.stop()
    counts = ", ".join(f"{status}: {count}" for status, count in sorted(figures.statuses.items()))
    spent = f"{args.count} requests in {seconds:.0f} s, longest {figures.longest:.2f} s"
    say(f"{args.only}, seed {args.seed}: {spent}; {counts}")
    for name in ("defects", "slow", "bare"):
        for line in getattr(figures, name):
            say(f"  {name}: {line}")
    return 0 if figures.right else 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="requests on each database")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6) + 1)
    parser.add_argument(
        "--database", action="append", choices=DATABASES, help="only this one (may be repeated)"
    )
    parser.add_argument("--only", choices=DATABASES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
