"""Many values as one parameter: `filter(id__among=[…])` finds what `__in` finds, `each_of` by an index.

For `__in` Django makes an expression and a placeholder for each value. For thousands of values that takes
longer than the query.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models.lookups import Lookup

from mailings.models.prepared import Given

_ONE_OF = {"postgresql": "= ANY(%s)", "sqlite": "IN (SELECT value FROM json_each(%s))"}


def one_of(column: str) -> str:
    """The condition, as SQL, that a column has one of many values; its one parameter is made by `as_one`."""
    return f"{column} {_ONE_OF[connection.vendor]}"


_EACH_OF = {
    "postgresql": "SELECT found.* FROM json_array_elements_text(%s::json) AS wanted CROSS JOIN LATERAL "
    "(SELECT {columns} FROM {table} WHERE {key} = wanted.value::{kind} AND {where} OFFSET 0) AS found",
    "sqlite": "SELECT {columns} FROM (SELECT value FROM json_each(%s)) AS wanted CROSS JOIN {table} "
    "WHERE {key} = wanted.value AND {where}",
}


def each_of(table: str, columns: str, key: str, kind: str, where: str) -> str:
    """A statement that looks each of many different values of `key` up by its index.

    Its first parameter is made by `as_each`, those of `where` follow. `kind`: what PostgreSQL calls the type
    of `key`. With `one_of` PostgreSQL may read the whole table for a thousand values, and does while it has
    no statistics of it, as of one that has just begun to fill: OFFSET 0 keeps it from that.
    """
    chosen = _EACH_OF[connection.vendor]
    return chosen.format(table=table, columns=columns, key=key, kind=kind, where=where)


def as_one(values: Iterable[Any]) -> Any:
    """Whole numbers or texts as the parameter of `one_of`."""
    found = list(values)
    return found if connection.vendor == "postgresql" else json.dumps(found)


def as_each(values: Iterable[Any]) -> str:
    """Whole numbers or texts as the parameter of `each_of`."""
    return json.dumps(list(values))


@models.BigIntegerField.register_lookup
class Among(Lookup[Any]):
    """For columns of whole numbers. The values go to the database as they are.

    In a prepared statement a `Given` stands for them: each run gets what `as_one` makes of them.
    """

    lookup_name = "among"

    def get_prep_lookup(self) -> Any:
        return self.rhs if isinstance(self.rhs, Given) else list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        return one_of(column), [*params, self.rhs if isinstance(self.rhs, Given) else as_one(self.rhs)]
