"""`mailings text`: what a text takes as an SMS."""

import pytest

from tests.management.conftest import Run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello", ("gsm", 5, 5, 1, 160, [])),
        ("€" * 80, ("gsm", 80, 160, 1, 160, [])),
        ("€" * 81, ("gsm", 81, 162, 2, 153, [])),
        ("ё" + "a" * 70, ("ucs2", 71, 71, 2, 67, ["ё"])),
        ("😀", ("ucs2", 1, 2, 1, 70, ["😀"])),
        ("", ("gsm", 0, 0, 0, 160, [])),
    ],
)
def test_a_text_is_counted(text, said, mailings: Run, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(f"{text}\n", encoding="utf-8")

    code, [found] = mailings("text", str(path))

    assert code == 0
    names = ("alphabet", "characters", "units", "parts", "per_part", "culprits")
    assert tuple(found[name] for name in names) == said
    assert set(found) == set(names)


def test_letters_that_are_transliterated_are_counted_so(mailings: Run, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("щи", encoding="utf-8")

    code, [found] = mailings("text", str(path), "--translit", "1")

    assert (code, found["alphabet"], found["parts"]) == (0, "gsm", 1)


def test_what_no_text_can_hold_is_an_error(mailings: Run, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"a\0b")

    code, [found] = mailings("text", str(path))

    assert (code, list(found["errors"])) == (1, ["mes"])


def test_a_file_that_is_not_there_is_an_error(mailings: Run):
    assert mailings("text", "nowhere.txt") == (1, [{"errors": {"file": ["This file cannot be read."]}}])
