"""`manage.py sample_data`: mailings of the last two weeks as rows, and some ahead for the real workers."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mailings import delivery, outbox, sync
from mailings.accounts.sandbox_control import NoSandbox
from mailings.management.samples import KEY, ahead, drafts, write_past
from mailings.models import Account, Mailing
from mailings.smsc.spec.spec import validate


class Command(BaseCommand):
    help = "Makes sample mailings on the sandbox account. A second run makes none."

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(kind=Account.Kind.SANDBOX).first()
        if account is None:
            raise CommandError("Sample mailings are made on the sandbox account only, and there is none yet.")
        if Mailing.objects.filter(key__startswith=KEY).exists():
            return
        now, maker = timezone.now(), get_user_model().objects.order_by("pk").first()
        try:
            write_past(account, now, maker)
        except NoSandbox as why:
            raise CommandError(f"{why} Sample mailings need it; nothing was made.") from why
        for key, given in ahead(now):
            outbox.make(validate(given, now=now), account=account, by=maker, key=KEY + key, submit=True)
        for key, typed in drafts():
            outbox.save_draft(typed, account=account, by=maker, key=KEY + key)
        # Read the past jobs from the sandbox; this is also the first look for the unknown mailing.
        sync.pull_two_months(account)
        sync.refresh_account(account)
        delivery.pull(account, (now - timedelta(days=15)).date(), now.date())
