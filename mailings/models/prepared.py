"""Statements that Django makes once in a process, and that are run with other values each time.

Django takes several times as long to make the SQL of a query as a database takes to run it. That counts for
the few statements that every mailing needs. They are still written as query sets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import Expression
from django.db.models.sql import UpdateQuery

Model = TypeVar("Model", bound=models.Model)
T = TypeVar("T")
# What makes a statement: a query set (its SELECT), or SQL with its parameters.
Make = Callable[[], "models.QuerySet[Any] | tuple[str, Sequence[Any]]"]


@dataclass(frozen=True)
class Statement:
    """SQL with `%s` for each parameter, and these: values, or `Given` for those that come with each run."""

    sql: str
    params: tuple[Any, ...]

    @cached_property
    def givens(self) -> "list[tuple[int, Given]]":
        """Which of the parameters come with each run."""
        return [(index, one) for index, one in enumerate(self.params) if isinstance(one, Given)]

    @cached_property
    def qmark(self) -> str:
        """The same with `?`, as SQLite's driver has it."""
        return self.sql.replace("%s", "?").replace("%%", "%")


def _by_psycopg(connection: Any, statement: Statement, params: list[Any]) -> Any:
    """Run by a cursor whose statements PostgreSQL plans once a connection: half of its work for a delivery.

    Django's own cursor writes the values into the SQL, which is then another statement each time.
    """
    return psycopg.Cursor(connection).execute(statement.sql, params)


def _by_sqlite(connection: Any, statement: Statement, params: list[Any]) -> Any:
    return connection.execute(statement.qmark, params)


_EXECUTE = {"postgresql": _by_psycopg, "sqlite": _by_sqlite}


class Given(Expression):
    """A placeholder for a value that comes with each run.

    `field`: the column to which the value belongs; None for a value that goes to the database as it is.
    """

    def __init__(self, name: str, field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=field)
        self.name = name
        self._field = field
        # Values of this type are taken as they are, which saves a call of Django for each.
        self._as_is = _type_of(field)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def adapted(self, value: Any, database: Any) -> Any:
        """The value as the database (Django's wrapper of its connection) takes it."""
        if value is None or self._field is None or type(value) is self._as_is:
            return value
        return self._field.get_db_prep_save(value, connection=database)


def _type_of(field: "models.Field[Any, Any] | None") -> type | None:
    if isinstance(field, models.ForeignKey):
        return _type_of(field.target_field)
    if isinstance(field, models.CharField | models.TextField):
        return str
    return int if isinstance(field, models.IntegerField) else None


def given(model: type[models.Model], *alike: str, **names: str) -> dict[str, Given]:
    """Placeholders for `filter` or `update`, by lookup; each named after its lookup or as a keyword says.

    `given(Mailing, "code", id="pk")`: the run gets values for `code` and `pk`, which is compared with `id`.
    """
    names = dict(zip(alike, alike, strict=True)) | names
    return {lookup: Given(name, _field(model, lookup.partition("__")[0])) for lookup, name in names.items()}


def _field(model: type[models.Model], column: str) -> "models.Field[Any, Any]":
    field: models.Field[Any, Any] = getattr(model, column).field
    return field


def changing(rows: "models.QuerySet[Any]", **values: Any) -> tuple[str, Sequence[Any]]:
    """The UPDATE of rows, as SQL with its parameters."""
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(values)
    sql, params = query.get_compiler(connection.alias).as_sql()
    return sql, params


def adding(table: str, **values: Any) -> tuple[str, Sequence[Any]]:
    """The INSERT of one row, as SQL with its parameters; it returns the primary key."""
    columns = ", ".join(map(connection.ops.quote_name, values))
    places = ", ".join(["%s"] * len(values))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING id"  # noqa: S608 (our own names)
    return sql, list(values.values())


class Prepared:
    """A statement that is made at its first run: `make` is called once for each kind of database."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._made: dict[str, Statement] = {}

    def _statement(self, vendor: str) -> Statement:
        statement = self._made.get(vendor)
        if statement is None:
            made = self._make()
            sql, params = made if isinstance(made, tuple) else made.query.sql_with_params()
            statement = self._made[vendor] = Statement(sql, tuple(params))
        return statement

    def change(self, **values: Any) -> int:
        """Run it with these values; returns how many rows it changed."""
        return self._run(values, lambda cursor: int(cursor.rowcount))

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Run it with these values; returns its rows as the database's driver has them."""
        return self._run(values, lambda cursor: list(cursor.fetchall()))

    def _run(self, values: dict[str, Any], read: "Callable[[Any], T]") -> "T":
        # The wrapper itself: `connection` looks for it at each of its attributes.
        database: Any = connections[DEFAULT_DB_ALIAS]
        made = self._statement(database.vendor)
        params = list(made.params)
        for index, one in made.givens:
            params[index] = one.adapted(values[one.name], database)
        if database.queries_logged or database.execute_wrappers:
            with database.cursor() as cursor:
                cursor.execute(made.sql, params)
                return read(cursor)
        database.close_if_health_check_failed()
        database.ensure_connection()
        database.validate_no_broken_transaction()
        with database.wrap_database_errors:
            return read(_EXECUTE[database.vendor](database.connection, made, params))


def _converters(compiler: Any) -> "list[tuple[int, Any]]":
    """What makes values of Python from the database's, by the place in a row."""
    return list(compiler.get_converters([column[0] for column in compiler.select]).items())


def _converted(rows: list[tuple[Any, ...]], converters: "list[tuple[int, Any]]") -> list[list[Any]]:
    database, found = connections[DEFAULT_DB_ALIAS], [list(row) for row in rows]
    for index, (convert, expression) in converters:
        for one in convert:
            for values in found:
                values[index] = one(values[index], expression, database)
    return found


class PreparedInsert(Generic[Model]):
    """The INSERT of a new instance of a model, whose columns have no defaults of the database's own."""

    def __init__(self, model: type[Model]) -> None:
        self._fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
        places = {field.attname: Given(field.attname, field) for field in self._fields}
        self._prepared = Prepared(lambda: adding(model._meta.db_table, **places))

    def add(self, instance: Model) -> None:
        """Store the instance, which then has its key. Raises IntegrityError; sends no signals."""
        values = {field.attname: field.pre_save(instance, add=True) for field in self._fields}
        ((instance.pk,),) = self._prepared.rows(**values)
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS


class PreparedValues:
    """A prepared SELECT of `values_list`."""

    def __init__(self, make: "Callable[[], models.QuerySet[Any, Any]]") -> None:
        self._prepared = Prepared(self._statement)
        self._make = make
        self._found: list[tuple[int, Any]]

    def all(self, **values: Any) -> list[list[Any]]:
        """The values of all rows. `values`: those of the `Given` placeholders."""
        rows = self._prepared.rows(**values)
        return _converted(rows, self._found)

    def _statement(self) -> tuple[str, Sequence[Any]]:
        compiler = self._make().query.get_compiler(connection.alias)
        sql, params = compiler.as_sql()
        self._found = _converters(compiler)
        return sql, params


class PreparedRow(Generic[Model]):
    """A prepared SELECT of rows as instances, with the query set's `select_related` and annotations."""

    def __init__(self, make: "Callable[[], models.QuerySet[Model]]") -> None:
        self._prepared = Prepared(self._statement)
        self._make = make
        self._layout: _Layout

    def one(self, **values: Any) -> Model | None:
        """The first instance, or None. `values`: those of the `Given` placeholders."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Any) -> list[Model]:
        """The instances. `values`: those of the `Given` placeholders."""
        rows = self._prepared.rows(**values)
        return [self._instance(row) for row in _converted(rows, self._layout.converters)]

    def _instance(self, row: list[Any]) -> Model:
        instance: Model = self._layout.own.instance(row)
        for part, set_related in self._layout.related:
            set_related(instance, part.instance(row))
        for name, index in self._layout.annotated:
            setattr(instance, name, row[index])
        return instance

    def _statement(self) -> tuple[str, Sequence[Any]]:
        compiler = self._make().query.get_compiler(connection.alias)
        sql, params = compiler.as_sql()
        klass = compiler.klass_info
        self._layout = _Layout(
            own=_Part.of(klass, compiler.select),
            related=[
                (_Part.of(one, compiler.select), one["local_setter"])
                for one in klass.get("related_klass_infos", [])
            ],
            converters=_converters(compiler),
            annotated=list(compiler.annotation_col_map.items()),
        )
        return sql, params


@dataclass(frozen=True)
class _Part:
    """Which columns of a selected row make an instance of which model."""

    model: Any
    names: list[str]
    columns: list[int]

    @classmethod
    def of(cls, klass: Any, select: Any) -> "_Part":
        columns = klass["select_fields"]
        return cls(klass["model"], [select[index][0].target.attname for index in columns], columns)

    def instance(self, row: list[Any]) -> Any:
        """The instance; None for an empty relation, whose first column, the primary key, is null."""
        values = [row[index] for index in self.columns]
        return self.model.from_db(connection.alias, self.names, values) if values[0] is not None else None


@dataclass(frozen=True)
class _Layout:
    own: _Part
    related: list[tuple[_Part, Callable[[Any, Any], None]]]
    converters: list[tuple[int, Any]]
    annotated: list[tuple[str, int]]
