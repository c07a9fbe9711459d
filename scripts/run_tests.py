"""`make test`: everything on SQLite with coverage, then the marked folders again on PostgreSQL."""

import argparse
import subprocess
import sys


def main() -> int:
    """Runs both; the first failure's exit code, else 0."""
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
