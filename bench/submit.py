"""From a person's "Send" to the first byte at the provider, while the worker has nothing else to do.

Measured from the call that queues the mailing, as the page and the command line make it, to the moment at
which the provider has read the head of the request. The provider and the caller share one clock.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import requests
from django.utils import timezone

from bench.push import ROOT, ready
from mailings import accounts, outbox
from mailings.smsc.spec.spec import validate
from scripts.servers import PostgreSQL

TIMES = int(os.environ.get("BENCH_TIMES", "100"))
PAUSE_SECONDS = 0.2
GOAL_P95_MS = 10.0
KINDS = ("sqlite", "postgresql")


def run() -> dict[str, Any]:
    """Each database by itself."""
    rows = []
    with PostgreSQL() as cluster:
        for kind in KINDS:
            with ready(kind, 4, 1, cluster, 0) as (environment, _workers, stub):
                rows.append({"database": kind} | _measured(environment, stub))
    return {"times": TIMES, "goal_p95_ms": GOAL_P95_MS, "rows": rows}


def _measured(environment: dict[str, str], stub: int) -> dict[str, float]:
    code = f"import django; django.setup(); from bench.submit import ask; ask('http://127.0.0.1:{stub}/')"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    found = json.loads(said.stdout.splitlines()[-1])
    return {
        "median_ms": round(statistics.median(found), 1),
        "p95_ms": round(statistics.quantiles(found, n=20)[-1], 1),
        "most_ms": round(max(found), 1),
    }


def ask(stub: str) -> None:
    """Send off one mailing after the other; prints the milliseconds of each to its first byte, as JSON."""
    account, found = accounts.default_account(), []
    for number in range(TIMES + 5):
        time.sleep(PAUSE_SECONDS)
        before = requests.get(stub, timeout=5).json()["calls"]
        given = {"name": f"One {number}", "phones": f"7999{number:07}", "mes": "Hello"}
        begun = time.monotonic()
        outbox.make(validate(given, now=timezone.now()), account=account, submit=True)
        while (told := requests.get(stub, timeout=5).json())["calls"] == before:
            time.sleep(0.01)
        found.append((told["begun"] - begun) * 1000)
    sys.stdout.write(json.dumps(found[5:]))  # the first ones load what later ones find loaded


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"ms from submit to the first byte, {result['times']} times, goal p95 {GOAL_P95_MS}"]
    lines += [
        f"{row['database']:<12} median {row['median_ms']}, p95 {row['p95_ms']}, most {row['most_ms']}"
        for row in result["rows"]
    ]
    return "\n".join(lines)
