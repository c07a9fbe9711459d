"""Every file that an office makes gives the right people, or a sentence that says why not."""

import io

import pytest

from mailings.recipients.gather import gather
from mailings.recipients.reader import Choices, Reading, read
from mailings.recipients.reasons import Ask, Note, Reason, Sentence, Trouble, UnreadableFile, Verdict
from tests.recipients.cases import CASES, Case


def reading(case: Case) -> Reading:
    return read(io.BytesIO(case.data), case.name, Choices(channel=case.channel))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_gives_the_right_people(case: Case) -> None:
    said: tuple[str, ...]
    try:
        found = reading(case)
        entries = list(found)
        said = tuple(one.what.code for one in (*found.notes, *found.questions))
    except UnreadableFile as refusal:
        entries, said = [], (refusal.said.what.code,)

    assert tuple(one.recipient for one in entries if one.verdict is Verdict.VALID) == case.right
    assert tuple(one.line for one in entries if one.verdict is Verdict.WRONG) == case.wrong
    assert sum(one.verdict is Verdict.DUPLICATE for one in entries) == case.duplicates
    assert said == case.said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_form_takes_the_right_people_or_refuses_clearly(case: Case) -> None:
    found = gather("", case.channel, io.BytesIO(case.data), case.name, country="RU")

    assert found.valid == case.right or (found.valid == () and found.unreadable)
    assert not (found.unreadable and "%(" in found.unreadable.message())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_counts_add_up_and_a_second_walk_gives_the_same(case: Case) -> None:
    try:
        found = reading(case)
        first = list(found)
    except UnreadableFile:
        return

    assert found.rows == len(first) == sum(found.counts.values())
    assert list(found) == first
    assert found.rows == len(first)


@pytest.mark.parametrize("kind", [Reason, Note, Ask, Trouble])
def test_every_sentence_is_one(kind: type[Sentence]) -> None:
    for one in kind:
        assert one.value[0].isupper() or one.value.startswith("%(question)s")
        assert one.value.endswith((".", "?", "%(names)s."))
