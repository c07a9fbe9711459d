"""No order of claims, answers, sweeps, wishes, looks, flushes and restores sends anything twice.

Hypothesis runs the rules in random order; the invariants checked after each are in world.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from mailings import outbox, sync
from mailings.models import Account, Alarm, Attempt, Mailing, State, Wish
from mailings.models.states import MAY_BE_AT_PROVIDER
from mailings.sync import spans
from tests.helpers.factories import bare, queued
from tests.outbox.world import ANSWERS, PICK, World, lose_memory

Decide = Callable[..., Mailing]
# What the provider does when a worker tries to fulfil a wish.
STEPS: dict[str, dict[str, Any]] = {
    "OK": {},
    "OK, and nothing done": {"fault": "false_ok", "calls": ["cancel", "del"]},
    "nothing, but done": {"fault": "cut_after_saving", "calls": ["cancel", "del"]},
    "nothing, and not done": {"fault": "cut_before_saving", "calls": ["cancel", "del"]},
    "error 3, and not done": {"fault": "wrong_error", "error": 3, "saved": False, "calls": ["cancel", "del"]},
    "OK, and the look fails": {"fault": "server_error", "calls": "get"},
}


class Delivery(World):
    """People decide on unknown and held mailings; Redis forgets, and backups are restored."""

    waiting = ("+600", "0")

    def __init__(self) -> None:
        super().__init__()
        self.tabs: list[tuple[int, State, outbox.Seen]] = []
        self.decided: list[outbox.Seen] = []
        self.other = Account.objects.create(name="other", kind="sandbox", base_url=self.account.base_url)

    @initialize(answer=st.sampled_from(list(ANSWERS)))
    def a_call_was_made_since_the_last_backup(self, answer: str) -> None:
        self.all_is_well()
        self.a_backup_is_made()
        self.a_worker_claims_one_and_is_answered(0, answer)

    @precondition(lambda self: self.among(State.UNKNOWN, State.HELD))
    @rule(pick=PICK)
    def a_person_opens_a_page(self, pick: int) -> None:
        """The page of a mailing that waits for a decision. Up to four tabs stay open, also outdated ones."""
        mailing = Mailing.objects.get(pk=self.choose(pick, State.UNKNOWN, State.HELD))
        page = (mailing.pk, State(mailing.state), outbox.Seen(stamp=outbox.stamp(mailing)))
        self.tabs = [*self.tabs[-3:], page]

    @precondition(lambda self: self.tabs)
    @rule(pick=PICK, decide=st.sampled_from([outbox.send_again, outbox.send_again, outbox.give_up]))
    def a_person_clicks_in_some_tab(self, pick: int, decide: Decide) -> None:
        """Click in any open tab, any number of times: what one page has shown is acted on only once."""
        pk, state, seen = self.tabs[pick % len(self.tabs)]
        decide = outbox.release if state == State.HELD else decide
        try:
            mailing = decide(pk, seen=seen)
        except outbox.Impossible:
            return
        assert seen not in self.decided
        self.decided.append(seen)
        if mailing.state == State.QUEUED:
            self.sent.discard(str(mailing.code))

    @precondition(lambda self: self.among(State.UNKNOWN) and self.jobs_seen)
    @rule(pick=PICK, job=PICK)
    def a_person_says_which_job_it_is(self, pick: int, job: int) -> None:
        """Name any job, right or wrong; a job with another mailing's reference must never be adopted."""
        pk, number = self.choose(pick, State.UNKNOWN), sorted(self.jobs_seen)[job % len(self.jobs_seen)]
        try:
            outbox.adopt(pk, number)
        except outbox.Impossible:
            return
        outbox.verify(pk)

    @rule()
    def another_account_calls(self) -> None:
        """Make an attempt in between, so that after a restore primary keys are reused by other accounts."""
        other = bare(self.other, state=State.REFUSED)
        Attempt.objects.create(mailing=other, kind="create", token=uuid4().hex, begin=timezone.now())

    @rule()
    def redis_loses_its_memory(self) -> None:
        lose_memory()

    @rule()
    def a_backup_is_made(self) -> None:
        self.backup: tuple[str, list[Mailing]] = transaction.savepoint(), self.rows

    @precondition(lambda self: self.jobs_seen)
    @rule()
    def the_backup_is_restored(self) -> None:
        """Restore the database; provider, Redis and clock go on."""
        self.hands = [None, None]
        transaction.savepoint_rollback(self.backup[0])
        self.rows = self.backup[1]
        self.tabs, self.decided = [], []
        self.forgotten |= self.sent


class Wishes(World):
    """People ask to cancel and delete, before, while and after mailings are handed over."""

    waiting = ("+60", "+60")

    @initialize(kind=st.sampled_from(Wish), met=st.sampled_from(list(STEPS)))
    def one_was_handed_over_and_is_not_wanted(self, kind: Wish, met: str) -> None:
        pk = Mailing.objects.earliest("pk").pk
        outbox.deliver_mailing(pk)
        outbox.wish(pk, kind)
        self.all_is_well()
        self.a_worker_takes_a_step(met)

    @precondition(lambda self: self.among(*MAY_BE_AT_PROVIDER, State.CANCELLED))
    @rule(pick=PICK, kind=st.sampled_from(Wish))
    def a_person_wishes(self, pick: int, kind: Wish) -> None:
        try:
            outbox.wish(self.choose(pick, *MAY_BE_AT_PROVIDER, State.CANCELLED), kind)
        except outbox.Impossible:
            return

    @precondition(lambda self: self.wished())
    @rule(met=st.sampled_from(list(STEPS)))
    def a_worker_takes_a_step(self, met: str) -> None:
        if STEPS[met]:
            self.sandbox.fault(count=None, **STEPS[met])
        Mailing.objects.exclude(wish="").update(wish_next_at=None)
        for row in self.rows:
            outbox.fulfil(row.pk)
        self.sandbox.clear_faults()

    @precondition(lambda self: self.among(State.CANCELLED, State.DELETED))
    @rule(pick=PICK, status=st.sampled_from(["waiting", "going"]))
    def somebody_switches_one_on_again_and_the_list_is_read(self, pick: int, status: str) -> None:
        row = Mailing.objects.get(pk=self.choose(pick, State.CANCELLED, State.DELETED))
        self.sandbox.change_job(int(row.remote_id or 0), status=status, deleted=False)
        today = spans.today()
        result = sync.pull(self.account, today - timedelta(days=20), today + timedelta(days=3), wait=1)
        if result.error:  # the breaker is open, so the change cannot be seen: undo it
            self.sandbox.change_job(
                int(row.remote_id or 0), status="cancelled", deleted=row.state == State.DELETED
            )
            return
        row.refresh_from_db()
        assert (row.state, row.alarm) == (State.ACCEPTED, Alarm.BACK)

    @precondition(lambda self: self.wished())
    @rule()
    def a_day_passes(self) -> None:
        self.now.shift(timedelta(hours=25))


@pytest.mark.parametrize(("machine", "examples"), [(Delivery, 140), (Wishes, 60)])
def test_no_interleaving_sends_twice_or_says_what_is_not_so(account, sandbox, quick, machine, examples):
    machine.sandbox, machine.account = sandbox, account
    for time in machine.waiting:
        queued(account, time=time)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def quick(settings):
    settings.SAME_REQUEST_SECONDS = 0.0
    settings.SETTLE_AFTER_SECONDS = 0.0
