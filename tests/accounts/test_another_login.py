"""When an account's login changes, the new login's lists must not decide about the old one's mailings."""

import pytest
from django.urls import reverse

from mailings import accounts, outbox, sync
from mailings.accounts import setup
from mailings.accounts.credentials import AnotherLogin, credentials_of, set_credentials
from mailings.accounts.setup import ensure_sandbox_account
from mailings.models import Account, Mailing, State, Wish
from mailings.smsc.api.client import Credentials
from sandbox import Sandbox
from tests.helpers.factories import bare, delivered, queued, sandbox_account

NEW = Credentials(apikey="sandbox-key")


@pytest.fixture
def account(db: None, redis_url: str, settings):
    settings.SAME_REQUEST_SECONDS = 0.0
    with Sandbox(going_seconds=3600, same_request_seconds=0) as provider:
        yield sandbox_account(provider)


def change(account: Account, url: str | None = None) -> Account:
    """Let the environment name another login."""
    kind, base_url = Account.Kind.SANDBOX, url or account.base_url
    return setup._ensure("sandbox", NEW, kind=kind, base_url=base_url)


def test_without_mailings_the_login_is_changed_in_place(account):
    queued(account)
    changed = change(account)
    assert changed.pk == account.pk
    assert credentials_of(changed) == NEW
    # and the queued mailing is not held in doubt
    outbox.deliver_mailing(Mailing.objects.get().pk)
    assert Mailing.objects.get().state == State.ACCEPTED


def test_another_login_becomes_another_account(account):
    mailing = delivered(account, time="+600")
    # when
    changed = change(account)
    # then
    assert changed.pk != account.pk
    assert (changed.name, credentials_of(changed).login) == ("sandbox", "")
    mailing.refresh_from_db()
    assert mailing.account_id == account.pk
    account.refresh_from_db()
    assert account.name.startswith("sandbox until ")
    assert credentials_of(account).login == "sandbox"


def test_nothing_of_the_old_login_is_gone_absent_or_deleted_by_the_new_ones_word(account):
    # given a mailing at the provider, one that is unknown, and one to be deleted
    known, unknown = delivered(account, time="+600"), bare(account, state=State.UNKNOWN)
    deleted = delivered(account, time="+600")
    outbox.wish(deleted.pk, Wish.DELETE)
    # when the new login's lists are read, which hold none of these mailings
    with Sandbox(going_seconds=3600, same_request_seconds=0) as other:
        changed = change(account, other.url)
        delivered(changed, time="+600")
        assert sync.pull_two_months(changed).complete
    # then
    for mailing in (known, unknown, deleted):
        mailing.refresh_from_db()
    assert not known.gone
    assert (unknown.state, unknown.looks) == (State.UNKNOWN, 0)
    assert (deleted.state, deleted.wish) == (State.ACCEPTED, Wish.DELETE)


def test_a_login_that_comes_back_finds_its_account(account):
    delivered(account)
    changed = change(account)
    bare(changed, state=State.ACCEPTED, remote_id="1")
    # when
    again = ensure_sandbox_account(account.base_url)
    # then
    assert (again.pk, again.name) == (account.pk, "sandbox")
    assert Account.objects.count() == 2


def test_a_new_password_of_the_same_login_changes_nothing_else(account):
    delivered(account)
    assert ensure_sandbox_account(account.base_url, "sandbox", "new").pk == account.pk
    assert Account.objects.count() == 1


def test_the_change_is_refused_where_no_other_account_can_be_made(account):
    delivered(account)
    with pytest.raises(AnotherLogin):
        set_credentials(account, NEW)
    account.refresh_from_db()
    assert not accounts.is_another_login(account, credentials_of(account))


def test_the_administrator_is_told_to_add_another_account(account, admin_client):
    delivered(account)
    url = reverse("admin:mailings_account_change", args=[account.pk])
    form = {"name": account.name, "kind": account.kind, "base_url": account.base_url, "apikey": "another"}
    answer = admin_client.post(url, form)
    assert b"Add another account" in answer.content
    account.refresh_from_db()
    assert credentials_of(account).login == "sandbox"
