"""A database with mailings queued, and the moment at which workers are told of them, for `bench.push`."""

import time

import redis
import requests
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account, Mailing
from mailings.outbox import notify
from mailings.smsc.spec.spec import validate

# What a worker asks of the provider as it starts (the list, the balance) is over by then.
SETTLED_SECONDS = 1.5
# What PostgreSQL looks at of itself within a minute: tables that have filled. One that it found empty, it
# reads row by row from then on, by a plan that it keeps, however large the table becomes.
FILLED = ("mailings_mailing", "mailings_recipient", "mailings_event")


def seed(count: int, url: str) -> None:
    """So many mailings of one recipient each, for an account at `url` that has proven to work."""
    call_command("migrate", verbosity=0)
    account = accounts.ensure_sandbox_account(url)
    for number in range(count):
        given = {"name": f"Push {number}", "phones": f"7999{number:07}", "mes": "Hello"}
        outbox.make(validate(given, now=timezone.now()), account=account, submit=True)
    Account.objects.filter(pk=account.pk).update(proven_at=timezone.now())
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"ANALYZE {table}")
    redis.Redis.from_url(settings.REDIS_URL).flushall()  # nobody is told yet


def wait_for(workers: int) -> None:
    """Wait until so many workers are ready, and have asked what they ask as they start."""
    while len(current_app.control.ping(timeout=1.0)) < workers:
        pass
    time.sleep(SETTLED_SECONDS)


def begin(stub: str) -> None:
    """Tell workers of the queue; the stub counts from then on."""
    requests.get(f"{stub}begin", timeout=5)
    notify.send("deliver", Mailing.objects.earliest("id").pk)
