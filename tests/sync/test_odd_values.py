"""A pull whose answer holds values that databases refuse: stored, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from mailings import accounts
from mailings.models import Account, Mailing, Observation
from tests.sync.listing import serving
from tests.sync.test_pulls import pull

ODD = (
    r'{"id": 5, "name": "a\ud800b"}',
    '{"id": 9, "cost": 1e400, "name": "Nine"}',
    r'{"id": 11, "name": "a\u0000b", "k\u0000": ["\u0000"]}',
    f'{{"id": 12, "name": "Twelve", "cost": NaN, "big": {"9" * 40}, "bigger": {"9" * 5000}}}',
    f'{{"id": 13, "name": "Thirteen", "more": {"[" * 5000 + "]" * 5000}}}',
    r'{"id": 14, "name": "a", "name": "b", "status": "\udfff\u0000"}',
)


@pytest.fixture
def odd_account(db: None, redis_url: str, settings) -> Iterator[Account]:
    settings.SAME_REQUEST_SECONDS = 0.02
    settings.SETTLE_AFTER_SECONDS = 0.0
    body = f'[{",".join(ODD)}, {{"id": 7, "name": "Good"}}]'
    with serving(lambda form: body.encode()) as url:
        yield accounts.ensure_sandbox_account(url)


def test_odd_values_are_stored_and_cost_no_other_row(odd_account: Account):
    first = pull(odd_account)
    second = pull(odd_account)

    assert (first.error, first.new, second.unchanged) == ("", 7, 7)
    rows = {row.remote_id: row for row in Mailing.objects.all()}
    assert rows["5"].name == "a\ufffdb"
    assert rows["9"].remote == {"id": 9, "cost": "1e400", "name": "Nine"}
    assert rows["9"].cost is None
    assert rows["11"].remote == {"id": 11, "name": "a\ufffdb", "k\ufffd": ["\ufffd"]}
    assert rows["12"].remote["cost"] == "NaN"
    assert rows["14"].remote_word == "\ufffd\ufffd"
    assert rows["7"].name == "Good"
    assert Observation.objects.count() == 7
