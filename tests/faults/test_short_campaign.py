"""A small `make faults`: real processes, few kills, but every figure is checked."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SHORT = shlex.split("""
    --database sqlite --seed 7 --no-json --mailings 20 --workers 2 --kills 4 --freezes 1 --beats-killed 1
    --redis-troubles 1 --waves 2 --waiting 8 --races 8 --wishes 6 --holds 12 --makes 3 --lost 3 --equal 8
    --writing-seconds 2 --states 0
""")
# It takes three minutes; where it does not end, what it said last tells why.
PATIENCE_SECONDS = 600


def test_a_short_campaign_of_faults_keeps_every_promise(tmp_path: Path) -> None:
    said = tmp_path / "said"
    command = [sys.executable, "-m", "tests.faults", *SHORT]
    with said.open("w") as file:
        try:
            code = subprocess.run(
                command, cwd=ROOT, stdout=file, stderr=file, timeout=PATIENCE_SECONDS, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            pytest.fail(f"It did not end. It said:\n{said.read_text()}")
    assert code == 0, said.read_text()
