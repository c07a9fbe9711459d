"""The chip says the plain truth of the moment, and bad news has a mark of its own."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailings.models import State
from mailings.wording import chips
from tests.views.rows import row

pytestmark = pytest.mark.django_db

ACCEPTED = [
    ({"verified_at": None}, "not looked at", "green"),
    ({"remote_status": "waiting"}, "waits", "blue"),
    ({"remote_status": "going"}, "going out", "blue"),
    ({"remote_status": "gone_out"}, "gone out", "green"),
    ({"remote_status": "cancelled"}, "called off there", "grey"),
    ({"remote_status": "", "remote_word": "tau"}, "status not known", "green"),
    ({"gone": True}, "no longer there", "orange"),
    ({"gone": True, "remote_status": "gone_out"}, "gone out", "green"),
]


@pytest.mark.parametrize(("fields", "word", "tone"), ACCEPTED)
def test_one_word_for_each_thing_that_accepted_may_mean(fields: Any, word: str, tone: str) -> None:
    chip = chips.chip(row(**fields))
    assert (str(chip.word), chip.tone) == (word, tone)


def test_every_chip_has_an_icon_and_a_word_of_its_own() -> None:
    all_of_them = [
        *chips.CHIPS.values(),
        *chips.REMOTE_CHIPS.values(),
        chips.NO_STATUS,
        chips.NO_LONGER_THERE,
    ]
    assert len({chip.icon for chip in all_of_them}) == len(all_of_them)
    assert len({str(chip.word) for chip in all_of_them}) == len(all_of_them)


def test_what_was_not_read_for_two_pulls_is_unverified_since_then(settings: Any) -> None:
    now = timezone.now()
    old = now - timedelta(seconds=2 * settings.SYNC_SECONDS + 5)
    assert str(chips.chip(row(verified_at=old), now).word).startswith("unverified since ")
    assert chips.chip(row(verified_at=old, remote_status="gone_out"), now).word == "gone out"


def test_an_unknown_outcome_is_called_not_known() -> None:
    assert chips.chip(row(State.UNKNOWN)).word == "not known"


def test_of_a_cancelled_mailing_the_name_is_struck_and_not_the_word() -> None:
    assert chips.chip(row(State.CANCELLED)).struck
    assert not any(chips.chip(row(state)).struck for state in State if state != State.CANCELLED)


def test_an_open_wish_spins_and_hides_what_came_of_the_one_before() -> None:
    chip = chips.chip(row(wish="cancel", wish_result="failed"))
    assert chip.wishing
    assert chip.marks == ()


@pytest.mark.parametrize("result", ["too_late", "unconfirmed", "failed"])
def test_bad_news_is_red_or_orange_beside_the_truth_of_the_moment(result: str) -> None:
    chip = chips.chip(row(remote_status="gone_out", wish_result=result))
    assert chip.word == "gone out"
    assert [mark.tone for mark in chip.marks] in (["red"], ["orange"])
    assert chip.text.startswith("gone out, ")


def test_a_row_s_values_give_the_same_chip_as_the_mailing() -> None:
    mailing = row(alarm="two_jobs", wish_result="too_late")
    values = {name: getattr(mailing, name) for name in chips.Glance._fields}
    now = timezone.now()
    assert chips.chip(values, now) == chips.chip(mailing, now)
