"""The sandbox's faults: what the caller gets, and whether the request was carried out all the same."""

import http.client
import threading
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox import Sandbox
from tests.sandbox.calls import ADD, LOGIN, add, connect, control, data, error, fetch, text


def post(connection: http.client.HTTPConnection, body: str, kind: str) -> bytes:
    connection.request("POST", "/sys/jobs.php", body, {"Content-Type": kind})
    return connection.getresponse().read()


@pytest.mark.parametrize(
    ("fault", "done"),
    [("cut_before_reading", False), ("cut_before_saving", False), ("cut_after_saving", True)],
)
@pytest.mark.parametrize("rst", [False, True])
def test_a_cut_call_gets_no_answer(sandbox: Sandbox, fault: str, done: bool, rst: bool) -> None:
    sandbox.fault(fault, "add", rst=rst)

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)) as caught:
        add(sandbox)

    if rst:
        assert not isinstance(caught.value, http.client.RemoteDisconnected)
    assert len(sandbox.jobs) == done
    assert sandbox.calls[0]["fault"] == fault
    assert add(sandbox) > 0


def test_a_cut_before_reading_leaves_the_body_unread(sandbox: Sandbox) -> None:
    sandbox.fault("cut_before_reading", "add")
    connection = connect(sandbox)
    body = urlencode(LOGIN | ADD | {"phones": ",".join(["79990000001"] * 500_000)})

    with pytest.raises(ConnectionError):
        post(connection, body, "application/x-www-form-urlencoded")
    connection.close()

    assert sandbox.calls[0]["body_bytes"] == 0
    assert sandbox.calls[0]["authenticated"] is None


def test_a_cut_before_reading_knows_its_kind_in_a_multipart_body_too(sandbox: Sandbox) -> None:
    sandbox.fault("cut_before_reading", "add")
    connection = connect(sandbox)
    body = '--edge\r\nContent-Disposition: form-data; name="add"\r\n\r\n1\r\n--edge--\r\n'

    assert error(sandbox, "balance") is None
    assert error(sandbox, get_all="1") is None
    with pytest.raises(ConnectionError):
        post(connection, body, "multipart/form-data; boundary=edge")
    connection.close()


def test_an_add_saved_late_turns_up_later(sandbox: Sandbox) -> None:
    sandbox.fault("saved_late", "add", seconds=60)

    with pytest.raises(ConnectionError):
        add(sandbox)

    assert data(sandbox, get_all="1") == []
    assert [job["visible"] for job in sandbox.jobs] == [False]
    sandbox.advance(61)
    assert len(data(sandbox, get_all="1")) == 1


def test_a_cancel_saved_late_takes_hold_later_unless_it_has_gone_out(sandbox: Sandbox) -> None:
    early, late = add(sandbox, time="+60"), add(sandbox, time="+1")
    for number in (early, late):
        sandbox.fault("saved_late", "cancel", seconds=120)
        with pytest.raises(ConnectionError):
            error(sandbox, cancel="1", id=str(number))

    assert [job["status"] for job in sandbox.jobs] == ["waiting", "waiting"]
    sandbox.advance(121)
    assert [job["status"] for job in sandbox.jobs] == ["cancelled", "gone"]


@pytest.mark.parametrize(("answer", "expected"), [("error", 504), ("refused", 200)])
def test_what_is_saved_late_may_be_answered_with_an_error(
    sandbox: Sandbox, answer: str, expected: int
) -> None:
    sandbox.fault("saved_late", "add", seconds=60, answer=answer)

    status, _, body = fetch(sandbox, parameters=ADD)

    assert status == expected
    assert body.startswith(b"ERROR = 3 ") or status == 504
    assert len(sandbox.jobs) == 1


@pytest.mark.parametrize(
    "options", [{"fault": "hang", "seconds": 0}, {"fault": "saved_late", "answer": "hang"}]
)
def test_a_hanging_call_ends_with_the_callers_patience(sandbox: Sandbox, options: dict[str, Any]) -> None:
    sandbox.fault(**options)

    with pytest.raises(TimeoutError):
        fetch(sandbox, parameters=ADD, timeout=0.3)

    deadline = time.monotonic() + 5
    while sandbox.counters["at_once"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sandbox.counters["at_once"] == 0
    assert len(sandbox.jobs) == 1


def test_a_slow_answer_is_whole_in_the_end(sandbox: Sandbox) -> None:
    sandbox.fault("slow", seconds=0.4)
    began = time.monotonic()

    assert text(sandbox, **ADD) == "OK, ID - 1"
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("headers", [False, True])
def test_a_dripping_answer_comes_byte_by_byte(sandbox: Sandbox, headers: bool) -> None:
    sandbox.fault("dripping", seconds=0.01, headers=headers)
    began = time.monotonic()

    assert text(sandbox, **ADD) == "OK, ID - 1"
    assert time.monotonic() - began >= 0.01 * (60 if headers else 9)


def test_a_dripping_answer_stops_when_the_caller_has_gone(sandbox: Sandbox) -> None:
    sandbox.fault("dripping", seconds=0.2)
    connection = connect(sandbox, timeout=5)
    connection.request("GET", f"/sys/jobs.php?{urlencode(LOGIN | ADD)}")
    assert connection.getresponse().read(2) == b"OK"
    connection.close()

    deadline = time.monotonic() + 5
    while sandbox.counters["at_once"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sandbox.counters["at_once"] == 0


@pytest.mark.parametrize(
    ("options", "status", "begins"),
    [
        ({"fault": "server_error"}, 503, b"<!DOCTYPE html>"),
        ({"fault": "server_error", "status": 502}, 502, b"<!DOCTYPE html>"),
        ({"fault": "html"}, 200, b"<!DOCTYPE html>"),
        ({"fault": "empty"}, 200, b""),
        ({"fault": "half_json"}, 200, b"OK, I"),
        ({"fault": "redirect"}, 302, b""),
        ({"fault": "wrong_error", "error": 8}, 200, b"ERROR = 8 "),
    ],
)
@pytest.mark.parametrize("saved", [True, False])
def test_a_spoilt_answer_tells_nothing_of_what_was_done(
    sandbox: Sandbox, options: dict[str, Any], status: int, begins: bytes, saved: bool
) -> None:
    sandbox.fault(**options, saved=saved)

    answered, _, body = fetch(sandbox, parameters=ADD)

    assert answered == status
    assert body.startswith(begins)
    assert len(body) < 200
    assert len(sandbox.jobs) == saved


def test_half_an_answer_breaks_off_before_its_length(sandbox: Sandbox) -> None:
    sandbox.fault("half_answer")

    with pytest.raises(http.client.IncompleteRead) as caught:
        text(sandbox, **ADD)

    assert caught.value.partial == b"OK, I"
    assert len(sandbox.jobs) == 1


def test_a_redirect_names_another_place(sandbox: Sandbox) -> None:
    sandbox.fault("redirect", location="https://example.org/")
    connection = connect(sandbox)
    connection.request("GET", f"/sys/balance.php?{urlencode(LOGIN)}")

    assert connection.getresponse().getheader("Location") == "https://example.org/"
    connection.close()


@pytest.mark.parametrize("call", ["cancel", "del"])
def test_a_false_ok_has_done_nothing(sandbox: Sandbox, call: str) -> None:
    number = add(sandbox, time="+60")
    sandbox.fault("false_ok", call)

    assert text(sandbox, **{call: "1", "id": str(number)}) == "OK"
    assert sandbox.jobs[0]["status"] == "waiting"
    assert sandbox.jobs[0]["visible"] is True


def test_a_false_ok_for_an_add_gives_an_id_that_there_is_not(sandbox: Sandbox) -> None:
    sandbox.fault("false_ok", "add")

    number = add(sandbox)

    assert error(sandbox, get="1", id=str(number)) == 3
    assert add(sandbox) != number


def test_a_fault_strikes_as_often_as_asked_and_only_its_kinds_of_call(sandbox: Sandbox) -> None:
    sandbox.fault("empty", ("add", "cancel"), count=2)

    assert data(sandbox, get_all="1") == []
    assert [text(sandbox, **ADD) for _ in range(3)] == ["", "", "OK, ID - 3"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_fault_with_odds_strikes_the_same_calls_for_the_same_seed(sandbox: Sandbox, seed: int) -> None:
    def run() -> list[bool]:
        sandbox.reset()
        sandbox.seed(seed)
        sandbox.fault("empty", count=None, probability=0.4)
        return [text(sandbox, "senders", get="1") == "" for _ in range(60)]

    first = run()

    assert run() == first
    assert 10 < sum(first) < 40


def test_faults_can_be_called_off(sandbox: Sandbox) -> None:
    sandbox.fault("empty", count=None)
    assert text(sandbox, **ADD) == ""

    sandbox.clear_faults()
    assert text(sandbox, **ADD) == "OK, ID - 2"


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "meteor"},
        {"fault": "empty", "calls": "phone"},
        {"fault": "empty", "colour": "red"},
        {"fault": "saved_late", "answer": "maybe"},
        {"fault": "slow", "seconds": "long"},
        {"fault": "server_error", "status": 999},
        {"fault": "empty", "count": "many"},
        {"calls": "add"},
        [{"fault": "empty"}, {"fault": "meteor"}],
    ],
)
def test_unknown_faults_calls_and_options_are_refused(sandbox: Sandbox, rule: Any) -> None:
    status, answer = control(sandbox, "POST", "faults", rule)

    assert status == 400
    assert answer["error"]
    assert control(sandbox, "GET", "faults")[1] == {"faults": []}


def test_eighty_hung_calls_leave_room_for_others_and_end_with_the_sandbox() -> None:
    ended: list[bool] = []
    with Sandbox(same_request_seconds=0, at_once=1000) as sandbox:
        sandbox.fault("hang", "add", count=None, seconds=0)

        def call(number: int) -> None:
            try:
                fetch(sandbox, parameters=ADD | {"name": str(number)}, timeout=30)
            except OSError:
                ended.append(True)

        threads = [threading.Thread(target=call, args=(number,)) for number in range(80)]
        for thread in threads:
            thread.start()
        while sandbox.counters["at_once"] < 80 or len(sandbox.jobs) < 80:
            time.sleep(0.02)
        began = time.monotonic()
        assert data(sandbox, "senders", get="1")
        assert time.monotonic() - began < 2
        assert sandbox.counters["most_at_once"] == 81
    for thread in threads:
        thread.join(5)

    assert len(ended) == 80
