"""`python -m bench`: every benchmark on an empty database of its own; a table, and build/bench.json."""

import json
import os
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

BUILD = Path(__file__).resolve().parent.parent / "build"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
        os.environ["ALLOWED_HOSTS"] = "testserver"
        os.environ["DEBUG"] = "0"
        django.setup()
        from bench import history  # models can be read only now

        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        result = history.run()
    print(history.table(result))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "bench.json").write_text(json.dumps({"history": result}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
