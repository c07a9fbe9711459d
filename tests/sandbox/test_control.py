"""Controlling the sandbox: over HTTP, over restarts, and as a process."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.calls import ADD, LOGIN, add, control, data, error, text

ROOT = Path(__file__).parents[2]


def test_the_truth_about_jobs_is_told(sandbox: Sandbox) -> None:
    number = add(sandbox, time="+60", rpt="6", rptn="3", name="Имя")

    status, answer = control(sandbox, "GET", "jobs")

    assert status == 200
    (job,) = answer["jobs"]
    assert job == sandbox.jobs[0]
    assert (job["id"], job["name"], job["origin"], job["status"]) == (number, "Имя", "api", "waiting")
    assert (job["rpt"], job["rptn"], job["time"], job["zone"]) == (6, 3, "+60", 0.0)
    assert job["due_at"] == job["next_at"]


def test_jobs_are_made_elsewhere_one_or_many(sandbox: Sandbox) -> None:
    assert control(sandbox, "POST", "jobs", {"name": "One", "age": 86400})[1] == {"ids": [1]}
    rows = [{"name": f"Job {number}", "channel": "viber", "recipients": 5} for number in range(100)]
    assert len(control(sandbox, "POST", "jobs", rows)[1]["ids"]) == 100

    assert len(data(sandbox, get_all="1", start="01.01.2020", end="01.01.2100")) == 101
    assert sandbox.jobs[1]["origin"] == "elsewhere"
    assert sandbox.jobs[1]["cost"] == "6.00"


def test_a_job_is_changed_by_hand(sandbox: Sandbox) -> None:
    number = add(sandbox, time="+60")

    _, answer = control(sandbox, "POST", f"jobs/{number}", {"status": "cancelled", "name": "Other"})
    assert answer["jobs"][0]["status"] == "cancelled"
    assert data(sandbox, get="1", id=str(number))["name"] == "Other"

    control(sandbox, "POST", f"jobs/{number}", {"deleted": True})
    assert error(sandbox, get="1", id=str(number)) == 3
    control(sandbox, "POST", f"jobs/{number}", {"deleted": False})
    assert error(sandbox, get="1", id=str(number)) is None


def test_a_waiting_status_set_by_hand_can_be_cancelled(sandbox: Sandbox) -> None:
    number = sandbox.make_job("Stuck", status="waiting", age=3600)

    assert error(sandbox, cancel="1", id=str(number)) is None
    assert data(sandbox, get="1", id=str(number))["status"] == "cancelled"


def test_the_messages_of_a_mailing_made_elsewhere_go_to_the_people_it_was_given(sandbox: Sandbox) -> None:
    sandbox.make_job("Spring", age=3600, recipients=2, phones="79990000001,79990000002", mes="It is spring.")

    rows = data(sandbox, "get", get_messages="1", cnt="10")

    assert {(row["phone"], row["message"]) for row in rows} == {
        ("79990000001", "It is spring."),
        ("79990000002", "It is spring."),
    }


@pytest.mark.parametrize(
    ("what", "asked"),
    [
        ("jobs", {"name": "x", "colour": "red"}),
        ("jobs", {"recipients": 1}),
        ("jobs", {"name": "x", "channel": "pigeon"}),
        ("jobs", {"name": "x", "time": "never"}),
        ("jobs", [{"name": "x"}, {"name": "y", "channel": "pigeon"}]),
        ("jobs/99", {"status": "gone"}),
        ("jobs/1", {"colour": "red"}),
        ("settings", {"colour": "red"}),
        ("settings", {"dialect": "klingon"}),
        ("settings", {"speed": "fast"}),
        ("settings", {"balance": "much"}),
        ("clock", {}),
        ("seed", {"seed": "x"}),
    ],
)
def test_an_impossible_request_is_answered_with_400_and_changes_nothing(
    sandbox: Sandbox, what: str, asked: Any
) -> None:
    before = sandbox.settings()

    status, answer = control(sandbox, "POST", what, asked)

    assert status == 400
    assert answer["error"]
    assert sandbox.jobs == []
    assert sandbox.settings() == before


def test_another_control_is_not_there(sandbox: Sandbox) -> None:
    assert control(sandbox, "GET", "nothing")[0] == 404
    assert control(sandbox, "DELETE", "jobs")[0] == 404


def test_settings_are_changed_while_it_runs(sandbox: Sandbox) -> None:
    asked = {
        "dialect": "bare",
        "list_by": "sending",
        "zone": 4.0,
        "balance": "5.00",
        "same_request_seconds": 2.5,
        "at_once": 3,
        "speed": 60.0,
        "going_seconds": 1.0,
        "messages": sandbox.settings()["messages"] | {"missing": ["cost"], "outcomes": {"20": 1.0}},
    }

    assert control(sandbox, "POST", "settings", asked) == (200, asked)
    assert sandbox.dialect == "bare"
    assert data(sandbox, "balance")["balance"] == "5.00"


def test_calls_counters_clock_and_block_over_http(sandbox: Sandbox) -> None:
    before = control(sandbox, "GET", "")[1]["now"]
    add(sandbox)
    error(sandbox, get="1", id="99")
    control(sandbox, "POST", "clock", {"advance": 3600})
    control(sandbox, "POST", "block", {})
    assert error(sandbox, "balance") == 4

    found = control(sandbox, "GET", "calls?since=1")[1]["calls"]
    counters = control(sandbox, "GET", "counters")[1]

    assert [(call["kind"], call["result"]) for call in found] == [("get", "error 3"), ("balance", "error 4")]
    assert counters["calls"] == {"add": 1, "get": 1, "balance": 1}
    assert counters["results"] == {"ok": 1, "error 3": 1, "error 4": 1}
    assert control(sandbox, "GET", "")[1]["now"] > before


def test_a_reset_forgets_what_it_is_asked_to(sandbox: Sandbox) -> None:
    add(sandbox)
    control(sandbox, "POST", "faults", [{"fault": "empty"}, {"fault": "html", "calls": ["add", "get"]}])
    control(sandbox, "POST", "seed", {"seed": 7})

    control(sandbox, "POST", "reset", {"keep_jobs": True})
    assert (len(sandbox.jobs), sandbox.calls, control(sandbox, "GET", "faults")[1]) == (1, [], {"faults": []})

    control(sandbox, "POST", "reset")
    assert sandbox.jobs == []
    assert add(sandbox) == 1


def test_faults_are_called_off_over_http(sandbox: Sandbox) -> None:
    control(sandbox, "POST", "faults", {"fault": "empty", "count": None})
    assert text(sandbox, **ADD) == ""

    control(sandbox, "DELETE", "faults")
    assert text(sandbox, **ADD) == "OK, ID - 2"


def test_jobs_dialect_and_clock_outlive_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite3")
    with Sandbox(state=state, same_request_seconds=0) as sandbox:
        add(sandbox, time="+60", name="Имя", rpt="1")
        number = add(sandbox, time="+60")
        error(sandbox, cancel="1", id=str(number))
        sandbox.make_job("Elsewhere", status="moderation")
        sandbox.dialect = "strange"
        sandbox.advance(600)
        before = sandbox.jobs

    with Sandbox(state=state) as sandbox:
        assert sandbox.jobs == before
        assert sandbox.dialect == "strange"
        assert add(sandbox) == 4
        assert data(sandbox, "balance")["balance"] == "9999995.80"

    with Sandbox(state=state, dialect="bare") as sandbox:
        assert sandbox.dialect == "bare"
        sandbox.reset()

    with Sandbox(state=state) as sandbox:
        assert sandbox.jobs == []


def test_thousands_of_jobs_are_kept_and_listed_quickly(tmp_path: Path) -> None:
    state = str(tmp_path / "state.sqlite3")
    with Sandbox(state=state) as sandbox:
        control(sandbox, "POST", "jobs", [{"name": f"Job {number}"} for number in range(5000)])

    with Sandbox(state=state) as sandbox:
        assert len(data(sandbox, get_all="1", start="01.01.2020", end="01.01.2100")) == 5000


def started(*command: str, state: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, *command, "--state", str(state), "--log"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    line = process.stdout.readline()
    match = re.fullmatch(r"Sandbox provider on (http://127\.0\.0\.1:\d+/sys/)\n", line)
    assert match, line
    return process, match[1]


def post(url: str, script: str, **parameters: str) -> Any:
    body = "&".join(f"{name}={value}" for name, value in (LOGIN | parameters).items()).encode()
    with urllib.request.urlopen(f"{url}{script}.php", body, timeout=10) as answer:
        return json.load(answer)


@pytest.mark.parametrize("command", [("manage.py", "sandbox"), ("-m", "sandbox")])
def test_as_a_process_it_outlives_a_kill_and_ends_cleanly(command: tuple[str, ...], tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    process, url = started(*command, state=state)
    assert post(url, "jobs", **ADD, fmt="3") == {"id": 1}
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)

    process, url = started(*command, state=state)
    assert post(url, "jobs", get="1", id="1", fmt="3")["id"] == 1
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=10)[0]

    assert process.returncode == 0
    assert re.fullmatch(r"\S+ #1 get: ok, \d+\.\d{3} s\n", rest)


def test_it_imports_nothing_of_mailroom_and_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules); import sandbox.__main__;"
        "names = {name for name in set(sys.modules) - before};"
        "others = {n.partition('.')[0] for n in names} - sys.stdlib_module_names - {'sandbox'};"
        "print(sorted(others))"
    )

    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert found.stdout == "[]\n"
