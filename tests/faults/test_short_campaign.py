"""A small `make faults`: real processes, few kills, but every figure is checked."""

import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SHORT = shlex.split("""
    --database sqlite --seed 7 --no-json --mailings 20 --workers 2 --kills 4 --freezes 1 --beats-killed 1
    --redis-troubles 1 --waves 2 --waiting 8 --races 8 --wishes 6 --holds 12 --makes 3 --lost 3 --equal 8
    --writing-seconds 2 --states 0
""")


def test_a_short_campaign_of_faults_keeps_every_promise() -> None:
    command = [sys.executable, "-m", "tests.faults", *SHORT]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
