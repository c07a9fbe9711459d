"""`make test`: two hosts, then all tests on SQLite with coverage, then the marked ones on PostgreSQL."""

import argparse
import subprocess
import sys

# These tests get a process and the machine to themselves: the provider and the network between the hosts are
# threads of that process, and leases and limits are counted in seconds.
ALONE = "tests/faults/test_hosts.py"


def main() -> int:
    """Run all of them. Exit code 0, or that of the first run that failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", default="2")
    jobs = parser.parse_args().jobs
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", jobs, "--dist", "loadgroup"]
    runs = (
        ("two hosts", [sys.executable, "-m", "pytest", "-q", ALONE]),
        ("SQLite", [*pytest, f"--ignore={ALONE}", "--cov", "--cov-report=term:skip-covered"]),
        ("PostgreSQL", [*pytest, "--postgres", "-m", "postgres"]),
    )
    codes = []
    for name, command in runs:
        print(f"Tests on {name}", flush=True)
        codes.append(subprocess.run(command, check=False).returncode)
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
