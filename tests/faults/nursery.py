"""Forks workers quickly: `python -m tests.faults.nursery SOCKET LOGS` forks one for each line it gets.

The line is the worker's name, the answer its process id. Each is the same as `celery -A config worker` (or
beat, if its name begins so), but the two seconds of importing all code were spent before the fork: so
hundreds of workers can be killed within minutes.
"""

import ctypes
import os
import random
import signal
import socket
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import django

django.setup()

from django.utils import timezone

from config.celery import app
from mailings import accounts
from tests.faults.plan import SECONDS

PR_SET_PDEATHSIG = 1
OPTIONS = ("--without-mingle", "--without-gossip", "--without-heartbeat")


def main() -> None:
    where, logs = sys.argv[1], Path(sys.argv[2])
    import_module("mailings.tasks")  # and with it all of our code that a worker runs
    for part in ("bin.worker", "bin.beat", "worker", "beat"):
        import_module(f"celery.{part}")
    import_module("celery.concurrency.thread")
    sweep: Any = import_module("mailings.outbox.sweep")
    sweep.NUDGE_AGAIN_AFTER = timedelta(seconds=SECONDS.nudge_again)
    cancel: Any = import_module("mailings.outbox.cancel")
    cancel.LONGEST_PAUSE = timedelta(seconds=SECONDS.longest_pause)
    hasten_pulls()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps dead children
    signal.signal(signal.SIGTERM, end_all)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(where)
        listener.listen()
        director, _ = listener.accept()
    with director, director.makefile("rw") as lines:
        for line in lines:
            name = line.strip()
            child = os.fork()
            if child == 0:
                director.detach()
                work(name, logs / f"{name}.log")
            lines.write(f"{child}\n")
            lines.flush()
    end_all()


def hasten_pulls() -> None:
    """Let pulls of message results run almost continuously, not only a few times an hour."""
    plan: Any = import_module("mailings.delivery.plan")
    plan.INTERVALS = ((timedelta(days=1), timedelta(seconds=SECONDS.asked_again)),)
    plan.CALLS_AN_HOUR = 1_000_000
    pulls: Any = import_module("mailings.delivery.pulls")
    pulls.UNDER_WAY = timedelta(seconds=SECONDS.pull_under_way)


def end_all(*_: object) -> NoReturn:
    """Kill the whole process group, which is ours alone: the campaign has ended, or wants us to."""
    os.killpg(0, signal.SIGKILL)
    sys.exit(1)


def work(name: str, log: Path) -> NoReturn:
    """Run as a worker, or as beat, until killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    random.seed()
    accounts.calls._STARTED_AT = timezone.now()
    try:
        if name.startswith("beat"):
            app.start(["beat"])
        else:
            app.worker_main(["worker", "--hostname", f"{name}@faults", *OPTIONS])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
