"""The table of states: what it allows, and that nothing goes round it."""

import pytest
from django.utils import timezone

from mailings.models import Account, Attempt, Event, EventKind, IllegalTransition, Mailing, State, record
from mailings.models.mailing import CODE_ALPHABET, letters, new_code
from mailings.models.records import AppendOnlyError
from mailings.models.states import TRANSITIONS
from tests.helpers.factories import bare


@pytest.fixture
def account(db):
    return Account.objects.create(name="a", kind="sandbox")


@pytest.mark.parametrize("old", State)
@pytest.mark.parametrize("new", State)
def test_a_row_moves_exactly_as_the_table_says(account, old, new):
    mailing = bare(account, state=old, remote_id="1")
    if new in TRANSITIONS[old]:
        assert Mailing.objects.move(mailing.pk, old, new)
    else:
        with pytest.raises(IllegalTransition):
            Mailing.objects.move(mailing.pk, old, new)
    mailing.refresh_from_db()
    assert mailing.state == (new if new in TRANSITIONS[old] else old)


def test_only_these_states_lead_back_to_the_queue():
    """A hole here would be a mailing sent twice."""
    back = {old for old, news in TRANSITIONS.items() if State.QUEUED in news}
    assert back == {State.DRAFT, State.AWAITING_APPROVAL, State.HELD, State.SENDING, State.UNKNOWN}


def test_a_row_that_has_moved_on_is_not_moved_again(account):
    mailing = bare(account, state=State.ACCEPTED, remote_id="1")
    assert not Mailing.objects.move(mailing.pk, State.QUEUED, State.SENDING)
    mailing.refresh_from_db()
    assert mailing.state == State.ACCEPTED


def test_an_attempt_is_finished_once(account):
    attempt = Attempt.objects.create(mailing=bare(account), kind="create", begin=timezone.now())
    assert Attempt.objects.finish(attempt.pk, "unknown", timezone.now())
    assert not Attempt.objects.finish(attempt.pk, "accepted", timezone.now())
    attempt.refresh_from_db()
    assert attempt.outcome == "unknown"


def test_attempts_and_events_are_only_added(account):
    record(EventKind.CREATED, bare(account))
    for rows in (Attempt.objects.all(), Event.objects.all()):
        with pytest.raises(AppendOnlyError):
            rows.update(mailing=None)
        with pytest.raises(AppendOnlyError):
            rows.delete()


def test_letters_count_on_past_the_alphabet():
    assert [letters(index) for index in (0, 1, 25, 26, 27, 51, 52)] == ["a", "b", "z", "aa", "ab", "az", "ba"]


def test_codes_are_short_unmistakable_and_no_numbers():
    codes = {new_code() for _ in range(500)}
    assert len(codes) > 490
    assert all(len(code) == 5 and set(code) <= set(CODE_ALPHABET) and not code.isdigit() for code in codes)
