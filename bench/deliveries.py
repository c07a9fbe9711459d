"""What became of 100,000 messages: read, matched, stored; read once more; and the page of a million people.

Beside reading stands what nothing can do without: the answers parsed and the same rows written raw. Beside
reading once more: the answers parsed, and every row hashed.
"""

import hashlib
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from mailings.delivery import plan, results, rows
from mailings.delivery.match import Senders
from mailings.models import Account, Attempt, Delivery, Mailing, Message, Recipient, State
from mailings.models.mailing import new_code
from mailings.smsc.api.messages import parse_messages
from mailings.smsc.spec.spec import Addressee, validate

PEOPLE = 100_000
MANY = 1_000_000
PAGE = 1_000
LOOKS = 40
DAY = timedelta(days=1)
GOALS = {"read_seconds": 6.0, "again_ratio": 1.5, "page_ms": 50.0}


def handed_over(account: Account, people: int, first: int = 0) -> Mailing:
    """A mailing that was taken an hour ago."""
    now = timezone.now() - timedelta(hours=1)
    spec = validate({"name": "Bench", "phones": "+79990000000", "mes": "Добрый день!"}, now=now)
    mailing = Mailing.objects.create(
        account=account,
        code=new_code(),
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
    Recipient.objects.replace(mailing, (Addressee(f"+79{first + place:09d}") for place in range(people)))
    return mailing


def answers(people: int) -> list[bytes]:
    """The provider's answers, a thousand rows each."""
    rng, sent = random.Random(1), int(time.time()) - 3500
    statuses = rng.choices((1, 0, 20, 22, 25), (90, 4, 3, 2, 1), k=people)
    found = [
        {
            "status": status, "status_name": "Доставлено", "last_date": "26.11.2026 12:00:00",
            "last_timestamp": sent + 9, "flag": 0, "send_date": "26.11.2026 12:00:00", "send_timestamp": sent,
            "phone": f"79{place:09d}", "cost": "1.40", "sender_id": "SHOP", "mccmnc": "25001",
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


def timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return round(time.perf_counter() - begin, 2)


def page_ms(account: Account) -> float:
    """The page of results deep inside a million people, by result, at the 95th percentile."""
    mailing = handed_over(account, MANY, first=500_000_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mailings_recipient SET result = CASE WHEN position %% 50 = 0 THEN 'failed' "
            "WHEN position %% 997 = 1 THEN '' ELSE 'delivered' END, status = 1 WHERE mailing_id = %s",
            [mailing.pk],
        )
    plan.enrol(account)
    results.count([mailing.pk], timezone.now())
    user = get_user_model().objects.create_user("bench")
    user.groups.add(Group.objects.get(name="Operators"))
    client = Client()
    client.force_login(user)
    rng, took = random.Random(2), []
    for look in range(LOOKS + 2):
        query = (
            f"result={rng.choice(('failed', 'delivered', 'unheard', ''))}&after={rng.randrange(MANY - 1000)}"
        )
        begin = time.perf_counter()
        answer = client.get(f"/mailings/{mailing.pk}/results/?{query}")
        assert answer.status_code == 200, answer.status_code  # noqa: S101 (a figure of an error page is none)
        took += [(time.perf_counter() - begin) * 1000] if look > 1 else []
    return round(statistics.quantiles(took, n=20)[-1], 1)


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


def run() -> dict[str, Any]:
    account = Account.objects.create(name="bench", kind="sandbox", currency="RUR", identity="bench")
    floor = handed_over(account, PEOPLE, first=700_000_000)
    bodies = answers(PEOPLE)
    raw_seconds = timed(lambda: raw(floor, bodies))
    Message.objects.all().delete()
    handed_over(account, PEOPLE)
    plan.enrol(account)
    read_seconds = timed(lambda: read(account, bodies))
    again = timed(lambda: read(account, bodies))
    hash_seconds = timed(lambda: hashed(bodies))
    return {
        "read_seconds": read_seconds,
        "raw_seconds": raw_seconds,
        "again_seconds": again,
        "hash_seconds": hash_seconds,
        "again_ratio": round(again / hash_seconds, 2),
        "page_ms": page_ms(account),
        "calls_an_hour": {str(live): calls_an_hour(account, live) for live in (0, 10, 1_000)},
    }


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them, each beside its goal or floor."""
    calls = ", ".join(f"{live}: {calls}" for live, calls in result["calls_an_hour"].items())
    read, again = f"{result['read_seconds']} s", f"{result['again_seconds']} s, {result['again_ratio']} x"
    lines = [
        f"deliveries ({PEOPLE:,} messages)",
        f"read, matched, stored: {read} (goal {GOALS['read_seconds']}); raw {result['raw_seconds']} s",
        f"read once more: {again} parsing and hashing ({result['hash_seconds']} s; goal 1.5)",
        f"results page of 1,000,000 people: {result['page_ms']} ms at p95 (goal {GOALS['page_ms']})",
        f"calls an hour by live mailings: {calls}",
    ]
    return "\n".join(lines)
