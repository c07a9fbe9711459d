"""`filter(id=…, state__unindexed=…)`: a further condition on a row that is found by its key.

Where an index holds both columns, PostgreSQL may take that one in place of the key's, and then reads all
entries of a state, those of rows that have left it included. It does so while a table begins to fill and has
no statistics, and keeps to it in a prepared statement.
"""

from typing import Any

from django.db import models
from django.db.models.lookups import Lookup


@models.CharField.register_lookup
class Unindexed(Lookup[str]):
    """The column is equal to a value, in a form that no index answers."""

    lookup_name = "unindexed"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        value, values = self.process_rhs(compiler, connection)
        return f"({column} || '') = {value}", [*params, *values]
