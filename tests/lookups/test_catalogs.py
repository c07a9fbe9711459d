"""Sender names, groups and templates: read in the background, with their age, behind every mailing."""

import time_machine
from django.utils import timezone

from mailings import lookups
from mailings.models import Account, Catalog
from sandbox import Sandbox
from tests.helpers.factories import queued


def catalog(account: Account, kind: str) -> Catalog:
    return Catalog.objects.get(account=account, kind=kind)


def test_the_lists_of_an_account_are_read_and_kept(account: Account):
    assert lookups.pull_catalogs(account) == 3

    senders, groups, templates = (catalog(account, kind) for kind in Catalog.Kind)
    assert [row["name"] for row in senders.rows] == ["Mailroom", "Sandbox"]
    assert groups.rows[0] == {"id": "1", "name": "Customers", "text": None, "people": 3}
    assert templates.rows[1]["text"] == "Добрый день!"
    assert senders.fetched_at is not None


def test_a_list_that_cannot_be_read_stays_as_it_was_and_says_why(
    account: Account, sandbox: Sandbox, settings
):
    settings.SAME_REQUEST_SECONDS = 0
    lookups.pull_catalogs(account)
    before = catalog(account, "senders")
    sandbox.fault("html", "senders")
    sandbox.fault("wrong_error", "groups", error=1)

    with time_machine.travel(timezone.now() + lookups.catalogs.FRESH):
        assert lookups.pull_catalogs(account) == 1

    senders, groups = catalog(account, "senders"), catalog(account, "groups")
    assert (senders.rows, senders.fetched_at, senders.trouble) == (before.rows, before.fetched_at, "html")
    assert groups.trouble == "error 1"


def test_mailings_that_wait_go_first(account: Account, sandbox: Sandbox):
    queued(account)

    assert lookups.pull_catalogs(account) == 0
    assert sandbox.calls == []


def test_what_was_just_read_is_not_read_again(account: Account, sandbox: Sandbox):
    lookups.pull_catalogs(account)

    assert lookups.pull_catalogs(account) == 0
    assert len(sandbox.calls) == 3


def test_a_list_that_another_worker_has_just_read_is_left_alone(account: Account, settings):
    settings.SAME_REQUEST_SECONDS = 61
    lookups.pull_catalogs(account)
    Catalog.objects.update(fetched_at=None)

    assert lookups.pull_catalogs(account) == 0
    assert catalog(account, "senders").trouble == ""
