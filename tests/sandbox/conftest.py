"""A sandbox without a gap between identical calls, as most tests need it."""

from collections.abc import Iterator

import pytest

from sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(same_request_seconds=0) as running:
        yield running
