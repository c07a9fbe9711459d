"""A mailing as the JSON object of docs/contract.md, which `mailings show` and `list` print.

Times are ISO 8601 in UTC, money is a decimal string, missing values are None.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from mailings.models import Attempt, Mailing, Recipient
from mailings.wording import money


def described(mailings: "QuerySet[Mailing]") -> Iterator[dict[str, Any]]:
    """Describes each row of a query set. Loads one at a time, as a mailing can have a million recipients."""
    rows = mailings.select_related("account").prefetch_related("attempts")
    return (describe(row) for row in rows.iterator(chunk_size=1))


def describe(mailing: Mailing) -> dict[str, Any]:
    """One mailing as an object. Reads its account and attempts, so select and prefetch those."""
    attempts = list(mailing.attempts.all())
    references = [attempt.reference for attempt in attempts if attempt.kind == Attempt.Kind.CREATE]
    return {
        "id": mailing.pk,
        "name": mailing.name or None,
        "state": mailing.state,
        "held_reason": mailing.held_reason or None,
        "wish": mailing.wish or None,
        "wish_result": mailing.wish_result or None,
        "account": mailing.account.name,
        "origin": mailing.origin,
        "remote_id": mailing.remote_id,
        "remote_status": mailing.remote_status or mailing.remote_word or None,
        "verified_at": moment(mailing.verified_at),
        "gone": mailing.gone,
        "cost": money.plain(mailing.cost),
        "parts": mailing.parts,
        "recipients": mailing.recipients_count,
        "reference": references[-1] if references else None,
        "options": options(mailing),
        "attempts": [_attempt(attempt) for attempt in attempts],
        "remote": mailing.remote,
    }


def options(mailing: Mailing) -> dict[str, Any] | None:
    """The create options by name, `phones` separated by commas; None for a job made elsewhere."""
    if mailing.draft:
        return dict(mailing.draft)
    if not mailing.spec:
        return None
    found = dict(mailing.spec.get("options", {}))
    if mailing.is_personal:
        return found | {"list": "\n".join(Recipient.objects.lines(mailing))}
    phones = () if "list" in found else Recipient.objects.addresses(mailing)
    return found | {"phones": ",".join(phones)} if phones else found


def moment(at: datetime | None) -> str | None:
    """A moment in UTC, to the millisecond: 2025-11-24T09:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "kind": attempt.kind,
        "reference": attempt.reference or None,
        "begin": moment(attempt.begin),
        "end": moment(attempt.end),
        "outcome": attempt.outcome or None,
        "code": attempt.code,
        "text": attempt.text or None,
    }
