"""Cancels at rest, and while a worker reads a long file: how long each wish waits for its call."""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account, Attempt, Import, Mailing, State, Wish
from mailings.recipients import imports
from mailings.smsc.spec.spec import validate
from mailings.tasks import read_import

EACH = 10
PATIENCE = 60.0


def main(url: str, people: str) -> None:
    """Prints the seconds of both, and whether the file was still being read after the last call.

    `url`: of the provider. The workers are processes of others, with the same settings.
    """
    Account.objects.filter(pk=accounts.ensure_sandbox_account(url).pk).update(proven_at=timezone.now())
    account, file = Account.objects.get(), Path(people)
    hour = timezone.localtime() + timedelta(days=2)
    options = {"name": "Order", "phones": "+79990000001", "mes": "Hi", "time": f"{hour:%d.%m.%y %H:%M}"}
    spec = validate(options, now=timezone.now())
    ours = [outbox.make(spec, account=account, submit=True).pk for _ in range(2 * EACH + 1)]
    outbox.deliver_and_go_on(ours[0])  # beside the workers, who may be at it already
    until(lambda: Mailing.objects.filter(state=State.ACCEPTED).count() == len(ours))
    waited(ours[0])  # a worker that has just begun loads its code
    rest = [waited(pk) for pk in ours[1 : EACH + 1]]
    with file.open("rb") as content:
        path = storages["default"].save("pending/people.csv", File(content))
    size = file.stat().st_size
    imported = imports.begin(path=path, name=file.name, size=size, owner=None, account=account, channel="sms")
    read_import.delay(imported.pk)
    until(lambda: Import.objects.get(pk=imported.pk).rows_read)
    busy = [waited(pk) for pk in ours[EACH + 1 :]]
    reading = Import.objects.get(pk=imported.pk).state == Import.State.READING
    sys.stdout.write(json.dumps({"rest": rest, "busy": busy, "reading": reading}))


def waited(pk: int) -> float:
    """Seconds from the wish to cancel a mailing until a worker makes the call."""
    calls, asked_at = Attempt.objects.filter(mailing=pk, kind=Attempt.Kind.CANCEL), timezone.now()
    outbox.wish(pk, Wish.CANCEL)
    until(calls.exists)
    return (calls.get().begin - asked_at).total_seconds()


def until(so: Callable[[], object]) -> None:
    """Raises AssertionError when it is not so in time."""
    end = time.monotonic() + PATIENCE
    while not so():
        if time.monotonic() > end:
            raise AssertionError("nothing happened in time")
        time.sleep(0.02)
