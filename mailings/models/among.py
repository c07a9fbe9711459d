"""Many values as one parameter: `filter(int_id__among=[…])` finds what `__in` finds.

For `__in` Django makes an expression and a placeholder for each value. For thousands of values that takes
longer than the query.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models.lookups import Lookup

_ONE_OF = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}


def one_of(column: str) -> str:
    """The condition, as SQL, that a column has one of many values; its one parameter is made by `as_one`."""
    return f"{column} {_ONE_OF[connection.vendor]}"


def as_one(values: Iterable[Any]) -> Any:
    """Whole numbers or texts as the parameter of `one_of`."""
    found = list(values)
    return found if connection.vendor == "postgresql" else json.dumps(found)


@models.BigIntegerField.register_lookup
@models.CharField.register_lookup
class Among(Lookup[Any]):
    """For columns of whole numbers and of texts. The values go to the database as they are."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        return one_of(column), [*params, as_one(self.rhs)]
