"""A file of a million read into the rows of a database, against a stop list, as a worker does it.

`bench.recipients` runs `main` in two processes: one fills the database, whose making is not measured, and
the other reads.
The floor: rows of the same size, ready-made, written in the same transactions.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import transaction

from bench.recipients import CSV, megabytes
from mailings.models import Account, Import, ImportedRow, StopEntry
from mailings.models.imports import Line
from mailings.recipients import imports
from mailings.recipients.imports import CHUNK

STOPPED = 100_000


def seed(folder: Path) -> None:
    """A database with an account, a stop list, and the file, which waits to be read."""
    call_command("migrate", verbosity=0)
    account = Account.objects.create(name="bench")
    rng = random.Random(5)
    numbers = {f"+79{rng.randrange(10**9):09d}" for _one in range(STOPPED)}
    StopEntry.objects.bulk_create((StopEntry(address=one) for one in numbers), batch_size=5000)
    with (folder / CSV).open("rb") as file:
        path = storages["default"].save("pending/people.csv", File(file))
    size = (folder / CSV).stat().st_size
    imports.begin(path=path, name=CSV, size=size, owner=None, account=account, channel="sms")


def measure() -> dict[str, Any]:
    """What the reading came to, its seconds and megabytes, and the seconds of the floor."""
    imported = Import.objects.get()
    imports.WORKERS_SECONDS = 600.0
    seconds, wall = timed(lambda: imports.read_import(imported.pk))
    peak = megabytes()
    imported.refresh_from_db()
    if imported.state != Import.State.READY:
        raise RuntimeError(f"The file was not read: {imported.trouble}")
    floor, _wall = timed(lambda: write_ready(imported))
    return {
        "count": imported.rows_read, "seconds": seconds, "wall": wall, "megabytes": peak, "floor": floor,
        "stopped": imported.stopped,
    }  # fmt: skip


def write_ready(imported: Import) -> None:
    """Rows such as the reading wrote, for another import."""
    other = Import.objects.create(path="", name=CSV, size=0)
    rng, cells = random.Random(7), '["Клиент 100000","8 (999) 123-45-67","100000,50"]'
    for start in range(0, imported.rows_read, CHUNK):
        keys = sorted(79_000_000_000 + rng.randrange(10**9) for _row in range(CHUNK))
        rows = [
            Line(start + at, start + at + 2, "", f"+{key}", key, "valid", "", cells)
            for at, key in enumerate(keys)
        ]
        with transaction.atomic():
            ImportedRow.objects.write(other, rows)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of this process's CPU, and of the clock."""
    cpu, clock = time.process_time(), time.monotonic()
    work()
    return round(time.process_time() - cpu, 2), round(time.monotonic() - clock, 2)


def main() -> None:
    """In a process with Django set up: `FOLDER` fills the database; nothing given: the figures as JSON."""
    if sys.argv[1:]:
        seed(Path(sys.argv[1]))
    else:
        sys.stdout.write(json.dumps(measure()))
