"""No interleaving of claims, answers, sweeps, wishes, looks, flushes and restores sends anything twice.

A model of two workers, a person and a misbehaving provider takes steps in any order. What the provider has
done is known for certain (the sandbox tells), so each rule compares it with what the rows say.
"""

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mailings import account as accounts
from mailings import outbox, sync
from mailings.models import Account, Attempt, Event, Mailing, Observation, Pull, Recipients, State, Wish
from mailings.models.states import TRANSITIONS
from mailings.outbox import handover
from mailings.smsc.errors import SmscError
from mailings.smsc.sandbox import Sandbox
from tests.factories import queued

WORKERS = st.sampled_from([0, 1])
FAULTS = ["none", "cut_after_saving", "cut_before_saving", "half_json", "server_error", "wrong_error"]
TABLES: list[Any] = [Observation, Event, Attempt, Recipients, Pull, Mailing]
PAST = timedelta(hours=1)


class Delivery(RuleBasedStateMachine):
    """Two workers, each with at most one claim in hand, over a handful of mailings."""

    sandbox: Sandbox
    account: Account

    def __init__(self) -> None:
        super().__init__()
        self._empty()
        self.sandbox.reset()
        self.hands: list[tuple[handover.Claim, Any] | None] = [None, None]
        self.again: dict[str, int] = {}
        self.backup: list[list[dict[str, Any]]] | None = None
        self.backup_memory: tuple[str, Any] | None = None
        self.states: dict[int, str] = {}
        self._forget()
        # The account has called before: see memory.py on what is not covered.
        queued(self.account)
        self.a_worker_claims_and_calls("none", 1)
        self.a_worker_writes_down_what_came_of_it(0)
        queued(self.account, time="+60")

    # --- what happens ---

    @rule(wait=st.sampled_from(["0", "+60", "+600"]))
    @precondition(lambda self: Mailing.objects.count() < 4)
    def a_person_sends_a_mailing_off(self, wait: str) -> None:
        queued(self.account, time=wait)

    @precondition(lambda self: None in self.hands and Mailing.objects.filter(state=State.QUEUED).exists())
    @rule(fault=st.sampled_from(FAULTS), number=st.sampled_from([1, 3, 7, 9]))
    def a_worker_claims_and_calls(self, fault: str, number: int) -> None:
        worker = self.hands.index(None)
        self.account.refresh_from_db()
        Mailing.objects.update(not_before=None)
        waiting = Mailing.objects.select_related("account").filter(state=State.QUEUED)
        claim = next((claim for claim in map(handover.take, waiting) if claim), None)
        if claim is None:
            return
        self._order(fault, number)
        try:
            with accounts.slot(self.account, wait=1) as client:
                answer: Any = handover._send(claim, client)
        except SmscError as error:
            answer = error
        self.sandbox.clear_faults()
        self.hands[worker] = (claim, answer)

    @precondition(lambda self: any(self.hands))
    @rule(worker=WORKERS)
    def a_worker_writes_down_what_came_of_it(self, worker: int) -> None:
        held, self.hands[worker] = self.hands[worker], None
        if held is None or not Mailing.objects.filter(pk=held[0].mailing.pk).exists():
            return
        claim, answer = held
        if isinstance(answer, SmscError):
            handover._conclude(claim, answer)
        else:
            handover.accept(claim, answer)

    @precondition(lambda self: any(self.hands))
    @rule(worker=WORKERS)
    def a_worker_is_killed(self, worker: int) -> None:
        self.hands[worker] = None

    @rule()
    def leases_run_out(self) -> None:
        Mailing.objects.filter(state=State.SENDING).update(lease_until=timezone.now() - PAST)
        outbox.sweep()

    @rule()
    def the_list_is_read(self) -> None:
        self.account.refresh_from_db()
        sync.pull_recent(self.account, wait=1)
        sync.pull_doubtful(self.account, wait=1)

    @rule(kind=st.sampled_from([Wish.CANCEL, Wish.DELETE]), index=st.integers(0, 4))
    def a_person_wishes(self, kind: Wish, index: int) -> None:
        self._decide(index, lambda pk: outbox.wish(pk, kind))

    @rule(fault=st.sampled_from(["none", "false_ok", "cut_after_saving", "server_error"]))
    def a_wish_takes_a_step(self, fault: str) -> None:
        if fault != "none":
            self.sandbox.fault(fault, calls=["cancel", "del"])
        Mailing.objects.exclude(wish="").update(wish_next_at=None)
        for pk in Mailing.objects.exclude(wish="").values_list("pk", flat=True):
            outbox.fulfil(pk)
        self.sandbox.clear_faults()

    @rule(index=st.integers(0, 4))
    def a_person_sends_again(self, index: int) -> None:
        mailing = self._decide(index, outbox.send_again)
        if mailing:
            self.again[mailing.code] = self.again.get(mailing.code, 0) + 1

    @rule(index=st.integers(0, 4))
    def a_person_gives_up(self, index: int) -> None:
        self._decide(index, outbox.give_up)

    @rule(index=st.integers(0, 4))
    def a_person_releases(self, index: int) -> None:
        mailing = self._decide(index, outbox.release)
        if mailing:
            self.again[mailing.code] = self.again.get(mailing.code, 0) + 1

    @rule()
    def redis_loses_its_memory(self) -> None:
        """All but the gate's: its pause after a flush is tested in test_gate.py and would slow this down."""
        client = redis.Redis.from_url(django_settings.REDIS_URL)
        for key in client.scan_iter("mailroom:memory:*"):
            client.delete(key)

    @rule()
    def a_backup_is_made(self) -> None:
        self.backup = [list(model._base_manager.values()) for model in TABLES]
        self.account.refresh_from_db()
        self.backup_memory = (self.account.memory, self.account.doubt_from)

    @rule()
    @precondition(lambda self: self.backup is not None)
    def the_backup_is_restored(self) -> None:
        assert self.backup is not None
        assert self.backup_memory is not None
        self.hands = [None, None]
        self._empty()
        for model, rows in reversed(list(zip(TABLES, self.backup, strict=True))):
            model._base_manager.bulk_create([model(**row) for row in rows])
        memory, doubt_from = self.backup_memory
        Account.objects.filter(pk=self.account.pk).update(memory=memory, doubt_from=doubt_from)
        self.states = dict(Mailing.objects.values_list("pk", "state"))

    # --- what is always true ---

    @invariant()
    def nothing_is_sent_twice_without_a_person(self) -> None:
        for code in {job["name"][:5] for job in self.sandbox.jobs}:
            jobs = [job for job in self.sandbox.jobs if job["name"].startswith(code)]
            assert len(jobs) <= 1 + self.again.get(code, 0)

    @invariant()
    def what_is_said_of_the_provider_is_true(self) -> None:
        jobs = {str(job["id"]): job for job in self.sandbox.jobs}
        for mailing in Mailing.objects.filter(state__in=[State.ACCEPTED, State.CANCELLED, State.DELETED]):
            job = jobs[mailing.remote_id]
            assert mailing.state != State.CANCELLED or job["status"] in {"cancelled", "deleted"}
            assert mailing.state != State.DELETED or job["status"] == "deleted" or job.get("deleted")

    @invariant()
    def nothing_is_taken_for_unsent_that_was_accepted(self) -> None:
        """Withdrawn and refused mailings are not at the provider. A backup may hide it until a look."""
        if self.backup is not None:
            return
        sent = {job["name"][:5] for job in self.sandbox.jobs}
        for mailing in Mailing.objects.filter(state__in=[State.WITHDRAWN, State.REFUSED]):
            assert mailing.code not in sent or self.again.get(mailing.code) or mailing.attempts.count() > 1

    @invariant()
    def every_state_was_reached_by_the_table(self) -> None:
        for pk, state in Mailing.objects.values_list("pk", "state"):
            before = self.states.get(pk, State.DRAFT)
            assert state == before or State(state) in reachable(State(before))
            self.states[pk] = state

    # --- helpers ---

    def _forget(self) -> None:
        """As if the account had never called."""
        self.redis_loses_its_memory()
        Account.objects.filter(pk=self.account.pk).update(memory="", doubt_from=None, last_call_at=None)
        self.account.refresh_from_db()

    def _order(self, fault: str, number: int) -> None:
        if fault == "wrong_error":
            self.sandbox.fault(fault, calls="add", error=number, saved=number == 3)
        elif fault != "none":
            self.sandbox.fault(fault, calls="add")

    def _decide(self, index: int, decide: Any) -> Mailing | None:
        pks = list(Mailing.objects.order_by("pk").values_list("pk", flat=True))
        try:
            done: Mailing = decide(pks[index % len(pks)])
        except outbox.Impossible:
            return None
        return done

    def _empty(self) -> None:
        for model in TABLES:
            model._base_manager.all()._raw_delete("default")


def reachable(state: State) -> set[State]:
    """Every state that the table leads to from `state`, in any number of changes."""
    found: set[State] = set()
    ahead = [state]
    while ahead:
        for following in TRANSITIONS[ahead.pop()] - found:
            found.add(following)
            ahead.append(following)
    return found


def test_no_interleaving_sends_twice_or_says_what_is_not_so(account, sandbox, quick):
    Delivery.sandbox, Delivery.account = sandbox, account
    run_state_machine_as_test(
        Delivery,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def quick(settings):
    settings.SAME_REQUEST_SECONDS = 0.0
    settings.PROVIDER_TOTAL_SECONDS = 5.0
    settings.SETTLE_AFTER_SECONDS = 0.0
