"""A look at many values at once: `filter(int_id__among=[…])` asks what `__in` asks, with one parameter.

Of a thousand values Django makes a thousand expressions and marks, which took longer than the answer.
"""

import json
from typing import Any

from django.db import models
from django.db.models.lookups import Lookup


@models.BigIntegerField.register_lookup
@models.CharField.register_lookup
class Among(Lookup[Any]):
    """For whole numbers and texts, in the form in which their column holds them."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*params, self.rhs]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(self.rhs)]  # noqa: S608 (our own names)
