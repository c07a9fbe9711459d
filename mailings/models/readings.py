"""When the provider last showed a job as its row says: one moment for all that its lists show together.

A list of a hundred thousand jobs that are as they were changes one row here, and none of theirs.
"""

from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest

from mailings.models.accounts import Account


class Reading(models.Model):
    """Rows whose jobs a list at `at` showed, all of them, as they were known (mirror_many.still_so)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class VerifiedField(models.DateTimeField[datetime | None, datetime | None]):
    """A moment of the row's own that is read as the later one of it and that of the row's reading.

    Conditions see the row's own: there use `verified`, `not_after` or `before`.
    """

    def deconstruct(self) -> Any:
        """To the database it is an ordinary moment."""
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
    """When a row's job was last shown as the row says it, for conditions; None: never."""
    shared = Subquery(Reading.objects.filter(pk=OuterRef("reading")).values("at"))
    return Coalesce(Greatest(F("verified_at"), shared), F("verified_at"), shared)


def not_after(at: Any) -> Q:
    """Rows of which nothing is known that is newer than `at`."""
    return _own_and_shared("lte", at)


def before(at: Any) -> Q:
    """Rows that were never shown as they are, or before `at`."""
    return _own_and_shared("lt", at)


def _own_and_shared(look: str, at: Any) -> Q:
    """Two conditions on the row itself: PostgreSQL asks those again when it has waited for a row."""
    own = Q(verified_at=None) | Q(**{f"verified_at__{look}": at})
    return own & (Q(reading=None) | Q(reading__in=Reading.objects.filter(**{f"at__{look}": at})))
