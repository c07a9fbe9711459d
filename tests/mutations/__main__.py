"""`make mutations`: takes each guard away in a copy of the code, and tells which tests notice.

Exit 1 when one survives. `--only WORD` takes the guards whose names hold it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.guards import GUARDS, Guard

ROOT = Path(__file__).resolve().parent.parent.parent
LINKS = (".venv", "node_modules")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", default="", help="only guards whose names hold this")
    chosen = [guard for guard in GUARDS if parser.parse_args().only in guard.name]
    folder = Path(tempfile.mkdtemp(prefix="mailroom-mutations-"))
    results = []
    try:
        copy(folder)
        if failed := first_failure(
            folder, sorted({test for guard in chosen for test in guard.tests.split()})
        ):
            raise SystemExit(f"{failed} fails with every guard in its place, so nothing can be told")
        for guard in chosen:
            began = time.monotonic()
            killed = noticed(folder, guard)
            results.append({"guard": guard.name, "file": guard.file, "killed": killed})
            mark = killed or "SURVIVED"
            sys.stdout.write(f"{guard.name}: {mark} ({time.monotonic() - began:.0f} s)\n")
            sys.stdout.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    (build / "mutations.json").write_text(json.dumps(results, indent=2) + "\n")
    survived = [result for result in results if not result["killed"]]
    sys.stdout.write(f"{len(results)} guards taken away, {len(survived)} not noticed\n")
    return 1 if survived else 0


def copy(folder: Path) -> None:
    """The tracked files, as they are now; what was installed is linked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in LINKS:
        (folder / name).symlink_to((ROOT / name).resolve())


def noticed(folder: Path, guard: Guard) -> str:
    """The first test that fails without the guard; "" when none does."""
    file = folder / guard.file
    whole = file.read_text()
    if whole.count(guard.now) != 1:
        raise SystemExit(f"{guard.file} does not hold this guard once: {guard.now!r}")
    file.write_text(whole.replace(guard.now, guard.then))
    try:
        return first_failure(folder, guard.tests.split())
    finally:
        file.write_text(whole)


def first_failure(folder: Path, tests: list[str]) -> str:
    """The first of the tests that fails in the copy; "" when none does."""
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-x", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if ran.returncode and not failed:
        raise SystemExit(ran.stdout + ran.stderr)
    return failed[0].split(" ")[1] if failed else ""


if __name__ == "__main__":
    sys.exit(main())
