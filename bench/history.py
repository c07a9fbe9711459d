"""The history at a million mailings, through gunicorn, on both databases; Django's own list stands beside it.

The goals: at most 12 ms of the server for a page, 30 for Today, 300 for the administrator's list, 12 queries.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from scripts.servers import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
KINDS = os.environ.get("BENCH_DATABASES", "sqlite postgresql").split()
GOAL_MS, GOAL_TODAY_MS, GOAL_ADMIN_MS = 12.0, 30.0, 300.0
GOAL_QUERIES = 12
BEGIN = "import django; django.setup(); from django.core.management import call_command as call"
MEASURE = f"{BEGIN}; call('migrate', verbosity=0); from bench.history_pages import main; main({ROWS})"


def run() -> dict[str, Any]:
    """Each database in processes of its own."""
    found = {}
    with PostgreSQL() as cluster, tempfile.TemporaryDirectory(prefix="mailroom-bench-") as folder:
        for kind in KINDS:
            url = f"sqlite:///{folder}/history.sqlite3" if kind == "sqlite" else _database(cluster)
            environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
            command = [sys.executable, "-c", MEASURE]
            said = subprocess.run(
                command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            found[kind] = json.loads(said.stdout.splitlines()[-1])
    return {"rows": ROWS, "databases": found}


def _database(cluster: PostgreSQL) -> str:
    name = f"history{time.monotonic_ns()}"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return cluster.url(name)


def goal(address: str) -> float:
    """Milliseconds."""
    return {"/": GOAL_TODAY_MS, "/admin/mailings/mailing/": GOAL_ADMIN_MS}.get(address, GOAL_MS)


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = []
    for kind, found in result["databases"].items():
        lines.append(f"history, {result['rows']:,} mailings, {kind}, made in {found['seeded_seconds']} s")
        lines.append(f"{'address':<72} {'median':>8} {'p95':>8} {'CPU':>8} {'goal':>6} {'queries':>8}")
        for page in found["pages"]:
            over = page["median_ms"] > goal(page["address"]) or page["queries"] > GOAL_QUERIES
            lines.append(
                f"{page['address']:<72} {page['median_ms']:>8} {page['p95_ms']:>8} {page['cpu_ms']:>8}"
                f" {goal(page['address']):>6} {page['queries']:>8}{' !' if over else ''}"
            )
    return "\n".join(lines)
