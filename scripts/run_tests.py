"""`make test`: all tests on SQLite with coverage, then those marked `postgres` on PostgreSQL."""

import argparse
import subprocess
import sys


def main() -> int:
    """Run both. Exit code 0, or that of the first run that failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", default="2")
    jobs = parser.parse_args().jobs
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", jobs, "--dist", "loadgroup"]
    runs = (
        ("SQLite", [*pytest, "--cov", "--cov-report=term:skip-covered"]),
        ("PostgreSQL", [*pytest, "--postgres", "-m", "postgres"]),
    )
    codes = []
    for name, command in runs:
        print(f"Tests on {name}", flush=True)
        codes.append(subprocess.run(command, check=False).returncode)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
