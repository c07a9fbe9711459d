"""`make run` in a fresh clone: how long until the first page, with and without the installing, and again.

Also what all of it holds in memory, with the packages of a fresh clone and nothing more, and that a Ctrl-C
leaves no process behind. The sandbox and the processes that keep the others are counted by themselves: they
belong to `make run`, and not to the set for which the goal of 350 MB is.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.many import spread
from bench.processes import below, command, used, with_variable
from scripts.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
INSTALLED = (".venv/installed", "node_modules/installed")
PAGES = 20
SETTLE_SECONDS, END_SECONDS = 15.0, 30.0
FIRST_SECONDS, AGAIN_SECONDS = 900.0, 120.0
GOAL_MB = 350
# What would tell the run where its data are, or that another make has started it.
DROPPED = re.compile("DATABASE_URL|REDIS_URL|ALLOWED_HOSTS|DEBUG|DJANGO_.*|SMSC_.*|PYTHON.*|MAKE.*|MFLAGS")


class Run:
    """One `make run`, from its start to its end."""

    def __init__(self, clone: Path, log: Path) -> None:
        self.port = free_port()
        self._variable = f"VAR_DIR={clone}/var"
        kept = {name: value for name, value in os.environ.items() if not DROPPED.fullmatch(name)}
        # No Redis answers there, so that the run brings its own.
        environment = kept | {"PORT": str(self.port), "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
        environment["VAR_DIR"] = f"{clone}/var"
        self.begun = time.time()
        with log.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "run"], cwd=clone, env=environment, stdout=output, stderr=output,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def first_page(self, patience: float) -> float:
        """Seconds from the start until the first page came. Raises RuntimeError if none comes."""
        while time.time() < self.begun + patience and self.make.poll() is None:
            try:
                self.page()
            except (URLError, OSError):
                time.sleep(0.05)
            else:
                return time.time() - self.begun
        raise RuntimeError("no page came")

    def page(self) -> None:
        """Ask for a page that needs no login."""
        with urlopen(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=5) as answer:
            answer.read()

    def megabytes(self) -> dict[str, float]:
        """The proportional share of the set's processes together, and of all others of the run."""
        set_, others = 0.0, 0.0
        for pid, line in below(self.make.pid).items():
            share = used(pid).pss_mb
            if re.search(r"keep\.py|scripts\.run|manage\.py|^make|^(/bin/)?sh ", line):
                others += share
            else:
                set_ += share
        return {"set_mb": set_, "others_mb": others}

    def end(self) -> tuple[float, list[str]]:
        """Press Ctrl-C: the seconds until nothing is left, and what is left after END_SECONDS."""
        known, begin = below(self.make.pid), time.monotonic()
        os.killpg(self.make.pid, signal.SIGINT)
        self.make.wait()
        while (left := self._left(known)) and time.monotonic() < begin + END_SECONDS:
            time.sleep(0.02)
        return time.monotonic() - begin, left

    def _left(self, known: dict[int, str]) -> list[str]:
        left = [line for pid, line in known.items() if command(pid) == line]
        return left + [line for pid, line in with_variable(self._variable).items() if pid not in known]


def run() -> dict[str, Any]:
    """The first start, and some more in the same clone."""
    with tempfile.TemporaryDirectory(prefix="mailroom-clone-") as folder:
        clone, log = Path(folder) / "mailroom", Path(folder) / "log"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        try:
            first = _once(clone, log, FIRST_SECONDS)
            installed = max((clone / name).stat().st_mtime for name in INSTALLED) - first["begun"]
            again = [_once(clone, log, AGAIN_SECONDS) for _ in range(RUNS)]
        except RuntimeError as why:
            raise RuntimeError(f"{why}: {log.read_text(errors='replace')[-2000:]}") from why
    return {
        "goal_mb": GOAL_MB,
        "first": spread([first["seconds"]]),
        "installing": spread([installed]),
        "first_without": spread([first["seconds"] - installed]),
        "again": spread([one["seconds"] for one in again]),
        "end": spread([one["end"] for one in again]),
        "set_mb": spread([one["set_mb"] for one in again]),
        "others_mb": spread([one["others_mb"] for one in again]),
        "left": [line for one in (first, *again) for line in one["left"]],
    }


def _once(clone: Path, log: Path, patience: float) -> dict[str, Any]:
    one = Run(clone, log)
    try:
        seconds = one.first_page(patience)
        for _ in range(PAGES):
            one.page()
        time.sleep(SETTLE_SECONDS)
        held = one.megabytes()
    finally:
        end, left = one.end()
    return {"begun": one.begun, "seconds": seconds, "end": end, "left": left, **held}


ROWS = {
    "first": "fresh clone to the first page, s",
    "installing": "of it: pip and npm",
    "first_without": "the rest",
    "again": "start again, s",
    "end": "Ctrl-C until all has ended, s",
    "set_mb": "web, workers, beat and Redis, MB",
    "others_mb": "sandbox, keepers and make, MB",
}


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"start of a fresh clone, and {RUNS} more; goal for the set {result['goal_mb']} MB"]
    for name, words in ROWS.items():
        row = result[name]
        lines.append(f"{words:<34} {row['median']:>8} {row['least']:>8} - {row['most']}")
    return "\n".join([*lines, f"processes left behind: {len(result['left'])}", *result["left"]])
