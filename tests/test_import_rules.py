"""Each import rule guards: an import that it forbids breaks it, and the tree as it stands keeps them all."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT = Path(sys.executable).with_name("lint-imports")

FORBIDDEN = [
    ("mailings/models/states.py", "from mailings import tasks", "Imports go down only"),
    ("mailings/accounts/breaker.py", "from mailings import outbox", "Imports go down only"),
    ("mailings/sync/pulls.py", "from mailings import outbox", "Imports go down only"),
    ("mailings/forms/preview.py", "from mailings.wording import chips", "Imports go down only"),
    ("mailings/smsc/spec/times.py", "import django", "The provider's language knows no Django"),
    ("mailings/smsc/api/body.py", "import celery", "The provider's language knows no Django"),
    ("mailings/views/today.py", "import requests", "Only smsc.api.transport speaks HTTP"),
    ("mailings/smsc/api/client.py", "import requests", "Only smsc.api.transport speaks HTTP"),
    ("config/urls.py", "import requests", "Only smsc.api.transport speaks HTTP"),
    ("mailings/smsc/spec/spec.py", "from mailings.smsc.api import body", "do not know each other"),
    ("mailings/smsc/api/client.py", "from mailings.smsc.spec import times", "do not know each other"),
    ("sandbox/server.py", "from mailings.smsc import reserved", "The sandbox imports nothing of ours"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree's Python files and its rules, to be broken one at a time."""
    folder = tmp_path_factory.mktemp("house")
    for part in ("mailings", "config", "sandbox"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(folder: Path) -> list[str]:
    done = subprocess.run(
        [LINT, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if " BROKEN" in line]


def test_the_tree_keeps_every_rule(copy: Path) -> None:
    assert broken(copy) == []


@pytest.mark.parametrize(("module", "line", "rule"), FORBIDDEN)
def test_an_import_that_a_rule_forbids_breaks_it(copy: Path, module: str, line: str, rule: str) -> None:
    path = copy / module
    kept = path.read_text()

    path.write_text(f"{kept}\n{line}\n")
    found = broken(copy)
    path.write_text(kept)

    assert any(rule in name for name in found)


def test_every_rule_is_shown_to_fail_once() -> None:
    rules = [
        line for line in (ROOT / "pyproject.toml").read_text().splitlines() if line.startswith('name = "')
    ]
    contracts = [rule for rule in rules if rule != 'name = "mailroom"']

    assert all(any(shown in contract for *_, shown in FORBIDDEN) for contract in contracts)
