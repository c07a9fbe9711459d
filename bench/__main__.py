"""`python -m bench [NAME…]`: benchmarks on an empty database of their own; a table, and build/bench.json."""

import json
import os
import runpy
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

BUILD = Path(__file__).resolve().parent.parent / "build"
BENCHMARKS = ("history", "preview", "recipients", "push", "pull", "deliveries", "cancels", "people")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "ALLOWED_HOSTS": "testserver",
            "DEBUG": "0",
        }
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        results = {}
        for name in sys.argv[1:] or BENCHMARKS:
            benchmark = runpy.run_module(f"bench.{name}")
            results[name] = benchmark["run"]()
            sys.stdout.write(benchmark["table"](results[name]) + "\n")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
