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
STATEMENTS = 9


def statements(mailing: Mailing) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        outbox.deliver_mailing(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED
    words = [query["sql"] for query in captured.captured_queries]
    return [word for word in words if not word.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


def test_a_mailing_is_handed_over_in_nine_statements(account):
    # given an account whose last call was a moment ago, and attempts that Redis remembers
    for _ in range(3):
        delivered(account)

    assert len(statements(queued(account))) == STATEMENTS


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
