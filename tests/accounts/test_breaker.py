"""The breaker: a refused login or a block stops an account's calls, until one probe succeeds."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from mailings import accounts
from mailings.accounts import CannotCall, breaker
from mailings.models import Account, Breaker, Event, EventKind
from mailings.smsc.api.client import Credentials
from mailings.smsc.api.errors import Blocked, Interrupted, LoginRefused, NotSent, SmscError
from sandbox import Sandbox
from tests.helpers.children import children, said

WRONG = Credentials(login="sandbox", password="wrong")
RIGHT = Credentials(login="sandbox", password="sandbox")


@pytest.fixture
def sandbox(redis_url, settings):
    """A provider that accepts identical requests at once, and a limiter without a gap."""
    settings.SAME_REQUEST_SECONDS = 0
    with Sandbox(same_request_seconds=0) as running:
        yield running


def account_at(sandbox: Sandbox, credentials: Credentials = RIGHT) -> Account:
    return accounts.ensure_sandbox_account(sandbox.url, credentials.login, credentials.password)


def balance(account: Account, wait: float = 0.1) -> Any:
    with accounts.slot(account, "balance", wait=wait) as client:
        return client.balance()


def fail(account: Account, error: type[Exception]) -> None:
    with pytest.raises(error):
        balance(account)
    account.refresh_from_db()


def refusal(account: Account) -> CannotCall:
    with pytest.raises(CannotCall) as caught:
        balance(account)
    return caught.value


def kinds(account: Account) -> list[str]:
    return list(account.events.values_list("kind", flat=True))


def end_block(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(breaker_until=timezone.now())
    account.refresh_from_db()


def at_once(count: int, act: Any) -> list[Any]:
    """The results or errors of `act`, called by `count` threads at the same moment."""
    start = threading.Barrier(count)
    came: list[Any] = []

    def one() -> None:
        start.wait()
        try:
            came.append(act())
        except (SmscError, CannotCall) as error:
            came.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.mark.django_db
class TestOpening:
    def test_the_first_refused_login_stops_every_call(self, sandbox):
        account = account_at(sandbox, WRONG)

        fail(account, LoginRefused)

        assert account.breaker == Breaker.LOGIN
        assert account.breaker_at is not None
        assert account.breaker_until is None
        assert (refusal(account).reason, refusal(account).retry_after) == ("breaker", None)
        assert sandbox.counters["authentication_errors"] == 1

    def test_a_block_stops_every_call_for_half_an_hour(self, sandbox):
        account = account_at(sandbox)
        sandbox.block()

        fail(account, Blocked)

        assert account.breaker == Breaker.BLOCK
        assert refusal(account).reason == "breaker"
        assert refusal(account).retry_after == pytest.approx(1800, abs=5)
        assert len(sandbox.calls) == 1

    def test_the_timeline_says_why_calls_stopped(self, sandbox):
        account = account_at(sandbox, WRONG)

        fail(account, LoginRefused)

        event = account.events.get(kind=EventKind.BREAKER_OPENED)
        assert event.data["reason"] == "login"
        assert event.data["text"]
        assert WRONG.password not in str(event.data)

    def test_an_opened_breaker_asks_for_a_new_proof(self, sandbox):
        account = account_at(sandbox)
        balance(account)
        sandbox.block()

        fail(account, Blocked)

        assert account.proven_at is None

    @pytest.mark.parametrize("fault", ["server_error", "cut_after_saving", "html", "empty"])
    def test_no_other_failure_opens_it(self, sandbox, fault):
        account = account_at(sandbox)
        sandbox.fault(fault)

        fail(account, SmscError)

        assert account.breaker == Breaker.CLOSED
        assert account.last_error_at is not None
        assert account.last_error
        assert balance(account)

    def test_an_error_about_the_request_says_nothing_of_the_account(self, sandbox):
        account = account_at(sandbox)

        with pytest.raises(SmscError), accounts.slot(account, "get", "404") as client:
            client.get("404")

        account.refresh_from_db()
        assert (account.last_error_at, account.last_error) == (None, "")

    def test_a_refusal_of_older_credentials_says_nothing_of_newer_ones(self, sandbox):
        account = account_at(sandbox, WRONG)
        older = Account.objects.get(pk=account.pk)
        account_at(sandbox, RIGHT)

        breaker.failed(older, LoginRefused("error 2", code=2), probing=False)

        account.refresh_from_db()
        assert account.breaker == Breaker.CLOSED

    def test_a_success_that_was_under_way_closes_and_proves_nothing(self, sandbox):
        account = account_at(sandbox)
        earlier = Account.objects.get(pk=account.pk)
        sandbox.block()
        fail(account, Blocked)

        breaker.succeeded(earlier, probing=False)

        account.refresh_from_db()
        assert account.breaker == Breaker.BLOCK
        assert account.proven_at is None


@pytest.mark.django_db
class TestProbing:
    def refused(self, sandbox: Sandbox) -> Account:
        """An account whose breaker was opened by a refused login, and whose login is right by now."""
        sandbox.fault("wrong_error", error=2)
        account = account_at(sandbox)
        fail(account, LoginRefused)
        return account

    def test_after_a_refused_login_nothing_is_tried_until_a_person_asks(self, sandbox):
        account = self.refused(sandbox)
        Account.objects.update(breaker_at=timezone.now() - timedelta(days=2))

        assert accounts.probe_if_due(account) is None
        assert len(sandbox.calls) == 1

    def test_a_person_asks_and_the_next_sweep_makes_one_call_that_closes_it(self, sandbox):
        account = self.refused(sandbox)
        person = get_user_model().objects.create_user("ada")

        assert accounts.ask_probe(account, person)
        assert accounts.probe_if_due(account)
        assert accounts.probe_if_due(account) is None

        account.refresh_from_db()
        assert account.breaker == Breaker.CLOSED
        assert account.proven_at is not None
        assert account.events.get(kind=EventKind.PROBE_ASKED).who == person
        assert kinds(account)[-2:] == [EventKind.PROBE_ASKED, EventKind.BREAKER_CLOSED]
        assert balance(account)

    def test_a_probe_that_is_refused_leaves_it_open_and_is_not_repeated(self, sandbox):
        account = account_at(sandbox, WRONG)
        fail(account, LoginRefused)
        accounts.ask_probe(account)

        for _ in range(3):
            assert accounts.probe_if_due(account) is None

        account.refresh_from_db()
        assert account.breaker == Breaker.LOGIN
        assert sandbox.counters["authentication_errors"] == 2

    def test_a_probe_without_an_answer_is_not_repeated_by_itself(self, sandbox):
        account = self.refused(sandbox)
        sandbox.fault("cut_after_saving")

        with pytest.raises(Interrupted):
            accounts.probe(account)

        assert accounts.probe_if_due(account) is None
        assert len(sandbox.calls) == 2

    def test_a_probe_that_never_left_us_is_still_owed(self, sandbox):
        account = self.refused(sandbox)
        Account.objects.update(base_url="http://127.0.0.1:9/sys/")
        with pytest.raises(NotSent):
            accounts.probe(account)
        Account.objects.update(base_url=sandbox.url)

        assert accounts.probe_if_due(account)

    def test_nobody_can_ask_while_calls_may_go_out(self, sandbox):
        account = account_at(sandbox)

        assert not accounts.ask_probe(account)
        assert accounts.probe(account).amount > 0

    def test_nobody_can_ask_during_a_block(self, sandbox):
        account = account_at(sandbox)
        sandbox.block()
        fail(account, Blocked)

        with pytest.raises(CannotCall):
            accounts.probe(account)
        assert len(sandbox.calls) == 1

    def test_when_the_block_is_over_one_call_closes_it(self, sandbox):
        account = account_at(sandbox)
        sandbox.block()
        fail(account, Blocked)
        assert accounts.probe_if_due(account) is None
        sandbox.advance(1801)
        end_block(account)

        assert accounts.probe_if_due(account)

        account.refresh_from_db()
        assert account.breaker == Breaker.CLOSED

    def test_a_block_that_is_not_over_is_waited_out_anew(self, sandbox):
        account = account_at(sandbox)
        sandbox.block()
        fail(account, Blocked)
        end_block(account)

        assert accounts.probe_if_due(account) is None

        assert refusal(account).retry_after == pytest.approx(1800, abs=60)

    def test_a_block_whose_probe_brings_no_answer_is_probed_again_a_little_later(self, sandbox):
        account = account_at(sandbox)
        sandbox.fault("wrong_error", error=4)
        fail(account, Blocked)
        end_block(account)
        sandbox.fault("cut_after_saving")

        assert accounts.probe_if_due(account) is None

        assert refusal(account).retry_after == pytest.approx(120, abs=30)

    def test_a_wrong_login_behind_a_block_waits_for_a_person(self, sandbox):
        account = account_at(sandbox, WRONG)
        sandbox.block()
        fail(account, Blocked)
        sandbox.advance(1801)
        end_block(account)

        assert accounts.probe_if_due(account) is None

        account.refresh_from_db()
        assert account.breaker == Breaker.LOGIN

    def test_corrected_credentials_close_what_a_refused_login_opened(self, sandbox):
        account = account_at(sandbox, WRONG)
        fail(account, LoginRefused)

        account = account_at(sandbox, RIGHT)

        assert account.breaker == Breaker.CLOSED
        assert account.proven_at is None
        assert balance(account)

    def test_new_credentials_do_not_lift_a_block(self, sandbox):
        account = account_at(sandbox, WRONG)
        sandbox.block()
        fail(account, Blocked)

        account = account_at(sandbox, RIGHT)

        assert account.breaker == Breaker.BLOCK
        assert refusal(account).reason == "breaker"


@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_a_wrong_password_over_fifty_waiting_calls_is_refused_once(self, sandbox):
        account_at(sandbox, WRONG)

        with children(2, "balance", "sandbox", "25") as running:
            came = [line for child in running for line in said(child)]

        assert sorted(came) == ["LoginRefused"] + ["breaker"] * 49
        assert sandbox.counters["authentication_errors"] == 1
        assert Event.objects.filter(kind=EventKind.BREAKER_OPENED).count() == 1

    def test_corrected_to_another_wrong_password_it_is_refused_once_more(self, sandbox):
        account = account_at(sandbox, WRONG)
        fail(account, LoginRefused)
        account_at(sandbox, Credentials(login="sandbox", password="wrong too"))

        came = at_once(10, lambda: balance(account, wait=10))

        assert sum(isinstance(one, LoginRefused) for one in came) == 1
        assert sandbox.counters["authentication_errors"] == 2

    def test_until_one_call_has_succeeded_calls_go_one_at_a_time_and_then_together(self, sandbox):
        account_at(sandbox)
        sandbox.fault("slow", seconds=0.4, count=8)

        with children(1, "balance", "sandbox", "8", CALLS_AT_ONCE="4") as running:
            came = said(running[0])

        assert came == ["answered"] * 8
        assert sandbox.counters["most_at_once"] == 4
        first, second = (datetime.fromisoformat(call["at"]) for call in sandbox.calls[:2])
        assert second - first >= timedelta(seconds=0.4)

    def test_of_many_workers_exactly_one_probes(self, sandbox):
        account = account_at(sandbox)
        sandbox.fault("wrong_error", error=2)
        fail(account, LoginRefused)
        sandbox.fault("wrong_error", error=2)
        accounts.ask_probe(account)

        at_once(8, lambda: accounts.probe_if_due(account))

        assert len(sandbox.calls) == 2

    def test_when_a_block_is_over_exactly_one_of_many_probes(self, sandbox):
        account = account_at(sandbox)
        sandbox.fault("wrong_error", error=4, count=2)
        fail(account, Blocked)
        end_block(account)

        at_once(8, lambda: accounts.probe_if_due(account))

        assert len(sandbox.calls) == 2
