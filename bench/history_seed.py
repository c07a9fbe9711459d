"""Mailings by the million: some made as models, the others of these by the database itself."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from mailings.models import Account, Mailing, State
from mailings.models.mailing import searchable

# So many rows are models; the others are these once more, with names, numbers and moments of their own.
MODELS = 10_000
NAMES = ("Spring sale", "Weekly digest", "Напоминание о визите", "VIP invite", "Скидки для своих", "Debtors")
CHANNELS = ("sms", "sms", "sms", "viber", "whatsapp", "mail")
STATES = (
    (State.ACCEPTED, 92),
    (State.REFUSED, 2),
    (State.CANCELLED, 3),
    (State.DRAFT, 2),
    (State.UNKNOWN, 1),
)
TEXT = "Добрый день! Напоминаем вам о визите завтра в 12:00. Ждём вас по адресу: Невский, 1."
TWO_YEARS = 2 * 365 * 24 * 3600
# A number of its own for each row, its code, and its moment, spread over two years.
NUMBER = "({start} + id - {first})"
_CODE = {"sqlite": "printf('%05X', {n})", "postgresql": "upper(lpad(to_hex({n}), 5, '0'))"}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({n} * 40503 % {span}) || ' seconds')",
    "postgresql": "now() - ({n} * 40503::bigint %% {span}) * interval '1 second'",
}


def seed(rows: int) -> None:
    """As many mailings over two years, with specs and payloads as heavy as real ones."""
    rng = random.Random(1)  # the same rows every time
    users = [get_user_model().objects.create_user(f"user{n}") for n in range(5)]
    account = Account.objects.create(name="default", kind="sandbox", currency="RUR")
    states = [state for state, weight in STATES for _ in range(weight)]
    made = [_row(number, rng, account, users, states) for number in range(min(rows, MODELS))]
    Mailing.objects.bulk_create(made, batch_size=500)
    first = Mailing.objects.order_by("id").values_list("id", flat=True)[0]
    with without_indices():
        for start in range(MODELS, rows, MODELS):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_once_more(start, first, min(MODELS, rows - start)))
    # PostgreSQL does so by itself within a minute of so many new rows, SQLite never. VACUUM marks the pages
    # that need no look at their rows: without it, an index alone is not enough.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _once_more(start: int, first: int, count: int) -> str:
    n = NUMBER.format(start=start, first=first)
    code = _CODE[connection.vendor].format(n=n)
    job = f"CASE WHEN remote_id IS NULL THEN NULL ELSE CAST({n} + 4000000 AS text) END"
    own = {
        "name": f"name || ' ' || {n}",
        "code": code,
        "remote_id": job,
        "search_text": f"search_text || ' ' || {n} || ' ' || lower({code}) || COALESCE(' ' || {job}, '')",
        "created_at": _MOMENT[connection.vendor].format(n=n, span=TWO_YEARS).replace("%%", "%"),
    }
    names = [str(field.column) for field in Mailing._meta.concrete_fields if not field.primary_key]
    values = ", ".join(own.get(name, name) for name in names)
    return (
        f"INSERT INTO mailings_mailing ({', '.join(names)}) SELECT {values} FROM mailings_mailing"
        f" WHERE id >= {first} AND id < {first + count}"
    )


@contextmanager
def without_indices() -> Iterator[None]:
    """Rows are written first and found in order afterwards: so an index of a million is made in seconds."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = 'mailings_mailing'"
                " AND (type = 'trigger' OR (type = 'index' AND sql NOT LIKE 'CREATE UNIQUE%'))"
            )
            found = cursor.fetchall()
        else:
            cursor.execute(
                "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE tablename = 'mailings_mailing'"
                " AND indexdef NOT LIKE 'CREATE UNIQUE%'"
            )
            found = cursor.fetchall()
        for kind, name, _sql in found:
            cursor.execute(f'DROP {kind} "{name}"')
        yield
        for _kind, _name, sql in found:
            cursor.execute(sql)
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO mailings_search (mailings_search) VALUES ('rebuild')")


def _row(number: int, rng: random.Random, account: Account, users: list[Any], states: list[State]) -> Mailing:
    state, name = rng.choice(states), rng.choice(NAMES)
    job = str(4_000_000 + number)
    at_provider = state in (State.ACCEPTED, State.CANCELLED)
    created = timezone.now() - timedelta(seconds=rng.randrange(TWO_YEARS))
    return Mailing(
        account=account,
        code=f"{number:05X}",
        name=name,
        search_text=searchable(name),
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
