"""The command line in this process: what it prints, and its exit code."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command

from mailings.models import Account, Mailing
from sandbox import Sandbox
from tests.helpers.factories import PHONE, sandbox_account

Run = Callable[..., tuple[int, list[dict[str, Any]]]]
OPTIONS = {"name": "Spring sale", "phones": PHONE, "mes": "Hello"}


def refused(ran: tuple[int, list[dict[str, object]]]) -> dict[str, list[str]]:
    """The errors of a run that stored nothing."""
    code, (said,) = ran
    assert code == 1
    assert Mailing.objects.count() == 0
    errors = said["errors"]
    assert isinstance(errors, dict)
    assert all(errors.values())
    return errors


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(going_seconds=3600, same_request_seconds=0) as provider:
        yield provider


@pytest.fixture
def account(db: None, redis_url: str, sandbox: Sandbox, settings) -> Account:
    settings.SAME_REQUEST_SECONDS = 0.02
    settings.SETTLE_AFTER_SECONDS = 0.0
    return sandbox_account(sandbox)


@pytest.fixture
def mailings(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `mailings …`; gives the exit code and the objects printed. `given`: on standard input."""

    def run(*words: str, given: Any = None) -> tuple[int, list[dict[str, Any]]]:
        raw = given if isinstance(given, bytes) else json.dumps(given).encode()
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        capsys.readouterr()
        code = 0
        try:
            call_command("mailings", *words)
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, [json.loads(line) for line in said.out.splitlines()]

    return run
