"""A mailing in every state, for looking at: `python -m tests.browser.seed` prints their numbers as JSON."""

import json
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from mailings import health, outbox
from mailings.delivery import results
from mailings.models import (
    Account,
    Attempt,
    Delivery,
    EventKind,
    Mailing,
    Recipient,
    Result,
    State,
    record,
)
from tests.views.rows import account, row

LONG = "Распродажа" * 9 + " 🛍️ <b>&amp;"

SECOND_JOB = {
    "name": "K7Q2Mb Распродажа",
    "remote_status": "waiting",
    "remote_word": "0",
    "recipients_count": 4812,
    "cost": "6736.80",
    "hour": "26.11.2026 09:30:00",
}


def variants(now: datetime) -> dict[str, dict[str, Any]]:
    """What a page may have to tell of a mailing besides its state; by a label."""
    return {
        "waiting": {"name": LONG, "remote_status": "waiting"},
        "repeats": {"options": {"rpt": "3", "time": "+600"}, "due_at": timezone.now() + timedelta(hours=10)},
        "odd word": {"remote_status": "", "remote_word": "tau ✨"},
        "unverified": {"verified_at": None, "remote_status": "", "remote_word": ""},
        "wished": {"wish": "cancel", "wish_at": now, "wish_tries": 2},
        "too late": {"remote_status": "gone_out", "wish_result": "too_late", "wish_at": now},
        "unconfirmed": {"wish_result": "unconfirmed", "wish_at": now, "wish_result_at": now},
        "failed": {"wish_result": "failed", "wish_at": now, "wish_result_at": now},
        "gone": {"gone": True, "gone_at": now},
        "alarm": {
            "remote_id": "4200001",
            "alarm": "two_jobs",
            "alarm_jobs": ["4200001", "4200002"],
            "other_jobs": {"4200002": SECOND_JOB | {"verified_at": now.isoformat()}},
        },
        "elsewhere": {"origin": "provider", "code": None},
    }


def make() -> dict[str, int]:
    """The rows, by state or label."""
    now, clara = timezone.now(), get_user_model().objects.get(username="clara")
    account(balance=12508, last_ok_at=now, proven_at=now)
    Account.objects.create(name="второй", breaker="login", breaker_at=now, last_error_at=now)
    made = {state.value: row(state, f"{state.label} 🌱", created_by=clara, wish_by=clara) for state in State}
    for label, fields in variants(now).items():
        made[label] = row(**{"name": f"{label} 🌿", "wish_by": clara, **fields})
    for reason in ("login", "block", "overdue", "restored"):
        made[f"held {reason}"] = row(State.HELD, f"held {reason} ⏸", held_reason=reason)
    made["found twice"] = row(State.UNKNOWN, "found twice 👥", look_matches=["4300001", "4300002"])
    made["draft"] = outbox.save_draft({"name": LONG, "mes": "Привет 👋"}, account=account(), by=clara)
    tell(made["accepted"], now)
    Mailing.objects.filter(pk=made["refused"].pk).update(refusal_text="sender is not allowed", refusal_code=1)
    for mailing in made.values():
        record(EventKind.SUBMITTED, mailing, by=clara)
        record(EventKind.UNKNOWN, mailing, reason="timeout", code=9, text="слишком часто 🐇 " + "x" * 120)
        Attempt.objects.create(
            mailing=mailing, kind="create", token=f"t{mailing.pk}", reference="K7Q2Ma", begin=now, end=now,
            outcome="unknown", code=9, text="y" * 120, raw="<html>" + "z" * 200,
        )  # fmt: skip
    return {label: mailing.pk for label, mailing in made.items()}


def tell(mailing: Mailing, now: datetime) -> None:
    """A mailing to some people, with a result of each kind."""
    told = [
        (Result.DELIVERED, 1),
        (Result.READ, 2),
        (Result.FAILED, 20),
        (Result.WAITING, 0),
        (Result.UNCLEAR, None),
    ]
    mailing.people.all().delete()
    for position, (result, status) in enumerate(told):
        values = {
            "result": result,
            "status": status,
            "result_at": int(now.timestamp()),
            "cost": "1.40",
            "parts": 1,
        }
        Recipient.objects.create(
            mailing=mailing, position=position, address=f"+7999000000{position}", **values
        )
    Mailing.objects.filter(pk=mailing.pk).update(recipients_count=len(told))
    Delivery.objects.create(mailing=mailing, account=mailing.account, opens=now, as_of=now)
    results.count([mailing.pk], now)


def main() -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        for key in (health.KEY, health.TICK_KEY):  # as if a worker and beat were there
            connection.set(key, f"{time.time() + 86400:.0f}")
    json.dump(make(), sys.stdout)


if __name__ == "__main__":
    main()
