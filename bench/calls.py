"""Calls to the provider in an hour, at 0, 100 and 100,000 live mailings: the goal is that they are as many.

One hour of beat's plan, tick by tick: each tick runs its task in this process, with the clock put on to its
moment, against a stub that lists the mailings and counts. Without the calls that ask what became of messages:
they have a budget of their own, and `bench deliveries` counts what is planned of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.utils import timezone

from bench.calls_stub import FIRST_ID, code, due
from bench.many import BEGIN
from mailings import accounts, tasks
from mailings.models import Account, Attempt, Mailing, State
from mailings.smsc.spec.spec import validate
from scripts.servers import Redis, free_port, listens

ROOT = Path(__file__).resolve().parent.parent
LIVE = tuple(map(int, os.environ.get("BENCH_LIVE", "0 100 100000").split()))
# Beside them the hardest case: mailings each of which has its days to itself.
APART, DAYS_APART = 20, 14
HOUR = 3600
OF_MESSAGES = "pull_deliveries"


def run() -> dict[str, Any]:
    """Each number of mailings in a process of its own."""
    rows = [*(_at(live, 0) for live in LIVE), _at(APART, DAYS_APART)]
    return {"hour": HOUR, "rows": rows}


def _at(live: int, apart: int) -> dict[str, Any]:
    begin = f"{BEGIN}; call('migrate', verbosity=0); from bench.calls import main"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailroom-bench-")))
        redis = stack.enter_context(Redis(folder / "redis"))
        port, begun = free_port(), int(time.time()) - HOUR
        stub = subprocess.Popen(
            [sys.executable, "-m", "bench.calls_stub", *map(str, (port, live, apart, begun))], cwd=ROOT
        )
        stack.callback(stub.wait)
        stack.callback(stub.kill)
        while not listens(port):
            time.sleep(0.05)
        environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{folder}/calls.sqlite3",
            "REDIS_URL": redis.url(),
            "VAR_DIR": str(folder / "var"),
            # The gap between identical calls is kept by Redis's clock; ticks are further apart than it is.
            "SAME_REQUEST_SECONDS": "0",
        }
        command = [sys.executable, "-c", f"{begin}; main({live}, {apart}, {begun}, {port})"]
        said = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
        return found


def main(live: int, apart: int, begun: int, port: int) -> None:
    """Prints the calls of one hour by their kind."""
    account = accounts.ensure_sandbox_account(f"http://127.0.0.1:{port}/sys/")
    Account.objects.filter(pk=account.pk).update(proven_at=timezone.now())
    seed(account, live, apart, begun)
    tasks.pull_two_months()  # the first read of all of them writes them
    _told(port)
    now, spent = timezone.now(), time.process_time()
    for seconds, name in ticks():
        at = now + timedelta(seconds=seconds)
        timezone.now = lambda at=at: at
        getattr(tasks, name)()
    calls = _told(port)
    sys.stdout.write(
        json.dumps(
            {
                "live": live,
                "days_apart": apart,
                "calls": sum(calls.values()),
                "by_kind": calls,
                "cpu_seconds": round(time.process_time() - spent, 1),
            }
        )
    )


def ticks() -> list[tuple[float, str]]:
    """The ticks of one hour of beat, in order: the second, and the task's name."""
    found = []
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if name == OF_MESSAGES:
            continue
        every = float(entry["schedule"])
        found += [(every * number, name) for number in range(1, int(HOUR / every) + 1)]
    return sorted(found)


def seed(account: Account, live: int, apart: int, begun: int) -> None:
    """Mailings that were handed over at `begun`, as the stub lists them."""
    at = datetime.fromtimestamp(begun, UTC)
    spec = validate({"name": "Sale", "phones": "+79990000000", "mes": "Hello"}, now=at).to_json()
    rows = [
        Mailing(
            account=account, code=code(number), name=f"Sale {number}", channel="sms", spec=spec,
            state=State.ACCEPTED, state_at=at, created_at=at, submitted_at=at, recipients_count=1,
            due_at=due(number, apart, begun),
            remote_id=str(FIRST_ID + number),
        )
        for number in range(live)
    ]  # fmt: skip
    made = Mailing.objects.bulk_create(rows, batch_size=500)
    Attempt.objects.bulk_create(
        (
            Attempt(
                mailing=row, kind=Attempt.Kind.CREATE, reference=f"{row.code}a", token=f"{row.code}",
                begin=at, end=at, outcome=Attempt.Outcome.ACCEPTED,
            )
            for row in made
        ),
        batch_size=500,
    )  # fmt: skip


def _told(port: int) -> dict[str, int]:
    with urlopen(f"http://127.0.0.1:{port}/") as answer:
        return dict(json.load(answer))


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = ["calls to the provider in an hour of beat's plan, goal: as many at any number of live mailings"]
    for row in result["rows"]:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(row["by_kind"].items()))
        apart = f", {row['days_apart']} days apart" if row["days_apart"] else ""
        lines.append(
            f"{row['live']:>8,} live{apart}: {row['calls']} ({kinds}; {row['cpu_seconds']} s of CPU)"
        )
    return "\n".join(lines)
