"""The history at 100,000 mailings: server time and queries of a page, through Django's test client.

The goal: at most 100 ms at p95, at most 12 queries.
"""

import random
import statistics
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.pull import write_raw
from mailings.models import Account, Mailing, State
from mailings.models.mailing import CODE_ALPHABET, search_text

ROWS = 100_000
# So many rows are made by our models; the others are these once more, with names and moments of their own.
MODELS = 10_000
VARIED = ("name", "code", "remote_id", "search_text", "created_at")
ROUNDS = 25
GOAL_MS = 100.0
GOAL_QUERIES = 12
NAMES = ("Spring sale", "Weekly digest", "Напоминание о визите", "VIP invite", "Скидки для своих", "Debtors")
CHANNELS = ("sms", "sms", "sms", "viber", "whatsapp", "mail")
STATES = (
    (State.ACCEPTED, 92),
    (State.REFUSED, 2),
    (State.CANCELLED, 3),
    (State.DRAFT, 2),
    (State.UNKNOWN, 1),
)
TEXT = "Добрый день! Напоминаем вам о визите завтра в 12:00. Ждём вас по адресу: Невский, 1. " * 4


def seed(rows: int) -> None:
    """As many mailings over two years, with specs and payloads as heavy as real ones."""
    rng = random.Random(1)  # the same rows every time
    users = [get_user_model().objects.create_user(f"user{n}") for n in range(5)]
    account = Account.objects.create(name="default", kind="sandbox", currency="RUR")
    states = [state for state, weight in STATES for _ in range(weight)]
    fields = [field for field in Mailing._meta.concrete_fields if not field.primary_key]
    names = [field.attname for field in fields]
    models = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        for row in (_row(number, rng, account, users, states) for number in range(min(rows, MODELS)))
    ]
    place = {name: names.index(name) for name in VARIED}
    for start in range(0, rows, MODELS):
        made = (
            _varied(model, place, start + number, rng)
            for number, model in enumerate(models[: min(MODELS, rows - start)])
        )
        with transaction.atomic(), connection.cursor() as cursor:
            write_raw(cursor, Mailing._meta.db_table, names, made)
    if connection.vendor == "postgresql":  # which does so by itself after a while; SQLite does not
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _varied(model: list[Any], place: dict[str, int], number: int, rng: random.Random) -> list[Any]:
    """The values of a row once more, as another row."""
    row, job = list(model), str(4_000_000 + number)
    words = row[place["name"]].rpartition(" ")[0]
    at_provider = row[place["remote_id"]] is not None
    code = _code(number)
    row[place["name"]], row[place["code"]] = f"{words} {number}", code
    row[place["remote_id"]] = job if at_provider else None
    row[place["search_text"]] = f"{words} {number} {code}{f' {job}' if at_provider else ''}".lower()
    created = timezone.now() - timedelta(seconds=rng.randrange(2 * 365 * 24 * 3600))
    row[place["created_at"]] = connection.ops.adapt_datetimefield_value(created)
    return row


def _row(number: int, rng: random.Random, account: Account, users: list[Any], states: list[State]) -> Mailing:
    state, name = rng.choice(states), f"{rng.choice(NAMES)} {number}"
    code, job = _code(number), str(4_000_000 + number)
    at_provider = state in (State.ACCEPTED, State.CANCELLED)
    created = timezone.now() - timedelta(seconds=rng.randrange(2 * 365 * 24 * 3600))
    return Mailing(
        account=account,
        code=code,
        name=name,
        search_text=search_text(name, code, job if at_provider else None),
        channel=rng.choice(CHANNELS),
        spec={"version": 1, "options": {"name": name, "mes": TEXT, "sender": "Shop"}, "files": []},
        recipients_count=rng.randrange(1, 5000),
        cost=Decimal(rng.randrange(100, 1_000_000)) / 100,
        state=state,
        state_at=created,
        created_at=created,
        created_by=rng.choice(users),
        due_at=created,
        remote_id=job if at_provider else None,
        remote={"id": job, "name": name, "status": "1", "text": TEXT} if at_provider else None,
        remote_status="gone_out" if at_provider else "",
        verified_at=created if at_provider else None,
    )


def _code(number: int) -> str:
    text = ""
    for _ in range(4):
        number, rest = divmod(number, len(CODE_ALPHABET))
        text = CODE_ALPHABET[rest] + text
    return f"K{text}"


def measure(client: Client, address: str) -> dict[str, Any]:
    """Server time in ms over some rounds, and the queries of one."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    queries = len(captured)  # now, for the next request empties the log
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    spans = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        client.get(address)
        spans.append((time.perf_counter() - begun) * 1000)
    spans.sort()
    return {
        "address": address,
        "median_ms": round(statistics.median(spans), 1),
        "p95_ms": round(spans[int(0.95 * len(spans))], 1),
        "queries": queries,
    }


def run() -> dict[str, Any]:
    """Seeds an empty database and measures what an operator does all day."""
    begun = time.perf_counter()
    seed(ROWS)
    seeded = round(time.perf_counter() - begun, 1)
    client = Client()
    user = get_user_model().objects.order_by("id")[0]
    user.groups.set(Group.objects.filter(name="Operators"))
    client.force_login(user)
    middle = Mailing.objects.newest_first()[ROWS // 2]
    return {
        "rows": ROWS,
        "database": connection.vendor,
        "seeded_seconds": seeded,
        "goal": {"p95_ms": GOAL_MS, "queries": GOAL_QUERIES},
        "pages": [measure(client, address) for address in _addresses(user, middle)],
    }


def _addresses(user: Any, middle: Mailing) -> tuple[str, ...]:
    """What an operator opens all day; `middle`: a mailing in the middle of the list."""
    key = f"{int(middle.created_at.timestamp() * 1_000_000)}-{middle.pk}"
    return (
        "/mailings/",
        f"/mailings/?after={key}",
        "/mailings/?state=refused",
        "/mailings/?state=accepted&state=cancelled",
        "/mailings/?origin=provider",
        "/mailings/?by=5&period=7",
        "/mailings/?state=refused&state=unknown&state=abandoned&state=held",
        f"/mailings/?by={user.pk}",
        "/mailings/?channel=mail&period=365",
        "/mailings/?q=digest",
        "/mailings/?q=digest+77777",
        "/mailings/?q=nothing+like+this",
        f"/mailings/?q={middle.code}",
        f"/mailings/{middle.pk}/",
        "/",
    )


def table(result: dict[str, Any]) -> str:
    """The figures as a person reads them."""
    lines = [f"history, {result['rows']:,} mailings, {result['database']}"]
    lines.append(f"{'address':<72} {'median':>8} {'p95':>8} {'queries':>8}")
    for page in result["pages"]:
        over = page["p95_ms"] > GOAL_MS or page["queries"] > GOAL_QUERIES
        mark = " !" if over and page["address"].startswith("/mailings/?") else ""
        lines.append(
            f"{page['address']:<72} {page['median_ms']:>8} {page['p95_ms']:>8} {page['queries']:>8}{mark}"
        )
    return "\n".join(lines)
