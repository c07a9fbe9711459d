"""A database with mailings queued, and a message for each, for `bench.push`."""

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account
from mailings.smsc.spec.spec import validate


def seed(count: int, url: str) -> None:
    """So many mailings of one recipient each, for an account at `url` that has proven to work."""
    call_command("migrate", verbosity=0)
    account = accounts.ensure_sandbox_account(url)
    for number in range(count):
        given = {"name": f"Push {number}", "phones": f"7999{number:07}", "mes": "Hello"}
        outbox.make(validate(given, now=timezone.now()), account=account, submit=True)
    Account.objects.filter(pk=account.pk).update(proven_at=timezone.now())
    with connection.cursor() as cursor:  # as PostgreSQL does of itself within a minute
        cursor.execute("ANALYZE")
