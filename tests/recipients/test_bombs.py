"""Nothing that a file can hold takes more than 250 MB, or more time than a reading may cost."""

import subprocess
import sys

import pytest

from tests.recipients.bombs import BOMBS

MEGABYTES = 250
SECONDS = 60.0


@pytest.mark.parametrize("name", [*BOMBS, "sparse"])
def test_a_bomb_is_read_or_refused_in_little_memory_and_time(name: str) -> None:
    data = BOMBS[name]() if name in BOMBS else b""

    ran = subprocess.run(
        [sys.executable, "-m", "tests.recipients.bombs", name], input=data, capture_output=True, check=True
    )

    seconds, megabytes, came = ran.stdout.decode().split()
    assert float(seconds) < SECONDS
    # The bytes themselves, which the child holds, lie on the disk in real life.
    assert int(megabytes) - len(data) // 2**20 < MEGABYTES, came
