"""Rows in any state, as the outbox and the mirror leave them."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from mailings.models import Account, HeldReason, Mailing, Recipient, State
from mailings.models.mailing import new_code, search_text
from mailings.smsc.spec.spec import validate

AT_PROVIDER = (State.ACCEPTED, State.CANCELLED, State.DELETED)
jobs = itertools.count(4100001)


def account(**fields: Any) -> Account:
    values = {"kind": "sandbox", "currency": "RUR", **fields}
    return Account.objects.get_or_create(name="default", defaults=values)[0]


def row(state: State = State.ACCEPTED, name: str = "Spring sale", **fields: Any) -> Mailing:
    """A mailing in `state`; with what a job brings when the state says that there is one."""
    now = timezone.now()
    options = {
        "name": name,
        "phones": "+79990000001\n+79990000002",
        "mes": "Hello",
        **fields.pop("options", {}),
    }
    spec = validate(options, now=now)
    values: dict[str, Any] = {
        "account": account(),
        "code": new_code(),
        "name": name,
        "channel": spec.channel,
        "spec": spec.to_json(),
        "state": state,
        "state_at": now - timedelta(minutes=4),
        "created_at": now - timedelta(minutes=5),
        "submitted_at": now - timedelta(minutes=5),
        "recipients_count": spec.recipients,
        "repeats": spec.options.get("rpt", 0),
        "cost": Decimal("6736.80"),
    }
    if state in AT_PROVIDER:
        job = str(next(jobs))
        values |= {
            "remote_id": job,
            "remote": {"id": job, "status": "0"},
            "remote_status": "waiting",
            "remote_word": "0",
            "verified_at": now - timedelta(seconds=40),
        }
    if state == State.HELD:
        values["held_reason"] = HeldReason.LOGIN
    values |= fields
    values["search_text"] = search_text(name, values["code"], values.get("remote_id"))
    made = Mailing.objects.create(**values)
    Recipient.objects.replace(made, spec.people())
    return made
