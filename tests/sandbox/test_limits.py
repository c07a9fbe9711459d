"""The sandbox's limits: wrong logins, blocks, identical requests, calls at once."""

import threading
import time
from collections.abc import Iterator

import pytest

from sandbox import Sandbox
from sandbox.limits import Limits
from sandbox.rules import RefusedError
from tests.sandbox.calls import ADD, add, data, error, fetch, text

WRONG = {"login": "sandbox", "psw": "wrong"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def refused(sandbox: Sandbox, name: str) -> bytes:
    return fetch(sandbox, parameters=ADD | {"name": name}, login=WRONG)[2][:9]


@pytest.mark.parametrize(
    "login",
    [
        WRONG,
        {"login": "Sandbox", "psw": "sandbox"},
        {"apikey": "sandbox"},
        {"login": "sandbox", "psw": "sandbox "},
    ],
)
def test_a_wrong_login_is_error_2_and_nothing_is_made(sandbox: Sandbox, login: dict[str, str]) -> None:
    assert fetch(sandbox, parameters=ADD, login=login)[2].startswith(b"ERROR = 2 ")
    assert sandbox.jobs == []
    assert sandbox.calls[0]["authenticated"] is False
    assert sandbox.counters["authentication_errors"] == 1


@pytest.mark.parametrize("login", [{}, {"login": "sandbox"}, {"psw": "sandbox"}])
def test_no_credentials_at_all_are_a_missing_parameter(sandbox: Sandbox, login: dict[str, str]) -> None:
    assert fetch(sandbox, parameters=ADD, login=login)[2].startswith(b"ERROR = 1 ")
    assert sandbox.counters["authentication_errors"] == 0


def test_five_wrong_logins_block_the_address_for_thirty_minutes(sandbox: Sandbox) -> None:
    assert [refused(sandbox, str(number)) for number in range(5)] == [b"ERROR = 2"] * 5

    assert error(sandbox, "balance") == 4
    sandbox.advance(29 * 60)
    assert error(sandbox, "balance") == 4
    sandbox.advance(61)
    assert error(sandbox, "balance") is None
    assert refused(sandbox, "again") == b"ERROR = 2"


def test_wrong_logins_further_apart_do_not_block(sandbox: Sandbox) -> None:
    for number in range(6):
        assert refused(sandbox, str(number)) == b"ERROR = 2"
        sandbox.advance(8 * 60)

    assert error(sandbox, "balance") is None


def test_an_address_can_be_blocked_by_hand_and_a_reset_lifts_it(sandbox: Sandbox) -> None:
    sandbox.block()
    assert error(sandbox, "balance") == 4

    sandbox.reset()
    assert error(sandbox, "balance") is None


@pytest.mark.parametrize(
    ("script", "parameters"),
    [
        ("jobs", ADD),
        ("jobs", {"get_all": "1"}),
        ("senders", {"get": "1"}),
        ("jobs", {"get": "1", "id": "77"}),
    ],
)
def test_an_identical_request_within_a_minute_is_error_9(
    sandbox: Sandbox, script: str, parameters: dict[str, str]
) -> None:
    error(sandbox, script, **parameters)

    assert error(sandbox, script, **parameters) == 9
    assert len(sandbox.jobs) <= 1
    sandbox.advance(61)
    assert error(sandbox, script, **parameters) != 9


def test_another_order_of_parameters_is_still_the_same_request(sandbox: Sandbox) -> None:
    backwards = dict(reversed(ADD.items()))

    assert error(sandbox, **ADD) is None
    assert error(sandbox, **backwards) == 9


def test_another_name_makes_another_request(sandbox: Sandbox) -> None:
    assert add(sandbox, name="One") != add(sandbox, name="Two")


def test_the_gap_can_be_set(sandbox: Sandbox) -> None:
    sandbox.settings({"same_request_seconds": 0.2})
    assert error(sandbox, **ADD) is None
    assert error(sandbox, **ADD) == 9
    time.sleep(0.25)
    assert error(sandbox, **ADD) is None


def test_an_add_whose_answer_was_cut_makes_its_repetition_error_9(sandbox: Sandbox) -> None:
    sandbox.fault("cut_before_saving", "add")
    with pytest.raises(OSError, match=r"closed|reset"):
        text(sandbox, **ADD)

    assert text(sandbox, **ADD).startswith("ERROR = 9 ")
    assert sandbox.jobs == []


def test_the_balance_is_told_ten_times_a_minute_and_a_price_five_times(sandbox: Sandbox) -> None:
    price = {"cost": "1", "phones": "79990000001", "mes": "x"}

    assert [error(sandbox, "balance") for _ in range(11)] == [None] * 10 + [9]
    assert [error(sandbox, "send", **price) for _ in range(6)] == [None] * 5 + [9]


def test_the_fifteenth_call_at_once_under_one_login_is_error_9(sandbox: Sandbox) -> None:
    sandbox.fault("slow", "add", count=None, seconds=1.5)
    answers: list[int | None] = []

    def call(number: int) -> None:
        answers.append(error(sandbox, **(ADD | {"name": str(number)})))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(14)]
    for thread in threads:
        thread.start()
    while sandbox.counters["at_once"] < 14:
        time.sleep(0.01)

    assert error(sandbox, "balance") == 9
    for thread in threads:
        thread.join()
    assert answers == [None] * 14
    assert error(sandbox, "balance") is None
    assert sandbox.counters["most_at_once_per_login"] == 15


def test_old_requests_are_forgotten_and_recent_ones_are_not() -> None:
    limits = Limits(same_request_seconds=60, at_once=15)
    for number in range(6_000):
        limits.check_repeat(str(number), number / 100, 1, 60)

    limits.check_repeat("0", 61, 1, 60)
    with pytest.raises(RefusedError):
        limits.check_repeat("5999", 62, 1, 60)


def test_a_call_with_a_wrong_login_does_not_count_as_one_of_the_accounts_calls_at_once(
    sandbox: Sandbox,
) -> None:
    sandbox.settings({"at_once": 2})
    sandbox.fault("slow", "add", seconds=0.5)
    thread = threading.Thread(target=refused, args=(sandbox, "x"))
    thread.start()
    while sandbox.counters["at_once"] < 1:
        time.sleep(0.01)

    assert data(sandbox, "senders", get="1")
    thread.join()
