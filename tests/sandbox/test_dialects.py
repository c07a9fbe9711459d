"""The four shapes of the sandbox's answers to `get` and `get_all`."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.calls import add, data, text

NAME = "[ref-1234567890] A name of more than thirty characters"
DIALECTS = ["plain", "strange", "short", "bare"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as running:
        add(running, name=NAME, time="+60")
        add(running, name=NAME, time="0")
        running.advance(60)
        yield running


ROWS: dict[str, Any] = {
    "plain": lambda answer: [(row["id"], row["name"], row["status"]) for row in answer],
    "strange": lambda answer: [(row["job_id"], row["job_name"], row["state"]) for row in answer["jobs"]],
    "short": lambda answer: [
        (row["ID"], row["TITLE"], row["INFO"]["STATUS"]) for row in answer["RESULT"]["ITEMS"]
    ],
    "bare": lambda answer: [tuple(row.values()) for row in answer["list"]],
}
EXPECTED: dict[str, Any] = {
    "plain": [(2, NAME, "sent"), (1, NAME, "waiting")],
    "strange": [("2", NAME, "omega"), ("1", NAME, "tau")],
    "short": [(2, NAME[:30], "FINISHED"), (1, NAME[:30], "WAITING")],
    "bare": [("2", NAME), ("1", NAME)],
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_get_all_in_json(sandbox: Sandbox, dialect: str) -> None:
    sandbox.dialect = dialect

    assert ROWS[dialect](data(sandbox, get_all="1")) == EXPECTED[dialect]


@pytest.mark.parametrize(
    ("dialect", "found"),
    [
        ("plain", lambda answer: answer["name"]),
        ("strange", lambda answer: answer["job"]["job_name"]),
        ("short", lambda answer: answer["RESULT"]["ITEMS"][0]["TITLE"]),
        ("bare", lambda answer: answer[0]["name"]),
    ],
)
def test_get_in_json(sandbox: Sandbox, dialect: str, found: Any) -> None:
    sandbox.dialect = dialect

    assert found(data(sandbox, get="1", id="1")) == (NAME[:30] if dialect == "short" else NAME)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_get_all_as_text_prints_a_line_each_that_begins_with_its_id(sandbox: Sandbox, dialect: str) -> None:
    sandbox.dialect = dialect

    lines = text(sandbox, get_all="1").splitlines()

    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert text(sandbox, get="1", id="1") == lines[1]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_get_all_as_numbers_begins_with_the_id(sandbox: Sandbox, dialect: str) -> None:
    sandbox.dialect = dialect

    assert [line.split(",")[0] for line in text(sandbox, get_all="1", fmt="1").splitlines()] == ["2", "1"]


@pytest.mark.parametrize(
    ("dialect", "path"),
    [("plain", "job/id"), ("strange", "job/job_id"), ("short", "ITEM/ID"), ("bare", "mailing/id")],
)
def test_get_and_get_all_in_xml(sandbox: Sandbox, dialect: str, path: str) -> None:
    sandbox.dialect = dialect
    sandbox.change_job(1, name="<&> \x01")

    many = ET.fromstring(text(sandbox, get_all="1", fmt="2").partition("\n")[2])
    one = ET.fromstring(text(sandbox, get="1", id="1", fmt="2").partition("\n")[2])

    assert [found.text for found in many.findall(path)] == ["2", "1"]
    assert one.findtext(path) == "1"


def test_done_has_its_own_json_in_every_dialect(sandbox: Sandbox) -> None:
    answers = []
    for dialect in DIALECTS:
        sandbox.dialect = dialect
        number = sandbox.make_job("Job", time="+60")
        answers.append(text(sandbox, cancel="1", id=str(number), fmt="3"))

    assert answers == ['{"result": "OK"}', "OK", '{"RESULT": {"STATUS": "OK"}}', '"OK"']


def test_a_status_set_by_hand_is_told_as_it_is(sandbox: Sandbox) -> None:
    sandbox.change_job(1, status="moderation")
    assert data(sandbox, get="1", id="1")["status"] == "moderation"

    sandbox.change_job(1, status="gone")
    assert data(sandbox, get="1", id="1")["status"] == "sent"

    sandbox.change_job(1, status=None)
    assert data(sandbox, get="1", id="1")["status"] == "waiting"


def test_there_are_no_other_dialects(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no such dialect"):
        sandbox.dialect = "klingon"
