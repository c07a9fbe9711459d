"""How long a cancel waits for its call while the workers read a file of 1,000,000 people, and at rest.

The goal: no second more. The workers are those of the Procfile, on SQLite: queues by kind keep the two apart.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from sandbox import Sandbox
from scripts.servers import Redis, Server

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "1000000"))
GOAL_SECONDS = 1.0
ASK = "import django; django.setup(); from bench.cancels_ask import main"
QUEUES = {"worker": "celery", "background": "slow,deliveries,imports"}


def run() -> dict[str, Any]:
    """Both, one after the other, at the same workers."""
    with tempfile.TemporaryDirectory(prefix="mailroom-cancels-") as name, workers(Path(name)) as environment:
        said = asked(environment, Path(name), PEOPLE)
    if not said["reading"]:
        raise RuntimeError("the file was read before the last cancel")
    delay = max(said["busy"]) - median(said["rest"])
    return {"people": PEOPLE, "goal_seconds": GOAL_SECONDS, "delay_seconds": round(delay, 2), **said}


@contextmanager
def workers(folder: Path) -> Iterator[dict[str, str]]:
    """Workers at work on a database and a Redis of their own; their environment."""
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder / "redis"))
        environment = {
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder}/mailroom.sqlite3",
            "REDIS_URL": redis.url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "1",
        }
        _python(environment, "manage.py", "migrate", "--verbosity", "0")
        for name, queues in QUEUES.items():
            worker = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-l", "ERROR"]
            command = ["env", *(f"{key}={value}" for key, value in environment.items()), *worker]
            options = ("-Q", queues, "-n", name)
            lock, log = folder / f"{name}.lock", folder / f"{name}.log"
            stack.enter_context(Server([*command, *options], lock, lambda: True, log=log))
        yield environment


def asked(environment: dict[str, str], folder: Path, people: int) -> dict[str, Any]:
    """What `cancels_ask` says of a file of so many people.

    `rest`, `busy`: the seconds of each cancel; `reading`: whether the file was still being read then.
    """
    file = folder / "people.csv"
    file.write_text("Телефон;Имя\n" + "".join(f"+7999{at:07};Клиент {at}\n" for at in range(people)))
    with Sandbox(going_seconds=3600, same_request_seconds=0) as provider:
        call = f"{ASK}; main({provider.url!r}, {str(file)!r})"
        said: dict[str, Any] = json.loads(_python(environment, "-c", call))
    return said


def _python(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"cancels beside a file of {result['people']:,} people, goal {result['goal_seconds']:g} s more"]
    for name in ("rest", "busy"):
        least, most = min(result[name]), max(result[name])
        lines.append(f"{name:<6} median {median(result[name]):.2f} s   {least:.2f} - {most:.2f} s")
    return "\n".join(
        [*lines, f"the longest beside it, over the median at rest: {result['delay_seconds']:.2f} s"]
    )
