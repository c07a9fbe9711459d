"""For benchmarks on both databases: each in a process of its own, its rows made by the database itself."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection

from scripts.servers import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
BEGIN = (
    "import logging, django; django.setup(); logging.disable(logging.INFO); "
    "from django.core.management import call_command as call"
)

_NUMBERS = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
    "postgresql": "WITH numbers(n) AS (SELECT generate_series(0, {last}))",
}


def numbers(count: int) -> str:
    """The beginning of a statement: the table `numbers`, whose column `n` counts from 0."""
    return _NUMBERS[connection.vendor].format(last=count - 1)


def on_databases(module: str, *kinds: str) -> dict[str, Any]:
    """What `main` of a benchmark prints last, as JSON, on an empty database of each of these kinds."""
    begin = f"{BEGIN}; call('migrate', verbosity=0); from {module} import main; main()"
    found = {}
    with PostgreSQL() as cluster, tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        for kind in kinds:
            url = f"sqlite:///{folder}/bench.sqlite3" if kind == "sqlite" else cluster.url("postgres")
            environment = os.environ | {"DATABASE_URL": url}
            said = subprocess.run(
                [sys.executable, "-c", begin],
                cwd=ROOT,
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            found[kind] = json.loads(said.stdout.splitlines()[-1])
    return found


def spread(found: list[float]) -> dict[str, float]:
    """The median of several figures, and their ends."""
    return {
        "median": round(statistics.median(found), 1),
        "least": round(min(found), 1),
        "most": round(max(found), 1),
    }
