"""What people do during the storm: make mailings, double-click, change their minds."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from mailings import outbox
from mailings.models import Account, Mailing, State, Wish
from mailings.smsc.spec.spec import Spec, validate
from tests.faults.plan import Plan

MOST_WAITING = 40
WORDS = ("Spring sale", "Весенняя распродажа", "Appointment", "Счёт готов", "News", "Reminder & more")


@dataclass
class Made:
    """`ids`: mailings made. `failures`: exceptions by name and text. `twins`: double clicks that made two."""

    ids: list[int] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    twins: int = 0
    wishes: int = 0
    slowest: float = 0.0


def some_spec(rng: random.Random, phone: str, *, later: bool | None = None) -> Spec:
    """A random mailing. `later`: for a later hour or not; None for half of each."""
    others = [f"7999{rng.randrange(10**7):07}" for _ in range(rng.choice((0, 0, 1, 3)))]
    options = {
        "name": rng.choice(WORDS),
        "phones": ",".join([phone, *others]),
        "mes": f"Hello {rng.randrange(10**6)}",
    }
    if rng.random() < 0.5 if later is None else later:
        options["time"] = f"+{rng.choice((60, 600, 1440))}"
    return validate(options, now=timezone.now())


class People:
    """Makes `plan.mailings` mailings on random accounts, waiting while too many are queued."""

    def __init__(self, plan: Plan, accounts: list[Account], phone: str) -> None:
        self.plan, self.accounts, self.phone = plan, accounts, phone
        self.rng = random.Random(plan.seed + 1)
        self.made = Made()

    def run(self) -> None:
        try:
            while len(self.made.ids) < self.plan.mailings:
                if Mailing.objects.filter(state=State.QUEUED).count() < MOST_WAITING:
                    for _ in range(self.rng.randint(1, 12)):
                        self._make_one()
                time.sleep(0.1)
        finally:
            connection.close()

    def _make_one(self) -> None:
        if len(self.made.ids) >= self.plan.mailings:
            return
        rng, account = self.rng, self.rng.choice(self.accounts)
        spec, key = some_spec(rng, self.phone), f"{rng.getrandbits(64):016x}"
        began = time.monotonic()
        try:
            mailing = outbox.make(spec, account=account, key=key, submit=True)
            if rng.random() < 0.1:  # a double click
                twin = outbox.make(spec, account=account, key=key, submit=True)
                self.made.twins += twin.pk != mailing.pk
        except Exception as error:  # noqa: BLE001 (counted: the person was told that it was not stored)
            self.made.failures[f"{type(error).__name__}: {error}"[:80]] += 1
            return
        self.made.slowest = max(self.made.slowest, time.monotonic() - began)
        self.made.ids.append(mailing.pk)
        if rng.random() < 0.15:
            self._change_mind(rng.choice(self.made.ids[-30:]))
        if rng.random() < 0.15 and (there := self._waiting_there()):
            self._change_mind(rng.choice(there))

    def _waiting_there(self) -> list[int]:
        """Some accepted mailings for later: only for these does a cancel lead to a call."""
        there = Mailing.objects.filter(pk__in=self.made.ids, state=State.ACCEPTED, wish="")
        return list(there.filter(due_at__gt=timezone.now()).values_list("pk", flat=True)[:30])

    def _change_mind(self, pk: int) -> None:
        try:
            outbox.wish(pk, self.rng.choice((Wish.CANCEL, Wish.CANCEL, Wish.DELETE)))
        except outbox.Impossible:
            return
        self.made.wishes += 1


def race(pk: int, pause: float) -> str:
    """Cancel a mailing after a pause; the state that the person is told at once, or "impossible"."""
    time.sleep(pause)
    try:
        return str(outbox.wish(pk, Wish.CANCEL).state)
    except outbox.Impossible:
        return "impossible"
    finally:
        connection.close()
