"""Files of recipients, each read once into rows: what was found in it, and how far the reading has come."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import orjson
from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.accounts import Account
from mailings.models.bulk import insert
from mailings.models.mailing import Mailing

ROWS = "mailings_importedrow"
LONGEST_VALUE = 320
NUL = "\\u0000"


class Import(models.Model):
    """A file that was uploaded for a mailing, and what was found in it.

    It is read by the request that uploads it, or by a worker, under a `token` and a lease; if that dies, the
    reading begins anew. `choices`: what a person has chosen (sheet, heading_line, columns by role,
    hidden_rows). `headings`: a name for each column. `columns`: by role, indexes into `headings`.
    `questions`, `notes` and `trouble`: codes, with the values for their sentences. `valid` to `wrong`: how
    many rows have that verdict.
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
    # The draft that it belongs to; without one it is removed after a day. Once the mailing is sent off, the
    # file is kept for copies of it, and so are the options as they were `typed` in its form.
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
    # Readings begun since it was last changed: limited, as a file may kill every worker that reads it.
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
    # How many of the valid ones are groups: only the provider knows how many people these have.
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
        """Names this reading of the file; a row's position has no meaning in another. "" before the first."""
        return f"{self.pk}-{self.began_at:%Y%m%d%H%M%S%f}" if self.began_at else ""


class Line(NamedTuple):
    """One row to be written, without its import.

    `key`: that of the person (recipients.people), None for a wrong one. `cells`: JSON, made by `stored`.
    """

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
        """Add rows, many at a time."""
        insert(ROWS, Line._fields, lines, imported_id=imported.pk)

    def problems(self) -> "ImportedRowQuerySet":
        """Rows that are not valid. SQLite uses the index of these only where its condition is said, too."""
        return self.exclude(verdict="valid")

    def copy(self, old: Import, new: Import) -> None:
        """Copy all rows of the import `old` to `new`."""
        columns = ", ".join(Line._fields)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {ROWS} (imported_id, {columns}) SELECT %s, {columns} FROM {ROWS}"  # noqa: S608 (our names)
                " WHERE imported_id = %s",
                [new.pk, old.pk],
            )


class ImportedRow(models.Model):
    """One recipient of a file, valid or not.

    `value`: as it stands in the file, empty for a valid one. `address`: as it is sent, empty for a wrong one.
    `reason`: the code of a `Reason`. `cells`: the whole row, null if the file has no other columns.
    """

    # Without a foreign key in the database, which would check each of a million rows (decisions/0022).
    imported = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="rows", db_index=False, db_constraint=False
    )
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
    """What a person typed in place of a row, kept to be applied again when the file is read anew.

    `line` and `before`: the row's line in the sheet and its value there, by which it is found again.
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
    """Cells as JSON, without what a database would refuse (`plain`)."""
    try:
        text = orjson.dumps(cells).decode()
    except orjson.JSONEncodeError:
        text = NUL
    return json.dumps([plain(cell) for cell in cells], ensure_ascii=False) if NUL in text else text


def plain(text: str) -> str:
    """The text with NUL and lone surrogates replaced, which PostgreSQL cannot store."""
    if text.isascii() and "\0" not in text:
        return str(text)
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
