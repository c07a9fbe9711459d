"""The rows of a file of recipients as they are written, on either database."""

from typing import Any

import pytest
from django.db import connection

from mailings.models import Import, ImportedRow
from mailings.models.imports import Line, stored
from mailings.selectors.imports import problem_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(db: None) -> Import:
    return Import.objects.create(path="pending/x", name="clients.csv", size=100)


def row(position: int, **fields: Any) -> Line:
    plain = Line(
        position, position + 2, "", f"+7999000000{position}", 79990000000 + position, "valid", "", None
    )
    return plain._replace(**fields)


def test_rows_are_written_many_at_a_time_and_come_back_as_they_were(imported: Import) -> None:
    wrong = row(1, value="1 234", address="", key=None, verdict="wrong", reason="too_short")
    ImportedRow.objects.write(imported, [row(0, cells=stored(["+79990000000", "Анна"])), wrong])

    first, second = ImportedRow.objects.filter(imported=imported).order_by("position")

    assert (first.line, first.address, first.key, first.cells) == (
        *(2, "+79990000000", 79990000000), ["+79990000000", "Анна"],
    )  # fmt: skip
    assert (second.value, second.key, second.verdict, second.reason, second.cells) == (
        *("1 234", None, "wrong", "too_short"), None,
    )  # fmt: skip


def test_what_postgresql_keeps_in_no_column_is_replaced(imported: Import) -> None:
    ImportedRow.objects.write(imported, [row(0, cells=stored(["a\0b", "\ud800", "plain"]))])

    assert ImportedRow.objects.get().cells == ["a\ufffdb", "?", "plain"]


def test_rows_go_with_their_import(imported: Import) -> None:
    ImportedRow.objects.write(imported, [row(0), row(1)])

    imported.delete()

    assert ImportedRow.objects.count() == 0


def test_the_few_problems_of_a_long_file_are_found_without_reading_all_of_it(imported: Import) -> None:
    """SQLite used the index of the problems for none of these: each look at them read every row."""
    ImportedRow.objects.write(imported, [row(place) for place in range(9)])
    wanted = [
        problem_rows(imported, "wrong"),
        ImportedRow.objects.problems().filter(imported=imported, verdict__in=["wrong", "doubtful"]),
    ]

    assert [list(rows) for rows in wanted] == [[], []]
    if connection.vendor == "sqlite":
        assert ["imported_problem" in rows.explain() for rows in wanted] == [True, True]
