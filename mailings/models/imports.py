"""A file of recipients, read once into rows: what was found in it, and how far its reading has come."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import orjson
from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.mailing import Mailing

ROWS, COLUMNS = (
    "mailings_importedrow",
    "imported_id, position, line, value, address, key, verdict, reason, cells",
)
LONGEST_VALUE = 320
NUL = "\\u0000"


class Import(models.Model):
    """A file that was brought for a mailing, and what reading it came to.

    Read by the request that brings it, or by a worker under a `token` and a lease; a reading that dies begins
    anew. `choices`: what a person said of it (sheet, heading_line, columns by role, hidden_rows). What was
    found: `sheets`, `sheet`, `headings` (a name for each column), `columns` (by role, as indexes into them),
    `questions`, `notes`, `trouble` (codes with what fills them). Counts are kept, by verdict.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a worker")
        READING = "reading", _("being read")
        READY = "ready", _("read")
        FAILED = "failed", _("cannot be read")
        STOPPED = "stopped", _("stopped by hand")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Whose stop list and country the rows were judged by.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="+")
    # The draft that keeps it; without one it goes a day after it came. Once sent off, a mailing keeps it for
    # its copies, with what was `typed` beside it.
    draft = models.ForeignKey(Mailing, on_delete=models.SET_NULL, null=True, related_name="imports")
    path = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    channel = models.CharField(max_length=20, default="")
    choices = models.JSONField(default=dict)
    typed = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)

    state = models.CharField(max_length=20, choices=State.choices, default=State.WAITING, db_index=True)
    token = models.CharField(max_length=32, default="")
    lease_until = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    # Readings begun since it was last changed: one that kills its worker is not begun for ever.
    tries = models.PositiveSmallIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)

    sheet = models.CharField(max_length=255, default="")
    sheets = models.JSONField(default=list)
    heading_line = models.PositiveIntegerField(null=True)
    headings = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    questions = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    trouble = models.JSONField(null=True)
    valid = models.PositiveIntegerField(default=0)
    duplicate = models.PositiveIntegerField(default=0)
    stopped = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    # Of the valid ones; how many people are in a group only the provider knows.
    groups = models.PositiveIntegerField(default=0)
    # Grows with every reading and every correction.
    revision = models.PositiveIntegerField(default=0)

    if TYPE_CHECKING:
        owner_id: int | None
        account_id: int | None
        draft_id: int | None

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def reading(self) -> str:
        """Another one whenever the file is read: a row's position means nothing beyond it."""
        return f"{self.pk}-{self.began_at:%Y%m%d%H%M%S%f}" if self.began_at else ""


class Line(NamedTuple):
    """One row to be written, without its import. `key`: of the person, None for a wrong one. `cells`: as they
    are `stored`."""

    position: int
    line: int
    value: str
    address: str
    key: int | None
    verdict: str
    reason: str
    cells: str | None


class ImportedRowQuerySet(models.QuerySet["ImportedRow"]):
    def write(self, imported: Import, lines: Sequence[Line]) -> None:
        """Add rows, many at a time: COPY (PostgreSQL), or one statement prepared once (SQLite)."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with (
                    connection.wrap_database_errors,
                    cursor.copy(f"COPY {ROWS} ({COLUMNS}) FROM STDIN") as copy,
                ):
                    for line in lines:
                        copy.write_row((imported.pk, *line))
                return
            marks = ", ".join(["%s"] * 8)
            # The import's number stands in the statement, so that the lines go in as they are.
            cursor.executemany(f"INSERT INTO {ROWS} ({COLUMNS}) VALUES ({imported.pk:d}, {marks})", lines)  # noqa: S608 (our names)

    def copy(self, old: Import, new: Import) -> None:
        """Give an import the rows of another."""
        others = COLUMNS.removeprefix("imported_id")
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {ROWS} ({COLUMNS}) SELECT %s{others} FROM {ROWS} WHERE imported_id = %s",  # noqa: S608 (our names)
                [new.pk, old.pk],
            )


class ImportedRow(models.Model):
    """One recipient of a file, valid or not.

    `value`: as it stands there, empty for a valid one. `address`: as it is sent, empty for a wrong one.
    `reason`: the code of a `Reason`. `cells`: the whole row, only where the file has further columns.
    """

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    value = models.CharField(max_length=LONGEST_VALUE, default="")
    address = models.CharField(max_length=320, default="")
    key = models.BigIntegerField(null=True)
    verdict = models.CharField(max_length=10)
    reason = models.CharField(max_length=20, default="")
    cells = models.JSONField(null=True)

    objects = ImportedRowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["imported", "position"], name="imported_in_order")]
        indexes = [
            models.Index(fields=["imported", "key"], name="imported_person"),
            models.Index(
                fields=["imported", "verdict", "position"],
                name="imported_problem",
                condition=~models.Q(verdict="valid"),
            ),
        ]

    if TYPE_CHECKING:
        imported_id: int

    def __str__(self) -> str:
        return f"row {self.position} of import {self.imported_id}"


class Correction(models.Model):
    """What a person typed in the place of a row, kept for when its file is read anew.

    `line` and `before`: the row of the sheet as it stood, by which it is found again. `after`: as typed.
    """

    imported = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="corrections")
    sheet = models.CharField(max_length=255, default="")
    line = models.PositiveIntegerField()
    before = models.CharField(max_length=LONGEST_VALUE)
    after = models.CharField(max_length=LONGEST_VALUE)

    def __str__(self) -> str:
        return f"correction {self.pk} of import {self.imported_id}"

    if TYPE_CHECKING:
        imported_id: int


def stored(cells: Sequence[str]) -> str:
    """Cells as JSON; nearly all hold nothing that a database would refuse."""
    try:
        text = orjson.dumps(cells).decode()
    except orjson.JSONEncodeError:
        text = NUL
    return json.dumps([plain(cell) for cell in cells], ensure_ascii=False) if NUL in text else text


def plain(text: str) -> str:
    """The text without what PostgreSQL keeps in no column: NUL, and halves of a character."""
    if text.isascii() and "\0" not in text:
        return str(text)
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
