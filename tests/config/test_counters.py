"""The counters of logins: none that counts is lost, whatever else is counted meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from time_machine import travel

from config import counters
from config.counters import Counters


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counters:
    monkeypatch.setattr(Counters, "_swept_at", -1e9)
    return Counters(str(tmp_path), {})


def test_nothing_that_counts_is_thrown_away_however_much_there_is(kept: Counters) -> None:
    for number in range(1000):
        kept.set(f"visitor-{number}", [1.0], timeout=300)

    assert all(kept.get(f"visitor-{number}") == [1.0] for number in range(1000))


def test_what_has_run_out_is_removed(kept: Counters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        kept.set(f"visitor-{number}", 1, timeout=300)
    monkeypatch.setattr(Counters, "_swept_at", -1e9)

    with travel(1e10):
        kept.set("late", 1, timeout=300)

        assert len(list(tmp_path.iterdir())) == 1
        assert kept.get("late") == 1


def test_of_several_that_add_one_key_at_once_one_does(kept: Counters) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(50):
            added = list(pool.map(kept.add, [f"lock-{number}"] * 8, [True] * 8, [10] * 8))
            assert sum(added) == 1


def test_one_that_has_run_out_can_be_added_anew(kept: Counters) -> None:
    assert kept.add("lock", 1, timeout=-1)
    assert kept.add("lock", 2, timeout=10)
    assert kept.get("lock") == 2


@pytest.mark.django_db
def test_five_guesses_of_a_password_are_five_beside_any_number_of_other_visitors(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.CACHES = {"default": {"BACKEND": "config.counters.Counters", "LOCATION": str(tmp_path)}}
    crowd = counters.Counters(str(tmp_path), {})
    let_through = 0
    for guess in range(12):
        for number in range(100):
            crowd.set(f"visitor-{guess}-{number}", 1, timeout=300)
        answer = client.post("/accounts/login/", {"login": "ann", "password": f"guess-{guess}"})
        let_through += b"Too many failed" not in answer.content

    assert let_through == 5
