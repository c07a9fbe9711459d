"""Sets of column values that several modules of the outbox write."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from mailings.models import WishAnswer, WishResult


def wish_ended(result: WishResult, answer: WishAnswer | None = None) -> dict[str, Any]:
    """The values that end a wish. `answer`: why it failed, for WishResult.FAILED."""
    ended = {"wish": "", "wish_next_at": None, "wish_result": result, "wish_result_at": timezone.now()}
    return ended | {"wish_answer": answer or ""}


def requeued(not_before: datetime | None = None) -> dict[str, Any]:
    """The values that put a row back into the queue, not nudged yet, to go at `not_before` or at once."""
    return {"not_before": not_before, "nudged_at": None}
