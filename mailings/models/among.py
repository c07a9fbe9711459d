"""A lookup for many values: `filter(int_id__among=[…])` finds what `__in` finds, with one parameter.

For `__in` Django makes an expression and a placeholder for each value. For thousands of values that takes
longer than the query.
"""

import json
from typing import Any

from django.db import models
from django.db.models.lookups import Lookup


@models.BigIntegerField.register_lookup
@models.CharField.register_lookup
class Among(Lookup[Any]):
    """For columns of whole numbers and of texts. The values go to the database as they are."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*params, self.rhs]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(self.rhs)]  # noqa: S608 (our own names)
