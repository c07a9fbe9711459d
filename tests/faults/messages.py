"""Compares the results shown for each recipient with what the sandbox knows, under faults.

Mailings with equal texts go to overlapping recipients while calls meet faults. The provider's histories come
unsorted, with duplicates, with missing keys, and with messages of others in between.
"""

import json
import random
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from django.utils import timezone as clock

from mailings import delivery, outbox
from mailings.models import Account, Delivery, DeliveryPull, Mailing, Recipient, Result
from mailings.models.mailing import CODE_LENGTH
from mailings.smsc.spec.spec import Spec, validate
from tests.faults.figures import Report
from tests.faults.house import Provider
from tests.faults.proxy import HOST
from tests.faults.truth import Job

if TYPE_CHECKING:
    from tests.faults.campaign import Campaign

TEXTS = ("Your order is ready", "Sale until Friday", "Ждём вас завтра")
PEOPLE = 8
SETTLES_SECONDS = 5.0
TRIES = 30
MOSCOW = timezone(timedelta(hours=3))
SHARES = {"2": 0.1, "3": 0.05, "4": 0.05, "20": 0.1, "22": 0.05, "25": 0.05}
# For each provider the sandbox's setting `messages` (docs/sandbox.md).
MANNERS: tuple[dict[str, Any], ...] = (
    {"ids": "job", "mixed": True},
    {"ids": "own", "doubled": 0.3},
    {"ids": "job", "as_text": True, "missing": ["cost", "sms_cnt", "last_timestamp"]},
    {"ids": "own", "mixed": True, "late_seconds": 2},
)
OUTCOMES = {
    "waiting": {-1, 0},
    "delivered": {1},
    "read": {2, 4},
    "failed": {-3, -2, 3, 20, 22, 23, 24, 25},
}
FIGURES = ("delivered", "read", "failed", "waiting", "unclear")


@dataclass
class Verdict:
    """`wrong`: results shown as certain that are not true, with the reason. `sums`: wrong figures.

    `exact`: mailings for which every existing message was found.
    """

    results: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)
    exact: int = 0
    mailings: int = 0


def manners(providers: Iterable[Provider]) -> None:
    """Give each provider its setting of MANNERS."""
    for provider, manner in zip(providers, MANNERS, strict=True):
        asked = manner | {"outcomes": SHARES, "settle_seconds": SETTLES_SECONDS}
        provider.control("settings", {"messages": asked})


def some_spec(rng: random.Random, phone: str) -> Spec:
    """A mailing whose text and recipients overlap with those of others."""
    people = [f"7998{place:07d}" for place in rng.sample(range(PEOPLE), rng.randint(1, PEOPLE // 2))]
    options = {"name": "Equal", "phones": ",".join([phone, *people]), "mes": rng.choice(TEXTS)}
    return validate(options, now=clock.now())


def strangers(rng: random.Random, provider: Provider) -> None:
    """Add messages that none of our mailings has sent: other texts to our recipients, our texts to others."""
    rows = [
        {"phone": f"7998{rng.randrange(PEOPLE):07d}", "mes": f"Code {number}", "age": rng.randrange(600)}
        for number in range(10)
    ]
    rows += [{"phone": f"7997{number:07d}", "mes": rng.choice(TEXTS)} for number in range(10)]
    provider.control("messages", rows)


def read_all(account: Account) -> str:
    """Pull until one pull completes. Returns "", or why the last of TRIES did not complete."""
    today = datetime.now(MOSCOW).date()
    ended_by = ""
    for _ in range(TRIES):
        ended_by = delivery.pull(account, today - timedelta(days=1), today + timedelta(days=1)).ended_by
        if not ended_by:
            break
    return ended_by


def truth_of(provider: Provider) -> dict[tuple[str, str], list[int]]:
    """The statuses of messages by job and number, from the sandbox itself, not through the proxy."""
    plain = {"ids": "job", "mixed": False, "doubled": 0, "missing": [], "as_text": False, "late_seconds": 0}
    provider.control("settings", {"messages": plain})
    today, before = datetime.now(MOSCOW).date(), ""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    while rows := _page(provider, today, before):
        for row in rows:
            found[str(row["id"]), row["phone"]].append(row["status"])
        before = str(rows[-1]["int_id"])
    return found


def _page(provider: Provider, today: Any, before: str) -> list[dict[str, Any]]:
    asked = {
        "get_messages": "1", "login": provider.login, "psw": provider.password, "fmt": "3",
        "start": f"{today - timedelta(days=1):%d.%m.%Y}", "end": f"{today + timedelta(days=1):%d.%m.%Y}",
        "cnt": "1000", "charset": "utf-8",
    } | ({"prev_id": before} if before else {})  # fmt: skip
    url = f"http://{HOST}:{provider.port}/sys/get.php"
    with urllib.request.urlopen(url, urllib.parse.urlencode(asked).encode(), timeout=60) as answer:
        rows: list[dict[str, Any]] = json.load(answer)
    return rows


def judge(account: Account, jobs: list[Job], truth: dict[tuple[str, str], list[int]]) -> Verdict:
    """Compare every recipient's result and every mailing's figures with the truth."""
    verdict = Verdict()
    by_code = {job["name"][:CODE_LENGTH]: str(job["id"]) for job in jobs}
    kept = Delivery.objects.filter(account=account).select_related("mailing")
    for one in kept:
        _judge_mailing(verdict, one, by_code.get(one.mailing.code or "", ""), truth)
    return verdict


def _judge_mailing(
    verdict: Verdict, kept: Delivery, job: str, truth: dict[tuple[str, str], list[int]]
) -> None:
    """`job`: the id of the job with this mailing's code, whatever the row's state; "" for none."""
    name, counted = f"{kept.mailing_id} {kept.mailing.code}", Counter[str]()
    exact = True
    for row in Recipient.objects.filter(mailing=kept.mailing_id, stopped=False):
        counted[row.result] += 1
        verdict.results[row.result or "not heard of"] += 1
        statuses = truth.get((job, row.address.lstrip("+")), [])
        if row.result in ("", Result.UNCLEAR):
            exact = exact and not statuses
        elif row.result == Result.WAITING and statuses:  # it may have ended since it was read
            exact = exact and row.status in statuses
        elif row.status not in statuses or row.status not in OUTCOMES[row.result]:
            verdict.wrong.append(f"{name}: {row.result} {row.status}, and it is {statuses}")
    shown = {figure: getattr(kept, figure) for figure in FIGURES if getattr(kept, figure)}
    if kept.as_of and shown != {result: number for result, number in counted.items() if result}:
        verdict.sums.append(f"{name}: {shown}, and its people {dict(counted)}")
    if sum(shown.values()) > (kept.mailing.recipients_count or 0):
        verdict.sums.append(f"{name}: {shown} of {kept.mailing.recipients_count}")
    verdict.mailings += 1
    verdict.exact += exact


def nothing_changes(accounts: Iterable[Account]) -> list[str]:
    """Read everything once more; which results have changed, although nothing has happened."""
    rows = Recipient.objects.filter(mailing__in=Mailing.objects.filter(account__in=accounts))
    before = dict(rows.values_list("pk", "result"))
    for account in accounts:
        read_all(account)
    after = rows.values_list("pk", "result")
    return [
        f"recipient {pk}: {before.get(pk)}, then {result}" for pk, result in after if before.get(pk) != result
    ]


def campaign(house: "Campaign") -> None:
    """Send equal texts to overlapping recipients while calls meet faults, then compare everything."""
    plan, rng, phone = house.plan, house.rng, house.house.seeded.phone
    both = list(zip(house.accounts, house.house.providers, strict=True))
    house.trouble(plan.share)
    ids = []
    for number in range(plan.equal):
        account, provider = both[number % len(both)]
        ids.append(outbox.make(some_spec(rng, phone), account=account, submit=True).pk)
        if number < len(both):
            strangers(rng, provider)
    house.quiet(ids)
    house.trouble(0.0)
    house.house.rest()
    for _, provider in both:
        provider.control("clock", {"advance": 4 * SETTLES_SECONDS})
    unread = [ended_by for account, _ in both if (ended_by := read_all(account))]
    changed = nothing_changes(house.accounts)
    found = [judge(account, provider.jobs(), truth_of(provider)) for account, provider in both]
    _report(house.report, ids, found)
    house.report.count("  histories that could not be read to their end", unread)
    house.report.count("  otherwise when read once more", changed)


def _report(report: Report, ids: list[int], found: list[Verdict]) -> None:
    results = sum((verdict.results for verdict in found), Counter[str]())
    seen = DeliveryPull.objects.values_list("ended_by", flat=True)
    report.add("mailings with equal texts to overlapping people", len(ids))
    report.add("pulls of what became of messages", len(seen), ">= 8")
    report.add("  of them cut short", sum(1 for ended_by in seen if ended_by))
    report.add("  mailings whose figures were compared", sum(one.mailings for one in found), f">= {len(ids)}")
    report.add("  of them exact, of everybody", sum(one.exact for one in found), ">= 1")
    report.add(
        "  recipients by result", ", ".join(f"{name} {count}" for name, count in results.most_common())
    )
    report.count("  shown with certainty and not so", [line for one in found for line in one.wrong])
    report.count("  figures that are not their people's", [line for one in found for line in one.sums])
