"""The guards that are taken away in turn stand in the code as they are named."""

from pathlib import Path

import pytest

from tests.mutations.guards import GUARDS, Guard

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_a_guard_stands_where_it_is_looked_for_with_tests_that_are_there(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.now) == 1
    assert all((ROOT / test).exists() for test in guard.tests.split())
