"""How many statements and Redis calls one delivery takes, so that an increase is noticed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailings import outbox
from mailings.accounts import limiter
from mailings.models import Mailing, State
from tests.helpers.factories import delivered, queued

pytestmark = pytest.mark.django_db

# SELECT row with account; claim: row, attempt, event; recipients; confirm; outcome: row, attempt, event.
# On PostgreSQL claim and outcome are one statement each.
STATEMENTS = {"sqlite": 9, "postgresql": 5}
# What may be read as a whole: it holds few rows.
SMALL = ("mailings_account", "open_attempts")


def statements(mailing: Mailing) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    words = [query["sql"] for query in captured.captured_queries]
    return [word for word in words if not word.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


def test_a_mailing_is_handed_over_in_few_statements(account):
    # given an account whose last call was a moment ago, and attempts that Redis remembers
    for _ in range(3):
        delivered(account)

    assert len(statements(queued(account))) == STATEMENTS[connection.vendor]


def test_redis_is_asked_once_for_each_step(account, monkeypatch):
    delivered(account)
    asked, ask = [], limiter.ask

    def counted(*args):
        asked.append(args)
        return ask(*args)

    monkeypatch.setattr(limiter, "ask", counted)

    outbox.deliver_mailing(queued(account).pk)

    # Acquire the permit, read the marks, leave a mark, give the permit back.
    assert len(asked) == 4


def test_no_statement_reads_all_rows_of_a_table_that_grows(account):
    """A table that begins to fill has no statistics yet: PostgreSQL read all attempts for each claim."""
    for _ in range(3):
        delivered(account)

    asked = [one for one in statements(queued(account)) if not one.startswith("INSERT")]

    assert asked
    assert [line for one in asked for line in reads_of_all(one)] == []


def test_a_mailing_is_found_by_its_key_and_not_by_its_state(account):
    """PostgreSQL read all entries of a state, those of rows that had left it included, to find one row."""
    with CaptureQueriesContext(connection) as captured:
        mailing = queued(account)
    made = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("UPDATE")]

    plans = [line for one in (*made, *statements(mailing)) for line in plan_of(one)]

    assert made
    assert [line for line in plans if "history_by_state" in line or "open_rows" in line] == []


def reads_of_all(statement: str) -> list[str]:
    """The lines of a statement's plan that say so."""
    plan = plan_of(statement)
    if connection.vendor == "sqlite":
        return [line for line in plan if line.startswith("SCAN mailings_")]
    return [
        line
        for line, below in zip(plan, [*plan[1:], ""], strict=True)
        if "Scan" in line
        and " on mailings_" in line
        and "Index Cond" not in below
        and not any(name in line for name in SMALL)
    ]


def plan_of(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN QUERY PLAN' if connection.vendor == 'sqlite' else 'EXPLAIN'} {statement}")
        return [line for *_ids, line in cursor.fetchall()]
