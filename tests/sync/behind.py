"""Jobs changed behind our back: what pages say of each, held against the provider's truth."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.utils import timezone

from mailings import health, sync
from mailings.models import Account, Mailing, Origin, State
from mailings.models.mailing import new_code
from mailings.smsc.api.answers import JobStatus
from mailings.wording import chips, sentences
from sandbox import Sandbox

# The sandbox's words and ours.
STATUS = {"waiting": "waiting", "going": "going", "gone": "gone_out", "cancelled": "cancelled"}
# What a mailing is when the provider begins to change things, and how often.
KINDS = {"waiting": 6, "elsewhere": 2, "cancelled": 3, "deleted": 3, "gone": 2}
WARNED = ("Nobody has read the list", "The list of SMS Centre cannot be read", "SMS Centre is not answering")


@dataclass
class Figures:
    """`silent`: states that differ from the truth and do not say so; `said`: by what they do."""

    compared: Counter[str] = field(default_factory=Counter)
    said: dict[str, Counter[str]] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)


class Behind:
    """An account with so many mailings in every state, at a provider where somebody then changes them."""

    def __init__(self, account: Account, sandbox: Sandbox, seed: int, count: int) -> None:
        self.account, self.sandbox, self.rng = account, sandbox, random.Random(seed)
        self.now, self.history, self.codes = timezone.now(), dict[str, str](), set[str]()
        for _ in range(count):
            self._made(self.rng.choices(list(KINDS), list(KINDS.values()))[0])
        assert sync.pull_two_months(account, wait=1).complete
        self.mine = [str(pk) for pk in Mailing.objects.values_list("remote_id", flat=True)]
        self._change()

    def compared(self) -> Figures:
        """Sync stopped, then its list broken, then running, then after more changes: every state at each."""
        figures = Figures()
        a_while = timedelta(seconds=2 * settings.SYNC_SECONDS + 60)
        with time_machine.travel(timezone.now() + a_while, tick=True):
            self._compare("stopped", figures)
            self.sandbox.fault("html", calls="get_all", count=None)
            sync.pull_two_months(self.account, wait=1)
            self._compare("list broken", figures)
            self.sandbox.clear_faults()
            self._compare_after_two_pulls("running", figures)
            self._change()
        with time_machine.travel(timezone.now() + 2 * a_while, tick=True):
            self._compare_after_two_pulls("changed again", figures)
        return figures

    def _compare_after_two_pulls(self, mode: str, figures: Figures) -> None:
        for _ in range(2):
            sync.pull_two_months(self.account, wait=1)
        self._compare(mode, figures)

    # --- making -----------------------------------------------------------------------------------------

    def _made(self, kind: str) -> None:
        due = self.now + timedelta(hours=self.rng.randint(30, 500))
        code = "" if kind == "elsewhere" else self._free_code()
        made: dict[str, Any] = {"time": f"0{int(due.timestamp())}", "age": self.rng.randint(60, 10 * 86400)}
        number = self.sandbox.make_job(f"{code}a Sale" if code else "Made elsewhere", **made)
        self.history[str(number)] = kind
        if not code:
            return
        states = {"cancelled": State.CANCELLED, "deleted": State.DELETED}
        settled = self.now - timedelta(minutes=5)
        ended = {"wish_result": "confirmed", "wish_at": settled, "wish_result_at": settled}
        Mailing.objects.create(
            account=self.account,
            code=code,
            name="Sale",
            state=states.get(kind, State.ACCEPTED),
            state_at=settled,
            created_at=self.now - timedelta(seconds=made["age"]),
            due_at=due.replace(microsecond=0),
            remote_id=str(number),
            **(ended if kind in states else {}),
            **({"gone": True, "gone_at": settled} if kind == "deleted" else {}),
        )
        if kind == "deleted":
            self.sandbox.change_job(number, deleted=True)
        elif kind != "waiting":
            self.sandbox.change_job(number, status=kind)

    def _free_code(self) -> str:
        while (code := new_code()) in self.codes:
            pass
        self.codes.add(code)
        return code

    def _change(self) -> None:
        """Let the provider do one to three things to every job."""
        for remote_id in self.mine:
            deeds = self.rng.choices(DEEDS, k=self.rng.randint(1, 3))
            self.history[remote_id] += " ".join([":", *(deed.__name__ for deed in deeds)])
            for deed in deeds:
                deed(self, int(remote_id))

    # --- what the provider may do -----------------------------------------------------------------------

    def cancelled(self, number: int) -> None:
        self.sandbox.change_job(number, status="cancelled")

    def deleted(self, number: int) -> None:
        self.sandbox.change_job(number, deleted=True)

    def gone(self, number: int) -> None:
        self.sandbox.change_job(number, status="gone")

    def going(self, number: int) -> None:
        self.sandbox.change_job(number, status="going")

    def reactivated(self, number: int) -> None:
        self.sandbox.change_job(number, status="waiting", deleted=False)

    def renamed(self, number: int) -> None:
        self.sandbox.change_job(number, name=f"{self._job(number).name} renamed")

    def reference_cut(self, number: int) -> None:
        self.sandbox.change_job(number, name="Sale")

    def another_s_reference(self, number: int) -> None:
        other = self._job(int(self.rng.choice(self.mine)))
        self.sandbox.change_job(number, name=other.name)

    def moved(self, number: int) -> None:
        job = self._job(number)
        job.due_at += 3600 * self.rng.choice((-20, -2, 1, 5, 30))
        job.time = f"0{int(job.due_at)}"

    def merged(self, number: int) -> None:
        other = int(self.rng.choice(self.mine))
        if other != number:
            self._job(number).recipients += self._job(other).recipients
            self.sandbox.change_job(other, deleted=True)

    def duplicated(self, number: int) -> None:
        job = self._job(number)
        self.sandbox.make_job(job.name, time=job.time, recipients=job.recipients)

    def _job(self, number: int) -> Any:
        return self.sandbox.provider.store.jobs[number]

    # --- what pages say ---------------------------------------------------------------------------------

    def _compare(self, mode: str, figures: Figures) -> None:
        truths = {str(job["id"]): job for job in self.sandbox.jobs}
        warned = any(text.startswith(WARNED) for text in health.warnings(Account.objects.all()))
        said = figures.said.setdefault(mode, Counter())
        for row in Mailing.objects.filter(remote_id__in=self.mine):
            figures.compared[mode] += 1
            wrong = list(_differences(row, truths))
            word = _said_by(row, warned=warned)
            if wrong and not word:
                what = f"{self.history[str(row.remote_id)]} -> {', '.join(wrong)}"
                figures.silent.append(f"{mode}: job {row.remote_id} ({row.state}), {what}")
            said[word if wrong else "as it is there"] += 1


DEEDS: tuple[Callable[[Behind, int], None], ...] = (
    Behind.cancelled, Behind.deleted, Behind.gone, Behind.going, Behind.reactivated, Behind.renamed,
    Behind.reference_cut, Behind.another_s_reference, Behind.moved, Behind.merged, Behind.duplicated,
)  # fmt: skip


def _differences(row: Mailing, truths: dict[str, Any]) -> Iterator[str]:
    """In what the row is not as its job is."""
    truth = truths[str(row.remote_id)]
    if truth["deleted"]:
        # What has gone out stays so, and what is cancelled does not go out either way.
        over = row.state in (State.CANCELLED, State.DELETED) or row.remote_status == JobStatus.GONE_OUT
        if not (row.gone or over):
            yield "deleted there"
        return
    if row.gone or row.state == State.DELETED:
        yield "there again"
    told = JobStatus.CANCELLED if row.state == State.CANCELLED else row.remote_status
    if told != STATUS[truth["status"]]:
        yield f"{truth['status']} there, {told} here"
    if truth["status"] == "waiting" and row.goes_out_at and _apart(row.goes_out_at, truth["due_at"]):
        yield "another hour there"
    if row.origin == Origin.PROVIDER:
        return
    code = str(row.code)
    if truth["name"][:5] != code and truth["name"][5:7] == "a ":
        yield "another's job"
    others = [job for job in truths.values() if job["name"].startswith(f"{code}a") and job is not truth]
    if any(job["visible"] and job["status"] != "cancelled" for job in others):
        yield "a second job"


def _apart(ours: datetime, theirs: str) -> bool:
    return abs(ours - datetime.fromisoformat(theirs).astimezone(UTC)) >= timedelta(minutes=1)


def _said_by(row: Mailing, *, warned: bool) -> str:
    """What tells that the row may not be as it is there; "" when nothing does."""
    if row.alarm:
        return "alarm"
    if row.gone and sentences.sentences(row, timezone.now())[-1].startswith("SMS Centre no longer has"):
        return "no longer there"
    if str(chips.chip(row).word).startswith("unverified since"):
        return "unverified since"
    return "warning on top" if warned else ""
