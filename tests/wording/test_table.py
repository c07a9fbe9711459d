"""Of every state that can be reached: what is said stands in the table, and is never more than was seen."""

import difflib
import os
import re

import pytest

from mailings.models import State, WishResult
from mailings.smsc.api.answers import JobStatus
from mailings.wording import chips, reasons
from tests.wording import table

LINES = table.table()
AT_PROVIDER = [line for line in LINES if line.mailing.remote_id]
BAD = ("red", "orange")


def test_the_table_is_as_it_was_read_by_a_person() -> None:
    """After a change that is meant: WRITE_SENTENCES=1, and read what the difference says."""
    if os.environ.get("WRITE_SENTENCES"):
        table.FILE.write_text(table.written())
    kept, now = table.FILE.read_text().splitlines(), table.written().splitlines()
    assert not list(difflib.unified_diff(kept, now, "kept", "now", lineterm="", n=0))


def test_every_sentence_is_whole() -> None:
    for line in LINES:
        assert re.fullmatch(r"[A-Z«a-z].*[.)]", line.text), line.said
        assert not re.search(r"[{}]|None|\.\.|\(\)|  ", line.text), line.said


def test_bad_news_is_never_green() -> None:
    for line in LINES:
        bad = line.mailing.alarm or (line.mailing.wish_result in WISHES_GONE_WRONG and not line.mailing.wish)
        if bad:
            assert line.chip.marks, line.said
            assert all(mark.tone in BAD for mark in line.chip.marks), line.said
        if line.state in (State.UNKNOWN, State.REFUSED, State.HELD) or _vanished(line):
            assert line.chip.tone != "green", line.said


WISHES_GONE_WRONG = (WishResult.TOO_LATE, WishResult.UNCONFIRMED, WishResult.FAILED)


def _vanished(line: table.Line) -> bool:
    return line.mailing.gone and line.mailing.remote_status != JobStatus.GONE_OUT


def test_gone_out_is_said_only_where_it_was_read() -> None:
    told = re.compile(r"has gone out|[Gg]one out, as|it went out")
    for line in AT_PROVIDER:
        said = bool(told.search(line.text)) or line.chip.word == "gone out"
        assert not said or line.mailing.remote_status == JobStatus.GONE_OUT, line.said


def test_now_is_said_only_of_what_was_checked_lately() -> None:
    for line in AT_PROVIDER:
        if re.search(r"Going out now|sends it on|it waits there", line.text):
            assert not line.mailing.gone, line.said
            assert not chips.is_unverified(line.mailing, table.NOW), line.said


def test_sent_is_said_only_where_the_whole_request_had_left_us() -> None:
    for line in LINES:
        if line.text.startswith("It was sent"):
            assert not reasons.perhaps_not_sent(line.mailing.unknown_reason), line.said


def test_cancelled_and_deleted_are_said_only_where_they_were_confirmed() -> None:
    told = re.compile(r"\bCancelled by|\bDeleted at|confirmed it on")
    for line in LINES:
        if told.search(line.text):
            assert line.state in (State.CANCELLED, State.DELETED), line.said
        if "Cancelled by" in line.text:
            assert line.mailing.wish_result == WishResult.CONFIRMED, line.said


def test_that_nothing_was_changed_or_sent_is_said_only_on_the_provider_s_own_no() -> None:
    for line in LINES:
        if "nothing was changed" in line.text.lower():
            assert line.mailing.wish_answer == "refused", line.said
        if "Nothing was sent" in line.text:
            assert line.state == State.REFUSED, line.said


def test_what_is_said_of_the_provider_bears_its_age() -> None:
    for line in AT_PROVIDER:
        if line.state == State.ACCEPTED and not line.mailing.gone:
            assert re.search(r"Checked|Unverified since|Not looked at since", line.text), line.said


def test_what_is_old_is_unverified_in_chip_and_sentence() -> None:
    for line in AT_PROVIDER:
        if line.state == State.ACCEPTED and not line.mailing.gone:
            old = chips.is_unverified(line.mailing, table.NOW)
            assert old == str(line.chip.word).startswith("unverified since"), line.said
            assert old == ("Unverified since" in line.text), line.said


def test_absence_is_said_after_two_looks_only_and_never_as_a_fact() -> None:
    for line in LINES:
        if re.search(r"did not show it", line.text):
            assert line.mailing.looks >= 2, line.said
        if line.state == State.UNKNOWN:
            assert "may or may not have it" in line.text, line.said
            assert "not be sent again without you" in line.text, line.said


def test_a_wish_that_failed_says_why_and_who_asked_is_named() -> None:
    for line in LINES:
        if line.mailing.wish or line.mailing.wish_result in WISHES_GONE_WRONG:
            assert "anna asked to" in line.text, line.said


@pytest.mark.parametrize("state", list(State))
def test_every_state_stands_in_the_table(state: State) -> None:
    assert any(line.state == state for line in LINES)
