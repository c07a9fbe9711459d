"""Races of "Hold it" against the worker's claim: the person must be told the truth every time."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection

from mailings import outbox
from mailings.models import Mailing, State
from tests.faults import truth

# The hold of these mailings, in seconds. Presses come at about its end.
SECONDS = 0.4


def pauses(rng: random.Random, count: int) -> list[float]:
    """When to press, in seconds after sending off: half very close to the end of the hold, half at random."""
    return [
        max(0.0, rng.choice((rng.gauss(SECONDS, 0.03), rng.uniform(0, 2 * SECONDS)))) for _ in range(count)
    ]


def press(pk: int, moment: float) -> bool:
    """Hold a mailing at a moment of time.monotonic(); whether the person was told that it worked."""
    time.sleep(max(0.0, moment - time.monotonic()))
    try:
        outbox.hold(pk)
    except outbox.Impossible:
        return False
    else:
        return True
    finally:
        connection.close()


@dataclass
class Verdict:
    """`untrue`: mailings that are not as the person was told, with the reason. `sent`: those not held."""

    states: Counter[str] = field(default_factory=Counter)
    untrue: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)


def judge(told: dict[int, bool], jobs: dict[int, list[truth.Job]]) -> Verdict:
    """Compare what the person was told with the rows and the providers' jobs."""
    verdict, names = Verdict(), Counter(str(job["name"])[:5] for found in jobs.values() for job in found)
    for row in Mailing.objects.filter(pk__in=told):
        verdict.states[row.state] += 1
        if told[row.pk] is not (row.state == State.DRAFT):
            verdict.untrue.append(f"{row.pk} {row.code}: told {told[row.pk]}, and it is {row.state}")
        if told[row.pk] and (names[row.code or ""] or row.attempts.exists()):
            verdict.untrue.append(f"{row.pk} {row.code}: held, and a call was made")
        if not told[row.pk]:
            verdict.sent.append(row.pk)
    return verdict
