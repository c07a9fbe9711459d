"""Mailings at providers with unknown answer formats (makes.py): absence must not be concluded there."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailings import outbox
from mailings.models import Mailing, State, Wish
from mailings.smsc.api.answers import JobStatus
from tests.faults import truth
from tests.faults.decider import Decider, newest_event
from tests.faults.figures import shown
from tests.faults.makes import MAKES
from tests.faults.plan import SECONDS

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign

# The faults of the creates under one make: two arrive without an answer, one does not arrive, one is
# answered.
FATES = ("cut_after_saving", "cut_after_saving", "cut_before_saving", "")
# Long enough for two reads that can count, and one more.
LOOKED_SECONDS = SECONDS.total + SECONDS.settle_after + 4 * SECONDS.sync


class Foreign:
    """Gives each account a make, round by round, until `plan.makes` have been used."""

    def __init__(self, campaign: "Campaign", decider: Decider) -> None:
        self.campaign, self.decider = campaign, decider
        self.ids: list[int] = []
        self.called_off: list[int] = []
        self.unknown = 0
        self.notes: Counter[str] = Counter()
        self.verdict = truth.Verdict()

    def run(self) -> None:
        campaign, since = self.campaign, newest_event()
        names = campaign.rng.sample(list(MAKES), min(campaign.plan.makes, len(MAKES)))
        providers = campaign.house.providers
        before = [provider.control("settings", {})["dialect"] for provider in providers]
        # Redis may have been flushed. The first mailing of each account then notices that, and is held.
        self.ids = [campaign.make(account).pk for account in campaign.accounts]
        campaign.until(lambda: truth.settled(self.ids) == len(self.ids), 30)
        for begin in range(0, len(names), len(providers)):
            self._round(names[begin : begin + len(providers)])
        for provider, dialect in zip(providers, before, strict=True):
            provider.control("settings", {"dialect": dialect})
        campaign.quiet(self.ids)
        for pk in self._unknown():
            self.decider.resolve(pk)
        for row in Mailing.objects.filter(pk__in=self.ids, state=State.HELD):
            self.decider.release(row.pk)
        campaign.quiet(self.ids)
        self._report(names, since)

    def _round(self, names: list[str]) -> None:
        """One round: make mailings, wait for looks that cannot find them, and decide as the pages suggest."""
        campaign, ids = self.campaign, []
        pairs = list(zip(campaign.accounts, campaign.house.providers, strict=True))[: len(names)]
        for (account, provider), name in zip(pairs, names, strict=True):
            campaign.say(f"{account.name} is of another make: {name}")
            waits = campaign.make(account, later=True).pk
            campaign.until(lambda waits=waits: truth.accepted([waits]) == 1, 30)
            provider.control("settings", {"dialect": "plain"})
            provider.proxy.make = MAKES[name]
            provider.control("faults", [_on("add", fate) for fate in FATES if fate] + [_on("cancel")])
            ids += [campaign.make(account).pk for _ in FATES]
            outbox.wish(waits, Wish.CANCEL)
            self.called_off.append(waits)
        campaign.until(lambda: truth.settled(ids) == len(ids), 60)
        time.sleep(LOOKED_SECONDS)
        jobs = campaign.jobs()
        verdict = truth.judge(ids, jobs)
        self.verdict.wrongly_absent += verdict.wrongly_absent
        self.verdict.not_cancelled += _called_off_in_error(self.called_off, jobs)
        unknown = self._unknown(ids)
        self.unknown += len(unknown)
        self.notes += Counter(Mailing.objects.filter(pk__in=unknown).values_list("look_note", flat=True))
        for pk in unknown:
            self.decider.resolve(pk)
        campaign.until(lambda: not truth.restless(self.decided(ids)), 30)
        for _, provider in pairs:
            provider.proxy.make = None
            provider.control("faults", method="DELETE")
        self.ids += ids

    def decided(self, ids: list[int]) -> list[int]:
        """The mailings on which the decider has submitted a form."""
        return [pk for pk in ids if any(f"/{pk}/" in address for address, _ in self.decider.pressed)]

    def _unknown(self, ids: Iterable[int] = ()) -> list[int]:
        rows = Mailing.objects.filter(pk__in=ids or self.ids, state=State.UNKNOWN)
        return list(rows.values_list("pk", flat=True))

    def _report(self, names: list[str], since: int) -> None:
        report, jobs = self.campaign.report, self.campaign.jobs()
        verdict = truth.judge(self.ids, jobs)
        report.add("providers of another make", len(names), f">= {self.campaign.plan.makes}")
        report.add("  mailings; unknown ones", f"{len(self.ids)}; {self.unknown}")
        report.add("  why their absence was not shown", shown(self.notes))
        report.add("  what a person did by the page", shown(self.decider.did))
        report.count("  absence shown though the job is there", self.verdict.wrongly_absent)
        report.count("  shown as cancelled and not true", self.verdict.not_cancelled)
        report.count("  sent twice", verdict.twice)
        report.count("  lost or not there", [*verdict.lost, *verdict.not_there])
        report.count("  decisions carried out twice", self.decider.twice(since))


def _on(kind: str, fate: str = "cut_before_saving") -> dict[str, object]:
    return {"fault": fate, "calls": [kind], "count": 1}


def _called_off_in_error(ids: list[int], jobs: dict[int, list[truth.Job]]) -> list[str]:
    """Mailings that are shown as cancelled while their job is not."""
    there = {(account, str(job["id"])): job for account, found in jobs.items() for job in found}
    shown = Mailing.objects.filter(pk__in=ids).exclude(remote_id=None)
    wrong = []
    for row in shown:
        job = there[row.account_id, str(row.remote_id)]
        said = row.state == State.CANCELLED or row.remote_status == JobStatus.CANCELLED
        if said and not (job["cancelled_at"] or job["deleted"]):
            wrong.append(f"{row.pk} {row.code}: {row.state} {row.remote_status}, and it is {job['status']}")
    return wrong
