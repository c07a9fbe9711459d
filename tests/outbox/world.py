"""The base of the state machines: two workers, the clock, the sweep and a misbehaving provider.

The sandbox tells what the provider has really done, so after every step the rows are compared with that.
Preconditions make sure that nearly every step does something.
"""

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import redis
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mailings import accounts, outbox, sync
from mailings.accounts import restore_guard
from mailings.accounts.credentials import credentials_of
from mailings.models import Account, Mailing, State, WishResult
from mailings.models.mailing import CODE_LENGTH
from mailings.models.states import TRANSITIONS
from mailings.outbox import deliver, outcomes
from mailings.outbox.claims import Claim
from mailings.smsc.api.client import Client
from mailings.smsc.api.errors import SmscError
from mailings.sync.spans import LOOKS_NEEDED
from sandbox import Sandbox
from tests.helpers.factories import queued

PICK = st.integers(0, 4)
FROZEN = "frozen before the call"
ANSWERS: dict[str, dict[str, Any]] = {
    "an id": {},
    FROZEN: {},
    "none, but saved": {"fault": "cut_after_saving"},
    "none, and not saved": {"fault": "cut_before_saving"},
    "error 1": {"fault": "wrong_error", "error": 1, "saved": False},
    "error 3, but saved": {"fault": "wrong_error", "error": 3, "saved": True},
    "error 4": {"fault": "wrong_error", "error": 4, "saved": False},
    "error 9": {"fault": "wrong_error", "error": 9, "saved": False},
}
COLUMNS = ("code", "state", "remote_id", "looks", "wish", "wish_result")
UNSENT = (State.DRAFT, State.QUEUED, State.HELD, State.REFUSED, State.WITHDRAWN)
Hand = tuple[Claim, Any]


class World(RuleBasedStateMachine):
    """Rules for what happens without a person's decision, and the invariants.

    `hands`: the claim of each of two workers, with the answer it got (None: frozen before the call).
    """

    sandbox: Sandbox
    account: Account
    waiting: tuple[str, ...]  # the `time` of each mailing that is queued at the beginning

    def __init__(self) -> None:
        super().__init__()
        self.beginning = transaction.savepoint()
        self.sandbox.reset()
        self.clock = time_machine.travel(timezone.now(), tick=True)
        self.now = self.clock.start()
        self.hands: list[Hand | None] = [None, None]
        self.jobs_seen: set[str] = set()
        self.sent: set[str] = set()  # codes with a job, unless a person has sent the mailing again since
        self.forgotten: set[str] = set()  # those of them that a restored backup may not know
        self.rows: list[Mailing] = []
        # Start with an account that has called before: restore_guard.py does not cover the first call.
        lose_memory()
        Account.objects.filter(pk=self.account.pk).update(memory="", doubt_from=None)
        self.account.refresh_from_db()
        restore_guard.compare(self.account)

    def teardown(self) -> None:
        self.clock.stop()
        transaction.savepoint_rollback(self.beginning)

    # --- rules ---

    @precondition(lambda self: len(self.rows) < 5 and not self.among(State.QUEUED))
    @rule(time=st.sampled_from(["+600", "0"]))
    def a_person_sends_one_off(self, time: str) -> None:
        queued(self.account, time=time)

    @precondition(lambda self: None in self.hands and self.among(State.QUEUED))
    @rule(pick=PICK, answer=st.sampled_from(list(ANSWERS)))
    def a_worker_claims_one_and_is_answered(self, pick: int, answer: str) -> None:
        pk = self.choose(pick, State.QUEUED)
        Mailing.objects.filter(pk=pk).update(not_before=None)
        mailing = Mailing.objects.select_related("account").get(pk=pk)
        try:
            with accounts.slot(self.account, "add", wait=1):
                claim = deliver.take(mailing)
        except accounts.CannotCall as why:
            deliver.postpone(mailing, why)
            return
        if claim is not None:
            place = accounts.slot(self.account, "add", wait=1)
            came = None if answer == FROZEN else self.call(claim, answer, place)
            self.hands[self.hands.index(None)] = (claim, came)

    @precondition(lambda self: any(hand and hand[1] is None for hand in self.hands))
    @rule(answer=st.sampled_from(list(ANSWERS)))
    def a_frozen_worker_goes_on(self, answer: str) -> None:
        worker = next(index for index, hand in enumerate(self.hands) if hand and hand[1] is None)
        claim = self.hands[worker][0]
        # It has kept its permit all the time.
        place = nullcontext(Client(credentials_of(self.account), base_url=self.account.base_url))
        self.hands[worker] = (claim, self.call(claim, answer, place))

    @precondition(lambda self: any(hand and hand[1] for hand in self.hands))
    @rule(last=st.booleans(), killed=st.booleans())
    def a_worker_writes_down_what_came_or_is_killed(self, last: bool, killed: bool) -> None:
        worker = [index for index, hand in enumerate(self.hands) if hand and hand[1]][-1 if last else 0]
        held, self.hands[worker] = self.hands[worker], None
        if held is None or killed:
            return
        claim, answer = held
        if isinstance(answer, SmscError):
            outcomes.conclude(claim, answer)
        else:
            outcomes.accept(claim, answer)

    @precondition(lambda self: self.among(State.SENDING, State.QUEUED, State.HELD) or self.wished())
    @rule(minutes=st.sampled_from([4, 31, 70]))
    def time_passes_and_a_sweep(self, minutes: int) -> None:
        self.now.shift(timedelta(minutes=minutes))
        outbox.sweep()

    @precondition(lambda self: self.jobs_seen)
    @rule()
    def the_list_is_read(self) -> None:
        self.account.refresh_from_db()
        if not sync.pull_recent(self.account, wait=1).error:
            self.nothing_on_the_list_is_left_aside()

    # --- invariants ---

    def nothing_on_the_list_is_left_aside(self) -> None:
        """After a read, every job belongs to a row, or is named in one, unless its call is under way."""
        for job in self.sandbox.jobs:
            number, ours = str(job["id"]), Mailing.objects.filter(code=code_of(job)).first()
            if job["deleted"] or (ours and ours.state == State.SENDING):
                continue
            row = ours or Mailing.objects.get(remote_id=number)
            assert number in {row.remote_id, *row.look_matches, *row.alarm_jobs}

    @invariant()
    def all_is_well(self) -> None:
        before = {row.pk: State(row.state) for row in self.rows}
        ours = Mailing.objects.filter(account=self.account)
        self.rows = list(ours.only(*COLUMNS).order_by("pk"))
        jobs = {str(job["id"]): job for job in self.sandbox.jobs}
        self.nothing_is_sent_twice_without_a_person_between(jobs)
        self.nothing_that_was_sent_is_taken_for_unsent()
        for row in self.rows:
            old = before.get(row.pk, State(row.state))
            assert row.state == old or row.state in reachable(old)
            if row.remote_id is not None:
                what_is_said_of_it_is_so(row, jobs[row.remote_id])

    def nothing_is_sent_twice_without_a_person_between(self, jobs: dict[str, Any]) -> None:
        for number in jobs.keys() - self.jobs_seen:
            code = code_of(jobs[number])
            assert code not in self.sent
            self.sent.add(code)
        self.jobs_seen |= jobs.keys()

    def nothing_that_was_sent_is_taken_for_unsent(self) -> None:
        """Nor shown as absent. After a restore the rows may be wrong until the list was read."""
        for row in self.rows:
            if row.code in self.sent - self.forgotten:
                assert row.state not in UNSENT
                assert row.state != State.UNKNOWN or row.looks < LOOKS_NEEDED

    # --- helpers ---

    def among(self, *states: State) -> list[int]:
        """The keys of the rows in one of these states."""
        return [row.pk for row in self.rows if row.state in states]

    def choose(self, pick: int, *states: State) -> int:
        found = self.among(*states)
        return found[pick % len(found)]

    def wished(self) -> bool:
        """Whether there is a wish for which a step can be taken."""
        return any(row.wish and row.remote_id for row in self.rows)

    def call(self, claim: Claim, answer: str, place: AbstractContextManager[Client]) -> Any:
        """Make a claim's creating call; returns the answer or the error, without writing it down."""
        if ANSWERS[answer]:
            self.sandbox.fault(calls="add", **ANSWERS[answer])
        try:
            with place as client:
                return deliver.send(claim, client)
        except SmscError as error:
            return error
        finally:
            self.sandbox.clear_faults()


def lose_memory() -> None:
    """Delete the restore guard's keys only. Deleting the limiter's too would make it pause."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*client.keys("mailroom:memory:*"), *client.keys("mailroom:marks:*"), "none")


def what_is_said_of_it_is_so(row: Mailing, job: dict[str, Any]) -> None:
    assert row.code in {None, code_of(job)}
    assert row.state != State.CANCELLED or job["status"] == "cancelled" or job["deleted"]
    assert row.state != State.DELETED or job["deleted"]
    assert row.wish_result != WishResult.TOO_LATE or job["status"] in {"going", "gone"}


def code_of(job: dict[str, Any]) -> str:
    return str(job["name"])[:CODE_LENGTH]


def reachable(state: State) -> set[State]:
    """The states that can be reached from `state` by any number of legal transitions."""
    found: set[State] = set()
    ahead = [state]
    while ahead:
        for following in TRANSITIONS[ahead.pop()] - found:
            found.add(following)
            ahead.append(following)
    return found
