"""The sandbox's look-ups in four formats, and faults on look-ups and prices."""

import time
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.calls import control, data, error, text

CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "price": ("send", {"cost": "1", "phones": "79990000001", "mes": "Hello"}),
    "senders": ("senders", {"get": "1"}),
    "templates": ("templates", {"get": "1"}),
    "groups": ("phones", {"get_group": "1"}),
}


@pytest.mark.parametrize(
    ("script", "fmt", "expected"),
    [
        ("senders", "0", "sender = Mailroom\nsender = Sandbox"),
        ("senders", "1", "Mailroom\nSandbox"),
        (
            "senders",
            "2",
            "<list><sender><sender>Mailroom</sender></sender><sender><sender>Sandbox</sender></sender></list>",
        ),
        ("senders", "3", '[{"sender": "Mailroom"}, {"sender": "Sandbox"}]'),
        (
            "templates",
            "0",
            (
                "id = 1, name = Reminder, message = Your appointment is tomorrow.\n"
                "id = 2, name = Привет, message = Добрый день!"
            ),
        ),
        ("templates", "1", "1,Reminder,Your appointment is tomorrow.\n2,Привет,Добрый день!"),
        (
            "templates",
            "2",
            (
                "<list><template><id>1</id><name>Reminder</name>"
                "<message>Your appointment is tomorrow.</message></template>"
                "<template><id>2</id><name>Привет</name><message>Добрый день!</message></template></list>"
            ),
        ),
    ],
)
def test_a_look_up_answers_in_the_format_asked_for(
    sandbox: Sandbox, script: str, fmt: str, expected: str
) -> None:
    assert text(sandbox, script, get="1", fmt=fmt).endswith(expected)


@pytest.mark.parametrize("kind", CALLS)
def test_an_error_comes_on_request_and_once(sandbox: Sandbox, kind: str) -> None:
    script, parameters = CALLS[kind]
    control(sandbox, "POST", "faults", {"fault": "wrong_error", "calls": kind, "error": 9})

    assert error(sandbox, script, **parameters) == 9
    assert error(sandbox, script, **parameters) is None


@pytest.mark.parametrize("kind", CALLS)
def test_an_answer_comes_late_on_request(sandbox: Sandbox, kind: str) -> None:
    script, parameters = CALLS[kind]
    control(sandbox, "POST", "faults", {"fault": "slow", "calls": kind, "seconds": 0.3})
    begun = time.monotonic()

    found: Any = data(sandbox, script, **parameters)

    assert time.monotonic() - begun >= 0.3
    assert found
    assert sandbox.jobs == []
