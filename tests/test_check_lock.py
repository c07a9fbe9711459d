"""The lock installs with the oldest pip that is promised: it names every extra that somebody asks for."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts import check_lock

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = check_lock.locks(PROJECT)
HASH = "    --hash=sha256:6bd3b1a5f2d8c1a8fdf3f5c0d3f1a9b5e7c6a4d2b8f0e1c3a5d7b9f1e3c5a7d9"


def lock(*pins: str) -> str:
    """A file of the lock with these pins."""
    return "".join(f"{pin} \\\n{HASH} \\\n{HASH}\n" for pin in pins)


def unmet(wanted: list[str], text: str, asks: Mapping[str, list[str]] | None = None) -> list[str]:
    return check_lock.unmet(wanted, check_lock.read_lock(text), lambda name: (asks or {}).get(name, []))


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_of_the_project_is_met_with_its_extras(name: str) -> None:
    assert unmet_in_house(name, (ROOT / name).read_text()) == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_whose_extras_were_stripped_does_not_pass(name: str) -> None:
    text = (ROOT / name).read_text()
    stripped = re.sub(r"(?m)^([A-Za-z0-9._-]+)\[[a-z,]+\]==", r"\1==", text)

    found = " ".join(unmet_in_house(name, stripped))

    assert "pyproject.toml asks for celery[redis]<5.8,>=5.7; the lock has celery==" in found
    assert ("pytest-cov asks for coverage[toml]" in found) is (name == "requirements-dev.txt")


def unmet_in_house(name: str, text: str) -> list[str]:
    return check_lock.unmet(LOCKS[name], check_lock.read_lock(text), check_lock.asked_for)


def test_an_extra_that_only_a_package_asks_for_is_missed() -> None:
    text = lock("coverage==7.17.3", "pytest-cov==7.1.0")

    assert unmet(["coverage>=7.11", "pytest-cov>=7"], text, {"pytest-cov": ["coverage[toml]>=7.10.6"]}) == [
        "pytest-cov asks for coverage[toml]>=7.10.6; the lock has coverage==7.17.3."
    ]


def test_an_extra_that_the_lock_keeps_brings_its_own_requirements() -> None:
    asks = {"coverage": ["tomlish>=2; extra == 'toml'", "colours; extra == 'colour'"]}

    assert unmet(["coverage>=7.11"], lock("coverage==7.17.3"), asks) == []
    assert unmet(["coverage[toml]>=7.11"], lock("coverage[toml]==7.17.3"), asks) == [
        'coverage asks for tomlish>=2; extra == "toml"; the lock has nothing.'
    ]


@pytest.mark.parametrize(
    ("wanted", "pin"),
    [("Django>=5.2.8,<5.3", "django==5.2.7"), ("django>=5.2", "djangoo==5.2"), ("ruff", "pytest==9.0")],
)
def test_another_version_and_another_name_meet_nothing(wanted: str, pin: str) -> None:
    assert len(unmet([wanted], lock(pin))) == 1


def test_names_are_compared_as_pip_does_and_other_machines_need_nothing_here() -> None:
    wanted = ["PyYAML>=6", "types_requests>=2", "pywin32; sys_platform == 'win32'"]

    assert unmet(wanted, lock("pyyaml==6.0.3", "types-requests==2.32.4.20260107")) == []


def test_the_oldest_pip_is_pinned_with_its_hash() -> None:
    text = check_lock.OLDEST_PIP.read_text()

    assert [str(pin) for pin in check_lock.read_lock(text).values()] == ["pip==23.2.1"]
    assert "--hash=sha256:" in text
