"""The phases of a campaign, on a running `House`. Import it after django.setup()."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from mailings import accounts, outbox
from mailings.models import Account, HeldReason, Mailing, State, Wish
from mailings.smsc.api.client import Credentials
from tests.faults import failover, holds, messages, restart, truth
from tests.faults.decider import Decider, newest_event
from tests.faults.error_paths import ErrorPaths
from tests.faults.figures import Report, shown
from tests.faults.foreign import Foreign
from tests.faults.house import House, Provider
from tests.faults.leaks import PLACES, search_everywhere
from tests.faults.needles import Needles, ProcessList
from tests.faults.pages import Pages
from tests.faults.people import People, race, some_spec
from tests.faults.plan import CALLS_AT_ONCE, SECONDS, Plan
from tests.faults.storm import Marksman, Storm

# With fewer calls than this, the share that met a fault is not checked: it is random.
ENOUGH_CALLS = 100
QUIET_SECONDS = 240.0
TICK_SECONDS = 0.05


class Campaign:
    def __init__(self, plan: Plan, house: House, marksman: Marksman, report: Report) -> None:
        self.plan, self.house, self.marksman, self.report = plan, house, marksman, report
        self.rng = random.Random(plan.seed + 2)
        self.began = time.monotonic()
        self.accounts: list[Account] = []
        self.ids: list[int] = []
        self.met: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def prepare(self) -> None:
        """Make tables and accounts, then start workers, beat and web."""
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        self.needles = Needles(self.house.seeded.cores())
        self.process_list = ProcessList(self.needles)
        self.process_list.start()
        for number, provider in enumerate(self.house.providers):
            by_key = number == 1
            self.accounts.append(_account(provider, provider.password, by_key=by_key))
        messages.manners(self.house.providers)
        self.house.work()
        self.pages = Pages(self.house.serve())
        self.pages.start()
        self.decider = Decider()

    def run(self) -> None:
        self.prepare()
        self.storm()
        self.decide()
        self.wishes()
        self.crowd()
        self.wrong_password()
        self.races()
        self.holds()
        Foreign(self, self.decider).run()
        failover.run(self, self.decider)
        if self.plan.database == "sqlite":
            self.writers()
        else:
            restart.run(self)
        messages.campaign(self)
        self.secrets()

    # --- mailings under faults --------------------------------------------------------------------------

    def storm(self) -> None:
        plan, house = self.plan, self.house
        self.history()
        people = People(plan, self.accounts, house.seeded.phone)
        storm = Storm(plan, house, self.marksman)
        self.trouble(plan.share)
        maker = threading.Thread(target=people.run, daemon=True)
        maker.start()
        began = looked = told = time.monotonic()
        progress = 0.0
        while not (storm.done() and progress >= 1 and not maker.is_alive()):
            if time.monotonic() - looked > 0.3:
                looked = time.monotonic()
                progress = min(1.0, (truth.settled(people.made.ids) + 1) / plan.mailings)
            if time.monotonic() - told > 20:
                told = time.monotonic()
                self.say(f"{progress:.0%} handed over, {storm.killed()} killed, {storm.frozen()} frozen")
            if time.monotonic() - began > plan.minutes * 60 * 0.6:
                break
            storm.tick(progress)
            time.sleep(TICK_SECONDS)
        self.met = self._calls_and_faults()
        storm.calm()
        self.trouble(0.0)
        self.ids = ids = people.made.ids
        self.say(f"storm over: {dict(storm.marksman.hits)} {dict(storm.redis_hits)}")
        self.quiet(ids)
        self._report_storm(storm, people, time.monotonic() - began)

    def history(self) -> None:
        """Deliver one mailing of each account before any fault: without one, no read can show absence."""
        ids = [self.make(account, later=False).pk for account in self.accounts]
        self.until(lambda: truth.accepted(ids) == len(ids), QUIET_SECONDS)

    def _report_storm(self, storm: Storm, people: People, seconds: float) -> None:
        add, count = self.report.add, self.report.count
        verdict = truth.judge(people.made.ids, self.jobs())
        calls, faults = self.met
        add("mailings made", len(people.made.ids), f">= {self.plan.mailings}")
        add("workers killed (SIGKILL)", storm.killed(), f">= {self.plan.kills}")
        add("  at which moment of a call", shown(storm.marksman.hits))
        add("workers frozen past their lease", storm.frozen(), f">= {self.plan.freezes}")
        add("beat killed", storm.beats_killed, f">= {self.plan.beats_killed}")
        add("Redis flushed, killed, frozen", shown(storm.redis_hits))
        add("calls read whole in the storm, by kind", shown(calls))
        unread = faults["cut_before_reading"] + faults["cut_while_reading"]
        tried = max(1, sum(calls.values()) + unread)
        share = round(sum(faults.values()) / tried, 2)
        wanted = f">= {0.7 * self.plan.share:.2f}" if tried >= ENOUGH_CALLS else ""
        add("share of calls met by a fault", share, wanted)
        add("  by fault", shown(faults))
        count("mailings whose job exists twice", verdict.twice)
        count("mailings lost", verdict.lost)
        count("shown as accepted and not there", verdict.not_there)
        count("shown as cancelled and not true", verdict.not_cancelled)
        count("before a person without evidence", verdict.without_evidence)
        count("absence shown though the job is there", verdict.wrongly_absent)
        add("rows by state", shown(verdict.states))
        add("  before a person, with evidence", verdict.before_a_person)
        add("alarms", shown(verdict.alarms))
        add("submits that failed and said so", shown(people.made.failures))
        add("slowest submit, seconds", round(people.made.slowest, 1), "<= 10")
        add("double clicks that made two", people.made.twins, "0")
        add("wishes", people.made.wishes)
        at_once = [provider.counters()["most_at_once_per_login"] for provider in self.house.providers]
        add("most calls at once, by the providers", max(at_once), f"<= {CALLS_AT_ONCE}")
        counted = [provider.proxy.tally.most_at_once for provider in self.house.providers]
        add("most calls at once, by the proxies", max(counted), f"<= {CALLS_AT_ONCE}")
        followed = sum(provider.proxy.tally.followed_redirects for provider in self.house.providers)
        add("redirects followed", followed, "0")
        add("seconds", round(seconds))

    def _calls_and_faults(self) -> tuple[Counter[str], Counter[str]]:
        calls: Counter[str] = Counter()
        faults: Counter[str] = Counter()
        for provider in self.house.providers:
            calls += provider.proxy.tally.calls
            faults += provider.proxy.tally.faults
            orders = provider.control("calls")["calls"]
            faults["saved_late"] += sum(1 for call in orders if call["fault"] == "saved_late")
        return calls, faults

    # --- a person's decisions ---------------------------------------------------------------------------

    def decide(self) -> None:
        """A person decides as the pages suggest: sends again what two looks did not show, releases the held.

        Each decision is submitted from two tabs at once, and a third time later.
        """
        ids, decider, since = self.ids, self.decider, newest_event()
        unknown = Mailing.objects.filter(pk__in=ids, state=State.UNKNOWN, wish="").values_list(
            "pk", flat=True
        )
        for pk in list(unknown):
            decider.resolve(pk)
        for pk in list(Mailing.objects.filter(pk__in=ids, state=State.HELD).values_list("pk", flat=True)):
            decider.release(pk)
        self.quiet(ids)
        decider.go_back()
        self.quiet(ids)
        verdict = truth.judge(ids, self.jobs())
        self.report.add("decided by a person, as the pages say", shown(decider.did))
        self.report.add("  presses, of each page three", 3 * len(decider.pressed))
        self.report.add("  rows by state", shown(verdict.states))
        self.report.count("  pages carried out twice", decider.twice(since))
        self.report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])

    # --- wishes at the provider -------------------------------------------------------------------------

    def wishes(self) -> None:
        """Cancel or delete mailings that wait at the provider, while calls meet faults."""
        ids = [self.make(self.accounts[number % 4], later=True).pk for number in range(self.plan.wishes)]
        self.until(lambda: truth.accepted(ids) == len(ids), QUIET_SECONDS)
        before, faults_before = self._calls_and_faults()
        self.trouble(self.plan.share)
        for number, pk in enumerate(ids):
            outbox.wish(pk, Wish.DELETE if number % 3 == 0 else Wish.CANCEL)
        open_ones = Mailing.objects.filter(pk__in=ids).exclude(wish="")
        self.until(lambda: not open_ones.exists(), 4 * SECONDS.lease)
        calls, faults = self._calls_and_faults()
        self.trouble(0.0)
        self.quiet(ids)
        calls, faults, verdict = calls - before, faults - faults_before, truth.judge(ids, self.jobs())
        self.report.add("wishes about what waits at the provider", len(ids), f">= {self.plan.wishes}")
        self.report.add(
            "  cancels and deletes that got there", calls["cancel"] + calls["del"], f">= {len(ids)}"
        )
        self.report.add("  second looks that got there", calls["get"], f">= {len(ids) // 2}")
        self.report.add("  met by a fault", sum(faults.values()), f">= {len(ids) // 4}")
        self.report.add("  rows by state", shown(verdict.states))
        self.report.count("  shown as cancelled and not true", verdict.not_cancelled)
        self.report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])

    # --- a crowd at the gate ----------------------------------------------------------------------------

    def crowd(self) -> None:
        """Many mailings at once while Redis is flushed. No worker is killed, so that all permits get used:
        a worker uses more than one only after a call has succeeded since its start."""
        proxies = [provider.proxy for provider in self.house.providers]
        for proxy in proxies:
            proxy.tally.most_at_once = 0
        self.until(self._all_proven, 30)
        ids = []
        for wave in range(self.plan.waves):
            for proxy in proxies:
                proxy.force(*["slow"] * (self.plan.waiting // 4))
            ids += [self.make(self.accounts[number % 4]).pk for number in range(self.plan.waiting)]
            self.until(partial(self._few_wait, ids), 20)
            if wave % 2 == 0:
                self.house.flush_redis()
        self.quiet(ids)
        verdict = truth.judge(ids, self.jobs())
        most = max(proxy.tally.most_at_once for proxy in proxies)
        self.report.add("mailings in a crowd, Redis flushed under them", len(ids))
        self.report.add("  most calls at once, by the proxies", most, f"<= {CALLS_AT_ONCE}")
        self.report.add("  places at the gate made use of", most, ">= 2")
        counters = [provider.counters()["most_at_once_per_login"] for provider in self.house.providers]
        self.report.add("  most calls at once, by the providers", max(counters), f"<= {CALLS_AT_ONCE}")
        self.report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])

    def _few_wait(self, ids: list[int]) -> bool:
        return truth.settled(ids) > len(ids) - self.plan.waiting // 2

    def _all_proven(self) -> bool:
        """Whether a call of every account has succeeded since the youngest worker was started."""
        born = timezone.now() - timedelta(seconds=min(worker.age for worker in self.house.awake()))
        proven = Account.objects.filter(pk__in=[row.pk for row in self.accounts], last_ok_at__gt=born)
        return proven.count() == len(self.accounts)

    # --- a wrong password -------------------------------------------------------------------------------

    def wrong_password(self) -> None:
        """With a wrong password and many mailings waiting there is exactly one authentication error."""
        quiet = self.house.quiet
        before = quiet.counters()["authentication_errors"]
        account = _account(quiet, "not the password")
        rows = [self.make(account) for _ in range(self.plan.waiting)]
        ids = [row.pk for row in rows]
        held = self.until(lambda: _held(ids) == len(ids), 60)
        time.sleep(3 * SECONDS.sweep)  # for calls that may still be under way
        errors = quiet.counters()["authentication_errors"] - before
        self.report.add("waiting mailings under a wrong password", len(ids))
        self.report.add("  authentication errors", errors, "1")
        self.report.add("  held, all of them", int(held), "1")
        account.refresh_from_db()
        accounts.set_credentials(account, Credentials(login=quiet.login, password=quiet.password))
        self.until(lambda: not Mailing.objects.filter(pk__in=ids, state=State.HELD).exists(), 60)
        self.quiet(ids)
        accepted = Mailing.objects.filter(pk__in=ids, state=State.ACCEPTED).count()
        self.report.add("  handed over once it is mended", accepted, f">= {len(ids)}")
        self.report.add(
            "  authentication errors in all", quiet.counters()["authentication_errors"] - before, "1"
        )
        verdict = truth.judge(ids, {account.pk: quiet.jobs()})
        self.report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])

    # --- cancel against send ----------------------------------------------------------------------------

    def races(self) -> None:
        """Cancel each mailing within a quarter of a second after sending it off, while calls meet faults."""
        self.trouble(self.plan.share)
        pauses = [self.rng.choice((0.0, self.rng.uniform(0, 0.25))) for _ in range(self.plan.races)]
        told: Counter[str] = Counter()
        ids = []
        with ThreadPoolExecutor(4) as pool:
            running = []
            for number, pause in enumerate(pauses):
                row = self.make(self.accounts[number % len(self.accounts)], later=number % 3 > 0)
                ids.append(row.pk)
                running.append(pool.submit(race, row.pk, pause))
                time.sleep(self.rng.uniform(0, 0.1))
            for one in running:
                told[one.result()] += 1
        self.trouble(0.0)
        self.quiet(ids)
        verdict = truth.judge(ids, self.jobs())
        self.report.add("races of cancel against send", len(ids), f">= {self.plan.races}")
        self.report.add("  what the person was told at once", shown(told))
        self.report.add("  how they ended", shown(verdict.states))
        self.report.add("  shown as cancelled", verdict.cancelled)
        self.report.count("  shown as cancelled and not true", verdict.not_cancelled)
        self.report.count("  twice, lost or not there", [*verdict.twice, *verdict.lost, *verdict.not_there])

    def holds(self) -> None:
        """Press "Hold it" at about the moment when the hold ends, while calls meet faults."""
        self.trouble(self.plan.share)
        pressed = {}
        with ThreadPoolExecutor(8) as pool:
            for number, pause in enumerate(holds.pauses(self.rng, self.plan.holds)):
                account = self.accounts[number % len(self.accounts)]
                row = self.make(account, later=False, hold_seconds=holds.SECONDS)
                pressed[row.pk] = pool.submit(holds.press, row.pk, time.monotonic() + pause)
                time.sleep(self.rng.uniform(0, 0.1))
        self.trouble(0.0)
        told = {pk: press.result() for pk, press in pressed.items()}
        self.quiet([pk for pk, held in told.items() if not held])
        verdict = holds.judge(told, self.jobs())
        others = truth.judge(verdict.sent, self.jobs())
        self.report.add("races of hold against claim", len(told), f">= {self.plan.holds}")
        self.report.add("  how they ended", shown(verdict.states))
        self.report.count("  not as the person was told", verdict.untrue)
        self.report.count("  twice, lost or not there", [*others.twice, *others.lost, *others.not_there])

    # --- many writers on SQLite -------------------------------------------------------------------------

    def writers(self) -> None:
        """Processes that only write to SQLite, beside workers, beat and web."""
        command = [sys.executable, "-m", "tests.faults.writer", str(self.plan.writing_seconds)]
        running = [
            subprocess.Popen([*command, str(self.plan.seed + number)], stdout=subprocess.PIPE, text=True)
            for number in range(self.plan.writers)
        ]
        told = [json.loads(one.communicate(timeout=300)[0]) for one in running]
        done: Counter[str] = sum((Counter(one["done"]) for one in told), Counter())
        self.report.add("processes writing to SQLite at once", len(told), ">= 8")
        self.report.add("  rounds of six transactions", shown(done))
        self.report.add("  slowest round, seconds", round(max(one["slowest"] for one in told), 1))
        self.report.add("  failed rounds", sum(done.values()) - done["written"], "0")

    # --- secrets ----------------------------------------------------------------------------------------

    def secrets(self) -> None:
        """Walk more than forty error paths, then search everything that was written for secrets."""
        self.say("walking error paths")
        self.house.rest()
        paths = ErrorPaths(self.house, self.accounts)
        walked = paths.walk()
        self.pages.ended.set()
        self.process_list.ended.set()
        search_everywhere(self.needles, self.house, paths)
        self.report.add("error paths walked", len(walked), ">= 40")
        for place in PLACES:
            self.report.add(
                f"  bytes of secrets in {place}", self.needles.leaks(place), "0", self._leaks(place)
            )
        self.report.add("  bytes looked through", sum(self.needles.bytes_read.values()))
        locked = sum(file.read_bytes().count(b"database is locked") for file in self.house.logs.iterdir())
        self.report.add('"database is locked" in all logs', locked, "0")
        self.report.add("pages asked for meanwhile", self.pages.asked)
        self.report.add("  that failed", self.pages.failed, "0")
        self.report.add("  slowest, seconds", round(self.pages.slowest, 1), "<= 10")

    def _leaks(self, place: str) -> list[str]:
        return sorted({one for one in self.needles.examples if f" in {place}:" in one})

    # --- helpers ----------------------------------------------------------------------------------------

    def trouble(self, share: float) -> None:
        for provider in self.house.providers:
            provider.trouble(share)

    def jobs(self) -> dict[int, list[dict[str, Any]]]:
        both = zip(self.accounts, self.house.providers, strict=True)
        return {account.pk: provider.jobs() for account, provider in both}

    def quiet(self, ids: list[int]) -> None:
        """Wait until nothing more will happen to these mailings without a person."""
        self.say("waiting until it is quiet")
        if not self.until(lambda: not truth.restless(ids), QUIET_SECONDS):
            self.say(f"still restless: {truth.restless(ids)[:20]}")

    def say(self, line: str) -> None:
        sys.stdout.write(f"  {time.monotonic() - self.began:5.0f} s  {line}\n")
        sys.stdout.flush()

    def until(self, condition: Any, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            self.house.fill_up()
            time.sleep(0.5)
        return False

    def make(self, account: Account, *, later: bool | None = None, hold_seconds: float = 0.0) -> Mailing:
        spec = some_spec(self.rng, self.house.seeded.phone, later=later)
        return outbox.make(spec, account=account, submit=True, hold_seconds=hold_seconds)


def _account(provider: Provider, password: str, *, by_key: bool = False) -> Account:
    account, _ = Account.objects.get_or_create(
        name=provider.name, defaults={"kind": Account.Kind.SANDBOX, "base_url": provider.proxy.url}
    )
    credentials = (
        Credentials(apikey=provider.apikey)
        if by_key
        else Credentials(login=provider.login, password=password)
    )
    accounts.set_credentials(account, credentials)
    return account


def _held(ids: list[int]) -> int:
    return Mailing.objects.filter(pk__in=ids, state=State.HELD, held_reason=HeldReason.LOGIN).count()
