"""What became of 100,000 messages: read, matched, stored; read once more; and the page of a million people.

Beside reading stands what nothing can do without: the answers parsed and the same rows written raw. Beside
reading once more: the answers parsed, and every row hashed.
"""

import hashlib
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count, islice
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.many import numbers, on_databases
from mailings.delivery import endings, plan, results, rows
from mailings.delivery.match import Senders
from mailings.models import Account, Attempt, Delivery, Mailing, Message, State
from mailings.models.bulk import without_collection
from mailings.models.mailing import new_code
from mailings.smsc.api.messages import parse_messages
from mailings.smsc.spec.spec import validate

PEOPLE = int(os.environ.get("BENCH_MESSAGES", "100000"))
MANY = int(os.environ.get("BENCH_PEOPLE", "1000000"))
PAGE = 1_000
VISITS, EXPORTS, ROUNDS = 40, 8, 3
# Lines of the export, of which the whole is streamed alike.
EXPORTED = 10_000
RESULTS = ("failed", "delivered", "unheard", "")
SECONDS = ("read", "raw", "again", "hash")
DAY = timedelta(days=1)
NUMBERS = count(1)
# A mailing's people, made by the database itself, some of them heard of. Numbers have nine digits.
PEOPLE_SQL = """
INSERT INTO mailings_recipient (mailing_id, position, address, front, stopped, result, status)
{numbers} SELECT %s, n, '+79' || (%s + n), '', %s, {result}, {status} FROM numbers
"""
UNHEARD = {"result": "''", "status": "NULL"}
HEARD = {
    "result": "CASE WHEN n %% 50 = 0 THEN 'failed' WHEN n %% 997 = 1 THEN '' ELSE 'delivered' END",
    "status": "1",
}
FIRST = 100_000_000
GOALS = {"read_seconds": 6.0, "again_ratio": 1.5, "page_ms": 50.0}


def handed_over(
    account: Account, people: int, first: int = FIRST, heard: Mapping[str, str] = UNHEARD
) -> Mailing:
    """A mailing that was taken an hour ago."""
    now = timezone.now() - timedelta(hours=1)
    spec = validate({"name": "Bench", "phones": "+79990000000", "mes": "Добрый день!"}, now=now)
    mailing = Mailing.objects.create(
        account=account,
        code=f"{next(NUMBERS):05}",
        name="Bench",
        channel="sms",
        spec=spec.to_json(),
        state=State.ACCEPTED,
        state_at=now,
        created_at=now,
        submitted_at=now,
        due_at=now,
        recipients_count=people,
        remote_id=str(5_000_000 + first),
    )
    Attempt.objects.create(
        mailing=mailing, kind="create", reference=f"{mailing.code}a", token=new_code(), begin=now
    )
    with connection.cursor() as cursor:
        statement = PEOPLE_SQL.format(numbers=numbers(people), **heard)
        cursor.execute(statement, [mailing.pk, first, False])
    return mailing


def answers(people: int) -> list[bytes]:
    """The provider's answers, a thousand rows each."""
    rng, sent = random.Random(1), int(time.time()) - 3500
    statuses = rng.choices((1, 0, 20, 22, 25), (90, 4, 3, 2, 1), k=people)
    found = [
        {
            "status": status, "status_name": "Доставлено", "last_date": "26.11.2026 12:00:00",
            "last_timestamp": sent + 9, "flag": 0, "send_date": "26.11.2026 12:00:00", "send_timestamp": sent,
            "phone": f"79{FIRST + place}", "cost": "1.40", "sender_id": "SHOP", "mccmnc": "25001",
            "country": "Россия", "operator": "МТС", "region": "Пермь", "type": 0, "id": place + 1,
            "int_id": 10**12 + place, "sms_cnt": 1, "format": 0, "crc": 17, "message": "Добрый день!",
        }
        for place, status in enumerate(statuses)
    ]  # fmt: skip
    return [orjson.dumps(found[at : at + PAGE]) for at in range(0, people, PAGE)]


def read(account: Account, bodies: list[bytes]) -> None:
    """As a pull does, without the wire."""
    now = timezone.now()
    senders = Senders(account, now - DAY, now + DAY)
    touched: set[int] = set()
    for body in bodies:
        page = parse_messages(body, 200)
        with without_collection():
            saved = results.keep(account, senders, senders.match(results.news(account, page.messages)))
        touched |= saved.mailings
    results.count(touched, now)


def raw(mailing: Mailing, bodies: list[bytes]) -> None:
    """The same answers parsed and the same rows written, with nothing asked in between."""
    for number, body in enumerate(bodies):
        told = orjson.loads(body)
        messages = [
            Message(
                account_id=mailing.account_id, mailing_id=mailing.pk, position=number * PAGE + place,
                int_id=row["int_id"], sent=row["send_timestamp"], last=row["last_timestamp"],
                status=row["status"], cost=row["cost"], parts=1, alone=True, final=True,
            )
            for place, row in enumerate(told)
        ]  # fmt: skip
        with transaction.atomic():
            rows.insert(messages)
            rows.write_results(
                ("delivered", one.status, None, one.last, one.cost, 1, mailing.pk, one.position)
                for one in messages
            )


def hashed(bodies: list[bytes]) -> None:
    for body in bodies:
        for message in parse_messages(body, 200).messages:
            hashlib.blake2b(repr(message).encode(), digest_size=16).digest()


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor: these are the work itself, however busy the machine is."""
    begin, used = time.perf_counter(), time.process_time()
    work()
    return round(time.perf_counter() - begin, 2), round(time.process_time() - used, 2)


def pages_ms(account: Account) -> dict[str, tuple[float, float]]:
    """The page of results deep inside a million people, at the 95th percentile by what is asked of it: by the
    clock, and of the processor.

    And how long the first ten thousand lines of its export take.
    """
    mailing = handed_over(account, MANY, first=500_000_000, heard=HEARD)
    plan.enrol(account)
    endings.keep(account)
    results.count([mailing.pk], timezone.now())
    with connection.cursor() as cursor:  # as PostgreSQL does of itself within a minute
        cursor.execute("ANALYZE")
    user = get_user_model().objects.create_user("bench")
    user.groups.add(Group.objects.get(name="Operators"))
    client = Client()
    client.force_login(user)
    page, rng = f"/mailings/{mailing.pk}/results/", random.Random(2)
    visits: dict[str, Callable[[], Any]] = {
        "further": lambda: client.get(f"{page}?result={rng.choice(RESULTS)}&after={_place(rng)}"),
        "back": lambda: client.get(f"{page}?result={rng.choice(RESULTS)}&before={_place(rng)}"),
        "search": lambda: client.post(page, {"number": f"8 9{500_000_000 + _place(rng):09d}"}),
        "part": lambda: client.post(page, {"number": f"{_place(rng):06d}"[-4:]}),
        "export": lambda: _exported(client.get(f"{page[:-1]}.csv")),
    }
    return {name: _p95(visit, EXPORTS if name == "export" else VISITS) for name, visit in visits.items()}


def _exported(answer: Any) -> list[bytes]:
    """The first lines of an export; what is left of it is closed, as a server does if a reader goes away."""
    found = list(islice(answer, EXPORTED))
    answer.close()
    return found


def _place(rng: random.Random) -> int:
    return rng.randrange(1000, MANY - 1000)


def _p95(visit: Callable[[], Any], times: int) -> tuple[float, float]:
    took = [timed_ms(visit) for _ in range(times + 2)][2:]
    clock, used = (round(statistics.quantiles(one, n=20)[-1], 1) for one in zip(*took, strict=True))
    return clock, used


def timed_ms(visit: Callable[[], Any]) -> tuple[float, float]:
    begin, used = time.perf_counter(), time.process_time()
    answer = visit()
    took = (time.perf_counter() - begin) * 1000, (time.process_time() - used) * 1000
    assert isinstance(answer, list) or answer.status_code == 200  # noqa: S101 (a figure of an error page is none)
    return took


def calls_an_hour(account: Account, live: int) -> int:
    """Calls in the first hour of so many live mailings of three people each, within the budget."""
    Delivery.objects.all().update(final=True)
    for number in range(live):
        handed_over(account, 3, first=900_000_000 + 20_000 * live + 10 * number)
    plan.enrol(account)
    now = timezone.now()
    Delivery.objects.filter(final=False).update(ask_at=now, opens=now)
    due = plan.due(account, now)
    pages = sum(1 + (0 if one.addresses else 3 * live // PAGE) for one in plan.asks(due, now))
    rounds = int(timedelta(hours=1) / plan.interval(timedelta()))
    return min(pages * rounds, plan.CALLS_AN_HOUR)


def main() -> None:
    """Prints the figures of one database, an empty one, as one object."""
    account = Account.objects.create(name="bench", kind="sandbox", currency="RUR", identity="bench")
    floor = handed_over(account, PEOPLE, first=700_000_000)
    bodies = answers(PEOPLE)
    raw_seconds = timed(lambda: raw(floor, bodies))
    Message.objects.all().delete()
    handed_over(account, PEOPLE)
    plan.enrol(account)
    read_seconds = timed(lambda: read(account, bodies))
    turns = [(timed(lambda: read(account, bodies)), timed(lambda: hashed(bodies))) for _ in range(ROUNDS)]
    again, hash_seconds = (
        tuple(map(statistics.median, zip(*one, strict=True))) for one in zip(*turns, strict=True)
    )
    found = {
        "read_seconds": read_seconds,
        "raw_seconds": raw_seconds,
        "again_seconds": again,
        "hash_seconds": hash_seconds,
        "again_ratio": round(again[1] / hash_seconds[1], 2),
        "pages_ms": pages_ms(account),
        "calls_an_hour": {str(live): calls_an_hour(account, live) for live in (0, 10, 1_000)},
    }
    sys.stdout.write(json.dumps(found) + "\n")


def run() -> dict[str, Any]:
    """On both databases, in processes of their own."""
    return on_databases("bench.deliveries", "sqlite", "postgresql")


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them, each beside its goal or floor. Seconds by the clock / of a core."""
    return "\n".join(_table(kind, found) for kind, found in result.items())


def _table(kind: str, result: dict[str, Any]) -> str:
    calls = ", ".join(f"{live}: {calls}" for live, calls in result["calls_an_hour"].items())
    pages = ", ".join(f"{name} {one} / {two}" for name, (one, two) in result["pages_ms"].items())
    seconds = {name: " / ".join(f"{one} s" for one in result[f"{name}_seconds"]) for name in SECONDS}
    again = f"{seconds['again']}; parsing and hashing {seconds['hash']}; {result['again_ratio']} of it"
    lines = [
        f"deliveries ({PEOPLE:,} messages), {kind}",
        f"read, matched, stored: {seconds['read']} (goal {GOALS['read_seconds']}); raw {seconds['raw']}",
        f"read once more: {again} (goal {GOALS['again_ratio']})",
        f"results page of {MANY:,} people, ms at p95: {pages} (goal {GOALS['page_ms']}; {EXPORTED:,} lines)",
        f"calls an hour by live mailings: {calls}",
    ]
    return "\n".join(lines)
