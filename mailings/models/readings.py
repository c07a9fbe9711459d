"""When a list last showed a job as its row has it: one moment for all rows that are shown together.

A list of a hundred thousand jobs of which none has changed updates one row here, and none of theirs.
"""

from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from mailings.models.accounts import Account


class Reading(models.Model):
    """Rows whose jobs were all shown, unchanged, by a list asked for at `at` (mirror_many.write_verified)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class VerifiedField(models.DateTimeField[datetime | None, datetime | None]):
    """A moment that is selected as the later one of the row's own and that of the row's reading.

    Conditions compare the row's own only: use `verified`, `not_after` or `before` there.
    """

    def deconstruct(self) -> Any:
        """For migrations it is an ordinary DateTimeField."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs

    def select_format(self, compiler: Any, sql: str, params: Any) -> Any:
        table, dot, column = sql.rpartition(".")
        if not dot or column != compiler.quote_name_unless_alias(self.column):
            return sql, params
        shared = f"(SELECT at FROM mailings_reading WHERE id = {table}.reading_id)"  # noqa: S608 (our own names)
        if connection.vendor == "postgresql":
            return f"GREATEST({sql}, {shared})", params
        return f"COALESCE(MAX({sql}, {shared}), {sql}, {shared})", params


def verified() -> Coalesce:
    """An expression: when a row's job was last shown as the row has it; null: never."""
    shared = Subquery(Reading.objects.filter(pk=OuterRef("reading")).values("at"))
    return Coalesce(Greatest(F("verified_at"), shared), F("verified_at"), shared)


def not_after(at: Any) -> Q:
    """A condition: the row shows nothing newer than `at`."""
    return _own_and_shared("lte", at)


def before(at: Any) -> Q:
    """A condition: the row's job was last shown before `at`, or never."""
    return _own_and_shared("lt", at)


def _own_and_shared(lookup: str, at: Any) -> Q:
    """Conditions on the row's own columns: PostgreSQL checks these again after it has waited for a lock."""
    own = Q(verified_at=None) | Q(**{f"verified_at__{lookup}": at})
    return own & (Q(reading=None) | Q(reading__in=Reading.objects.filter(**{f"at__{lookup}": at})))
