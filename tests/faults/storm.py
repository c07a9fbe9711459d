"""Kills and freezes workers at chosen moments of a call, kills beat, and disturbs Redis."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.house import DIALECTS, House, Worker
from tests.faults.plan import SECONDS, Plan

# When to kill a worker, with weights: as its call connects (the row is claimed, no byte sent yet), after the
# proxy has read it, after the provider has saved it, right after the answer was sent, or at any moment.
MOMENTS = {"connected": 2, "read": 2, "saved": 3, "answered": 4, "any": 3}
# When to freeze one: mostly at moments where waking up after the lease is dangerous.
FREEZES = {"connected": 4, "read": 1, "saved": 2, "answered": 2, "any": 1}
AIM_SECONDS = 3.0
REDIS_TROUBLES = ("flush", "kill", "flush", "freeze")


@dataclass
class Shot:
    """A kill or freeze to come.

    `moment`: of MOMENTS. `delay`: seconds to wait after it. `seconds_frozen`: 0 to kill. `deadline`: after
    this moment of time.monotonic() any worker is hit.
    """

    moment: str
    adds_only: bool
    delay: float
    seconds_frozen: float
    deadline: float


class Marksman:
    """Hits the worker whose call reaches the moment asked for. The proxies report moments to `witness`."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.hits: Counter[str] = Counter()
        self._shot: Shot | None = None
        self._lock = threading.Lock()
        self._owners: dict[int, Worker] = {}

    @property
    def armed(self) -> bool:
        return self._shot is not None

    def aim(self, shot: Shot) -> None:
        self._shot = shot

    def witness(self, moment: str, kind: str, port: int) -> None:
        shot = self._shot
        if shot is None or self.house is None:
            return
        if moment == "saved" and shot.moment == "answered":
            # Look the worker up beforehand: after the answer there is only about a millisecond.
            owner = self.house.owner(port)
            if owner:
                self._owners[port] = owner
        if moment == shot.moment and (moment == "connected" or not shot.adds_only or kind == "add"):
            owner = self._owners.pop(port, None) or self.house.owner(port)
            if owner and not owner.frozen_until:
                self._hit(owner, shot)

    def at_random(self, rng: random.Random) -> None:
        """No call has reached the moment in time: hit a random worker now."""
        shot, house = self._shot, self.house
        if shot and house and (awake := house.awake()):
            shot.moment = "any"
            self._hit(rng.choice(awake), shot)

    def overdue(self) -> bool:
        shot = self._shot
        return shot is not None and (shot.moment == "any" or time.monotonic() > shot.deadline)

    def _hit(self, worker: Worker, shot: Shot) -> None:
        with self._lock:
            if self._shot is not shot:
                return
            self._shot = None
            self._owners.clear()
        time.sleep(shot.delay)
        if shot.seconds_frozen:
            worker.frozen_until = time.monotonic() + shot.seconds_frozen
            worker.signal(signal.SIGSTOP)
            self.hits[f"frozen {shot.moment}"] += 1
        else:
            worker.signal(signal.SIGKILL)
            self.hits[f"killed {shot.moment}"] += 1


class Storm:
    """Spreads the plan's kills, freezes and Redis troubles over the campaign's progress (0 to 1)."""

    def __init__(self, plan: Plan, house: House, marksman: Marksman) -> None:
        self.plan, self.house, self.marksman = plan, house, marksman
        self.rng = random.Random(plan.seed)
        self.redis_hits: Counter[str] = Counter()
        self._aimed_kills = self._aimed_freezes = 0
        self._next_shot = 0.0
        self._redis_back: tuple[float, Callable[[], None]] | None = None
        self._turn = 0
        self.beats_killed = 0

    def done(self) -> bool:
        redis = sum(self.redis_hits.values()) >= self.plan.redis_troubles and self._redis_back is None
        return self.killed() >= self.plan.kills and self.frozen() >= self.plan.freezes and redis

    def killed(self) -> int:
        return self._count("killed")

    def frozen(self) -> int:
        return self._count("frozen")

    def _count(self, what: str) -> int:
        return sum(count for name, count in self.marksman.hits.items() if name.startswith(what))

    def tick(self, progress: float) -> None:
        self.house.fill_up()
        self._shoot(progress)
        self._disturb_redis(progress)
        self._turn_dialects(progress)
        if self.beats_killed < self.plan.beats_killed * progress:
            self.beats_killed += 1
            self.house.kill_beat()

    def _shoot(self, progress: float) -> None:
        if self.marksman.overdue():
            self.marksman.at_random(self.rng)
        if self.marksman.armed or time.monotonic() < self._next_shot:
            return
        if self.killed() < self.plan.kills * progress:
            self.marksman.aim(self._shot(frozen=0.0))
        elif self.frozen() < self.plan.freezes * progress:
            self.marksman.aim(self._shot(frozen=SECONDS.lease + self.rng.uniform(0.5, 2.5)))
        else:
            return
        self._next_shot = time.monotonic() + self.rng.uniform(0.1, 0.6)

    def _shot(self, frozen: float) -> Shot:
        odds = FREEZES if frozen else MOMENTS
        moment = self.rng.choices(list(odds), list(odds.values()))[0]
        delay = self.rng.uniform(0, 0.02) if moment == "answered" else self.rng.choice((0.0, 0.0, 0.005))
        adds_only = self.rng.random() < 0.5
        return Shot(moment, adds_only, delay, frozen, time.monotonic() + AIM_SECONDS)

    def _disturb_redis(self, progress: float) -> None:
        if self._redis_back is not None:
            at, back = self._redis_back
            if time.monotonic() >= at:
                back()
                self._redis_back = None
            return
        done = sum(self.redis_hits.values())
        if done >= self.plan.redis_troubles * progress:
            return
        what = REDIS_TROUBLES[done % len(REDIS_TROUBLES)]
        self.redis_hits[what] += 1
        if what == "flush":
            self.house.flush_redis()
        elif what == "kill":
            self.house.kill_redis()
            self._redis_back = (time.monotonic() + self.rng.uniform(0.5, 3.0), self.house.revive_redis)
        else:
            self.house.freeze_redis(on=True)
            self._redis_back = (
                time.monotonic() + self.rng.uniform(1.0, 4.0),
                lambda: self.house.freeze_redis(on=False),
            )

    def _turn_dialects(self, progress: float) -> None:
        """Switch the providers' dialects, so that each uses each in turn."""
        turn = int(progress * len(DIALECTS))
        if turn != self._turn and turn < len(DIALECTS):
            self._turn = turn
            for number, provider in enumerate(self.house.providers):
                dialect = DIALECTS[(number + turn) % len(DIALECTS)]
                provider.control("settings", {"dialect": dialect})

    def calm(self) -> None:
        """End all disturbances."""
        if self._redis_back is not None:
            self._redis_back[1]()
            self._redis_back = None
        self.house.thaw()
        self.house.fill_up()
