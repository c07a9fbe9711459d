"""A NUL character, which PostgreSQL keeps in no text, is an error of its parameter."""

from typing import Any

import pytest

from mailings.models import Account, Mailing
from mailings.smsc.spec.catalogue import OPTIONS
from tests.helpers.factories import PHONE
from tests.management.conftest import Run

pytestmark = pytest.mark.postgres

GOOD = {"name": "Spring sale", "phones": PHONE, "mes": "Hello"}


@pytest.mark.parametrize("name", [*OPTIONS, "no\0such"])
def test_in_an_option(account: Account, mailings: Run, name: str):
    code, (said,) = mailings("create", given={"options": GOOD | {name: "a\0b"}})

    assert code == 1
    assert name in said["errors"]
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(
    "given",
    [{"account": "a\0b"}, {"key": "a\0b"}, {"files": ["a\0b"]}, {"recipients_file": "a\0b"}, {"a\0b": 1}],
)
def test_beside_the_options(account: Account, mailings: Run, given: dict[str, Any]):
    code, (said,) = mailings("create", given={"options": GOOD} | given)

    assert code == 1
    assert list(said["errors"]) == list(given)
    assert not Mailing.objects.exists()
