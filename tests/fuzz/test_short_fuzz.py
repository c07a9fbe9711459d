"""The short form of `make fuzz`: no defect, nothing slow, our headers on every answer."""

import pytest

from tests.fuzz.runner import Fuzz


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_random_requests_meet_no_defect_and_no_delay() -> None:
    figures = Fuzz(seed=7).run(400)

    assert not figures.defects
    assert not figures.slow
    assert not figures.bare
    assert {200, 302, 400, 403, 404, 405, 411, 413} <= figures.statuses.keys()
