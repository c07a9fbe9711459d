"""`manage.py sample_data`: mailings to look at, handed to the sandbox provider by the real workers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Mailing
from mailings.smsc.spec import times
from mailings.smsc.spec.spec import validate

PEOPLE = [f"7999000{number:04d}" for number in range(1, 241)]
KEY = "sample-"
READERS = [f"reader{number}@example.com" for number in range(1, 61)]


class Command(BaseCommand):
    help = "Makes sample mailings on the sandbox account. A second run makes none."

    def handle(self, *args: Any, **options: Any) -> None:
        account = Account.objects.filter(kind=Account.Kind.SANDBOX).first()
        if account is None:
            raise CommandError("Sample mailings are made on the sandbox account only, and there is none yet.")
        now, maker = timezone.now(), get_user_model().objects.order_by("pk").first()
        if Mailing.objects.filter(key__startswith=KEY).exists():
            return
        for key, given in samples(now):
            outbox.make(validate(given, now=now), account=account, by=maker, key=KEY + key, submit=True)
        for key, typed in drafts():
            outbox.save_draft(typed, account=account, by=maker, key=KEY + key)


def samples(now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and create options of mailings on several channels, at several hours of the coming week."""

    def at(days: int, hour: int) -> str:
        moscow = (now + timedelta(days=days)).astimezone(times.MOSCOW)
        return times.at(moscow.replace(hour=hour, minute=30, second=0, microsecond=0))

    yield (
        "sale",
        {
            "name": "Winter sale: 20 % off",
            "phones": PEOPLE[:48],
            "mes": "Today only: 20 % off everything. Show this message at the till. Stop: reply STOP",
            "sender": "SHOP",
            "time": "0",
        },
    )
    yield (
        "reminder",
        {
            "name": "Appointments, day before",
            "list": "\n".join(
                f"{phone}:Dear client {number}, we expect you tomorrow at {9 + number}:00."
                for number, phone in enumerate(PEOPLE[48:54])
            ),
            "time": at(1, 18),
        },
    )
    yield (
        "digest",
        {
            "name": "Weekly digest",
            "mail": 1,
            "phones": READERS,
            "sender": "news@example.com",
            "subj": "What is new this week",
            "mes": "Hello! Three things happened this week: …",
            "time": at(2, 9),
            "rpt": 5,
            "rptn": 12,
        },
    )
    yield (
        "vip",
        {
            "name": "Приглашение на закрытый показ ✨",
            "viber": 1,
            "phones": PEOPLE[54:80],
            "sender": "SHOP",
            "mes": "Приглашаем вас на закрытый показ в пятницу в 19:00. Ответьте «да», если придёте.",
            "time": at(3, 12),
        },
    )
    yield (
        "debtors",
        {
            "name": "Reminder of the bill",
            "phones": PEOPLE[80:200],
            "mes": "Your bill is due on Friday. Thank you!",
            "time": at(4, 11),
            "period": "4",
            "freq": "30",
        },
    )


def drafts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and typed values of mailings that somebody has begun."""
    yield (
        "draft",
        {
            "name": "New Year greetings",
            "phones": "\n".join(PEOPLE[200:240]),
            "mes": "С наступающим Новым годом! Пусть всё задуманное сбудется 🎄",
        },
    )
