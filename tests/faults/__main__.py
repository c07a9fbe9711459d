"""`make faults`, or `python -m tests.faults`: a fault campaign on PostgreSQL, then one on SQLite.

Prints a table for each; exit code 1 if a figure is not as promised. Options make the campaign smaller. All
random choices come from `--seed`.
"""

import argparse
import json
import os
import platform
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import asdict, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import django

from scripts import keep
from tests.faults.figures import Report
from tests.faults.house import House
from tests.faults.plan import Plan, Seeded
from tests.faults.storm import Marksman

# The lines that tests/sync/test_behind_our_back.py prints: `running: {'alarm': 45, …}`.
_SAID = re.compile(r"^\.*(stopped|list broken|running|changed again): (\{.*\})$", re.MULTILINE)
_EACH = re.compile(r"'([^']*)': (\d+)")
ROOT = Path(__file__).resolve().parent.parent.parent
DATABASES = ("postgresql", "sqlite")
SIZES = [field.name for field in fields(Plan) if field.name not in ("database", "seed", "minutes", "share")]


def main() -> int:
    args = _arguments()
    os.chdir(ROOT)
    if args.only:
        return campaign(_plan(args, args.only), args.out)
    results = {}
    folder = Path(tempfile.mkdtemp(prefix="mailroom-faults-"))
    lock = folder / "lock"
    keep.hold(lock)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        for database in args.database or DATABASES:
            out = folder / f"{database}.json"
            # In a process of its own, as Django can be set up with one database per process only.
            command = [
                sys.executable,
                "-m",
                "tests.faults",
                *sys.argv[1:],
                "--only",
                database,
                "--out",
                str(out),
            ]
            code = keep.start(lock, command).wait()
            results[database] = (
                json.loads(out.read_text()) if out.exists() else {"ended": code, "right": False}
            )
            changed = behind_our_back(args, database)
            results[database]["behind_our_back"] = changed
            results[database]["right"] = results[database]["right"] and not changed["failed"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not args.no_json:
        build = ROOT / "build"
        build.mkdir(exist_ok=True)
        (build / "faults.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return 0 if all(result["right"] for result in results.values()) else 1


def behind_our_back(args: Any, database: str) -> dict[str, Any]:
    """Run the test on jobs that the provider changes by itself, with many states; its figures."""
    states, seed = Plan().states if args.states is None else args.states, args.seed or 1
    if not states:
        return {"states": 0, "failed": False}
    test = "tests/sync/test_behind_our_back.py"
    command = [sys.executable, "-m", "pytest", test, "-q", "-s", "-p", "no:cacheprovider"]
    command += ["--postgres"] if database == "postgresql" else []
    environment = {**os.environ, "STATES": str(states), "SEED": str(seed)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    said: Counter[str] = Counter()
    for mode, figures in _SAID.findall(ran.stdout):
        said.update({f"{mode}, {word}": int(count) for word, count in _EACH.findall(figures)})
    say(f"{states} states changed behind our back on {database}: {dict(said)}")
    if ran.returncode:
        say(ran.stdout)
    return {"states": states, "seed": seed, "said": dict(said), "failed": ran.returncode != 0}


def campaign(plan: Plan, out: Path | None) -> int:
    """Run one campaign on one database, in this process; its exit code."""
    signal.signal(signal.SIGTERM, _end)
    folder = Path(tempfile.mkdtemp(prefix="mailroom-faults-"))
    folder.chmod(0o755)
    began, report, marksman = time.monotonic(), Report(), Marksman()
    say(f"Faults on {plan.database}: {asdict(plan)}")
    house = None
    try:
        house = House(plan, folder, _seeded(), marksman.witness)
        marksman.house = house
        with (house.logs / "director.log").open("ab") as log:
            os.dup2(log.fileno(), 2)
        django.setup()
        import_module("tests.faults.campaign").Campaign(plan, house, marksman, report).run()
    except Exception:
        # Print it, because the log is deleted together with the folder.
        say(traceback.format_exc())
        raise
    finally:
        if house is not None:
            house.stop()
        if os.environ.get("KEEP_FAULTS"):
            say(f"Kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    minutes = (time.monotonic() - began) / 60
    report.add("minutes in all", round(minutes, 1), f"<= {plan.minutes:g}")
    say(report.table(f"{plan.database}, seed {plan.seed}"))
    if out:
        machine = {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.platform(),
        }
        result = {
            "date": time.strftime("%Y-%m-%d"),
            "machine": machine,
            "plan": asdict(plan),
            "right": report.right,
            "figures": report.as_json(),
        }
        out.write_text(json.dumps(result, ensure_ascii=False))
    return 0 if report.right else 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--database", action="append", choices=DATABASES, help="only this one (may be repeated)"
    )
    parser.add_argument("--seed", type=int, default=0, help="0, the default: a new one, which is printed")
    parser.add_argument("--share", type=float, help="share of the calls that meet a fault")
    for name in SIZES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument("--no-json", action="store_true", help="do not write build/faults.json")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _plan(args: Any, database: str) -> Plan:
    given = {name: getattr(args, name) for name in [*SIZES, "share"] if getattr(args, name) is not None}
    return replace(Plan(), database=database, seed=args.seed or secrets.randbelow(10**6) + 1, **given)


def _seeded() -> Seeded:
    return Seeded(
        password_core=f"Zq{secrets.token_hex(8)}",
        key_core=f"Kx{secrets.token_hex(12)}",
        phone_core=f"90{secrets.randbelow(10**8):08}",
    )


def _end(*_: object) -> NoReturn:
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())
