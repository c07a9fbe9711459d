"""What several verbs write to a row alike: the end of a wish, and a place in the queue."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from mailings.models import WishAnswer, WishResult


def wish_ended(result: WishResult, answer: WishAnswer | None = None) -> dict[str, Any]:
    """The columns of a wish that is settled. `answer`: of one that failed, why."""
    ended = {"wish": "", "wish_next_at": None, "wish_result": result, "wish_result_at": timezone.now()}
    return ended | {"wish_answer": answer or ""}


def requeued(not_before: datetime | None = None) -> dict[str, Any]:
    """The columns of a row that goes back into the queue: nobody was told of it yet."""
    return {"not_before": not_before, "nudged_at": None}
