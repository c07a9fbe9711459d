"""A long file of recipients is read by a worker of its own: whoever wants to cancel does not wait for it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox import Sandbox
from scripts.servers import Redis, Server

ROOT = Path(__file__).resolve().parents[2]
ROWS = 200_000
BEGIN = "import django; django.setup(); from pathlib import Path; from tests.recipients.cancels import main"
# The workers as the Procfile has them.
QUEUES = {"worker": "celery", "background": "slow,deliveries,imports"}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Workers at work on a database and a Redis of their own."""
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(tmp_path / "redis"))
        ours = {
            "VAR_DIR": str(tmp_path / "var"),
            "DATABASE_URL": f"sqlite:///{tmp_path}/mailroom.sqlite3",
            "REDIS_URL": redis.url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        manage(ours, "manage.py", "migrate", "--verbosity", "0")
        for name, queues in QUEUES.items():
            worker = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-l", "ERROR"]
            command = ["env", *(f"{key}={value}" for key, value in ours.items()), *worker]
            options = ("-Q", queues, "-n", name)
            lock, log = tmp_path / f"{name}.lock", tmp_path / f"{name}.log"
            stack.enter_context(Server([*command, *options], lock, lambda: True, log=log))
        yield ours


def manage(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def test_whoever_cancels_while_a_long_file_is_read_does_not_wait_for_its_end(
    environment: dict[str, str], tmp_path: Path
):
    people = tmp_path / "people.csv"
    people.write_text("Телефон;Имя\n" + "".join(f"+7999{at:07};Клиент {at}\n" for at in range(ROWS)))
    with Sandbox(going_seconds=3600, same_request_seconds=0) as provider:
        call = f"main({provider.url!r}, Path({str(people)!r}))"
        said = json.loads(manage(environment, "-c", f"{BEGIN}; {call}"))

    assert said["reading"], said
