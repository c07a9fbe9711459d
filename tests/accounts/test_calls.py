"""Accounts: rows, credentials, and calls through breaker, gap and permits."""

import time
from datetime import timedelta

import pytest
import redis
from cryptography.fernet import Fernet
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from mailings import accounts
from mailings.accounts import CannotCall, NoAccount, breaker, limiter, setup
from mailings.accounts.credentials import UnreadableCredentials, credentials_of, renew_all, set_credentials
from mailings.models import Account, Breaker, EventKind
from mailings.smsc.api.client import Credentials
from mailings.smsc.api.errors import Interrupted, LoginRefused, NotSent
from sandbox import Sandbox
from scripts.servers import free_port

pytestmark = pytest.mark.django_db

CREDENTIALS = Credentials(login="countess", password="päss $word")


@pytest.fixture
def sandbox(redis_url):
    with Sandbox() as running:
        yield running


@pytest.fixture
def account(sandbox) -> Account:
    return accounts.ensure_sandbox_account(sandbox.url)


def balance(account: Account, *distinct: str, **options):
    with accounts.slot(account, "balance", *distinct, **options) as client:
        return client.balance()


def senders(account: Account):
    with accounts.slot(account, "senders") as client:
        return client.senders()


def use_late(account: Account, seconds: float) -> None:
    with accounts.slot(account, "add") as client:
        time.sleep(seconds)
        client.balance(deadline=time.monotonic() + 60)


class TestCalls:
    def test_a_call_brings_what_the_provider_says_and_proves_the_account(self, account):
        assert balance(account).amount > 0

        account.refresh_from_db()
        assert account.proven_at is not None
        assert account.last_ok_at is not None
        assert accounts.calls_last_hour(account) == 1

    def test_an_identical_call_within_the_gap_is_not_made(self, account, sandbox):
        balance(account)

        with pytest.raises(CannotCall) as caught:
            balance(account)

        assert caught.value.reason == "gap"
        assert caught.value.retry_after == pytest.approx(61, abs=3)
        assert len(sandbox.calls) == 1

    def test_an_identical_call_waits_for_a_gap_that_ends_in_time(self, account, sandbox, settings):
        settings.SAME_REQUEST_SECONDS = 0.4
        began = time.monotonic()
        balance(account)

        with pytest.raises(CannotCall):
            balance(account, wait=0.1)
        # The sandbox has its own minute between identical calls, so move its clock.
        sandbox.advance(61)
        balance(account, wait=2)

        assert time.monotonic() - began >= 0.4
        assert len(sandbox.calls) == 2

    def test_two_accounts_of_one_login_share_the_gap(self, account, sandbox):
        twin = Account.objects.create(
            name="twin", kind=account.kind, base_url=account.base_url, created_at=timezone.now()
        )
        set_credentials(twin, Credentials("sandbox", "sandbox"))
        balance(account)

        with pytest.raises(CannotCall):
            balance(twin)

    def test_a_permit_that_was_not_used_leaves_no_trace(self, account, sandbox):
        with accounts.slot(account, "balance"):
            pass

        account.refresh_from_db()
        assert account.last_ok_at is None
        assert accounts.calls_last_hour(account) == 0
        assert balance(account)

    def test_a_permit_is_given_back_whatever_happens(self, account, sandbox):
        with pytest.raises(KeyError), accounts.slot(account, "add"):
            raise KeyError

        assert balance(account)

    def test_the_deadline_of_a_permit_counts_however_late_it_is_used(self, account, sandbox, settings):
        settings.PROVIDER_TOTAL_SECONDS = 2.0
        sandbox.fault("hang", seconds=20)
        began = time.monotonic()

        with pytest.raises(Interrupted):
            use_late(account, seconds=0.4)

        assert time.monotonic() - began < 5

    def test_a_permit_used_after_its_deadline_sends_nothing(self, account, sandbox, settings):
        settings.PROVIDER_TOTAL_SECONDS = 0.1

        with pytest.raises(NotSent):
            use_late(account, seconds=0.2)

        assert sandbox.calls == []

    def test_what_we_gave_up_ourselves_is_no_fault_of_the_provider(self, account, sandbox):
        def object_to_it():
            raise ValueError

        with pytest.raises(NotSent), accounts.slot(account, "balance") as client:
            client.balance(before_first_byte=object_to_it)

        account.refresh_from_db()
        assert account.last_error_at is None

    def test_calls_wait_while_redis_is_away(self, account, sandbox, settings):
        settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"

        with pytest.raises(CannotCall) as caught:
            balance(account, wait=30)

        assert caught.value.reason == "redis"
        assert sandbox.calls == []

    def test_an_account_without_credentials_makes_no_call(self, redis_url):
        bare = Account.objects.create(name="bare")

        with pytest.raises(CannotCall) as caught:
            balance(bare)

        assert caught.value.reason == "credentials"

    def test_a_database_that_fails_hides_no_answer(self, account, sandbox, monkeypatch):
        def fail(*args, **options):
            raise DatabaseError

        monkeypatch.setattr(breaker, "succeeded", fail)

        assert balance(account).amount > 0

    def test_a_breaker_that_cannot_be_written_keeps_the_next_call_from_going(
        self, sandbox, settings, monkeypatch
    ):
        account = accounts.ensure_sandbox_account(sandbox.url, "sandbox", "wrong")

        def fail(*args, **options):
            raise DatabaseError

        monkeypatch.setattr(breaker, "failed", fail)
        with pytest.raises(LoginRefused):
            balance(account, "1")

        with pytest.raises(CannotCall) as caught:
            balance(account, "2")
        assert caught.value.reason == "gate"

    def test_a_proof_from_before_this_process_began_is_not_enough(self, account, sandbox, settings):
        long_ago = timezone.now() - timedelta(days=1)
        Account.objects.update(proven_at=long_ago, last_ok_at=long_ago)

        with accounts.slot(account, "add"), pytest.raises(CannotCall):
            balance(account)

        balance(account)
        with accounts.slot(account, "add"), accounts.slot(account, "add"):
            pass

    def test_a_breaker_that_opens_while_the_permit_is_taken_stops_the_call(
        self, account, sandbox, monkeypatch
    ):
        take = limiter.acquire

        def take_and_see_the_breaker_open(*args, **options):
            lease = take(*args, **options)
            Account.objects.update(breaker=Breaker.LOGIN)
            return lease

        monkeypatch.setattr(limiter, "acquire", take_and_see_the_breaker_open)
        with pytest.raises(CannotCall) as caught:
            balance(account)
        monkeypatch.undo()

        Account.objects.update(breaker=Breaker.CLOSED)
        assert caught.value.reason == "breaker"
        assert [call["kind"] for call in sandbox.calls] == []
        assert balance(account)  # the permit was given back

    def test_an_account_that_changes_while_the_permit_is_taken_has_to_take_another(
        self, account, sandbox, monkeypatch
    ):
        balance(account)
        take = limiter.acquire

        def take_and_see_a_change(*args, **options):
            lease = take(*args, **options)
            Account.objects.update(proven_at=None)
            return lease

        monkeypatch.setattr(limiter, "acquire", take_and_see_a_change)
        with pytest.raises(CannotCall) as caught:
            senders(account)

        assert caught.value.reason == "gate"

    def test_redis_flushed_between_the_permit_and_its_note_stops_the_call(
        self, account, sandbox, redis_url, monkeypatch
    ):
        note = breaker.note_call

        def flush_and_note(row):
            redis.Redis.from_url(redis_url).flushdb()
            return note(row)

        monkeypatch.setattr(breaker, "note_call", flush_and_note)
        with pytest.raises(CannotCall) as caught:
            balance(account)

        assert caught.value.reason == "gate"
        assert sandbox.calls == []

    def test_a_new_redis_does_not_hold_up_the_first_start(self, account, sandbox):
        assert balance(account)

    def test_a_flushed_redis_holds_calls_up_after_a_call_was_made(self, account, sandbox, redis_url):
        balance(account)

        redis.Redis.from_url(redis_url).flushdb()

        with pytest.raises(CannotCall) as caught:
            senders(account)
        assert caught.value.reason == "shut"
        assert caught.value.retry_after == pytest.approx(61, abs=5)


class TestCredentials:
    def test_credentials_are_stored_encrypted_and_read_back_as_typed(self):
        account = Account.objects.create(name="ada")
        set_credentials(account, CREDENTIALS)

        kept = Account.objects.get(pk=account.pk)

        assert credentials_of(kept) == CREDENTIALS
        for secret in (CREDENTIALS.login, CREDENTIALS.password):
            assert secret.encode() not in bytes(kept.secret)
            assert secret not in str(Account.objects.filter(pk=account.pk).values())

    def test_a_change_is_told_in_the_timeline_and_asks_for_a_new_proof(self):
        person = get_user_model().objects.create_user("ada")
        account = Account.objects.create(name="ada", proven_at=timezone.now())

        assert set_credentials(account, CREDENTIALS, by=person)

        event = account.events.get(kind=EventKind.CREDENTIALS_CHANGED)
        assert event.who == person
        assert event.data == {}
        assert account.proven_at is None

    def test_the_same_credentials_again_change_nothing(self):
        account = Account.objects.create(name="ada")
        set_credentials(account, CREDENTIALS)
        Account.objects.update(proven_at=timezone.now())
        account.refresh_from_db()

        assert not set_credentials(account, CREDENTIALS)

        assert account.proven_at is not None
        assert account.events.count() == 1

    def test_of_two_processes_with_a_new_password_one_stores_it(self):
        account = Account.objects.create(name="ada")
        late = Account.objects.get(pk=account.pk)

        assert set_credentials(account, CREDENTIALS)
        assert not set_credentials(late, CREDENTIALS)

        assert account.events.count() == 1
        assert credentials_of(late) == CREDENTIALS

    def test_a_new_key_in_front_takes_over_and_the_old_one_may_go(self, settings):
        account = Account.objects.create(name="ada")
        set_credentials(account, CREDENTIALS)
        changed_at = account.credentials_at
        new = Fernet.generate_key().decode()

        settings.CREDENTIALS_KEYS = [new, *settings.CREDENTIALS_KEYS]
        accounts.at_process_start()
        settings.CREDENTIALS_KEYS = [new]

        account.refresh_from_db()
        assert credentials_of(account) == CREDENTIALS
        assert account.credentials_at == changed_at

    def test_what_no_key_opens_is_left_alone_and_said(self, settings):
        account = Account.objects.create(name="ada")
        set_credentials(account, CREDENTIALS)
        was = bytes(account.secret)

        settings.CREDENTIALS_KEYS = [Fernet.generate_key().decode()]
        renew_all()

        account.refresh_from_db()
        assert bytes(account.secret) == was
        with pytest.raises(UnreadableCredentials):
            credentials_of(account)


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def live(self, settings):
        settings.SMSC_LOGIN, settings.SMSC_PASSWORD = CREDENTIALS.login, CREDENTIALS.password
        settings.SMSC_URL = "https://example.org/sys/"

    def test_migrate_makes_the_live_account(self):
        call_command("migrate", verbosity=0)

        account = Account.objects.get()
        assert (account.name, account.kind) == ("default", Account.Kind.LIVE)
        assert credentials_of(account) == CREDENTIALS

    def test_every_start_brings_the_account_up_to_date(self, settings):
        accounts.at_process_start()
        settings.SMSC_PASSWORD = "another"

        accounts.at_process_start()

        assert credentials_of(Account.objects.get()).password == "another"
        assert Account.objects.get().events.count() == 2

    def test_a_key_alone_is_enough(self, settings):
        settings.SMSC_LOGIN = settings.SMSC_PASSWORD = ""
        settings.SMSC_API_KEY = "k" * 40

        accounts.at_process_start()

        assert credentials_of(Account.objects.get()) == Credentials(apikey="k" * 40)

    def test_without_credentials_there_is_no_account(self, settings):
        settings.SMSC_PASSWORD = ""

        accounts.at_process_start()

        assert not Account.objects.exists()

    def test_a_live_account_calls_the_address_of_the_settings(self, sandbox, settings):
        settings.SMSC_LOGIN = settings.SMSC_PASSWORD = "sandbox"
        settings.SMSC_URL = sandbox.url
        accounts.at_process_start()

        assert balance(accounts.default_account()).amount > 0

    @pytest.mark.parametrize("generated", ["SECRET_KEY_GENERATED", "CREDENTIALS_KEYS_GENERATED"])
    def test_no_live_account_is_made_with_keys_that_were_made_here(self, settings, generated):
        setattr(settings, generated, True)

        with pytest.raises(ImproperlyConfigured, match=generated.removesuffix("_GENERATED")):
            accounts.at_process_start()

        assert not Account.objects.exists()

    def test_once_there_is_a_live_account_keys_that_were_made_here_are_refused(self, settings):
        accounts.at_process_start()
        settings.SMSC_LOGIN = settings.SMSC_PASSWORD = ""
        settings.SECRET_KEY_GENERATED = True

        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
            accounts.at_process_start()

    def test_a_sandbox_account_is_content_with_keys_that_were_made_here(self, settings):
        settings.SMSC_LOGIN = settings.SMSC_PASSWORD = ""
        settings.SECRET_KEY_GENERATED = settings.CREDENTIALS_KEYS_GENERATED = True
        accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")

        accounts.at_process_start()

        assert Account.objects.get().kind == Account.Kind.SANDBOX

    def test_a_database_without_tables_does_not_keep_a_process_from_starting(self, monkeypatch):
        def fail():
            raise DatabaseError

        monkeypatch.setattr(setup, "ensure_default_account", fail)

        accounts.at_process_start()

    def test_a_sandbox_that_moved_is_followed(self):
        account = accounts.ensure_sandbox_account("http://127.0.0.1:9/sys/")
        Account.objects.update(proven_at=timezone.now())

        moved = accounts.ensure_sandbox_account("http://127.0.0.1:10/sys/")

        assert moved.pk == account.pk
        assert moved.base_url == "http://127.0.0.1:10/sys/"
        assert moved.proven_at is None


class TestDefaultAccount:
    def test_the_one_named_else_default_else_the_only_one(self):
        only = Account.objects.create(name="only")
        assert accounts.default_account() == only

        default = Account.objects.create(name="default")
        assert accounts.default_account() == default
        assert accounts.default_account("only") == only

    def test_a_name_that_there_is_not_is_said(self):
        with pytest.raises(NoAccount, match="nobody"):
            accounts.default_account("nobody")

    def test_without_any_account_it_says_what_to_set(self):
        with pytest.raises(NoAccount, match="SMSC_LOGIN"):
            accounts.default_account()

    def test_among_several_it_takes_no_guess(self):
        Account.objects.create(name="one")
        Account.objects.create(name="two")

        with pytest.raises(NoAccount, match="several"):
            accounts.default_account()
