"""Whatever the provider does to jobs behind our back, no page differs from it without saying so."""

import os
import sys

import pytest

from tests.sync.behind import Behind

# `make faults` asks for more.
STATES = int(os.environ.get("STATES", "300"))
SEED = int(os.environ.get("SEED", "7"))


@pytest.mark.parametrize("seed", range(SEED, SEED + (STATES + 299) // 300))
def test_no_state_differs_from_the_provider_s_without_saying_so(account, sandbox, seed):
    figures = Behind(account, sandbox, seed, 300).compared()

    sys.stdout.write("".join(f"{mode}: {dict(said)}\n" for mode, said in figures.said.items()))
    assert figures.compared == dict.fromkeys(("stopped", "list broken", "running", "changed again"), 300)
    assert not figures.silent, "\n".join(figures.silent)
